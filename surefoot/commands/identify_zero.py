"""`surefoot identify zero`: what encoders are off by, from joints pressed against stops or held in a known pose."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.commands.identify_logs import KINDS_OF_LOGS
from surefoot.commands.identify_sensors import (
    add_result_arguments,
    check_places,
    finish,
    show_sensor_logs,
    sources,
)
from surefoot.output import print_table
from surefoot.progress import progress
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.log.joint_log import FloatArray
    from surefoot_calibration.sensors.zero import Zero
    from surefoot_robots.spec import RobotSpec

HELP = "what encoders are off by, from joints pressed against their stops or held in a known pose"
DESCRIPTION = (
    "With motors damped, each joint is pressed against a stop by hand and let off, three times and more, while "
    "`surefoot identify listen` listens; or the whole robot is laid into a jig, again and again (--pose). The scatter "
    f"is how well that repeats; how well stops or jig are known is --known-error. Logs are {KINDS_OF_LOGS}."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which logs, of what."""
    parser.add_argument("logs", type=Path, nargs="+", metavar="LOG", help="in which joints were brought there")
    parser.add_argument(
        "--pose", metavar="POSE", help="a YAML file with an angle for each joint, rad, or a pose of the robot's file; "
        "without it: the stops",
    )  # fmt: skip
    parser.add_argument(
        "--known-error", type=float, default=0.01, metavar="RAD",
        help="how far stops or pose may be off what the file says (default: 0.01); counts in full",
    )  # fmt: skip
    add_result_arguments(parser, "zero.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Read, find the settles, write."""
    from surefoot.report.sensor_report import zero_page
    from surefoot_calibration.sensors.results import content, zero_rows
    from surefoot_calibration.sensors.sensor_log import read_sensors
    from surefoot_calibration.sensors.zero import zeros_at_stops, zeros_in_pose
    from surefoot_robots.loader import load_robot

    if not 0.0 <= arguments.known_error <= 0.2:
        raise SurefootError(f"--known-error {arguments.known_error:g} must be within 0 to 0.2 rad")
    check_places(arguments)
    robot = load_robot(arguments.robot)
    logs = [read_sensors(file, robot) for file in progress(arguments.logs, "read", quiet=arguments.json)]
    if not arguments.json:
        show_sensor_logs(logs)
    if arguments.pose is None:
        zeros = zeros_at_stops(logs, robot, arguments.known_error)
    else:
        zeros = zeros_in_pose(logs, robot, _pose(arguments.pose, robot), arguments.known_error)
    rows = zero_rows(zeros)
    kept = content(robot, "encoder-zero", rows, sources(arguments.logs, logs), datetime.now(UTC))
    kept["sensors"] = {"settles": _settles(zeros)}
    if not arguments.json:
        _show(zeros)
    return finish(arguments, kept, rows, f"{robot.title}, encoders", lambda: zero_page(robot, zeros, rows, kept))


def _pose(text: str, robot: RobotSpec) -> FloatArray:
    import numpy as np

    from surefoot_robots.calibration import number_of
    from surefoot_robots.yamlfile import read_mapping

    if text in robot.poses:
        return np.array(robot.poses[text])
    file = Path(text)
    if not file.is_file():
        raise SurefootError(f"--pose {text}: no such file, and {robot.name} has the poses {', '.join(robot.poses)}")
    found = read_mapping(file)
    if set(found) != set(robot.joint_names):
        odd = ", ".join(sorted(set(found) ^ set(robot.joint_names)))
        raise SurefootError(f"{file.name}: must have one angle for each joint of {robot.name}; see {odd}")
    return np.array([number_of(file, joint, found[joint]) for joint in robot.joint_names])


def _settles(zeros: tuple[Zero, ...]) -> dict[str, object]:
    """By joint, for machines."""
    return {
        zero.joint: [
            {
                "where": each.where,
                "known_rad": each.known_rad,
                "said_rad": [float(said) for said in each.said_rad],
                "repeat_rad": each.repeat_rad,
            }
            for each in zero.settles
        ]
        for zero in zeros
    }


def _show(zeros: tuple[Zero, ...]) -> None:
    rows = [
        (
            *(zero.joint, each.where, len(each.said_rad), f"{each.known_rad:.4f}", f"{1e3 * each.mean_rad:+.2f}"),
            "" if each.repeat_rad is None else f"{1e3 * each.repeat_rad:.2f}",
            "" if zero.range_off_rad is None else f"{1e3 * zero.range_off_rad:+.2f}",
        )
        for zero in zeros
        for each in zero.settles
    ]
    columns = ["joint", "at", "settles", "file, rad", "off, mrad", "repeats within, mrad", "range off, mrad"]
    print_table(columns, rows, title="Where joints settled")
