"""`surefoot bench soak`: a long walk with random commands; what grows, and whether the record is whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from surefoot.numbers import positive, seed
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar
from surefoot.terminated import like_ctrl_c

HELP = "a long walk with random commands: memory, late ticks, the record"
DESCRIPTION = (
    "All processes, nodes and recorder included, a simulated robot, a new command every few seconds. A robot that "
    "stops is set on its feet again, and counted. Bars: it walks 95 % of the time and does not fall, no process grows "
    "by more than 2 MiB after the first fifth, none is started again or away, late ticks do not become more, no "
    "command beyond limits and none unknown, the record is whole and without a gap of 0.5 s."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long, and with what."""
    parser.add_argument("--minutes", type=positive, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=seed, default=0, help="of commands and noise (default: 0)")
    parser.add_argument("--policy", default="go2-velocity-flat", help="that walks (default: the shipped one)")
    parser.add_argument("--no-ros", action="store_true", help="without nodes and record")
    parser.add_argument("--record", type=Path, metavar="FILE", help="keep the record here")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="safety settings, also milder ones")


def run(arguments: argparse.Namespace) -> int:
    """Walk and print; 1 if a bar is missed."""
    from surefoot.faults.soak import Choice, soaked
    from surefoot.faults.soak_result import result_of

    if not arguments.no_ros:
        from surefoot_control.ros import check_ros

        check_ros()
    seconds = 60.0 * arguments.minutes
    choice = Choice(
        seconds,
        policy=arguments.policy,
        seed=arguments.seed,
        has_ros=not arguments.no_ros,
        settings=arguments.settings,
        record=arguments.record,
    )
    with like_ctrl_c(), progress_bar(round(seconds), "soak, s", quiet=arguments.json) as advance:
        result = result_of(soaked(choice, lambda passed_s: advance(round(passed_s))))
    if arguments.json:
        print_json(result)
    else:
        _print(result)
    return 1 if result["bars_missed"] else 0


def _print(result: dict[str, Any]) -> None:
    print_table(
        ["process", "MiB at the end", "grew by MiB"],
        [(name, f"{mib['end']:.1f}", f"{mib['growth']:.2f}") for name, mib in result["memory_mib"].items()],
        title=f"{result['seconds']:.0f} s, of which {100.0 * result['walking_share']:.1f} % walking",
    )
    print_table(
        ["loop", "ticks", "late in the first half", "in the second"],
        [(name, loop["ticks"], loop["first_half"], loop["second_half"]) for name, loop in result["overruns"].items()],
    )
    if result["log"] is not None:
        print_table(["recorded", "messages"], list(result["log"]["messages"].items()))
    stops = ", ".join(f"{why}: {times}" for why, times in result["stops"].items())
    print(
        f"{result['commands']} commands, {result['commands_beyond_limits']} beyond limits, {result['falls']} falls, "
        f"stops: {stops or 'none'}"
    )
    for line in result["bars_missed"]:
        print(f"bar missed: {line}")
