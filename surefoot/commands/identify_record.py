"""`surefoot identify record`: a plan, played on a robot that hangs or stands, and the log of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import add_place, running_folder
from surefoot.output import print_json
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.identifying.heard import Losses
    from surefoot.identifying.motion import Motion
    from surefoot_calibration.air.plan import Plan
    from surefoot_calibration.log.joint_log import Gains, JointLog
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.settings import Settings

HELP = "a plan, played on a robot that hangs or stands, and the log of it"
DESCRIPTION = (
    "Tries the plan of `surefoot identify plan` in simulation, by the safety gate and by the whole stack; then has the "
    "running robot, which must hang and be armed, or stand if the plan is one for the ground, follow it through its "
    "supervisor and all of its checks, and writes what the motors were told and what was measured. Exit status 1, and "
    "nothing moves, if the plan is not safe; 2 if it cannot be played."
)
KINDS = (".mcap", ".csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which plan, and where to."""
    parser.add_argument("plan", type=Path, metavar="PLAN", help="from `surefoot identify plan`")
    parser.add_argument(
        "--out", type=Path, metavar="LOG", help="the log to write, .mcap (better: times to the µs) or .csv"
    )
    parser.add_argument(
        "--hanging", action="store_true", help="says that you see it hang: trunk held, legs free, nobody near"
    )
    parser.add_argument(
        "--standing", action="store_true", help="of a plan for the ground: says that you see it stand, with room around"
    )
    parser.add_argument("--rehearse", action="store_true", help="try it in simulation only; nothing moves")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Try, play, write."""
    from surefoot.commands import identify_record_ground
    from surefoot.identifying.motion import motion_of
    from surefoot_calibration.air.plan_file import protocol_of, read_plan
    from surefoot_safety.settings_loader import load_robot_with_settings

    if protocol_of(arguments.plan) == "ground":
        return identify_record_ground.run(arguments)
    folder = None
    if not arguments.rehearse:
        _check_words(arguments)
        folder = running_folder(arguments)
    robot, settings = load_robot_with_settings(arguments.robot or ("go2" if folder is None else folder.name))
    plan, gains = read_plan(arguments.plan, robot)
    motion = motion_of(plan)
    fault = _plan_fault(plan, robot, settings, gains) or _rehearsal_fault(arguments, robot, settings, motion, gains)
    if fault:
        return _told(arguments, {"passed": False, "fault": fault}, f"nothing was moved: {fault}") or 1
    if folder is None:
        return _told(
            arguments, {"passed": True, "seconds": motion.seconds}, f"{motion.seconds:.1f} s, rehearsed: no fault"
        )
    return _record(arguments, robot, folder, motion, gains)


def _check_words(arguments: argparse.Namespace) -> None:
    """What can be refused is refused before anything is tried."""
    out: Path | None = arguments.out
    if out is None:
        raise SurefootError("where to? --out LOG", hint="or --rehearse, which writes nothing")
    if out.suffix not in KINDS:
        raise SurefootError(f"--out {out}: must end with {' or '.join(KINDS)}")
    if out.exists() or not out.parent.is_dir():
        raise SurefootError(f"--out {out}: {'is there already' if out.exists() else 'there is no such folder'}")
    if not arguments.hanging:
        raise SurefootError(
            "joints will move quickly: the robot must hang, its trunk held, its legs free, nobody near",
            hint="look, then say so with --hanging; or try with --rehearse",
        )


def _plan_fault(plan: Plan, robot: RobotSpec, settings: Settings, gains: Gains) -> str:
    """What speaks against a plan, by the same checks as when it was made."""
    from surefoot.identifying.player import LEAD_S, LEADS
    from surefoot_calibration.air.plan_check import check_plan
    from surefoot_safety.limits import hanging_limits, limits_of

    takes_s, most_s = LEADS * LEAD_S + float(plan.stamp_s[-1]), settings.timing.hang_s
    if takes_s > most_s:
        return f"with the way to where it begins it may take {takes_s:.0f} s, and timing.hang_s is {most_s:g}"
    found = check_plan(robot, hanging_limits(limits_of(robot, settings)), gains, plan)
    near = [
        f"{one.what} at {one.joint}: {one.found:.3g} {one.unit}, limit {one.limit:.3g}"
        for one in found.margins
        if not one.kept
    ]
    if found.gate:
        near.append(f"the safety gate would change it {found.gate}")
    if found.collision:
        near.append(f"parts meet: {found.collision}")
    return "; ".join(near)


def _rehearsal_fault(
    arguments: argparse.Namespace, robot: RobotSpec, settings: Settings, motion: Motion, gains: Gains
) -> str:
    """What the whole stack has against it, in simulation."""
    from surefoot.identifying.rehearsal import rehearsed

    with progress_bar(None, "rehearse", quiet=arguments.json) as advance:
        try:
            found = rehearsed(robot, settings, motion, gains, told=lambda: advance(1, "simulated seconds"))
        except SurefootError as error:
            return f"in the rehearsal: {error.message}"
    return f"in the rehearsal the safety gate changed {found.clamped} targets" if found.clamped else ""


def _record(arguments: argparse.Namespace, robot: RobotSpec, folder: Path, motion: Motion, gains: Gains) -> int:
    from surefoot.identifying.live import Place, played, unix_ahead_s
    from surefoot_calibration.log.csv_file import write_csv
    from surefoot_calibration.log.mcap_writer import write_mcap

    out: Path = arguments.out
    if not arguments.json:
        print(f"{robot.name} moves for {motion.seconds:.0f} s; Ctrl-C lets it hang, damped", file=sys.stderr)
    unix_s = unix_ahead_s()
    done = played(Place(robot, folder), motion, gains)
    log = done.heard.log(robot, gains, out.name, unix_s)
    (write_csv if out.suffix == ".csv" else write_mcap)(out, log)
    return _tell(arguments, log, done.heard.losses, done.clamped)


def _tell(arguments: argparse.Namespace, log: JointLog, losses: Losses, clamped: int) -> int:
    report = log.report
    facts = {
        "passed": True,
        "file": arguments.out,
        "seconds": log.seconds,
        "samples": log.samples,
        "commands": len(log.target_stamp_s),
        "lost": losses,
        "clamped": clamped,
        "rate_hz": report.rate_hz,
        "gaps": len(report.gaps),
    }
    text = (
        f"{arguments.out}: {log.seconds:.1f} s, {log.samples} samples at {report.rate_hz:.0f} Hz, "
        f"{len(log.target_stamp_s)} commands; missed {losses.samples} and {losses.commands}"
    )
    if clamped:
        text += f"; the safety gate changed targets ({clamped} ms of them), the log has what the motors got"
    return _told(arguments, facts, text)


def _told(arguments: argparse.Namespace, facts: dict[str, object], text: str) -> int:
    if arguments.json:
        print_json(facts)
    else:
        print(text)
    return 0
