"""The options of commands that go by what was measured of a robot, and what they read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.calibration import Calibration


def add_calibration(parser: argparse.ArgumentParser, what_for: str) -> None:
    """A file, and how far its intervals are trusted."""
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help=f"calibration.yaml of `surefoot identify fit`: {what_for}"
    )
    parser.add_argument(
        "--safety-factor", type=float, metavar="K",
        help="ranges are the intervals of what was identified, times this (default: 2)",
    )  # fmt: skip


def read_for(robot: str, arguments: argparse.Namespace) -> tuple[Calibration, float] | None:
    """The calibration, which must be of the robot called so, and the safety factor; None if none was given."""
    from surefoot_robots.calibration import read_calibration
    from surefoot_robots.loader import load_robot
    from surefoot_training.task.calibrated import SAFETY_FACTOR, check_factor

    factor: float | None = arguments.safety_factor
    if arguments.calibration is None:
        if factor is not None:
            raise SurefootError("--safety-factor is one on a calibration's intervals", hint="use it with --calibration")
        return None
    factor = SAFETY_FACTOR if factor is None else factor
    check_factor(factor)
    return read_calibration(arguments.calibration, load_robot(robot)), factor
