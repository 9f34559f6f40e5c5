"""The robot as it was, at moments of a recording, side by side: drawn from its joints and its IMU."""

from __future__ import annotations

import io

import numpy as np

from surefoot.report.page import data_url
from surefoot.report.walk_log import FloatArray, WalkLog
from surefoot_robots.errors import SurefootError
from surefoot_robots.kinematics import LegKinematics
from surefoot_robots.spec import RobotSpec
from surefoot_training.task.arrays import gravity_in_base, rotation_of, yaw_of

ROBOTS, APART_M = 7, 0.85
WIDTH_PX, HEIGHT_PX = 1600, 330
LYING_M = 0.08
"""Of the base above the ground, on its belly."""


def draw_strip(log: WalkLog, robot: RobotSpec) -> tuple[str, FloatArray]:
    """A picture as a data URL, and the moments it shows; without joints or IMU there is nothing to draw."""
    if not (log.position_rad.is_there and log.orientation_wxyz.is_there):
        raise SurefootError("the recording has no joints or no IMU")
    if set(log.joint_names) != set(robot.joint_names):
        raise SurefootError(f"its joints are not those of {robot.name}", hint="name the robot with --robot")
    moments = np.linspace(0.0, log.duration_s, ROBOTS + 2)[1:-1]
    return _data_url(_drawn(_poses(log, robot, moments), robot)), moments


def _poses(log: WalkLog, robot: RobotSpec, moments_s: FloatArray) -> FloatArray:
    """[n, 7 + J]: upright as the IMU has it, heading straight ahead, the lowest foot on the ground."""
    order = [log.joint_names.index(name) for name in robot.joint_names]
    joints = log.position_rad.values[_nearest(log.position_rad.time_s, moments_s)][:, order]
    turned = log.orientation_wxyz.values[_nearest(log.orientation_wxyz.time_s, moments_s)]
    down = gravity_in_base(rotation_of(turned))
    feet = LegKinematics.of_spec(robot).foot_position_in_base(joints)
    radius_m = np.array([leg.foot.radius_m for leg in robot.legs])
    below_m = (np.einsum("nfi,ni->nf", feet, down) + radius_m).max(axis=1)
    poses = np.zeros((len(moments_s), 7 + len(order)))
    poses[:, 0] = APART_M * (np.arange(len(moments_s)) - 0.5 * (len(moments_s) - 1))
    poses[:, 2] = np.maximum(below_m, LYING_M)  # feet that are above the trunk bear nothing
    poses[:, 3:7] = _without_heading(turned)
    poses[:, 7:] = joints
    return poses


def _without_heading(orientation_wxyz: FloatArray) -> FloatArray:
    w, x, y, z = orientation_wxyz.T
    half = 0.5 * yaw_of(rotation_of(orientation_wxyz))
    cos, sin = np.cos(half), -np.sin(half)
    return np.stack([cos * w - sin * z, cos * x - sin * y, cos * y + sin * x, cos * z + sin * w], axis=1)


def _nearest(time_s: FloatArray, moments_s: FloatArray) -> np.ndarray:
    return np.clip(np.searchsorted(time_s, moments_s), 0, len(time_s) - 1)


def _drawn(poses: FloatArray, robot: RobotSpec) -> np.ndarray:
    from surefoot_training.sim.portrait import Portrait, View
    from surefoot_training.task.terrain import Terrain

    view = View((0.0, 0.0, 0.2), 1.7, 90.0, -8.0, WIDTH_PX, HEIGHT_PX)
    portrait = Portrait(robot, Terrain.flat(), view)
    try:
        return portrait.draw(poses, view)
    finally:
        portrait.close()


def _data_url(picture: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(file, format="JPEG", quality=82)
    return data_url("image/jpeg", file.getvalue())
