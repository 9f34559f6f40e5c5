"""From a plan to what is asked for: its rest is left out, a sway comes before it."""

import numpy as np
import pytest

from surefoot.identifying.motion import SWAY_RAD, Motion, legs_apart, motion_of, swaying
from surefoot_calibration.air.plan import Plan
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import available_robots, load_robot

POSE = np.linspace(-1.0, 1.0, 12)


def plan(rows):
    return Plan(0.005 * np.arange(len(rows)), rows, np.zeros((0, 0)), ())


def test_rest_is_left_out_and_a_sway_comes_before():
    rows = np.tile(POSE, (300, 1))
    rows[100:200, 3] += 0.1
    motion = motion_of(plan(rows))
    # 200 rows of sway; of the rest ten rows before the first step and ten behind the last.
    assert motion.target_rad.shape == (200 + 10 + 101 + 11, 12)
    np.testing.assert_allclose(motion.stamp_s, 0.005 * np.arange(322), atol=1e-12)
    sway = motion.target_rad[:200]
    np.testing.assert_array_equal(sway[0], POSE)
    np.testing.assert_allclose(sway[100], POSE + SWAY_RAD, atol=1e-12)
    assert np.abs(np.diff(motion.target_rad[:201], axis=0)).max() < 0.0004  # 0.06 rad/s
    assert (np.abs(np.diff(sway[:, 0])[1:-1]) > 0.0).all()
    np.testing.assert_array_equal(motion.target_rad[200:], rows[89:211])


def test_targets_are_held_until_the_next():
    motion = Motion(np.array([0.0, 0.5, 1.0]), np.arange(3.0)[:, None] * np.ones(12))
    assert [motion.at(t)[0] for t in (-1.0, 0.0, 0.499, 0.5, 0.99, 1.0, 9.0)] == [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    assert motion.seconds == 1.0


def test_a_plan_without_motion():
    with pytest.raises(SurefootError, match="asks for no motion at all"):
        motion_of(plan(np.tile(POSE, (300, 1))))


def test_a_pose_sways_as_it_does_before_a_plan():
    rows = np.tile(POSE, (300, 1))
    rows[100:200, 3] += 0.1
    motion = motion_of(plan(rows))
    assert motion.pose_rad == tuple(POSE)
    for row in (0, 1, 50, 100, 199, 200):
        np.testing.assert_allclose(swaying(motion.pose_rad, 0.005 * row), motion.target_rad[row], atol=1e-12)
    assert swaying(POSE, 3.25) == pytest.approx(swaying(POSE, 0.25))


@pytest.mark.parametrize("name", available_robots())
def test_legs_are_spread_and_left_as_they_are_otherwise(name):
    robot = load_robot(name)
    crossed = robot.default_joint_position_rad * np.tile([-4.0, 1.0, 1.0], 4)
    apart = np.array(legs_apart(robot, crossed))
    np.testing.assert_array_equal(apart[0::3], [0.4, -0.4, 0.4, -0.4])
    np.testing.assert_array_equal(np.delete(apart, slice(0, None, 3)), np.delete(crossed, slice(0, None, 3)))
    wide = robot.default_joint_position_rad * np.tile([6.0, 1.0, 1.0], 4)
    np.testing.assert_array_equal(legs_apart(robot, wide), wide)
    # Nothing is asked for that is too near a stop.
    beyond = legs_apart(robot, robot.joint_upper_rad + 0.1)
    assert (np.array(beyond) <= robot.joint_upper_rad - 0.05 + 1e-12).all()
    assert (np.array(legs_apart(robot, robot.joint_lower_rad)) >= robot.joint_lower_rad + 0.05 - 1e-12).all()
