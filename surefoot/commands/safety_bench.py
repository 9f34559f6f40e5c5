"""`surefoot bench safety`: what one tick of gate and supervisor costs."""

from __future__ import annotations

import argparse
import time

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import Advance, progress_bar

HELP = "a tick of the supervisor with its gate, in each mode"
DESCRIPTION = (
    "Times single ticks of the supervisor, gate and all checks included, of a robot that stands, walks by a policy and "
    "stands stopped. At 200 Hz a tick has 5000 µs. Bar: a median of at most 200 µs."
)
BAR_US = 200.0
QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
WAYS = {
    "standing": ("arm", "stand"),
    "walking": ("arm", "stand", "walk"),
    "stopped": ("arm", "damp"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which robot and how long."""
    parser.add_argument("--robot", default="go2", help="a robot that has safety settings (default: go2)")
    parser.add_argument("--ticks", type=positive, default=10_000, help="in each mode (default: 10000)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 if the bar is missed."""
    with progress_bar(arguments.ticks * len(WAYS), "ticks", quiet=arguments.json) as advance:
        figures = {mode: _measure(arguments.robot, mode, arguments.ticks, advance) for mode in WAYS}
    kept = all(figure["p50"] <= BAR_US for figure in figures.values())
    if arguments.json:
        print_json({"tick_us": figures, "bar_us": BAR_US, "kept": kept, "ticks": arguments.ticks})
    else:
        print_table(
            ["one tick, µs", "median", "p99", "p99.9"],
            [(mode, *(f"{of[name]:.0f}" for name in QUANTILES)) for mode, of in figures.items()],
            title=f"{arguments.ticks} ticks each (bar: a median of {BAR_US:g})",
        )
    return 0 if kept else 1


def _measure(robot: str, mode: str, ticks: int, report: Advance) -> dict[str, float]:
    import numpy as np

    from surefoot_robots.loader import load_robot
    from surefoot_safety.limits import limits_of
    from surefoot_safety.mode import Request
    from surefoot_safety.settings_loader import load_settings
    from surefoot_safety.tryout import Tryout

    spec = load_robot(robot)
    tryout = Tryout(limits_of(spec, load_settings(robot)), spec)
    for request in WAYS[mode]:
        tryout.advance(3.0, Request(request))
    assert tryout.mode.value == mode, tryout.output.status
    times = tryout.time_ticks(ticks, time.perf_counter_ns)
    report(ticks)
    return {name: float(np.quantile(times, share)) / 1000.0 for name, share in QUANTILES.items()}
