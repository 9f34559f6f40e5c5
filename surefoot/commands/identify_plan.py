"""`surefoot identify plan`: targets for a robot that hangs or stands, tried in simulation before anything moves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot.progress import progress
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.air.plan import Plan
    from surefoot_calibration.air.plan_check import Margin, PlanCheck

HELP = "targets for a robot that hangs or stands, tried in simulation before anything moves"
DESCRIPTION = (
    "Writes a CSV of joint targets: a chirp, a multisine whose phases tell most about the parameters, a ladder of "
    "speeds with reversals. It is simulated with robots that are lighter and heavier, prompter and later than the file "
    "says, and every command is shown to the safety gate. With --protocol ground it stands: squats, sways and tilts "
    "over feet that stay, with the gains of the supervisor's gaits, simulated with light and heavy robots. Exit status "
    "1, and no file, if anything is too near a limit."
)

CANDIDATES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to plan."""
    parser.add_argument(
        "--robot", default="go2", help="name or YAML file of a robot with safety settings (default: go2)"
    )
    parser.add_argument(
        "--protocol", choices=("in-air", "ground"), default="in-air", help="where the robot is (default: in-air)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the CSV to write")
    parser.add_argument("--seconds", type=float, metavar="S", help="how long (default: 20; on the ground 25)")
    parser.add_argument("--rate", type=float, default=200.0, metavar="HZ", help="of targets (default: 200)")
    parser.add_argument("--highest", type=float, metavar="HZ", help="frequency of the motion in air (default: 10)")
    parser.add_argument("--scale", type=float, default=1.0, help="of all amplitudes, at most 1 (default: 1)")
    parser.add_argument("--pose", help="about which joints move in air (default: default)")
    parser.add_argument(
        "--gains",
        metavar="KP,KD",
        help="that the motors will have (default: the robot's own; on the ground its gaits')",
    )
    parser.add_argument("--candidates", type=int, metavar="N", help="choices of phases to try in air (default: 8)")
    parser.add_argument("--seed", type=int, default=0, help="of these (default: 0)")
    parser.add_argument(
        "--slide", action="store_true", help="on the ground: press feet apart until they slide, for their friction"
    )


def run(arguments: argparse.Namespace) -> int:
    """Plan, try, write."""
    return (_on_ground if arguments.protocol == "ground" else _in_air)(arguments)


def _in_air(arguments: argparse.Namespace) -> int:
    from surefoot_calibration.air.design import best_plan, candidates
    from surefoot_calibration.air.plan import PlanOptions
    from surefoot_calibration.air.plan_check import check_plan
    from surefoot_calibration.air.plan_file import write_plan
    from surefoot_calibration.log.gains import chosen_gains, parse_gains
    from surefoot_safety.limits import hanging_limits, limits_of
    from surefoot_safety.settings_loader import load_robot_with_settings

    robot, settings = load_robot_with_settings(arguments.robot)
    limits = hanging_limits(limits_of(robot, settings))
    told = None if arguments.gains is None else parse_gains(arguments.gains, robot.joint_names)
    gains = chosen_gains(None, told, robot)
    if arguments.slide:
        raise SurefootError("--slide presses feet against the ground", hint="use it with --protocol ground")
    given = {"seconds": arguments.seconds, "highest_hz": arguments.highest, "pose": arguments.pose}
    options = PlanOptions(
        rate_hz=arguments.rate,
        scale=arguments.scale,
        **{name: value for name, value in given.items() if value is not None},
    )
    count = CANDIDATES if arguments.candidates is None else arguments.candidates
    if count < 1:
        raise SurefootError(f"--candidates {count} must be at least 1")
    each = candidates(robot, gains, options, count, arguments.seed)
    found = list(progress(each, "design", total=count, quiet=arguments.json))
    plan = best_plan(robot, options, found)
    check = check_plan(robot, limits, gains, plan)
    if check.passed:
        write_plan(arguments.out, plan, gains, robot)
    informations = sorted(one.information for one in found)
    _report(arguments, plan, check, informations)
    return 0 if check.passed else 1


def _on_ground(arguments: argparse.Namespace) -> int:
    from surefoot_calibration.air.plan_file import write_plan
    from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, standing_gains
    from surefoot_calibration.ground.plan_check import check_ground_plan
    from surefoot_calibration.log.gains import parse_gains
    from surefoot_safety.limits import limits_of
    from surefoot_safety.settings_loader import load_robot_with_settings

    for name in ("highest", "pose", "candidates"):
        if getattr(arguments, name) is not None:
            raise SurefootError(f"--{name} is of plans for robots in air", hint="leave it out with --protocol ground")
    robot, settings = load_robot_with_settings(arguments.robot)
    told = arguments.gains
    gains = standing_gains(robot) if told is None else parse_gains(told, robot.joint_names)
    given = {} if arguments.seconds is None else {"seconds": arguments.seconds}
    options = GroundOptions(
        rate_hz=arguments.rate, scale=arguments.scale, slide=arguments.slide, seed=arguments.seed, **given
    )
    plan = make_ground_plan(robot, options, gains)
    check = check_ground_plan(robot, limits_of(robot, settings), gains, plan)
    if check.passed:
        write_plan(arguments.out, plan, gains, robot, protocol="ground")
    _report(arguments, plan, check, [])
    return 0 if check.passed else 1


def _report(arguments: argparse.Namespace, plan: Plan, check: PlanCheck, informations: list[float]) -> None:
    if arguments.json:
        print_json(
            {
                "passed": check.passed,
                "file": arguments.out if check.passed else None,
                "seconds": float(plan.stamp_s[-1]),
                "parts": [{"name": name, "at_s": at_s} for name, at_s in plan.parts],
                "margins": list(check.margins),
                "gate": check.gate,
                "collision": check.collision,
                "information": {"best": informations[-1], "worst": informations[0]} if informations else None,
            }
        )
        return
    print_table(
        ["what", "nearest at", "found", "limit", "unit", "kept"],
        [_row(margin) for margin in check.margins],
        title="What the plan comes nearest to, in the worst of all simulated robots",
    )
    for what, fault in (("the safety gate would change it", check.gate), ("parts meet", check.collision)):
        if fault:
            print(f"{what}: {fault}")
    parts = ", ".join(f"{name} from {at_s:g} s" for name, at_s in plan.parts)
    if informations:
        parts += f"; phases: the best of {len(informations)}, {informations[-1] - informations[0]:.2g} above the worst"
    print(parts)
    if check.passed:
        where = "hang free, its trunk held" if informations else "stand on a level floor that is not slippery"
        print(f"{arguments.out}: {len(plan.stamp_s)} targets. The robot must {where}, with nothing near")
    else:
        other = "another --pose, or a lower --highest" if informations else "or without --slide"
        print(f"nothing was written: try --scale 0.7, {other}")


def _row(margin: Margin) -> tuple[object, ...]:
    found, limit = f"{margin.found:.3g}", f"{margin.limit:.3g}"
    return margin.what, margin.joint, found, limit, margin.unit, "yes" if margin.kept else "NO"
