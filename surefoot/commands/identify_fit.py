"""`surefoot identify fit`: what a robot's joints or trunk are, from logs of it, and how well that is known."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.commands.identify_logs import KINDS_OF_LOGS, add_log_arguments, show_logs, topic_names, write_page
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.air.identify import HeldOut, Identification
    from surefoot_calibration.air.verdicts import Estimate
    from surefoot_calibration.ground.identify import GroundIdentification
    from surefoot_calibration.log.joint_log import JointLog
    from surefoot_robots.spec import RobotSpec

HELP = "what a robot's joints or its trunk are, from logs of it, and how well that is known"
DESCRIPTION = (
    "Fits armature, damping, friction, encoder offset and motor strength of each joint and the delay of all to logs of "
    "the robot hanging in air with its trunk held (MCAP, rosbag2 or CSV), and says of each how well it is known. With "
    "--protocol ground, mass, centre of mass and inertia of its trunk with whatever it carries, and friction of its "
    "feet, from logs of it standing and moving. What the logs do not tell keeps the value of the robot's file."
)
WORSE = 1.05
"""Own choice: where the file was right already, noise must not decide."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which logs, and of what."""
    parser.add_argument("logs", type=Path, nargs="+", metavar="LOG", help=KINDS_OF_LOGS)
    parser.add_argument("--robot", default="go2", help="name or YAML file of the robot (default: go2)")
    parser.add_argument(
        "--protocol", choices=("in-air", "ground"), default="in-air", help="where it was (default: in-air)"
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="on the ground: of the joints, from a log in air; goes into --out",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the calibration to write, as calibration.yaml")
    parser.add_argument("--report", type=Path, metavar="FILE", help="the page of it, HTML (default: beside --out)")
    add_log_arguments(parser)
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0: one for each processor (default)")


def run(arguments: argparse.Namespace) -> int:
    """Read, fit, report, write; 1 if nothing could be identified, or what was predicts worse."""
    from surefoot_calibration.log.read import read_log
    from surefoot_robots.loader import load_robot

    for file in filter(None, (arguments.out, arguments.report)):
        if file.is_dir() or not file.absolute().parent.is_dir():  # now rather than after a minute
            raise SurefootError(f"{file}: {'is a folder' if file.is_dir() else 'there is no such folder'}")
    robot = load_robot(arguments.robot)
    names = topic_names(arguments)
    logs = [read_log(path, robot, arguments.gains, names) for path in arguments.logs]
    if not arguments.json:
        show_logs(logs)
    return (_on_ground if arguments.protocol == "ground" else _in_air)(arguments, robot, logs)


def _in_air(arguments: argparse.Namespace, robot: RobotSpec, logs: list[JointLog]) -> int:
    from surefoot_calibration.air.identify import identify_in_air
    from surefoot_calibration.calibration_file import calibration_mapping, provenance, write_calibration

    if arguments.calibration is not None:
        raise SurefootError("--calibration is one of joints, which logs in air measure anew", hint="leave it out")
    with progress_bar(None, "identify", quiet=arguments.json) as advance:
        found = identify_in_air(logs, robot, lambda note: advance(1, note), arguments.threads)
    content = calibration_mapping(robot, arguments.protocol, found, provenance(logs, arguments.logs, datetime.now(UTC)))
    if arguments.out is not None:
        write_calibration(arguments.out, content)
    page = _page_file(arguments)
    if page is not None:
        from surefoot.report.calibration_report import calibration_page

        write_page(page, calibration_page(robot, found, logs, content))
    if arguments.json:
        reports = [log.report for log in logs]
        print_json({**content, "file": arguments.out, "report": page, "reports": reports})
    else:
        _show(found, robot, [file for file in (arguments.out, page) if file is not None])
    return _status(found)


def _on_ground(arguments: argparse.Namespace, robot: RobotSpec, logs: list[JointLog]) -> int:
    from surefoot_calibration.calibration_file import load_calibration, provenance, write_calibration
    from surefoot_calibration.ground.calibration import ground_mapping
    from surefoot_calibration.ground.identify import identify_on_ground

    air = None if arguments.calibration is None else load_calibration(arguments.calibration)
    if air is None:
        print(f"no --calibration: motors as strong as {robot.origin} says, which leaves masses open", file=sys.stderr)
    with progress_bar(None, "identify", quiet=arguments.json) as advance:
        found = identify_on_ground(
            logs,
            robot,
            None if air is None else air.calibration,
            lambda note: advance(1, note),
            arguments.threads,
        )
    source = provenance(logs, arguments.logs, datetime.now(UTC))
    content = ground_mapping(robot, found, source, arguments.calibration)
    if arguments.out is not None:
        write_calibration(arguments.out, content)
    page = _page_file(arguments)
    if page is not None:
        from surefoot.report.ground_report import ground_page

        write_page(page, ground_page(robot, found, logs, content))
    if arguments.json:
        reports = [log.report for log in logs]
        print_json({**content, "payload_kg": found.payload, "file": arguments.out, "report": page, "reports": reports})
    else:
        _show_ground(found, robot, [file for file in (arguments.out, page) if file is not None])
    return _status(found)


def _status(found: Identification | GroundIdentification) -> int:
    return 0 if not _misleads(found.held_out) and any(one.verdict == "identified" for one in found.estimates) else 1


def _misleads(held_out: HeldOut) -> bool:
    """Whether windows that nothing was fitted to are predicted worse than by the robot's file."""
    return held_out.after > WORSE * held_out.before


def _page_file(arguments: argparse.Namespace) -> Path | None:
    """Where the page goes; nowhere if nothing is written at all."""
    given: Path | None = arguments.report
    return given or (None if arguments.out is None else arguments.out.with_suffix(".html"))


def _show_ground(found: GroundIdentification, robot: RobotSpec, written: list[Path]) -> None:
    _show_estimates(found.estimates, f"{robot.title}, on the ground: {found.samples} samples, {found.outliers} far off")
    payload = found.payload
    print(f"the trunk has {payload.value:+.2f} kg ({payload.low:+.2f} to {payload.high:+.2f}) more than the file's")
    if not any(one.name == "torque_limit_nm" for one in found.estimates):
        print("no motor was asked for more than it gave: torque limits are the file's")
    _show_held_out(found.held_out)
    for name, verdict, advice in dict.fromkeys((one.name, one.verdict, one.advice) for one in found.estimates):
        if advice:
            print(f"{name} ({verdict.replace('_', ' ')}) would be settled by {advice}")
    for file in written:
        print(f"{file}: written")


def _show(found: Identification, robot: RobotSpec, written: list[Path]) -> None:
    _show_estimates(found.estimates, f"{robot.title}, in air: {found.samples} samples, {found.outliers} far off")
    _show_held_out(found.held_out)
    _show_advice(found, robot)
    for file in written:
        print(f"{file}: written")


def _show_estimates(found: Sequence[Estimate], title: str) -> None:
    rows = [
        (
            estimate.name,
            estimate.joint or "all",
            f"{estimate.value:.5g}",
            f"{estimate.low:.5g} to {estimate.high:.5g}",
            estimate.unit,
            f"{estimate.prior:.5g}",
            estimate.verdict.replace("_", " "),
        )
        for estimate in found
    ]
    print_table(["parameter", "joint", "value", "95 % interval", "unit", "file", "verdict"], rows, title=title)


def _show_held_out(held_out: HeldOut) -> None:
    each = zip(held_out.joints, held_out.before_rad, held_out.after_rad, strict=True)
    rows = [(joint, f"{1e3 * before:.3f}", f"{1e3 * after:.3f}") for joint, before, after in each]
    rows.append(("all", f"{1e3 * held_out.before:.3f}", f"{1e3 * held_out.after:.3f}"))
    print_table(["joint", "before, mrad", "after, mrad"], rows, title="Errors on windows that nothing was fitted to")
    if _misleads(held_out):
        print("the calibrated robot predicts them worse than the file's: do not train for it, record another log")


def _show_advice(found: Identification, robot: RobotSpec) -> None:
    """Each piece of advice once, with how many parameters need it and what they cannot be told from."""
    from surefoot_calibration.air.verdicts import is_inseparable

    if is_inseparable(found.estimates):
        print("delay and armature are not separable in this log: the file's values are kept where that is so")
    unsettled = [estimate for estimate in found.estimates if estimate.advice]
    counts = Counter((estimate.name, estimate.verdict, estimate.advice) for estimate in unsettled)
    for (name, verdict, advice), count in counts.items():
        tied = {e.tied_to.split(" of ")[0] for e in unsettled if (e.name, e.verdict) == (name, verdict) and e.tied_to}
        apart = f", not told apart from {', '.join(sorted(tied))}" if tied else ""
        print(f"{name} ({count}, {verdict.replace('_', ' ')}{apart}) would be settled by {advice}")
