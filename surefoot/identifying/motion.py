"""From a plan to what is asked for at each moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.plan import Plan
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError

SWAY_S, SWAY_HZ, SWAY_RAD = 1.0, 1.0, 0.02
"""Before the plan, about its first pose: the supervisor leads joints from where they are for half a second, which the
plan's quick beginning should not be lost in. It keeps moving, as what the supervisor follows must."""
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
    rows = np.concatenate((_sway(plan.target_rad[first], step_s), plan.target_rad[first:after]))
    return Motion(step_s * np.arange(len(rows), dtype=np.float64), rows)


def _sway(pose_rad: FloatArray, step_s: float) -> FloatArray:
    """Whole periods, from the pose and back to it, without jumps in speed."""
    t = np.arange(0.0, SWAY_S, step_s)[:, None]
    sway: FloatArray = pose_rad + 0.5 * SWAY_RAD * (1.0 - np.cos(2.0 * np.pi * SWAY_HZ * t))
    return sway
