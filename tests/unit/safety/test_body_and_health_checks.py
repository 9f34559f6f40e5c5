"""Each limit from just within to just beyond, and NaN, joint by joint."""

import math

import pytest
from safe_robot import ROBOTS, at, limits, state, tilted

from surefoot_robots.loader import load_robot
from surefoot_safety.body_checks import falling, joints_out_of_range, joints_too_fast, low_base, no_contact, sinking
from surefoot_safety.body_checks import tilted as tilt_check
from surefoot_safety.health_checks import battery_weak, faults_reported, motors_overloaded, motors_too_warm
from surefoot_safety.state import gravity_in_base, tilt_rad
from surefoot_safety.violation import Check

NAN, INF = math.nan, math.inf
NAMES = limits().joint_names


def checks(found):
    return [violation.check for violation in found]


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("joint", range(12))
def test_joint_range(robot, joint):
    lower = float(load_robot(robot).joint_lower_rad[joint]) - 0.1
    upper = float(load_robot(robot).joint_upper_rad[joint]) + 0.1
    for angle, trips in [
        (lower + 1e-9, False),
        (upper - 1e-9, False),
        (lower - 1e-9, True),
        (upper + 1e-9, True),
        (NAN, True),
        (INF, True),
        (-INF, True),
    ]:
        bent = state(robot=robot, joint_position_rad=at(state(robot=robot).joint_position_rad, joint, angle))
        found = joints_out_of_range(bent, limits(robot))
        assert checks(found) == ([Check.JOINT_RANGE] if trips else []), angle
        assert all(limits(robot).joint_names[joint] in violation.message for violation in found)


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("joint", range(12))
def test_joint_speed(robot, joint):
    fastest = 1.2 * float(load_robot(robot).speed_limit_radps[joint])
    for speed, trips in [
        (fastest - 1e-9, False),
        (1e-9 - fastest, False),
        (fastest + 1e-9, True),
        (-fastest - 1e-9, True),
        (NAN, True),
        (INF, True),
        (-INF, True),
    ]:
        bent = state(robot=robot, joint_velocity_radps=at((0.0,) * 12, joint, speed))
        assert checks(joints_too_fast(bent, limits(robot))) == ([Check.JOINT_SPEED] if trips else []), speed


def test_two_joints_are_two_violations():
    fast = at(at((0.0,) * 12, 3, 99.0), 7, -99.0)
    assert [v.message.split()[0] for v in joints_too_fast(state(joint_velocity_radps=fast), limits())] == [
        NAMES[3],
        NAMES[7],
    ]


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize(("angle", "trips"), [(0.0, False), (0.999, False), (1.001, True), (-1.001, True), (3.1, True)])
def test_tilt(axis, angle, trips):
    found = tilt_check(gravity_in_base(tilted(angle, axis)), 1.0)
    assert checks(found) == ([Check.TILT] if trips else [])


def test_what_is_just_allowed_is_allowed():
    gravity = gravity_in_base(tilted(0.7, "y"))
    assert tilt_check(gravity, tilt_rad(gravity)) == []
    still = (0.0, 0.0, 0.0)
    assert falling(gravity, still, 0.0, tilt_rad(gravity)) == []
    fastest = limits().measured_speed_radps
    assert joints_too_fast(state(joint_velocity_radps=fastest), limits()) == []
    assert joints_too_fast(state(joint_velocity_radps=tuple(-speed for speed in fastest)), limits()) == []


def test_too_few_joints_are_an_error():
    for field, check in (("joint_velocity_radps", joints_too_fast), ("joint_position_rad", joints_out_of_range)):
        with pytest.raises(ValueError, match="shorter"):
            check(state(**{field: (0.0,) * 11}), limits())


@pytest.mark.parametrize("index", range(3))
def test_tilt_and_falling_of_nan(index):
    gravity = at((0.0, 0.0, -1.0), index, NAN)
    assert checks(tilt_check(gravity, 1.0)) == [Check.TILT]
    assert checks(falling(gravity, (0.0, 0.0, 0.0), 0.1, 1.0)) == [Check.FALLING]


@pytest.mark.parametrize("index", range(2))
def test_falling_of_a_gyro_of_nan(index):
    turn = at((0.0, 0.0, 0.0), index, NAN)
    for angle in (0.0, 0.3):
        gravity = gravity_in_base(tilted(angle, "y" if index else "x"))
        assert checks(falling(gravity, turn, 0.1, 1.0)) == [Check.FALLING]


@pytest.mark.parametrize(
    ("angle", "rate", "trips"),
    [
        (0.5, 4.99, False),
        (0.5, 5.01, True),
        (0.5, -50.0, False),
        (1.01, 0.0, True),
        (1.2, -3.0, False),
        (0.0, 10.1, True),
    ],
)
def test_falling_is_the_tilt_foreseen(angle, rate, trips):
    # Foreseen: angle + 0.1 s × rate, limit 1 rad.
    found = falling(gravity_in_base(tilted(angle, "y")), (0.0, rate, 0.0), 0.1, 1.0)
    assert checks(found) == ([Check.FALLING] if trips else [])


@pytest.mark.parametrize(("height", "trips"), [(0.12, False), (0.13, False), (0.1199, True), (-1.0, True), (NAN, True)])
def test_low_base(height, trips):
    assert checks(low_base(height, 0.12)) == ([Check.LOW_BASE] if trips else [])


@pytest.mark.parametrize(("left_m", "trips"), [(0.02, False), (0.3, False), (0.0199, True), (-0.1, True), (NAN, True)])
def test_sinking(left_m, trips):
    found = sinking(left_m, 0.02)
    assert checks(found) == ([Check.SINKING] if trips else [])
    assert not trips or found[0].message == f"about to be {left_m:.3f} m between trunk and ground < 0.02 m"


def test_contact():
    assert no_contact(None) == []
    assert no_contact((False, False, True, False)) == []
    assert checks(no_contact((False,) * 4)) == [Check.NO_CONTACT]


@pytest.mark.parametrize("joint", range(12))
@pytest.mark.parametrize(
    ("celsius", "expected"),
    [
        (70.0, []),
        (70.1, [Check.MOTOR_WARM]),
        (85.0, [Check.MOTOR_WARM]),
        (85.1, [Check.MOTOR_HOT, Check.MOTOR_WARM]),
        (NAN, [Check.MOTOR_HOT, Check.MOTOR_WARM]),
    ],
)
def test_motor_temperature(joint, celsius, expected):
    found = motors_too_warm(at((40.0,) * 12, joint, celsius), NAMES, 70.0, 85.0)
    assert checks(found) == expected
    assert all(NAMES[joint] in violation.message for violation in found)


@pytest.mark.parametrize("joint", range(12))
@pytest.mark.parametrize(
    ("ampere", "trips"), [(30.0, False), (-30.0, False), (30.1, True), (-30.1, True), (NAN, True), (INF, True)]
)
def test_motor_current(joint, ampere, trips):
    found = motors_overloaded(at((1.0,) * 12, joint, ampere), NAMES, 30.0)
    assert checks(found) == ([Check.MOTOR_CURRENT] if trips else [])


def test_motors_that_report_nothing():
    assert motors_too_warm(None, NAMES, 70.0, 85.0) == []
    assert motors_overloaded(None, NAMES, 30.0) == []


def test_motors_that_report_too_little_are_an_error():
    with pytest.raises(ValueError, match="zip"):
        motors_too_warm((20.0,) * 11, NAMES, 70.0, 85.0)
    with pytest.raises(ValueError, match="zip"):
        motors_overloaded((20.0,) * 11, NAMES, 30.0)


@pytest.mark.parametrize(
    ("volts", "expected"),
    [
        (None, []),
        (28.0, []),
        (27.9, [Check.BATTERY_LOW]),
        (25.6, [Check.BATTERY_LOW]),
        (25.5, [Check.BATTERY_EMPTY, Check.BATTERY_LOW]),
        (0.0, [Check.BATTERY_EMPTY, Check.BATTERY_LOW]),
        (NAN, [Check.BATTERY_EMPTY, Check.BATTERY_LOW]),
    ],
)
def test_battery(volts, expected):
    assert checks(battery_weak(volts, 28.0, 25.6)) == expected


def test_faults():
    assert faults_reported(()) == []
    found = faults_reported(("motor 3 lost", "fan"))
    assert checks(found) == [Check.ROBOT_FAULT] * 2
    assert found[0].message == "the robot reports: motor 3 lost"
