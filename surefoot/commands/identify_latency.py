"""`surefoot identify latency`: how long after a command a joint moves."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from surefoot.commands.identify_logs import KINDS_OF_LOGS, add_log_arguments, show_logs, topic_names
from surefoot.commands.identify_sensors import add_result_arguments, check_places, finish
from surefoot.progress import progress_bar

HELP = "how long after a command a joint moves, joint by joint, from stamps alone"
DESCRIPTION = (
    "From one log of joints and their targets, of `surefoot identify record` or any other in which joints reverse "
    "quickly: the time from a command to the first of the motion, beside the joint's own slowness. Needs neither gains "
    f"nor a calibration; `identify fit` is surer where its protocol can be played. The log is {KINDS_OF_LOGS}."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which log."""
    parser.add_argument("log", type=Path, metavar="LOG", help="of joints and targets")
    add_log_arguments(parser)
    add_result_arguments(parser, "latency.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Read, fit joint by joint, write."""
    from surefoot.report.sensor_report import latency_page
    from surefoot_calibration.log.read import read_log
    from surefoot_calibration.sensors.latency import latency
    from surefoot_calibration.sensors.results import Source, content, latency_rows
    from surefoot_robots.loader import load_robot

    check_places(arguments)
    robot = load_robot(arguments.robot)
    log = read_log(arguments.log, robot, arguments.gains, topic_names(arguments))
    if not arguments.json:
        show_logs([log])
    with progress_bar(len(robot.joint_names), "latency", quiet=arguments.json) as advance:
        found = latency(log, lambda joint: advance(1, joint))
    rows = latency_rows(found, robot.action_delay_s)
    source = Source(arguments.log, log.seconds, log.report.rate_hz)
    kept = content(robot, "latency", rows, [source], datetime.now(UTC))
    kept["sensors"] = {"lag_s": {one.joint: one.lag_s for one in found.joints}}
    title = f"{robot.title}, {log.origin}: from command to motion; {log.report.command_times}"
    return finish(arguments, kept, rows, title, lambda: latency_page(robot, log, found, rows, kept))
