"""A plan as a file: the CSV of a log that has commands only, with the gains they are meant for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from surefoot_calibration.air.plan import Plan
from surefoot_calibration.log.joint_log import Gains
from surefoot_robots.spec import RobotSpec


def write_plan(path: Path, plan: Plan, gains: Gains, robot: RobotSpec) -> None:
    """Columns t, q_cmd.<joint>, kp.<joint>, kd.<joint>."""
    joints = robot.joint_names
    names = ["t", *(f"{group}.{joint}" for group in ("q_cmd", "kp", "kd") for joint in joints)]
    rows = (len(plan.stamp_s), 1)
    each = [np.tile(values, rows) for values in (gains.kp_nm_per_rad, gains.kd_nms_per_rad)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(names) + "\n")
        for row in np.concatenate((plan.stamp_s[:, None], plan.target_rad, *each), axis=1):
            file.write(",".join(map(repr, row.tolist())) + "\n")
