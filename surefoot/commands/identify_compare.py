"""`surefoot identify compare`: whether a calibration predicts a log that it was not fitted to."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.commands.identify_logs import KINDS_OF_LOGS, add_log_arguments, show_logs, topic_names, write_page
from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.air.compare import Comparison

HELP = "whether a calibration predicts a log that it was not fitted to better than the robot's file"
DESCRIPTION = (
    "Simulates the log's targets with the robot's file and with the calibration, in windows of two seconds that begin "
    "at what was measured, and says how far off each is, joint by joint. Exit status 1 if the calibration is not "
    "better, by a test over the windows."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which log, and by which calibration."""
    parser.add_argument("log", type=Path, metavar="LOG", help=f"of the robot: {KINDS_OF_LOGS}")
    parser.add_argument("calibration", type=Path, metavar="CALIB", help="from `surefoot identify fit`")
    parser.add_argument("--robot", help="name or YAML file of the robot (default: the one that the calibration names)")
    parser.add_argument(
        "--protocol", choices=("in-air", "ground"), default="in-air", help="where the robot was (default: in-air)"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="a page with pictures of each joint")
    add_log_arguments(parser)
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0: one for each processor (default)")


def run(arguments: argparse.Namespace) -> int:
    """Simulate, judge, show; 1 if the calibration is not better."""
    from surefoot_calibration.air.compare import compare
    from surefoot_calibration.calibration_file import digest_of, load_calibration, vector_of
    from surefoot_calibration.ground.compare import compare_on_ground
    from surefoot_calibration.log.read import read_log
    from surefoot_robots.calibration import check_calibration
    from surefoot_robots.loader import load_robot

    file = load_calibration(arguments.calibration)
    calibration = file.calibration
    robot = load_robot(arguments.robot or calibration.robot)
    check_calibration(calibration, robot)
    log = read_log(arguments.log, robot, arguments.gains, topic_names(arguments))
    if digest_of(arguments.log) in file.logs:
        raise SurefootError(
            f"{log.origin}: is a log that {arguments.calibration.name} was fitted to, which says nothing about others",
            hint="compare with another log; errors on windows that were kept back from the fit are in the calibration",
        )
    if not arguments.json:
        show_logs([log])
    if arguments.protocol == "ground":
        found = compare_on_ground(log, robot, calibration, arguments.threads)
    else:
        found = compare(log, robot, vector_of(calibration, robot), arguments.threads)
    if arguments.html is not None:
        from surefoot.report.comparison_report import comparison_page

        write_page(arguments.html, comparison_page(robot, log, arguments.calibration.name, found))
    _tell(arguments, robot.name, log.origin, found)
    return 0 if found.verdict == "better" else 1


def _tell(arguments: argparse.Namespace, robot: str, origin: str, found: Comparison) -> None:
    if arguments.json:
        print_json(
            {
                "robot": robot,
                "log": origin,
                "calibration": arguments.calibration,
                "windows": found.windows,
                "rmse_rad": {"before": found.before_rad, "after": found.after_rad},
                "verdict": found.verdict,
                "joints": list(found.rows),
                "report": arguments.html,
            }
        )
        return
    rows = [(row.joint, *_mrad(row.before_rad, row.after_rad), row.verdict) for row in found.rows]
    rows.append(("all", *_mrad(found.before_rad, found.after_rad), found.verdict))
    columns = ["joint", "file, mrad", "calibrated, mrad", "change", "verdict"]
    print_table(columns, rows, title=f"{origin}: errors over {found.windows} windows, root mean square")
    if arguments.html is not None:
        print(f"{arguments.html}: written")


def _mrad(before_rad: float, after_rad: float) -> tuple[str, str, str]:
    change = f"{100.0 * (after_rad / before_rad - 1.0):+.0f} %" if before_rad > 0.0 else ""
    return f"{1e3 * before_rad:.3f}", f"{1e3 * after_rad:.3f}", change
