"""A plan as a file: the CSV of a log that has commands only, with the gains they are meant for."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from surefoot_calibration.air.plan import Plan
from surefoot_calibration.log.csv_file import LONGEST_HEADER, read_columns
from surefoot_calibration.log.gains import constant_gains
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

Protocol: TypeAlias = Literal["in-air", "ground"]
LEAST_S, MOST_S = 1.0, 600.0
SLOWEST_HZ, FASTEST_HZ = 50.0, 1000.0
ON_GROUND = "protocol.ground"
"""A column, of ones, that plans for robots on the ground have."""
UNEVEN = 1e-6
"""Of a step."""


def write_plan(path: Path, plan: Plan, gains: Gains, robot: RobotSpec, protocol: Protocol = "in-air") -> None:
    """Columns t, q_cmd.<joint>, kp.<joint>, kd.<joint>, and one that says if it is for the ground."""
    joints = robot.joint_names
    names = ["t", *(f"{group}.{joint}" for group in ("q_cmd", "kp", "kd") for joint in joints)]
    rows = (len(plan.stamp_s), 1)
    each = [np.tile(values, rows) for values in (gains.kp_nm_per_rad, gains.kd_nms_per_rad)]
    if protocol == "ground":
        names.append(ON_GROUND)
        each.append(np.ones(rows))
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for row in np.concatenate((plan.stamp_s[:, None], plan.target_rad, *each), axis=1):
            file.write(",".join(map(repr, row.tolist())) + "\n")


def read_plan(path: Path, robot: RobotSpec) -> tuple[Plan, Gains]:
    """The targets of a file and the gains they are meant for; whether a robot may be given them is not looked at."""
    joints = robot.joint_names
    groups = [[f"{group}.{joint}" for joint in joints] for group in ("q_cmd", "kp", "kd")]
    table = read_columns(path, [name for group in groups for name in group])
    if not np.isfinite(table).all():
        row = int(np.argmin(np.isfinite(table).all(axis=1)))
        raise SurefootError(f"{path.name}: row {row} of the plan is not made of finite numbers")
    stamp_s, target_rad, kp, kd = np.split(table, np.cumsum([1, *(len(group) for group in groups[:-1])]), axis=1)
    _check_times(path, stamp_s[:, 0])
    plan = Plan(stamp_s[:, 0] - stamp_s[0, 0], np.ascontiguousarray(target_rad), np.zeros((0, 0)), ())
    return plan, constant_gains(kp, kd, joints, path.name)


def protocol_of(path: Path) -> Protocol:
    """Where the robot is for which a plan was made."""
    with path.open(encoding="utf-8", errors="replace") as file:
        names = file.readline(LONGEST_HEADER).strip().split(",")
    return "ground" if ON_GROUND in names else "in-air"


def _check_times(path: Path, stamp_s: FloatArray) -> None:
    """Even steps, at a rate and for as long as plans are made."""
    steps_s = np.diff(stamp_s)
    step_s = float(np.median(steps_s)) if len(steps_s) else 0.0
    if not step_s * (1.0 + UNEVEN) >= 1.0 / FASTEST_HZ or not step_s * (1.0 - UNEVEN) <= 1.0 / SLOWEST_HZ:
        raise SurefootError(
            f"{path.name}: its targets are {step_s:g} s apart: must be {1.0 / FASTEST_HZ:g} to {1.0 / SLOWEST_HZ:g}"
        )
    if np.abs(steps_s - step_s).max() > UNEVEN * step_s:
        row = int(np.argmax(np.abs(steps_s - step_s)))
        raise SurefootError(f"{path.name}: its targets are not evenly spaced: {steps_s[row]:g} s behind row {row}")
    if not LEAST_S <= stamp_s[-1] - stamp_s[0] <= MOST_S:
        raise SurefootError(
            f"{path.name}: is {stamp_s[-1] - stamp_s[0]:g} s long: must be {LEAST_S:g} to {MOST_S:g}",
            hint="`surefoot identify plan` makes plans",
        )
