"""How high the trunk is and where it is about to be, by hand and against the kinematics of `surefoot_robots`."""

import dataclasses
import math

import numpy as np
import pytest
from plain_leg import LEG
from safe_robot import ROBOTS, limits, load_robot_once, pose, state, tilted

from surefoot_safety.clearance import Ball, Underside, clearance, underside_of

BELLY, NOSE = Ball((0.0, 0.0, -0.05), 0.01), Ball((0.4, 0.0, -0.05), 0.0)
STRAIGHT, BENT = (0.0, 0.0, 0.0), (0.0, math.pi / 2, -math.pi / 2)
"""Feet at (0.3, 0.1, −0.4) and at (0.1, 0.1, −0.2)."""


def above(legs, *balls, horizon_s=0.1, **bent):
    angles = tuple(angle for leg in legs for angle in leg)
    bent = {"joint_velocity_radps": (0.0,) * len(angles), **bent}
    sample = dataclasses.replace(state(), joint_position_rad=angles, **bent)
    return clearance(Underside((LEG,) * len(legs), 0.02, balls), sample, horizon_s)


def test_standing_on_the_longest_leg():
    found = above([BENT, STRAIGHT, BENT], BELLY)
    assert found.base_m == pytest.approx(0.4 + 0.02)
    assert found.trunk_m == pytest.approx(0.42 - 0.06)


def test_the_lowest_part_of_the_trunk_counts():
    low = Ball((0.0, 0.0, 0.0), 0.2)
    assert above([STRAIGHT], BELLY, low).trunk_m == pytest.approx(0.42 - 0.2)


def test_a_leg_that_folds_lets_the_trunk_down():
    """The thigh lifts the foot by 0.2 m/rad."""
    found = above([BENT], BELLY, joint_velocity_radps=(0.0, 1.0, 0.0))
    assert found.base_m == pytest.approx(0.22)
    assert found.trunk_m == pytest.approx(0.22 - 0.1 * 0.2 - 0.06)
    assert above([BENT], BELLY, horizon_s=0.0, joint_velocity_radps=(0.0, 1.0, 0.0)).trunk_m == pytest.approx(0.16)


def test_one_that_stretches_does_not_raise_it_yet():
    assert above([BENT], BELLY, joint_velocity_radps=(0.0, -1.0, 0.0)).trunk_m == pytest.approx(0.16)


def test_as_long_as_another_leg_carries_it_does_not():
    found = above([BENT, STRAIGHT], BELLY, joint_velocity_radps=(0.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    assert found.trunk_m == pytest.approx(0.36)


def test_nose_down_the_nose_comes_first():
    """At 1 rad/s down will be (0.1, 0, −1): the foot 0.43 below, the belly 0.05, the nose 0.09."""
    turning = {"angular_velocity_in_base_radps": (0.0, 1.0, 0.0)}
    assert above([STRAIGHT], BELLY, **turning).trunk_m == pytest.approx(0.42 - 0.06)  # the foot goes down as well
    assert above([BENT], BELLY, NOSE, **turning).trunk_m == pytest.approx(0.01 + 0.22 - 0.09)


def test_rolling_over_a_side():
    """At +1 rad/s about x down will be (0, −0.1, −1): the foot at y = 0.1 is 0.39 below. At −1 rad/s it sinks later."""
    for rate, below in ((-1.0, 0.4), (1.0, 0.39)):
        found = above([STRAIGHT], BELLY, angular_velocity_in_base_radps=(rate, 0.0, 0.0))
        assert found.trunk_m == pytest.approx(below + 0.02 - 0.06)


def test_a_turn_about_the_vertical_changes_nothing():
    assert above([STRAIGHT], NOSE, angular_velocity_in_base_radps=(0.0, 0.0, 3.0)).trunk_m == pytest.approx(0.37)
    pitched = {"orientation_wxyz": tilted(0.5, "y")}
    spun = above([STRAIGHT], NOSE, angular_velocity_in_base_radps=(-math.sin(0.5), 0.0, math.cos(0.5)), **pitched)
    assert spun.trunk_m == pytest.approx(above([STRAIGHT], NOSE, **pitched).trunk_m)


@pytest.mark.parametrize("angle", [0.0, 0.3, -0.4])
def test_tilted_it_is_along_gravity_that_counts(angle):
    found = above([STRAIGHT], BELLY, orientation_wxyz=tilted(angle, "y"))
    down = (math.sin(angle), 0.0, -math.cos(angle))
    assert found.base_m == pytest.approx(0.3 * down[0] + 0.4 * -down[2] + 0.02)
    assert found.trunk_m == pytest.approx(found.base_m - (0.05 * -down[2] + 0.01))


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_robots_stand_as_high_as_their_specs_say(robot):
    spec, underside = load_robot_once(robot), limits(robot).underside
    assert underside == underside_of(spec)
    found = clearance(underside, state(robot=robot), 0.0)
    assert found.base_m == pytest.approx(spec.standing_height_m, abs=1e-9)
    lying = clearance(underside, state(robot=robot, joint_position_rad=pose(robot, "lying")), 0.0)
    assert lying.base_m < limits(robot).least_base_height_m < found.base_m


def test_the_trunk_of_a_go2_has_a_box_and_a_head():
    balls = underside_of(load_robot_once("go2")).trunk
    corners = {ball.centre_m for ball in balls if ball.radius_m == 0.0}
    assert corners == {(x, y, z) for x in (-0.1881, 0.1881) for y in (-0.04675, 0.04675) for z in (-0.057, 0.057)}
    assert {(ball.centre_m, ball.radius_m) for ball in balls if ball.radius_m} == {
        ((0.29, 0.0, 0.03), 0.047),
        ((0.293, 0.0, -0.06), 0.047),
    }


@pytest.mark.parametrize("seed", range(20))
def test_what_is_foreseen_is_what_the_rates_lead_to(seed):
    """Against the kinematics of all robots: after 1 ms of these rates, less what is of second order."""
    rng = np.random.default_rng(seed)
    spec, underside = load_robot_once("go2"), limits("go2").underside
    angles = rng.uniform(spec.joint_lower_rad, spec.joint_upper_rad)
    speeds, turn, quaternion = rng.uniform(-5.0, 5.0, 12), rng.uniform(-3.0, 3.0, 3), rng.normal(size=4)
    sample = state(
        joint_position_rad=tuple(angles.tolist()),
        joint_velocity_radps=tuple(speeds.tolist()),
        angular_velocity_in_base_radps=tuple(turn.tolist()),
        orientation_wxyz=tuple((quaternion / np.linalg.norm(quaternion)).tolist()),
    )
    down = np.array(sample.gravity_in_base)

    def left_m(dt):
        where = down + dt * np.cross(down, turn)
        feet = spec.kinematics.foot_position_in_base(angles + dt * speeds)
        trunk = max(np.dot(ball.centre_m, where) + ball.radius_m for ball in underside.trunk)
        return (feet @ where).max() + underside.foot_radius_m - trunk

    found = clearance(underside, sample, 1e-3)
    feet = spec.kinematics.foot_position_in_base(angles)
    assert found.base_m == pytest.approx((feet @ down).max() + underside.foot_radius_m)
    assert found.trunk_m == pytest.approx(min(left_m(0.0), left_m(1e-3)), abs=2e-5)


@pytest.mark.parametrize("leg", range(4))
@pytest.mark.parametrize("field", ["joint_position_rad", "joint_velocity_radps"])
def test_nan_in_any_leg_is_nan(field, leg):
    bent = [0.1] * 12
    bent[3 * leg + 1] = math.nan
    found = clearance(limits("go2").underside, state(**{field: tuple(bent)}), 0.1)
    assert math.isnan(found.trunk_m)
    assert math.isnan(found.base_m) is (field == "joint_position_rad")


@pytest.mark.parametrize("axis", range(3))
def test_nan_in_any_axis_of_the_gyro_is_nan(axis):
    turn = tuple(math.nan if axis == one else 0.0 for one in range(3))
    assert math.isnan(clearance(limits("go2").underside, state(angular_velocity_in_base_radps=turn), 0.1).trunk_m)


def test_a_trunk_without_shapes_is_where_its_base_is():
    spec = load_robot_once("go2")
    bare = dataclasses.replace(spec, trunk=dataclasses.replace(spec.trunk, shapes=()))
    assert underside_of(bare).trunk == (Ball((0.0, 0.0, 0.0), 0.0),)


def test_the_largest_foot_counts():
    spec = load_robot_once("go2")
    last = dataclasses.replace(spec.legs[3], foot=dataclasses.replace(spec.legs[3].foot, radius_m=0.05))
    assert underside_of(dataclasses.replace(spec, legs=(*spec.legs[:3], last))).foot_radius_m == 0.05
