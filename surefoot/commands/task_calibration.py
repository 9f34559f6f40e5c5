"""`surefoot task NAME --calibration FILE`: what becomes of every model value and range, before and after."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from surefoot.calibrating import read_for
from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.calibration import Calibration
    from surefoot_training.task.calibrated import Change

MOST_NAMED = 6
"""Of what is not used; `--json` has all."""


def show_calibrated(arguments: argparse.Namespace) -> None:
    """A table, or the same as JSON."""
    from surefoot_robots.loader import load_robot
    from surefoot_training.task.calibrated import changes
    from surefoot_training.task.tasks import task_named

    task = task_named(arguments.what)
    robot = arguments.robot or task.robot
    measured = read_for(robot, arguments)
    if measured is None:
        raise SurefootError("--robot is the one that was measured", hint="use it with --calibration")
    if arguments.only is not None:
        raise SurefootError("--only chooses sections of a task", hint="leave it out with --calibration")
    calibration, factor = measured
    rows = changes(task, load_robot(robot), calibration, factor)
    if arguments.json:
        print_json({"task": task.name, "safety_factor": factor, **_origin(calibration), "parameters": rows})
    else:
        _print(rows, calibration, factor, task.name)


def _origin(calibration: Calibration) -> dict[str, object]:
    from surefoot_training.task.calibrated import unused_names

    return {
        "calibration": {"name": calibration.name, "sha256": calibration.sha256, "protocol": calibration.protocol},
        "robot": calibration.robot,
        "unused": unused_names(calibration),
    }


def _print(rows: tuple[Change, ...], calibration: Calibration, factor: float, task: str) -> None:
    from surefoot_training.task.calibrated import unused_names

    print_table(
        ["parameter", "joint", "verdict", "model", "range", "measured", "becomes", "width"],
        [
            (
                row.name,
                row.joint or "all",
                row.verdict.replace("_", " "),
                f"{row.before:.4g}",
                _span(row.before_range),
                f"{row.value:.4g}",
                _span(row.range),
                "" if row.width_share is None else f"{100.0 * row.width_share:.0f} %",
            )
            for row in rows
        ],
        title=f"{task} for {calibration.robot} as in {calibration.called}, safety factor {factor:g}",
    )
    print("what is not in the table keeps its range: `surefoot task " + task + " --only randomization`")
    unused = unused_names(calibration)
    if unused:
        more = f" and {len(unused) - MOST_NAMED} more" if len(unused) > MOST_NAMED else ""
        print(f"measured, and of no use to training: {', '.join(unused[:MOST_NAMED])}{more}")


def _span(span: tuple[float, float]) -> str:
    return f"{span[0]:.4g} to {span[1]:.4g}"
