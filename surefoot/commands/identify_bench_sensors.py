"""`surefoot identify bench-sensors`: sensors with hidden errors, measured; how far off, how honest intervals are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot.progress import progress
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.bench.recovery import Row

HELP = "sensors with hidden errors, measured: how far off, and whether intervals are honest"
DESCRIPTION = (
    "Makes up gyroscopes (ten minutes of stillness), accelerometers in eight attitudes, robots that rock on legs whose "
    "zeros are off, joints pressed against stops that are not quite the file's, and robots in air that answer late; "
    "and measures all of them as `imu`, `zero` and `latency` do. A quarter of a minute of one core for each robot."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many."""
    parser.add_argument("--robot", default="go2", help="name or YAML file of the robot (default: go2)")
    parser.add_argument("--robots", type=int, default=20, metavar="N", help="sets of hidden errors (default: 20)")


def run(arguments: argparse.Namespace) -> int:
    """Measure all of them."""
    from surefoot_calibration.bench.sensor_recovery import sensor_cases, sensor_summary
    from surefoot_robots.loader import load_robot

    if arguments.robots < 1:
        raise SurefootError(f"--robots {arguments.robots} must be at least 1")
    robot = load_robot(arguments.robot)
    each = sensor_cases(robot, arguments.robots)
    rows = sensor_summary(list(progress(each, "measure", total=arguments.robots, quiet=arguments.json)))
    if arguments.json:
        print_json({"robot": robot.name, "robots": arguments.robots, "figures": rows})
    else:
        _show(rows, arguments.robots)
    return 0


def _show(rows: list[Row], robots: int) -> None:
    print_table(
        ["figure", "of", "error", "median", "95 %", "most", "in interval", "identified"],
        [
            (
                *(row.name, row.count, row.error, f"{row.median:.3g}", f"{row.p95:.3g}", f"{row.most:.3g}"),
                f"{100.0 * row.inside:.0f} %",
                f"{100.0 * row.identified:.0f} %",
            )
            for row in rows
        ],
        title=f"{robots} sets of hidden errors",
    )
