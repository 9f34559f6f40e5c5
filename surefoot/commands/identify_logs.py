"""What the commands share that read logs of joints."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.log.bag import TopicNames
    from surefoot_calibration.log.joint_log import JointLog

KINDS_OF_LOGS = "MCAP, rosbag2 (folder or .db3) or CSV"


def add_log_arguments(parser: argparse.ArgumentParser) -> None:
    """What a log may not say by itself."""
    parser.add_argument("--gains", metavar="KP,KD", help="that were active, if the logs do not say")
    parser.add_argument("--joints-topic", metavar="NAME", help="of measured joints (default: /joint_states)")
    parser.add_argument("--targets-topic", metavar="NAME", help="of targets (default: /surefoot/joint_target)")


def topic_names(arguments: argparse.Namespace) -> TopicNames:
    """The usual ones, but for those that were given."""
    from surefoot_calibration.log.bag import TopicNames

    usual = TopicNames()
    return TopicNames(arguments.joints_topic or usual.joints, arguments.targets_topic or usual.targets, usual.imu)


def show_logs(logs: list[JointLog]) -> None:
    """What was read, on stderr: the result is what stdout is for."""
    for log in logs:
        report = log.report
        lost = f", {report.missing} samples missing in {len(report.gaps)} gaps" if report.missing else ""
        print(
            f"{log.origin}: {log.seconds:.1f} s at {report.rate_hz:.1f} Hz (±{1e3 * report.jitter_s:.2f} ms){lost}; "
            f"gains: {log.gains.source}; {report.command_times}",
            file=sys.stderr,
        )
        if report.ignored:
            print(f"{log.origin}: ignored {', '.join(report.ignored)}", file=sys.stderr)


def write_page(path: Path, page: str) -> None:
    """Write a page, or say why not."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise SurefootError(f"{path}: {error.strerror}", hint="write the page somewhere else") from error
