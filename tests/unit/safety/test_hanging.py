"""What speaks against hanging: each check by itself, dense near its limit, and NaN."""

import dataclasses
import math

import pytest
from safe_robot import at, limits, state, target, tilted

from surefoot_safety.hanging import MEMORY_S, Loads, from_feet, from_loads, from_trunk, loaded
from surefoot_safety.table import Trigger

HANGING = limits().settings.hanging
STILL = (0.0, 0.0, 0.0)
NAN, INF = math.nan, math.inf
MOST_NM = limits().leg_torque_nm


def test_feet():
    assert from_feet(None) == {}
    assert from_feet((False,) * 4) == {}
    assert from_feet((False, True, False, False)) == {Trigger.FOOT_CONTACT: "FR touching"}
    assert from_feet((True, False, False, True)) == {Trigger.FOOT_CONTACT: "FL, RR touching"}


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize(("tilt_rad", "trips"), [(0.0, False), (0.3499, False), (0.3501, True), (3.1, True)])
def test_a_trunk_that_is_tilted(axis, tilt_rad, trips):
    for sign in (1.0, -1.0):
        causes = from_trunk(state(orientation_wxyz=tilted(sign * tilt_rad, axis)), STILL, HANGING)
        assert set(causes) == ({Trigger.TRUNK_MOVES} if trips else set())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("turn_radps", "trips"), [(0.5, False), (-0.5, False), (0.5001, True), (-0.5001, True)])
def test_a_trunk_that_turns_about_any_axis(axis, turn_radps, trips):
    causes = from_trunk(state(angular_velocity_in_base_radps=at(STILL, axis, turn_radps)), STILL, HANGING)
    assert set(causes) == ({Trigger.TRUNK_MOVES} if trips else set())


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("gained_mps", "trips"), [(0.3, False), (-0.3, False), (0.3001, True), (-0.3001, True)])
def test_a_trunk_that_gains_speed_in_any_direction(axis, gained_mps, trips):
    causes = from_trunk(state(), at(STILL, axis, gained_mps), HANGING)
    assert set(causes) == ({Trigger.TRUNK_MOVES} if trips else set())


def test_what_is_no_number_trips():
    assert set(from_trunk(state(orientation_wxyz=(NAN,) * 4), STILL, HANGING)) == {Trigger.TRUNK_MOVES}
    assert set(from_trunk(state(angular_velocity_in_base_radps=(0.0, NAN, 0.0)), STILL, HANGING))
    assert set(from_trunk(state(), (0.0, 0.0, NAN), HANGING))
    assert set(from_loads(Loads((0.0, NAN, *(0.0,) * 10)), limits())) == {Trigger.LEG_LOADED}


def test_reasons_say_what_and_how_much():
    turned = state(orientation_wxyz=tilted(0.5))
    assert from_trunk(turned, STILL, HANGING) == {Trigger.TRUNK_MOVES: "the trunk is tilted by 0.50 rad > 0.35 rad"}
    turning = state(angular_velocity_in_base_radps=(0.0, 0.6, 0.8))
    assert from_trunk(turning, STILL, HANGING) == {Trigger.TRUNK_MOVES: "the trunk turns at 1.00 rad/s > 0.5 rad/s"}
    assert from_trunk(state(), (0.0, 0.3, 0.4), HANGING) == {
        Trigger.TRUNK_MOVES: "the trunk has just gained 0.50 m/s > 0.3 m/s"
    }
    assert from_loads(Loads((0.0, 0.0, -2.0, *(0.0,) * 9)), limits()) == {
        Trigger.LEG_LOADED: "FL_calf_joint takes 2.0 Nm, a free leg at most 1.8 Nm"
    }


@pytest.mark.parametrize("joint", range(12))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_loads(joint, sign):
    assert from_loads(Loads(at((0.0,) * 12, joint, sign * MOST_NM[joint])), limits()) == {}
    (why,) = from_loads(Loads(at((0.0,) * 12, joint, sign * (MOST_NM[joint] + 1e-6))), limits()).values()
    assert why.startswith(limits().joint_names[joint])
    assert from_loads(Loads(), limits()) == {}


def test_a_load_is_what_the_law_asks_for_of_late():
    sample = state(joint_position_rad=(0.1,) * 12, joint_velocity_radps=(2.0,) * 12)
    law = target(
        position_rad=(0.5,) * 12,
        velocity_radps=(1.0,) * 12,
        torque_nm=(3.0,) * 12,
        kp_nm_per_rad=(10.0,) * 12,
        kd_nms_per_rad=(0.5,) * 12,
    )
    asked_nm = 10.0 * 0.4 - 0.5 * 1.0 + 3.0
    first = loaded(law, sample, 0.1 * MEMORY_S, Loads())
    assert first.torque_nm == pytest.approx((0.1 * asked_nm,) * 12)
    second = loaded(law, sample, 0.5 * MEMORY_S, first)
    assert second.torque_nm == pytest.approx((0.55 * asked_nm,) * 12)
    # As long as the memory, or longer: what it asks for now. No time: what it asked for before.
    for seconds in (MEMORY_S, 10.0 * MEMORY_S):
        assert loaded(law, sample, seconds, first).torque_nm == pytest.approx((asked_nm,) * 12)
    assert loaded(law, sample, 0.0, second) == second


def test_each_joint_has_its_own():
    angles = tuple(0.01 * joint for joint in range(12))
    law = target(position_rad=(0.0,) * 12, kp_nm_per_rad=tuple(float(joint) for joint in range(12)))
    law = dataclasses.replace(law, kd_nms_per_rad=(0.0,) * 12)
    found = loaded(law, state(joint_position_rad=angles), MEMORY_S, Loads()).torque_nm
    assert found == pytest.approx(tuple(-0.01 * joint * joint for joint in range(12)))


def test_joints_and_feet_of_another_robot_are_an_error():
    law = target()
    with pytest.raises(ValueError, match="zip"):
        from_feet((False,) * 3)
    with pytest.raises(ValueError, match="zip"):
        from_loads(Loads((0.0,) * 11), limits())
    with pytest.raises(ValueError, match="zip"):
        loaded(law, state(), 0.1, Loads((0.0,) * 11))
    with pytest.raises(ValueError, match="zip"):
        loaded(dataclasses.replace(law, position_rad=(*law.position_rad, 0.0)), state(), 0.1, Loads())


def test_swinging_to_and_fro_adds_up_to_little_and_carrying_to_all():
    memory, carried = Loads(), Loads()
    law = target(kp_nm_per_rad=(25.0,) * 12, kd_nms_per_rad=(0.0,) * 12)
    for tick in range(400):
        off_rad = 0.4 * math.sin(2.0 * math.pi * 3.0 * 0.005 * tick)  # 10 Nm at 3 Hz
        away = tuple(angle + off_rad for angle in law.position_rad)
        memory = loaded(law, state(joint_position_rad=away), 0.005, memory)
        held = tuple(angle + 0.15 for angle in law.position_rad)
        carried = loaded(law, state(joint_position_rad=held), 0.005, carried)
    assert max(map(abs, memory.torque_nm)) < 1.3
    assert min(map(abs, carried.torque_nm)) > 3.6
