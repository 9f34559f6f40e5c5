"""`surefoot bench loop`: how well link and supervisor keep their time here, beside bare loops, and what they cost."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar
from surefoot.terminated import like_ctrl_c

if TYPE_CHECKING:
    from surefoot.loop_bench import Figures

HELP = "the robot's processes: lateness, latency, processor time, beside bare loops"
DESCRIPTION = (
    "Runs link, supervisor and, with ROS 2, robot node and policy node with a robot that is made up and steps on the "
    "spot, so that physics takes no part, and bare loops of 1000 and 200 Hz at the same time. Bars: supervisor and "
    "policy miss no deadline, sensor to command p99 at most 9 ms, all processes together at most 60 % of one core."
)
LATENCY_BAR_US = 9000.0
"""One period of the supervisor and 4 ms."""
CPU_BAR = 0.6
POLICY = "go2-velocity-flat"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long, and what else the machine has to do."""
    parser.add_argument("--robot", default="go2", help="a robot that has safety settings (default: go2)")
    parser.add_argument("--seconds", type=positive, default=300, help="how long (default: 300)")
    parser.add_argument(
        "--policy",
        default=POLICY,
        metavar="FILE",
        help=f"which one walks, a shipped one's name too (default: {POLICY})",
    )
    parser.add_argument("--no-ros", action="store_true", help="without nodes and policy: the robot stands")
    parser.add_argument("--load", action="store_true", help="with every core busy")
    parser.add_argument("--priority", type=int, default=50, help="real-time priority, 0 for none (default: 50)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 if a bar is missed."""
    from surefoot.loop_bench import Setup, measure
    from surefoot_policy.shipped import policy_file

    policy = None if arguments.no_ros else policy_file(Path(arguments.policy)).absolute()
    setup = Setup(arguments.robot, arguments.priority, policy)
    with like_ctrl_c(), progress_bar(None, "loops", quiet=arguments.json) as advance:
        figures = measure(setup, float(arguments.seconds), loaded=arguments.load, report=advance)
    missed = _missed(figures)
    if arguments.json:
        print_json(_as_json(figures) | {"bars_missed": missed})
    else:
        _print(figures, missed)
    return 1 if missed else 0


def _missed(figures: Figures) -> list[str]:
    """The bars that were not kept; with the machine loaded there are none for lateness."""
    missed = []
    p99_us = figures.sensor_to_command_us["p99"]
    for name in ("supervisor", "policy"):
        overruns = figures.loops[name].overruns if name in figures.loops else 0
        if overruns and not figures.loaded:
            missed.append(f"the {name} missed {overruns} deadlines")
    if not p99_us <= LATENCY_BAR_US and not figures.loaded:
        missed.append(f"sensor to command p99 {p99_us:.0f} µs > {LATENCY_BAR_US:.0f} µs")
    if figures.stopped:
        missed.append(f"the robot was stopped: {figures.stopped}")
    share = sum(share for name, share in figures.cpu_share.items() if not name.startswith("bare"))
    if share > CPU_BAR:
        missed.append(f"{100.0 * share:.0f} % of a core > {100.0 * CPU_BAR:.0f} %")
    return missed


def _as_json(figures: Figures) -> dict[str, object]:
    loops = {name: asdict(loop) for name, loop in figures.loops.items()}
    latency = {name: figures.sensor_to_command_us[name] for name in ("p50", "p99", "p999", "max")}
    return {
        "policy": None,
        **loops,
        "sensor_to_command_us": latency,
        "sample_to_target_us": figures.sample_to_target_us or None,
        "policy_file": figures.policy,
        "cpu_share": figures.cpu_share,
        "seconds": figures.seconds,
        "stopped": figures.stopped,
        "loaded": figures.loaded,
        "real_time": figures.real_time,
    }


def _print(figures: Figures, missed: list[str]) -> None:
    rows = [
        (
            name,
            loop.rate_hz,
            loop.ticks,
            loop.overruns,
            loop.skipped,
            *_rounded(loop.period_us),
            _percent(figures, name),
        )
        for name, loop in figures.loops.items()
    ]
    print_table(
        ["loop", "Hz", "ticks", "late", "left out", "p50", "p99", "p99.9", "max", "% of a core"],
        rows,
        title=f"Periods, µs, over {figures.seconds:.0f} s" + (", every core busy" if figures.loaded else ""),
    )
    ways = {"sensor to motor command": figures.sensor_to_command_us}
    if figures.policy:
        ways["of that, to the policy's answer"] = figures.sample_to_target_us
    print_table(
        ["µs", "p50", "p99", "p99.9", "max"],
        [(name, *_rounded(times_us)) for name, times_us in ways.items()],
        title=f"Latency, by {figures.policy or 'the gait that stands'}",
    )
    share = sum(share for name, share in figures.cpu_share.items() if not name.startswith("bare"))
    print(f"all processes together: {100.0 * share:.1f} % of a core")
    print(figures.real_time)
    for line in missed:
        print(f"bar missed: {line}")


def _rounded(times_us: dict[str, float]) -> list[str]:
    return [f"{time_us:.0f}" for time_us in times_us.values()]


def _percent(figures: Figures, name: str) -> str:
    return f"{100.0 * figures.cpu_share[name]:.1f}"
