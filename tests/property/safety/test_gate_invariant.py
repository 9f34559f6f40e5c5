"""Whatever comes in, what leaves the gate is a stop or finite targets and gains within this robot's limits."""

import dataclasses
import math

from hypothesis import given, settings
from hypothesis import strategies as st
from safe_robot import ROBOTS, command, limits, pose, state

from surefoot_safety.command import CommandKind
from surefoot_safety.gate import GateMemory, gate
from surefoot_safety.limits import torque_range_nm
from surefoot_safety.violation import Check

ROUNDING = 1e-9
wild = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1e300])
junk = st.none() | st.integers() | st.text(max_size=3) | wild | st.tuples() | st.lists(wild, max_size=2)
near = st.floats(-3.0, 3.0)
gains = st.floats(-1.0, 120.0)


def vector(numbers, size=12):
    return st.lists(numbers, min_size=size, max_size=size).map(tuple)


@st.composite
def commands(draw, robot, now_s):
    """From sound to absurd."""
    base = command(
        now_s - draw(st.floats(-0.01, 0.1)),
        draw(st.integers(0, 30)),
        draw(st.sampled_from([robot] * 8 + list(ROBOTS))),
        draw(st.sampled_from([CommandKind.TRACK] * 6 + list(CommandKind))),
        position_rad=draw(vector(near) | vector(wild)),
        velocity_radps=draw(vector(st.floats(-60.0, 60.0)) | vector(st.just(0.0)) | vector(wild)),
        torque_nm=draw(vector(st.floats(-60.0, 60.0)) | vector(st.just(0.0)) | vector(wild)),
        kp_nm_per_rad=draw(vector(gains) | vector(st.floats(0.0, 100.0)) | vector(wild)),
        kd_nms_per_rad=draw(vector(st.floats(0.0, 8.0)) | vector(gains)),
    )
    if draw(st.integers(0, 9)) == 0:
        base = dataclasses.replace(
            base, **{draw(st.sampled_from(["sequence", "stamp_s", "kind", "target"])): draw(junk)}
        )
    return draw(st.sampled_from([base] * 12 + [None]))


@st.composite
def samples(draw, robot, now_s, count):
    base = state(
        now_s - draw(st.floats(-0.01, 0.08)),
        count,
        draw(st.sampled_from([robot] * 8 + list(ROBOTS))),
        joint_position_rad=draw(vector(near) | st.just(pose(robot))),
        joint_velocity_radps=draw(vector(st.floats(-60.0, 60.0)) | vector(st.just(0.0))),
        angular_velocity_in_base_radps=draw(vector(near, 3)),
    )
    if draw(st.integers(0, 5)) == 0:
        names = [field.name for field in dataclasses.fields(base)]
        value = draw(junk | vector(wild) | vector(wild, 4) | vector(wild, 3))
        base = dataclasses.replace(base, **{draw(st.sampled_from(names)): value})
    return draw(st.sampled_from([base] * 12 + [None]))


def check_what_leaves(judgement, own, previous):
    leaving, target = judgement.command, judgement.command.target
    assert leaving.robot_hash == own.robot_hash
    assert leaving.sequence == previous.sent + 1
    assert math.isfinite(leaving.stamp_s)
    if leaving.kind is CommandKind.ZERO_TORQUE:
        assert set(target.kd_nms_per_rad) == {0.0}
    if leaving.is_stop:
        assert set(target.kp_nm_per_rad) == set(target.torque_nm) == {0.0}
        assert set(target.kd_nms_per_rad) <= {0.0, 5.0}
        return
    sample = judgement.memory.sample.state
    assert not judgement.verdict.stopped
    for joint in range(12):
        angle, speed = sample.joint_position_rad[joint], sample.joint_velocity_radps[joint]
        position, velocity, torque = (
            values[joint] for values in (target.position_rad, target.velocity_radps, target.torque_nm)
        )
        kp, kd = target.kp_nm_per_rad[joint], target.kd_nms_per_rad[joint]
        low, high = own.target_lower_rad[joint], own.target_upper_rad[joint]
        assert low <= position <= high
        assert abs(position - min(high, max(low, angle))) <= 1.5 + ROUNDING
        assert abs(velocity) <= own.no_load_speed_radps[joint]
        assert abs(torque) <= own.torque_nm[joint]
        assert 0.0 <= kp <= 100.0
        assert 0.0 <= kd <= 8.0
        lowest, highest = torque_range_nm(own, joint, speed)
        asked = kp * (position - angle) + kd * (velocity - speed) + torque
        # Sums of large terms that nearly cancel keep their rounding.
        slack = 1e-9 * (1.0 + abs(kp * (position - angle)) + abs(kd * (velocity - speed)) + abs(torque))
        assert lowest - slack <= asked <= highest + slack


@given(data=st.data(), robot=st.sampled_from(ROBOTS))
@settings(max_examples=150)
def test_what_leaves(data, robot):
    own, memory, now_s = limits(robot), GateMemory(), 5.0
    for count in range(1, data.draw(st.integers(1, 6)) + 1):
        now_s += data.draw(st.sampled_from([0.005] * 8 + [0.0, -1.0, 0.2, 1e-9, 3600.0]))
        given_s = data.draw(st.sampled_from([now_s] * 12 + [math.nan, math.inf, None]))
        judgement = gate(
            data.draw(commands(robot, now_s)), data.draw(samples(robot, now_s, count)), given_s, own, memory
        )
        check_what_leaves(judgement, own, memory)
        memory = judgement.memory


@given(position=vector(st.floats(-1e3, 1e3)), robot=st.sampled_from(ROBOTS))
def test_any_finite_position_is_led_there_or_to_the_limit(position, robot):
    own, memory, joints = limits(robot), GateMemory(), pose(robot)
    soft = {"kp_nm_per_rad": (1.0,) * 12, "position_rad": position}
    for tick in range(1, 60):
        now_s = 5.0 + 0.005 * tick
        judgement = gate(
            command(now_s, tick, robot, **soft),
            state(now_s, tick, robot, joint_position_rad=joints),
            now_s,
            own,
            memory,
        )
        assert judgement.command.kind is CommandKind.TRACK
        last, memory = joints, judgement.memory
        joints = judgement.command.target.position_rad
        for a, b, rate in zip(last, joints, own.target_rate_radps, strict=True):
            assert abs(b - a) <= rate * 0.005 + ROUNDING
    wanted = zip(own.target_lower_rad, position, own.target_upper_rad, strict=True)
    assert joints == tuple(min(high, max(low, to)) for low, to, high in wanted)


@given(index=st.integers(0, 11), bad=st.sampled_from([math.nan, math.inf, -math.inf]), robot=st.sampled_from(ROBOTS))
def test_a_single_bad_number_anywhere_stops(index, bad, robot):
    own, sound = limits(robot), state(5.0, 1, robot)
    for name in ("joint_position_rad", "joint_velocity_radps", "joint_torque_nm"):
        values = list(getattr(sound, name))
        values[index] = bad
        broken = dataclasses.replace(sound, **{name: tuple(values)})
        judgement = gate(command(5.0, 1, robot), broken, 5.0, own, GateMemory())
        assert judgement.command.is_stop
        assert Check.STATE_FINITE in judgement.verdict.checks
    law = command(5.0, 1, robot)
    for field in dataclasses.fields(law.target):
        values = list(getattr(law.target, field.name))
        values[index] = bad
        broken = dataclasses.replace(law, target=dataclasses.replace(law.target, **{field.name: tuple(values)}))
        judgement = gate(broken, sound, 5.0, own, GateMemory())
        assert judgement.command.is_stop
        assert Check.COMMAND_FINITE in judgement.verdict.checks
