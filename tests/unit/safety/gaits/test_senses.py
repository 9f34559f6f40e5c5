"""Samples that can be used, down, time, and the velocity from the legs: by hand."""

import dataclasses
import math

import pytest
from safe_robot import load_robot_once, pose, state, tilted

from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.plan import plan_of
from surefoot_safety.gaits.senses import KNOWN_S, SLIP_MPS, VELOCITY_TIME_S, Attitude, Clock, Odometry, check_usable
from surefoot_safety.leg import feet_of

PLAN = plan_of(load_robot_once("go2"))
FEET = feet_of(PLAN.legs, pose())
ALL = (1.0,) * 4


@pytest.mark.parametrize(
    "field",
    [
        "joint_position_rad",
        "joint_velocity_radps",
        "orientation_wxyz",
        "angular_velocity_in_base_radps",
        "acceleration_in_base_mps2",
    ],
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_named(field, value):
    good = state()
    bad = dataclasses.replace(good, **{field: (*getattr(good, field)[:-1], value)})
    check_usable(good, 1.0, 12)
    with pytest.raises(GaitError, match=field):
        check_usable(bad, 1.0, 12)


def test_time_and_counts_and_overflow():
    with pytest.raises(GaitError, match="now_s"):
        check_usable(state(), math.nan, 12)
    with pytest.raises(GaitError, match="11 joint positions and 12 speeds, not 12"):
        check_usable(state(joint_position_rad=(0.0,) * 11), 1.0, 12)
    with pytest.raises(GaitError, match="12 joint positions and 3 speeds"):
        check_usable(state(joint_velocity_radps=(0.0,) * 3), 1.0, 12)
    # Each of the two is finite by itself.
    huge = state(joint_position_rad=(1.7e308,) + (0.0,) * 11, joint_velocity_radps=(1.7e308,) + (0.0,) * 11)
    with pytest.raises(GaitError, match="the sum of all values"):
        check_usable(huge, 1.0, 12)


def test_time_passes_forwards_and_in_small_steps():
    clock = Clock()
    clock.begin(5.0)
    assert clock.passed_s(5.005) == pytest.approx(0.005)
    assert clock.passed_s(5.0) == 0.0
    assert clock.passed_s(9.0) == 0.02


def test_down_is_carried_on_by_the_gyro():
    attitude = Attitude()
    attitude.begin(state())
    assert (attitude.roll_rad, attitude.pitch_rad) == (0.0, 0.0)
    # Rolling at 1 rad/s for 0.1 s, and the orientation says so.
    for tick in range(1, 21):
        angle = 0.005 * tick
        turning = state(orientation_wxyz=tilted(angle), angular_velocity_in_base_radps=(1.0, 0.0, 0.0))
        attitude.update(turning, 0.005)
    assert attitude.roll_rad == pytest.approx(math.sin(0.1), abs=1e-3)
    assert attitude.turn_radps[0] == pytest.approx(1.0, abs=0.01)
    # One bad orientation moves it by a twentieth of the way.
    attitude.begin(state())
    attitude.update(state(orientation_wxyz=tilted(0.21, "y")), 0.005)
    assert attitude.pitch_rad == pytest.approx(0.01, abs=2e-4)


def test_what_lies_below():
    attitude = Attitude()
    attitude.begin(state(orientation_wxyz=tilted(0.2, "y")))  # nose down: below is further ahead
    assert attitude.lean_m(0.3) == pytest.approx((0.3 * math.tan(0.2), 0.0))
    attitude.begin(state(orientation_wxyz=tilted(3.0, "x")))
    assert abs(attitude.lean_m(0.3)[1]) < 0.3 / 0.5


def test_no_orientation_has_no_down():
    attitude = Attitude()
    attitude.down = (0.0, 0.0, 0.0)
    with pytest.raises(GaitError, match="no direction"):
        attitude.update(state(orientation_wxyz=(math.sqrt(0.5), 0.0, 0.0, 0.0)), 0.0)


def speeds_for(velocity):
    """Joint speeds with which feet stand still under a base of this velocity: J q̇ = −v; one row a leg."""
    import numpy as np

    return [np.linalg.solve(np.array(columns).T, -np.array(velocity)).tolist() for _, columns in FEET]


def moving_by(*velocities):
    """Each leg as if it stood still under a base of a velocity of its own; nothing pushes."""
    speeds = tuple(speed for leg, velocity in enumerate(velocities) for speed in speeds_for(velocity)[leg])
    return state(joint_velocity_radps=speeds, acceleration_in_base_mps2=(0.0, 0.0, 9.81))


def test_velocity_from_the_legs():
    """The base goes ahead at 0.5 m/s over feet that stand."""
    moving = moving_by(*[(0.5, 0.0, 0.0)] * 4)
    odometry = Odometry(PLAN)
    odometry.begin()
    for _ in range(3):
        odometry.update(moving, FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps == pytest.approx((0.5, 0.0, 0.0), abs=1e-9)
    # Legs in the air say nothing: what was known stays.
    odometry.update(state(acceleration_in_base_mps2=(0.0, 0.0, 9.81)), FEET, (0.0,) * 4, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps == pytest.approx((0.5, 0.0, 0.0), abs=1e-9)
    # One that stands is enough.
    odometry.begin()
    odometry.update(moving, FEET, (0.0, 0.0, 0.3, 0.0), (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps[0] == pytest.approx(0.5)


def test_turning_over_feet_that_stand_is_no_velocity():
    """ω × r at the feet is what the legs do when the base turns in place."""
    import numpy as np

    speeds: list[float] = []
    for (x, y, _), columns in FEET:
        speeds += np.linalg.solve(np.array(columns).T, [y, -x, 0.0]).tolist()
    turning = state(joint_velocity_radps=tuple(speeds), angular_velocity_in_base_radps=(0.0, 0.0, 1.0))
    odometry = Odometry(PLAN)
    odometry.begin()
    odometry.update(turning, FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps == pytest.approx((0.0, 0.0, 0.0), abs=1e-4)


def test_velocity_from_the_accelerometer():
    odometry = Odometry(PLAN)
    odometry.begin()
    pushed = state(acceleration_in_base_mps2=(2.0, 0.0, 9.81))
    for _ in range(20):
        odometry.update(pushed, FEET, (0.0,) * 4, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps == pytest.approx((0.2, 0.0, 0.0), abs=1e-9)


ALONG, BACK = (1.0, 0.0, 0.0), (-1.5, 0.0, 0.0)


def knowing(velocity=ALONG):
    """One that has looked at feet that stand until it knows."""
    odometry = Odometry(PLAN)
    odometry.begin()
    for _ in range(10):
        odometry.update(moving_by(*[velocity] * 4), FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    return odometry


def test_feet_that_move_against_the_accelerometer_are_not_believed():
    """A leg that swings ahead under load, as after a takeover: it says that the base goes back."""
    odometry = knowing()
    for _ in range(20):
        odometry.update(moving_by(ALONG, BACK, BACK, ALONG), FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps[0] == pytest.approx(1.0, abs=0.01)
    # One at exactly SLIP_MPS counts half of another that agrees: (1 + 0.7 / 2) / 1.5 is what both say.
    odometry = knowing()
    off = (1.0 - SLIP_MPS, 0.0, 0.0)
    odometry.update(moving_by(ALONG, off, ALONG, ALONG), FEET, (1.0, 1.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.005)
    share = 0.005 / VELOCITY_TIME_S
    assert odometry.velocity_mps[0] == pytest.approx(1.0 - share * SLIP_MPS / 3.0, abs=1e-6)


def test_all_feet_against_it_are_believed_in_the_end():
    odometry = knowing()
    stops = moving_by(*[(0.0, 0.0, 0.0)] * 4)
    odometry.update(stops, FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps[0] == pytest.approx(1.0, abs=0.02)
    for _ in range(100):
        odometry.update(stops, FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.velocity_mps[0] == pytest.approx(0.0, abs=0.05)


def test_belief_is_the_time_that_feet_agreed():
    odometry = knowing()
    # Ten looks, of which those before KNOWN_S count nothing.
    looks = 10 - round(KNOWN_S / 0.005) + 1
    assert odometry.belief_s == pytest.approx(4 * looks * 0.005, rel=1e-3)
    before = odometry.belief_s
    odometry.update(moving_by(*[BACK] * 4), FEET, ALL, (0.0, 0.0, -1.0), 0.005)
    assert odometry.belief_s == pytest.approx(before, abs=1e-4)
    odometry.begin()
    assert odometry.belief_s == 0.0
