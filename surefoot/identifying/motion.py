"""From a plan to what is asked for at each moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.plan import Plan
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

SWAY_S, SWAY_HZ, SWAY_RAD = 1.0, 1.0, 0.02
"""Before the plan, about its first pose, while the supervisor leads joints there, and once more. It keeps moving, as
what the supervisor follows must."""
APART_RAD, ROOM_RAD = 0.4, 0.05
"""How far hips spread legs, and what is left to any stop."""
STILL_S = 0.05
"""Of a plan's rest at its pose, before and behind, this much is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """A plan without its rest, with a sway before it."""

    stamp_s: FloatArray
    """[C], from 0 on, even."""
    target_rad: FloatArray
    """[C, J]."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return float(self.stamp_s[-1])

    @property
    def pose_rad(self) -> tuple[float, ...]:
        """Where it begins."""
        return self.at(0.0)

    def at(self, elapsed_s: float) -> tuple[float, ...]:
        """The newest target; the first before the beginning, the last behind the end."""
        row = int(np.searchsorted(self.stamp_s, elapsed_s, side="right")) - 1
        target: list[float] = self.target_rad[max(row, 0)].tolist()
        return tuple(target)


def motion_of(plan: Plan) -> Motion:
    """Ready to be played; a plan that asks for nothing is an error."""
    step_s = float(plan.stamp_s[1])
    moving = np.flatnonzero(np.abs(np.diff(plan.target_rad, axis=0)).max(axis=1) > 0.0)
    if not len(moving):
        raise SurefootError("the plan asks for no motion at all")
    still = round(STILL_S / step_s)
    first, after = max(0, int(moving[0]) - still), min(len(plan.target_rad), int(moving[-1]) + 2 + still)
    rows = np.concatenate((_sway(plan.target_rad[first], np.arange(0.0, SWAY_S, step_s)), plan.target_rad[first:after]))
    return Motion(step_s * np.arange(len(rows), dtype=np.float64), rows)


def legs_apart(robot: RobotSpec, angle_rad: Sequence[float]) -> tuple[float, ...]:
    """Where legs hang that hang so, but spread: left to themselves they hang inwards, and across each other."""
    apart = np.clip(angle_rad, robot.joint_lower_rad + ROOM_RAD, robot.joint_upper_rad - ROOM_RAD)
    for number, leg in enumerate(robot.legs):
        out = np.sign(leg.joints[0].position_in_parent_m[1])
        apart[3 * number] = out * max(APART_RAD, out * apart[3 * number])
    return tuple(apart.tolist())


def swaying(pose_rad: Sequence[float], waited_s: float) -> tuple[float, ...]:
    """A pose, as it sways."""
    return tuple(_sway(np.array(pose_rad), np.array([waited_s]))[0].tolist())


def _sway(pose_rad: FloatArray, t: FloatArray) -> FloatArray:
    """[T, J], from the pose and back to it in whole periods, without jumps in speed."""
    sway: FloatArray = pose_rad + 0.5 * SWAY_RAD * (1.0 - np.cos(2.0 * np.pi * SWAY_HZ * t[:, None]))
    return sway
