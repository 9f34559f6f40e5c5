"""`surefoot identify join`: several calibrations of one robot as one file."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.sensors.join import Choice
    from surefoot_robots.calibration import Measured

HELP = "several calibrations of one robot as one file, which training takes"
DESCRIPTION = (
    "Puts what `identify fit`, `imu`, `zero` and `latency` have written into one file. Of a parameter that two of them "
    "have, the one with the better verdict is kept, and of equal ones the one with the narrower interval. Exit status "
    "1 if two of them contradict each other."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which files, and where to."""
    parser.add_argument("files", type=Path, nargs="+", metavar="CALIB", help="of the same robot")
    parser.add_argument("--robot", help="name or YAML file of the robot (default: whatever the first one names)")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the file to write")


def run(arguments: argparse.Namespace) -> int:
    """Read, choose, write; 1 if there are contradictions."""
    from surefoot_calibration.calibration_file import write_calibration
    from surefoot_calibration.sensors.join import joined
    from surefoot_robots.calibration import read_calibration
    from surefoot_robots.loader import load_robot

    if len(arguments.files) < 2:
        raise SurefootError("one file is joined already", hint="give two and more")
    robot = load_robot(arguments.robot or read_calibration(arguments.files[0], None).robot)
    found = joined(arguments.files, robot, datetime.now(UTC))
    write_calibration(arguments.out, found.content)
    odd = [choice for choice in found.choices if choice.disagree]
    if arguments.json:
        print_json({"file": arguments.out, "choices": list(found.choices), "disagree": len(odd)})
    else:
        _show(found.choices)
        print(f"{arguments.out}: written")
        if odd:
            names = ", ".join(choice.parameter.called for choice in odd)
            print(f"{len(odd)} contradict each other: {names}; measure again, or leave one file out")
    return 1 if odd else 0


def _show(choices: tuple[Choice, ...]) -> None:
    if not choices:
        return
    rows = [
        (
            *(choice.parameter.called, choice.kept, _said(choice.parameter), choice.left, _said(choice.other)),
            "NO" if choice.disagree else "yes",
        )
        for choice in choices
    ]
    print_table(["parameter", "kept of", "which says", "left of", "which says", "agree"], rows, title="In two files")


def _said(one: Measured) -> str:
    return f"{one.value:.4g} ({one.low:.4g} to {one.high:.4g}), {one.verdict.replace('_', ' ')}"
