"""How the base lies and turns, told by the legs alone: four feet that stand still on level ground."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.kinematics import LegKinematics
from surefoot_robots.spec import RobotSpec


def up_in_base(robot: RobotSpec, position_rad: FloatArray) -> tuple[FloatArray, float]:
    """The normal of the plane that the feet's centres lie in, [3], and how far off it they are, m.

    Balls of one size stand with their centres in a plane that is parallel to the ground.
    """
    feet = LegKinematics.of_spec(robot).foot_position_in_base(position_rad)
    middle = feet.mean(axis=0)
    _, _, axes = np.linalg.svd(feet - middle)
    normal: FloatArray = axes[2] * np.sign(axes[2, 2])
    return normal, float(np.abs((feet - middle) @ normal).max())


def turns_in_base(robot: RobotSpec, position_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How the base is turned against its first pose, rotations [T, 3, 3], and how far feet slid, m [T].

    Points that stand still in the world move in the base as R' (p - x): the rotation that moves the first pose's feet
    onto these best (W. Kabsch, Acta Crystallographica A32, 922, 1976).
    """
    feet = LegKinematics.of_spec(robot).foot_position_in_base(position_rad)
    each = feet - feet.mean(axis=1, keepdims=True)
    rotations = kabsch(each, np.broadcast_to(each[0], each.shape))
    left = each @ np.swapaxes(rotations, 1, 2) - each[0]
    return rotations, np.linalg.norm(left, axis=2).max(axis=1)


def kabsch(points: FloatArray, onto: FloatArray) -> FloatArray:
    """Rotations R [..., 3, 3] with R p nearest to `onto`, both [..., P, 3]."""
    u, _, vt = np.linalg.svd(np.swapaxes(onto, -1, -2) @ points)
    u = u.copy()
    u[..., :, 2] *= np.sign(np.linalg.det(u @ vt))[..., None]
    rotations: FloatArray = u @ vt
    return rotations
