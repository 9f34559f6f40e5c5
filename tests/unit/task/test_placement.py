"""Where robots are put, checked with kinematics and quaternions of their own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from surefoot_robots.loader import load_robot
from surefoot_training.task.arrays import Rng
from surefoot_training.task.placement import place
from surefoot_training.task.randomization import RandomizationConfig, sample_start

CONFIG = RandomizationConfig()
N = 64


@pytest.fixture(params=["go2", "go1", "a1"], scope="module")
def robot(request):
    return load_robot(request.param)


@pytest.fixture
def start():
    return sample_start(CONFIG, N, Rng(4, np))


def spots():
    draws = np.random.default_rng(0)
    return np.column_stack([draws.uniform(-40, 40, (N, 2)), draws.uniform(-1, 1, N)]).astype(np.float32)


def rotation_of(placement):
    return Rotation.from_quat(placement.base_quaternion_wxyz, scalar_first=True)


def test_the_lowest_foot_is_as_high_above_the_spot_as_drawn(robot, start):
    spot = spots()
    placement = place(robot, start, spot)
    feet = robot.kinematics.foot_position_in_base(placement.joint_position)
    in_world = np.array([rotation.apply(four) for rotation, four in zip(rotation_of(placement), feet, strict=True)])
    soles = in_world[:, :, 2] - robot.legs[0].foot.radius_m + placement.base_position_in_world[:, None, 2]
    np.testing.assert_allclose(soles.min(axis=1) - spot[:, 2], start["initial_height_added_m"], atol=1e-6)


def test_heading_and_tilt_are_those_drawn(robot, start):
    """Yaw, then pitch, then roll about axes that turn with the base: scipy calls that ZYX."""
    yaw, pitch, roll = rotation_of(place(robot, start, spots())).as_euler("ZYX").T
    np.testing.assert_allclose(yaw, start["initial_yaw_rad"], atol=1e-6)
    np.testing.assert_allclose(np.stack([roll, pitch], axis=-1), start["initial_tilt_rad"], atol=1e-6)
    assert abs(start["initial_tilt_rad"]).max() <= 0.1
    assert abs(yaw).max() > 2.5


def test_position_is_the_spot_and_what_was_drawn(robot, start):
    spot = spots()
    moved = place(robot, start, spot).base_position_in_world[:, :2] - spot[:, :2]
    np.testing.assert_allclose(moved, start["initial_position_m"], atol=1e-5)
    assert abs(moved).max() <= 0.5 + 1e-5


def test_speeds_are_those_drawn(robot, start):
    placement = place(robot, start, spots())
    np.testing.assert_array_equal(placement.base_velocity_in_world, start["initial_velocity_mps"])
    np.testing.assert_array_equal(placement.angular_velocity_in_base, start["initial_angular_velocity_radps"])
    np.testing.assert_array_equal(placement.joint_velocity, start["initial_joint_velocity_radps"])


def test_joints_stay_within_their_limits(robot):
    """The knee's limit is nearer to the default pose than the widest offset."""
    start = sample_start(RandomizationConfig(initial_joint_offset_rad=(-1.0, 1.0)), N, Rng(0, np))
    joints = place(robot, start, spots()).joint_position
    assert (joints >= robot.joint_lower_rad).all()
    assert (joints <= robot.joint_upper_rad).all()
    free = abs(joints - robot.joint_lower_rad).clip(0) * abs(robot.joint_upper_rad - joints) > 0
    offset = (joints - robot.default_joint_position_rad)[free]
    np.testing.assert_allclose(offset, start["initial_joint_offset_rad"][free], atol=1e-6)


def test_the_spots_are_left_as_they_are(robot, start):
    spot = spots()
    kept = spot.copy()
    place(robot, start, spot)
    np.testing.assert_array_equal(spot, kept)
