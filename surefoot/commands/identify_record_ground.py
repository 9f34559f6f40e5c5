"""`surefoot identify record` of a plan for the ground: played on a robot that stands, and the log of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import running_folder
from surefoot.output import print_json
from surefoot.progress import progress_bar
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.identifying.motion import Motion
    from surefoot_calibration.air.plan import Plan
    from surefoot_calibration.log.joint_log import Gains
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.settings import Settings

KINDS = (".mcap", ".csv")


def run(arguments: argparse.Namespace) -> int:
    """Try, play, write."""
    from surefoot.identifying.motion import motion_of
    from surefoot_calibration.air.plan_file import read_plan
    from surefoot_safety.settings_loader import load_robot_with_settings

    folder = None
    if not arguments.rehearse:
        _check_words(arguments)
        folder = running_folder(arguments)
    robot, settings = load_robot_with_settings(arguments.robot or ("go2" if folder is None else folder.name))
    plan, gains = read_plan(arguments.plan, robot)
    motion = motion_of(plan)
    fault = _plan_fault(plan, robot, settings, gains) or _rehearsal_fault(arguments, robot, settings, motion, gains)
    if fault:
        _tell(arguments, {"passed": False, "fault": fault}, f"nothing was moved: {fault}")
        return 1
    if folder is None:
        text = f"{motion.seconds:.1f} s on the ground, rehearsed: no fault"
        _tell(arguments, {"passed": True, "seconds": motion.seconds}, text)
        return 0
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
    if not arguments.standing:
        raise SurefootError(
            "the robot will squat, sway and tilt: it must stand on a level, firm floor, with nothing near",
            hint="look, then say so with --standing; or try with --rehearse",
        )


def _plan_fault(plan: Plan, robot: RobotSpec, settings: Settings, gains: Gains) -> str:
    """What speaks against a plan, by the same checks as when it was made."""
    from surefoot_calibration.ground.plan_check import check_ground_plan
    from surefoot_safety.limits import limits_of

    found = check_ground_plan(robot, limits_of(robot, settings), gains, plan)
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
    from surefoot.identifying.standing import rehearsed_standing

    with progress_bar(None, "rehearse", quiet=arguments.json) as advance:
        try:
            found = rehearsed_standing(robot, settings, motion, gains, told=lambda: advance(1, "simulated seconds"))
        except SurefootError as error:
            return f"in the rehearsal: {error.message}"
    return f"in the rehearsal the safety gate changed {found.clamped} targets" if found.clamped else ""


def _record(arguments: argparse.Namespace, robot: RobotSpec, folder: Path, motion: Motion, gains: Gains) -> int:
    from surefoot.identifying.live import Place, played, unix_ahead_s
    from surefoot.identifying.standing import StandingPlayer
    from surefoot_calibration.log.csv_file import write_csv
    from surefoot_calibration.log.mcap_writer import write_mcap

    out: Path = arguments.out
    if not arguments.json:
        print(f"{robot.name} moves for {motion.seconds:.0f} s; Ctrl-C lets it stand", file=sys.stderr)
    unix_s = unix_ahead_s()
    done = played(Place(robot, folder), motion, gains, StandingPlayer)
    log, losses = done.heard.log(robot, gains, out.name, unix_s), done.heard.losses
    (write_csv if out.suffix == ".csv" else write_mcap)(out, log)
    facts = {
        "passed": True,
        "file": out,
        "seconds": log.seconds,
        "samples": log.samples,
        "commands": len(log.target_stamp_s),
        "lost": losses,
        "clamped": done.clamped,
        "rate_hz": log.report.rate_hz,
        "gaps": len(log.report.gaps),
    }
    text = (
        f"{out}: {log.seconds:.1f} s, {log.samples} samples at {log.report.rate_hz:.0f} Hz, "
        f"{len(log.target_stamp_s)} commands; missed {losses.samples} and {losses.commands}"
    )
    if done.clamped:
        text += f"; the safety gate changed targets ({done.clamped} ms of them), the log has what the motors got"
    _tell(arguments, facts, text)
    return 0


def _tell(arguments: argparse.Namespace, facts: dict[str, object], text: str) -> None:
    if arguments.json:
        print_json(facts)
    else:
        print(text)
