from __future__ import annotations

import numpy as np
import pytest

from surefoot_robots.loader import available_robots, load_robot
from surefoot_training.bench.motions import trot_feet, trot_targets


@pytest.mark.parametrize("name", available_robots())
def test_targets_stay_within_limits(name: str) -> None:
    robot = load_robot(name)
    targets = trot_targets(robot, np.arange(200) * 0.02, speed_mps=0.6)
    assert (targets >= robot.joint_lower_rad).all()
    assert (targets <= robot.joint_upper_rad).all()


def test_it_starts_in_the_default_pose_with_all_feet_carrying() -> None:
    robot = load_robot("go2")
    feet, carries = trot_feet(robot, np.array([0.0]), speed_mps=0.6, frequency_hz=2.5)
    np.testing.assert_allclose(feet[0], robot.kinematics.foot_position_in_base(robot.default_joint_position_rad))
    np.testing.assert_array_equal(carries, np.ones((1, 4)))


def test_diagonal_feet_move_together_and_the_others_half_a_cycle_later() -> None:
    robot = load_robot("go2")
    time_s = np.arange(1000, 1400) * 0.001  # grown to full steps; 0.4 s are one cycle
    feet, carries = trot_feet(robot, time_s, speed_mps=0.6, frequency_hz=2.5)
    moved = feet - robot.kinematics.foot_position_in_base(robot.default_joint_position_rad)
    front_left, front_right, rear_left, rear_right = np.moveaxis(moved, 1, 0)
    np.testing.assert_allclose(front_left, rear_right, atol=1e-9)
    np.testing.assert_allclose(front_right, rear_left, atol=1e-9)
    np.testing.assert_allclose(front_left, np.roll(front_right, 200, axis=0), atol=1e-9)
    assert (carries.sum(axis=1) > 0).all()


def test_feet_on_the_ground_go_back_as_fast_as_the_robot_goes_forward() -> None:
    robot = load_robot("go2")
    time_s = 2.0 + np.arange(20) * 0.001  # FL's phase is 0 to 0.05: on the ground
    feet, _ = trot_feet(robot, time_s, speed_mps=0.6, frequency_hz=2.5)
    np.testing.assert_allclose(np.diff(feet[:, 0, 0]) / 0.001, -0.6, rtol=1e-6)
    np.testing.assert_allclose(np.diff(feet[:, 0, 2]), 0.0, atol=1e-12)
