import dataclasses
import math

import pytest
from safe_robot import at, command, limits, load_robot_once, pose

from surefoot_safety.command import CommandKind, damping, zero_torque
from surefoot_safety.link.guard import COMMAND_AGE_S, FUTURE_S, GuardMemory, link_limits_of, ordered, problem_of
from surefoot_safety.settings_loader import load_settings

LIMITS = link_limits_of(load_robot_once("go2"), load_settings("go2"))
HASH = LIMITS.robot_hash
TRUSTED = GuardMemory(trusted=True)
STOPS = (zero_torque(HASH, 1, 1.0, 12), damping(HASH, 1, 1.0, (5.0,) * 12))


def test_limits_are_the_robots():
    assert LIMITS.joint_names == limits().joint_names
    assert (LIMITS.lower_rad[0], LIMITS.upper_rad[0]) == (-1.0472, 1.0472)
    assert (LIMITS.speed_radps[2], LIMITS.torque_nm[2]) == (15.7, 45.43)
    assert (LIMITS.kp_nm_per_rad, LIMITS.kd_nms_per_rad) == (100.0, 8.0)
    assert LIMITS.damping.kd_nms_per_rad == (5.0,) * 12
    assert not any(LIMITS.damping.kp_nm_per_rad)


def test_a_fresh_command_is_followed():
    given = command()
    order, memory = ordered(given, 0.01, LIMITS, TRUSTED)
    assert (order.kind, order.target, order.reason) == (CommandKind.TRACK, given.target, "")
    assert memory == GuardMemory(trusted=True, judged=given)


def test_without_a_command_it_damps():
    order, memory = ordered(None, math.inf, LIMITS, TRUSTED)
    assert (order.kind, order.target) == (CommandKind.DAMP, LIMITS.damping)
    assert order.reason == "no command has come"
    assert not memory.trusted


@pytest.mark.parametrize("age_s", [COMMAND_AGE_S + 1e-6, 1.0, math.inf, math.nan, -FUTURE_S - 1e-6])
def test_an_old_command_is_damping(age_s):
    order, memory = ordered(command(), age_s, LIMITS, TRUSTED)
    assert (order.kind, order.target) == (CommandKind.DAMP, LIMITS.damping)
    assert "s old > 0.05 s" in order.reason
    assert not memory.trusted


@pytest.mark.parametrize("age_s", [COMMAND_AGE_S, 0.0, -FUTURE_S])
def test_at_the_limit_it_is_followed(age_s):
    assert ordered(command(), age_s, LIMITS, TRUSTED)[0].reason == ""


def test_targets_come_after_a_stop_only():
    given, memory = command(), GuardMemory()
    order, memory = ordered(given, 0.0, LIMITS, memory)
    assert (order.kind, order.reason) == (CommandKind.DAMP, "a stop must come before targets")
    for stop in STOPS:
        followed, trusted = ordered(stop, 0.0, LIMITS, memory)
        assert (followed.kind, followed.target, followed.reason) == (stop.kind, stop.target, "")
        assert ordered(given, 0.0, LIMITS, trusted)[0].kind is CommandKind.TRACK


def test_silence_takes_the_trust_away():
    _, memory = ordered(command(), 0.1, LIMITS, TRUSTED)
    assert ordered(command(), 0.0, LIMITS, memory)[0].reason == "a stop must come before targets"


def test_so_does_a_command_that_cannot_be_followed():
    bad = command(kp_nm_per_rad=(1000.0,) * 12)
    order, memory = ordered(bad, 0.0, LIMITS, TRUSTED)
    assert order.kind is CommandKind.DAMP
    assert (memory.trusted, memory.problem) == (False, order.reason)
    assert ordered(command(), 0.0, LIMITS, memory)[0].reason == "a stop must come before targets"


def test_the_same_command_is_judged_once():
    known = GuardMemory(trusted=True, judged=(bad := command(kp_nm_per_rad=(1000.0,) * 12)), problem="found before")
    assert ordered(bad, 0.0, LIMITS, known)[0].reason == "found before"
    same_content = dataclasses.replace(bad)
    assert "kp 1000.000 is beyond 0 to 100" in ordered(same_content, 0.0, LIMITS, known)[0].reason


def values(index, value):
    return at((0.0,) * 12, index, value)


@pytest.mark.parametrize(
    ("bent", "problem"),
    [
        ({"position_rad": values(0, 1.05)}, "FL_hip_joint: position 1.050 is beyond -1.0472 to 1.0472"),
        ({"position_rad": at(pose(), 2, 0.0)}, "FL_calf_joint: position 0.000 is beyond -2.7227 to -0.83776"),
        ({"velocity_radps": values(11, 15.8)}, "RR_calf_joint: velocity 15.800 is beyond -15.7 to 15.7"),
        ({"velocity_radps": values(0, -30.2)}, "FL_hip_joint: velocity -30.200 is beyond -30.1 to 30.1"),
        ({"torque_nm": values(1, 23.8)}, "FL_thigh_joint: torque 23.800 is beyond -23.7 to 23.7"),
        ({"torque_nm": values(1, -23.8)}, "FL_thigh_joint: torque -23.800 is beyond -23.7 to 23.7"),
        ({"kp_nm_per_rad": values(4, 100.1)}, "FR_thigh_joint: kp 100.100 is beyond 0 to 100"),
        ({"kp_nm_per_rad": values(4, -0.1)}, "FR_thigh_joint: kp -0.100 is beyond 0 to 100"),
        ({"kd_nms_per_rad": values(4, 8.1)}, "FR_thigh_joint: kd 8.100 is beyond 0 to 8"),
        ({"kd_nms_per_rad": values(4, -0.1)}, "FR_thigh_joint: kd -0.100 is beyond 0 to 8"),
    ],
)
def test_what_is_beyond_the_limits(bent, problem):
    assert problem_of(command(**bent), LIMITS) == problem


@pytest.mark.parametrize("field", ["position_rad", "velocity_radps", "torque_nm", "kp_nm_per_rad", "kd_nms_per_rad"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number(field, wrong):
    plain = getattr(command().target, field)
    problem = problem_of(command(**{field: at(plain, 7, wrong)}), LIMITS)
    assert problem.endswith("must be 12 finite numbers")
    assert problem_of(command(**{field: plain[:11]}), LIMITS) == problem


def test_at_the_limits():
    edge = command(
        position_rad=LIMITS.upper_rad,
        velocity_radps=LIMITS.speed_radps,
        torque_nm=LIMITS.torque_nm,
        kp_nm_per_rad=(100.0,) * 12,
        kd_nms_per_rad=(8.0,) * 12,
    )
    assert problem_of(edge, LIMITS) == ""
    low = command(position_rad=tuple(angle - 5e-10 for angle in LIMITS.lower_rad), kp_nm_per_rad=(0.0,) * 12)
    assert problem_of(low, LIMITS) == ""  # rounding


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"robot_hash": "0" * 64}, "the command is for another robot"),
        ({"sequence": -1}, "the command has no number or stamp"),
        ({"stamp_s": math.nan}, "the command has no number or stamp"),
    ],
)
def test_what_is_not_a_command_for_this_robot(changed, problem):
    assert problem_of(dataclasses.replace(command(), **changed), LIMITS) == problem


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.kind.value)
@pytest.mark.parametrize("field", ["kp_nm_per_rad", "torque_nm", "velocity_radps"])
@pytest.mark.parametrize("value", [0.1, math.nan])
def test_a_stop_must_not_push(stop, field, value):
    pushing = dataclasses.replace(stop.target, **{field: values(3, value)})
    assert problem_of(dataclasses.replace(stop, target=pushing), LIMITS) == "a stop that pushes is none"


def test_a_stop_is_made_of_numbers():
    stop = STOPS[1]
    nowhere = dataclasses.replace(stop.target, position_rad=values(3, math.nan))
    assert problem_of(dataclasses.replace(stop, target=nowhere), LIMITS) == "a stop with a position that is no number"
    stiff = dataclasses.replace(stop.target, kd_nms_per_rad=values(3, 9.0))
    assert "kd 9.000 is beyond 0 to 8" in problem_of(dataclasses.replace(stop, target=stiff), LIMITS)
    assert problem_of(stop, LIMITS) == ""
