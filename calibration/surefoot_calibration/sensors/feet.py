"""How the base lies and turns, told by the legs alone: four feet that stand still on level ground."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.kinematics import LegKinematics
from surefoot_robots.spec import RobotSpec

X_AXIS = np.array([1.0, 0.0, 0.0])


def up_in_base(robot: RobotSpec, position_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The normals of the planes that the feet's centres lie in, [..., 3], and how far off they are, m [...].

    Balls of one size stand with their centres in a plane that is parallel to the ground.
    """
    feet = LegKinematics.of_spec(robot).foot_position_in_base(position_rad)
    off = feet - feet.mean(axis=-2, keepdims=True)
    normal: FloatArray = np.linalg.svd(off)[2][..., 2, :]
    normal *= np.sign(normal[..., 2:])
    apart: FloatArray = np.abs((off @ normal[..., None])[..., 0]).max(axis=-1)
    return normal, apart


def turns(robot: RobotSpec, position_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By how much the base turned from one of T poses to the next, rad [T - 1, 3], and how far feet slid, m [T - 1].

    Feet do not slide: where they touch the ground, what the joints move them by is what the base's motion undoes. They
    roll, so that it is not the balls' centres that stand still.
    """
    middle, moves = 0.5 * (position_rad[1:] + position_rad[:-1]), np.diff(position_rad, axis=0)
    touching, jacobian = contacts(robot, middle, up_in_base(robot, middle)[0])
    moved = (jacobian @ moves.reshape(len(moves), 4, 3, 1))[..., 0]
    # moved + shift + turn x touching = 0, of four feet.
    columns = np.concatenate((np.broadcast_to(np.eye(3), (*touching.shape, 3)), -_cross(touching)), axis=-1)
    stacked, wanted = columns.reshape(len(moves), 12, 6), -moved.reshape(len(moves), 12, 1)
    transposed = np.swapaxes(stacked, 1, 2)
    found = np.linalg.solve(transposed @ stacked, transposed @ wanted)
    slid: FloatArray = np.linalg.norm((stacked @ found - wanted).reshape(len(moves), 4, 3), axis=2).max(axis=1)
    turned: FloatArray = found[:, 3:, 0].astype(np.float64, copy=False)
    return turned, slid


def contacts(robot: RobotSpec, position_rad: FloatArray, up: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where feet touch the ground, [..., 4, 3], and how those points of them move with the joints, [..., 4, 3, 3]."""
    kinematics = LegKinematics.of_spec(robot)
    radius = np.array([leg.foot.radius_m for leg in robot.legs])
    below = -radius[:, None] * up[..., None, :]
    hip = position_rad.reshape(*position_rad.shape[:-1], 4, 3)[..., 0]
    knee_axis = np.stack((np.zeros_like(hip), np.cos(hip), np.sin(hip)), axis=-1)
    axes = (np.broadcast_to(X_AXIS, knee_axis.shape), knee_axis, knee_axis)
    # The ball turns with the calf, about the hip's axis and the knee's.
    rolled = np.stack([np.cross(axis, below) for axis in axes], axis=-1)
    touching: FloatArray = kinematics.foot_position_in_base(position_rad) + below
    return touching, kinematics.foot_jacobian_in_base(position_rad) + rolled


def kabsch(points: FloatArray, onto: FloatArray) -> FloatArray:
    """The rotation R [3, 3] with R p nearest to `onto`, both [P, 3] (W. Kabsch, Acta Cryst. A32, 922, 1976)."""
    u, _, vt = np.linalg.svd(onto.T @ points)
    u[:, 2] *= np.sign(np.linalg.det(u @ vt))
    rotation: FloatArray = u @ vt
    return rotation


def _cross(vectors: FloatArray) -> FloatArray:
    """Matrices [..., 3, 3] of v x, of vectors [..., 3]."""
    return np.cross(np.broadcast_to(np.eye(3), (*vectors.shape, 3)), vectors[..., None, :]).swapaxes(-1, -2) * -1.0
