"""The legs of a single robot, against hand-computed poses and against the kinematics of `surefoot_robots`."""

import math

import numpy as np
import pytest
from plain_leg import LEG
from safe_robot import ROBOTS, load_robot_once, pose

from surefoot_safety.leg import Leg, feet_of, legs_of


def test_feet_by_hand():
    assert LEG.foot(0.0, 0.0, 0.0)[0] == pytest.approx((0.3, 0.1, -0.4))
    # A thigh straight back, a shank at right angles to it: turning about y takes −z to −x.
    assert LEG.foot(0.0, math.pi / 2, -math.pi / 2)[0] == pytest.approx((0.1, 0.1, -0.2))
    # A hip turned by a right angle takes +y to +z and −z to +y.
    assert LEG.foot(math.pi / 2, 0.0, 0.0)[0] == pytest.approx((0.3, 0.4, 0.1))


def test_jacobian_by_hand():
    _, (hip, thigh, calf) = LEG.foot(0.0, 0.0, 0.0)
    assert hip == pytest.approx((0.0, 0.4, 0.1))  # x̂ × (0, 0.1, −0.4)
    assert thigh == pytest.approx((-0.4, 0.0, 0.0))  # ŷ × (0, 0, −0.4)
    assert calf == pytest.approx((-0.2, 0.0, 0.0))


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("name", ["default", "home", "lying"])
def test_as_the_kinematics_of_all_robots(robot, name):
    spec = load_robot_once(robot)
    legs = legs_of(spec, 0.0)
    angles = pose(robot, name)
    feet = feet_of(legs, angles)
    np.testing.assert_allclose([foot for foot, _ in feet], spec.kinematics.foot_position_in_base(angles), atol=1e-12)
    columns = np.array([jacobian for _, jacobian in feet])
    np.testing.assert_allclose(columns.swapaxes(1, 2), spec.kinematics.foot_jacobian_in_base(angles), atol=1e-12)
    back = [angle for leg, (foot, _) in zip(legs, feet, strict=True) for angle in leg.joints(foot)]
    np.testing.assert_allclose(back, angles, atol=1e-9)


@pytest.mark.parametrize("robot", ROBOTS)
def test_joints_for_feet_anywhere_as_the_kinematics_has_them(robot):
    spec = load_robot_once(robot)
    feet = spec.kinematics.foot_position_in_base(spec.default_joint_position_rad)
    rng = np.random.default_rng(0)
    legs = legs_of(spec, 0.0)
    compared = 0
    for _ in range(200):
        wanted = feet + rng.uniform(-0.15, 0.15, feet.shape)
        angles, reached = spec.kinematics.joint_position(wanted)
        ours = np.array([leg.joints(tuple(foot)) for leg, foot in zip(legs, wanted, strict=True)])
        np.testing.assert_allclose(ours[reached], angles.reshape(4, 3)[reached], atol=1e-9)
        compared += int(reached.sum())
    assert compared > 300


def test_out_of_reach_goes_the_right_way_within_limits():
    for foot in ((0.3, 0.1, -5.0), (2.0, 0.1, -0.1), (0.3, 0.0, 0.0), (0.3, 0.1, 0.0), (0.3, -3.0, 1.0)):
        angles = LEG.joints(foot)
        for low, angle, high in zip(LEG.lower_rad, angles, LEG.upper_rad, strict=True):
            assert low <= angle <= high
    far, _ = LEG.foot(*LEG.joints((0.3, 0.1, -5.0)))
    assert far == pytest.approx((0.3, 0.1, far[2]), abs=1e-6)
    # The knee cannot be straighter than −0.1 rad: 0.4 cos(0.05).
    assert far[2] == pytest.approx(-0.4 * math.cos(0.05), abs=1e-6)


def test_knees_that_bend_the_other_way():
    forward = Leg(
        LEG.hip_in_base_m, LEG.thigh_in_hip_m, LEG.calf_in_thigh_m, LEG.foot_in_calf_m, (-1, -3, 0.1), (1, 3, 2.7)
    )
    hip, thigh, calf = forward.joints((0.3, 0.1, -0.3))
    assert calf > 0.1
    assert forward.foot(hip, thigh, calf)[0] == pytest.approx((0.3, 0.1, -0.3))


def test_a_margin_narrows_the_limits():
    spec = load_robot_once("go2")
    assert legs_of(spec, 0.1)[0].lower_rad[0] == pytest.approx(spec.joint_lower_rad[0] + 0.1)
    assert legs_of(spec, 0.1)[3].upper_rad[2] == pytest.approx(spec.joint_upper_rad[11] - 0.1)
