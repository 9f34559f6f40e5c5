"""`surefoot drive`: steer the running robot by keys or joystick, through ROS 2."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_control.driving import Course


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """With what, and how fast."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--joystick", type=Path, nargs="?", const=Path("/dev/input/js0"), metavar="DEVICE", help="instead of keys"
    )
    source.add_argument(
        "--velocity", type=float, nargs=3, metavar=("VX", "VY", "YAW"), help="this one, m/s and rad/s; no dead-man"
    )
    source.add_argument(
        "--course",
        metavar="PARTS",
        help='velocities one after the other, as "0.5 0 0 4, 0.3 0 0.8 2": VX VY YAW SECONDS',
    )
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself after so long")
    parser.add_argument("--speed", type=float, default=0.5, metavar="M/S", help="ahead, fully held (default: 0.5)")
    parser.add_argument("--turn", type=float, default=0.8, metavar="RAD/S", help="turning, fully held (default: 0.8)")
    parser.add_argument("--stamped", action="store_true", help="as TwistStamped, where the robot node expects that")


def run(arguments: argparse.Namespace) -> int:
    """Steer until Ctrl-C."""
    from surefoot_control.ros import check_ros

    check_ros()
    from surefoot_control.drive import Drive, drive
    from surefoot_control.driving import HELP, Speeds

    numbers = (arguments.speed, arguments.turn, *(arguments.velocity or ()))
    if not all(map(math.isfinite, numbers)) or min(arguments.speed, arguments.turn) < 0.0:
        raise SurefootError("speeds must be numbers, --speed and --turn not below 0")
    if arguments.velocity is not None and arguments.seconds is None:
        raise SurefootError("--velocity is held by nobody", hint="say for how long: --seconds S")
    course = _course(arguments)
    if course is None and arguments.joystick is None:
        print(HELP)
    longest_s = math.inf if course is None else course.seconds
    drive(
        Drive(
            Speeds(arguments.speed, 0.5 * arguments.speed, arguments.turn),
            course,
            longest_s if arguments.seconds is None else min(longest_s, arguments.seconds),
            arguments.joystick,
            arguments.stamped,
        ),
        lambda line: print(line, flush=True),
    )
    return 0


def _course(arguments: argparse.Namespace) -> Course | None:
    """What is held by nobody."""
    from surefoot_control.driving import Course, Stretch, parse_course

    if arguments.course is not None:
        return parse_course(arguments.course)
    if arguments.velocity is None:
        return None
    vx, vy, yaw = arguments.velocity
    return Course((Stretch((vx, vy, yaw), arguments.seconds),))
