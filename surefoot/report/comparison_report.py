"""The page of `surefoot identify compare`."""

from __future__ import annotations

from surefoot.report.gallery import TWO_REM, gallery
from surefoot.report.page import Section, Tile, page, table
from surefoot.report.played_pictures import LEFT, LEGEND, SHOWN_S, joint_pictures, leg_pictures
from surefoot_calibration.air.compare import Comparison
from surefoot_calibration.log.joint_log import JointLog
from surefoot_robots.spec import RobotSpec

MRAD = 1e3


def comparison_page(robot: RobotSpec, log: JointLog, calibration: str, found: Comparison) -> str:
    """The whole document."""
    rows = [(row.joint, MRAD * row.before_rad, MRAD * row.after_rad, row.verdict) for row in found.rows]
    columns = ("joint", "file, mrad", "calibrated, mrad", "the calibrated one is")
    said = "Root mean square over the log. Better is what is so from window to window, too; the rest may be chance."
    sections = [
        Section("Errors", said, table(columns, rows)),
        Section(
            "Measured and simulated",
            f"{LEGEND} Of each joint the {SHOWN_S:g} s where a robot is furthest off; figures are for the whole log.",
            gallery(joint_pictures([found.played])),
        ),
        Section(
            "What is left",
            LEFT,
            gallery(leg_pictures([found.played]), TWO_REM),
        ),
    ]
    return page(
        f"{robot.title}: {calibration} on {log.origin}",
        f"{log.seconds:.0f} s that nothing was fitted to, in {found.windows} windows",
        [
            Tile(found.verdict, "than the robot's file"),
            Tile(f"{MRAD * found.before_rad:.2f} mrad", "off with the file"),
            Tile(f"{MRAD * found.after_rad:.2f} mrad", "off with the calibration"),
            Tile(f"{sum(row.verdict == 'better' for row in found.rows)} of {len(found.rows)}", "joints are better"),
        ],
        sections,
        "Made by `surefoot identify compare`. Both robots are simulated with the log's own targets and gains.",
    )
