"""`surefoot identify bench`: robots with hidden parameters, identified; how far off, how honest the intervals are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot.progress import progress
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.bench.ground_recovery import GroundRecovery
    from surefoot_calibration.bench.recovery import Recovery, Row
    from surefoot_robots.spec import RobotSpec

HELP = "robots with hidden parameters, identified: how far off, and whether intervals are honest"
DESCRIPTION = (
    "Makes robots whose joints are up to 50 % off the file, with offsets, weak motors and a delay of 0 to 25 ms, moves "
    "them by the plan, and identifies them from logs with 0.5 mrad of encoder noise, quantization and jitter. With "
    "--protocol ground each of them then stands, with a trunk 0.5 to 1.5 times as heavy, its centre shifted by up to 5 "
    "cm, on a floor of another friction. Half a minute of one core for each robot."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and how long each."""
    parser.add_argument("--robot", default="go2", help="name or YAML file of the robot (default: go2)")
    parser.add_argument(
        "--protocol", choices=("in-air", "ground"), default="in-air", help="where they are measured (default: in-air)"
    )
    parser.add_argument("--robots", type=int, default=20, metavar="N", help="hidden robots (default: 20)")
    parser.add_argument("--seconds", type=float, metavar="S", help="of each log (default: 20; on the ground 25)")
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="0: one for each processor (default)")


def run(arguments: argparse.Namespace) -> int:
    """Identify all of them."""
    from surefoot_robots.loader import load_robot

    if arguments.robots < 1:
        raise SurefootError(f"--robots {arguments.robots} must be at least 1")
    robot = load_robot(arguments.robot)
    return (_on_ground if arguments.protocol == "ground" else _in_air)(arguments, robot)


def _in_air(arguments: argparse.Namespace, robot: RobotSpec) -> int:
    from surefoot_calibration.air.plan import PlanOptions
    from surefoot_calibration.bench.recovery import nominal_errors, recoveries, summary

    options = PlanOptions() if arguments.seconds is None else PlanOptions(seconds=arguments.seconds)
    each = recoveries(robot, arguments.robots, options, arguments.threads)
    done = list(progress(each, "identify", total=arguments.robots, quiet=arguments.json))
    rows, before = summary(robot, done), nominal_errors(robot, done)
    if arguments.json:
        print_json({"robot": robot.name, "robots": len(done), "parameters": rows, "file_off": before, **_costs(done)})
    else:
        _show(rows, before, done)
    return 0


def _on_ground(arguments: argparse.Namespace, robot: RobotSpec) -> int:
    from surefoot_calibration.bench.ground_recovery import file_off, ground_recoveries, ground_summary
    from surefoot_calibration.ground.plan import GroundOptions

    options = GroundOptions(slide=True) if arguments.seconds is None else GroundOptions(arguments.seconds, slide=True)
    each = ground_recoveries(robot, arguments.robots, options, arguments.threads)
    done = list(progress(each, "identify", total=arguments.robots, quiet=arguments.json))
    rows, before = ground_summary(done), file_off(robot, done)
    if arguments.json:
        print_json({"robot": robot.name, "robots": len(done), "parameters": rows, "file_off": before, **_costs(done)})
    else:
        _show(rows, before, done)
    return 0


def _costs(done: Sequence[Recovery | GroundRecovery]) -> dict[str, float]:
    return {
        "wall_s": sum(one.wall_s for one in done) / len(done),
        "cpu_s": sum(one.cpu_s for one in done) / len(done),
        "held_out_before_rad": sum(one.found.held_out.before for one in done) / len(done),
        "held_out_after_rad": sum(one.found.held_out.after for one in done) / len(done),
    }


def _show(rows: list[Row], before: float, done: Sequence[Recovery | GroundRecovery]) -> None:
    costs = _costs(done)
    print_table(
        ["parameter", "of", "error", "median", "95 %", "most", "in interval", "identified"],
        [
            (
                *(row.name, row.count, row.error, f"{row.median:.3g}", f"{row.p95:.3g}", f"{row.most:.3g}"),
                f"{100.0 * row.inside:.0f} %",
                f"{100.0 * row.identified:.0f} %",
            )
            for row in rows
        ],
        title=f"{len(done)} hidden robots; the file is off by {100.0 * before:.0f} % in the median",
    )
    print(
        f"held-out errors {1e3 * costs['held_out_before_rad']:.2f} → {1e3 * costs['held_out_after_rad']:.2f} mrad; "
        f"{costs['wall_s']:.1f} s for each, {costs['cpu_s']:.1f} s of processor time"
    )
