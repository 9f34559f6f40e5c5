"""Where robots start: on their tile, as the randomization drew it, with the lowest foot just above the ground."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.simulator import Placement
from surefoot_training.task.arrays import rotate_into_world


def place(robot: RobotSpec, start: Mapping[str, np.ndarray], spot_in_world: np.ndarray) -> Placement:
    """`start` as `randomization.sample_start` drew it for n robots; `spot_in_world` [n, 3] is level ground, m."""
    n = len(spot_in_world)
    joints = robot.default_joint_position_rad + start["initial_joint_offset_rad"]
    joints = np.clip(joints, robot.joint_lower_rad, robot.joint_upper_rad)
    quaternion = _quaternion(start["initial_tilt_rad"], start["initial_yaw_rad"])
    position = np.array(spot_in_world, dtype=np.float64)
    position[:, :2] += start["initial_position_m"]
    position[:, 2] += start["initial_height_added_m"] + _height_of_base(robot, joints, quaternion)
    return Placement(
        base_position_in_world=position,
        base_quaternion_wxyz=quaternion,
        joint_position=joints,
        base_velocity_in_world=start["initial_velocity_mps"],
        angular_velocity_in_base=start["initial_angular_velocity_radps"],
        joint_velocity=start["initial_joint_velocity_radps"].reshape(n, -1),
    )


def _height_of_base(robot: RobotSpec, joint_position: np.ndarray, quaternion_wxyz: np.ndarray) -> np.ndarray:
    """Height [n] at which the lowest foot touches level ground."""
    feet = rotate_into_world(quaternion_wxyz[:, None], robot.kinematics.foot_position_in_base(joint_position))
    radius = np.array([leg.foot.radius_m for leg in robot.legs])
    height: np.ndarray = (radius - feet[:, :, 2]).max(axis=1)
    return height


def _quaternion(roll_pitch_rad: np.ndarray, yaw_rad: np.ndarray) -> np.ndarray:
    """Wxyz [n, 4] of yaw, then pitch, then roll, about the axes that turn with the base."""
    half = 0.5 * np.stack([roll_pitch_rad[:, 0], roll_pitch_rad[:, 1], yaw_rad], axis=-1).astype(np.float64)
    (cr, cp, cy), (sr, sp, sy) = np.cos(half).T, np.sin(half).T
    return np.stack(
        [
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        ],
        axis=-1,
    )
