import dataclasses
import math

import pytest
from safe_robot import DT, ROBOTS, at, command, limits, pose, state, tilted

from surefoot_safety.command import CommandKind
from surefoot_safety.gate import GateMemory, gate, observe
from surefoot_safety.violation import Check, Remedy, remedy_of

NAN = math.nan
T = 5.0


def checks(judgement):
    return [violation.check for violation in judgement.verdict.violations]


def first(now_s=T, **bent):
    """The first tick: sample and command of now."""
    return gate(command(now_s), state(now_s, **bent), now_s, limits(), GateMemory())


def following(memory, now_s=T + DT, sequence=2, bent=None, **policy):
    sample = dataclasses.replace(state(now_s, sequence), **(bent or {}))
    return gate(command(now_s, sequence, **policy), sample, now_s, limits(), memory)


def test_a_sound_command_passes():
    judgement = first()
    assert judgement.verdict.violations == ()
    leaving = judgement.command
    assert leaving == dataclasses.replace(command(T), sequence=1)
    assert following(judgement.memory).command == dataclasses.replace(command(T + DT), sequence=2)


def test_the_first_target_is_the_measured_pose_wherever_the_wanted_one_is():
    wanted = tuple(angle + 0.1 for angle in pose())
    judgement = gate(command(T, position_rad=wanted), state(T), T, limits(), GateMemory())
    assert judgement.command.target.position_rad == pose()
    assert set(checks(judgement)) == {Check.TARGET_RATE}
    # Afterwards it may move: 2 × 30.1 rad/s × 5 ms for hips and thighs, 2 × 15.7 for calves.
    again = following(judgement.memory, position_rad=wanted)
    assert again.command.target.position_rad == pytest.approx(wanted)


def test_after_a_stop_targets_begin_at_the_measured_pose_again():
    memory = first().memory
    moved = tuple(angle + 0.2 for angle in pose())
    stopped = gate(None, state(T + DT, 2), T + DT, limits(), memory)
    assert stopped.command.kind is CommandKind.DAMP
    assert stopped.memory.sent_rad is None
    far = gate(
        command(T + 2 * DT, 3, position_rad=pose()),
        state(T + 2 * DT, 3, joint_position_rad=moved),
        T + 2 * DT,
        limits(),
        stopped.memory,
    )
    # From 0.2 away towards the pose, at 0.301 rad a tick (calves 0.157).
    assert far.command.target.position_rad == pytest.approx(
        tuple(0.2 + angle - (0.157 if joint % 3 == 2 else 0.2) for joint, angle in enumerate(pose()))
    )


def test_stops_are_made_of_this_robots_own_numbers_whatever_was_asked():
    for kind, kd in ((CommandKind.DAMP, 5.0), (CommandKind.ZERO_TORQUE, 0.0)):
        broken = command(NAN, -7, "a1", kind, position_rad=(NAN,) * 3, kd_nms_per_rad=(1e9,) * 12)
        leaving = gate(broken, None, T, limits(), GateMemory()).command
        assert (leaving.kind, leaving.robot_hash) == (kind, limits().robot_hash)
        assert (leaving.sequence, leaving.stamp_s) == (1, T)
        assert leaving.target.kd_nms_per_rad == (kd,) * 12
        zeros = (0.0,) * 12
        assert leaving.target.position_rad == leaving.target.velocity_radps == leaving.target.torque_nm == zeros
        assert leaving.target.kp_nm_per_rad == zeros


def test_no_command_is_damping():
    judgement = gate(None, state(T), T, limits(), GateMemory())
    assert judgement.command.kind is CommandKind.DAMP
    assert judgement.verdict.violations == ()
    assert judgement.command.stamp_s == T


def test_a_stop_in_between_starts_anew_but_its_numbers_go_on():
    memory = first().memory
    limp = gate(command(T + DT, 2, kind=CommandKind.ZERO_TORQUE), state(T + DT, 2), T + DT, limits(), memory)
    assert limp.command.sequence == 2
    assert limp.memory.sent_rad is None
    assert limp.memory.command == (1, T)


@pytest.mark.parametrize("own", ROBOTS)
@pytest.mark.parametrize("other", ROBOTS)
def test_every_configuration_against_every_other_robots_commands_and_samples(own, other):
    for of_command, of_state in ((other, own), (own, other)):
        judgement = gate(command(T, robot=of_command), state(T, robot=of_state), T, limits(own), GateMemory())
        sound = own == other
        assert judgement.command.kind is (CommandKind.TRACK if sound else CommandKind.DAMP)
        assert judgement.command.robot_hash == limits(own).robot_hash


@pytest.mark.parametrize(
    ("bent", "check"),
    [
        ({"robot_hash": "x"}, Check.STATE_ROBOT),
        ({"stamp_s": T + 1.0}, Check.STATE_FUTURE),
        ({"joint_position_rad": at(pose(), 5, NAN)}, Check.STATE_FINITE),
        ({"orientation_wxyz": (0.0, 0.0, 0.0, 0.0)}, Check.ORIENTATION_NORM),
        ({"sequence": 0}, Check.STATE_ORDER),
        ({"stamp_s": T - 0.001}, Check.STATE_ORDER),
    ],
)
def test_a_sample_that_cannot_be_used_stops_at_once_and_is_forgotten(bent, check):
    memory = first().memory
    judgement = following(memory, bent=bent)
    assert checks(judgement) == [check]
    assert judgement.command.kind is CommandKind.DAMP
    assert judgement.memory.sample is memory.sample
    assert following(judgement.memory, T + 2 * DT, 3).verdict.violations == ()


@pytest.mark.parametrize("bent", [{"robot_hash": "x"}, {"stamp_s": NAN}])
def test_without_any_usable_sample(bent):
    for sample in (None, dataclasses.replace(state(T), **bent)):
        judgement = gate(command(T), sample, T, limits(), GateMemory())
        assert Check.STATE_MISSING in judgement.verdict.checks
        assert judgement.command.kind is CommandKind.DAMP
        assert judgement.memory.sample is None


def test_the_same_sample_again_is_fine_until_it_is_old():
    memory, sample = first().memory, state(T)
    for tick in range(1, 15):
        now_s = T + tick * DT
        # The very same object, or one that says the same.
        judgement = gate(command(now_s, tick + 1), (sample, state(T), None)[tick % 3], now_s, limits(), memory)
        memory = judgement.memory
        late, stale = tick > 4, tick > 10
        assert checks(judgement) == ([Check.STATE_STALE] if stale else [Check.STATE_LATE] if late else [])
        assert judgement.command.kind is (CommandKind.DAMP if stale else CommandKind.TRACK)


@pytest.mark.parametrize("now_s", [NAN, math.inf, -math.inf, None, "5.0"])
def test_a_time_that_is_none(now_s):
    judgement = gate(command(T), state(T), now_s, limits(), first().memory)
    assert judgement.verdict.checks & {Check.CLOCK, Check.INTERNAL_ERROR}
    assert judgement.command.kind is CommandKind.DAMP
    assert judgement.command.stamp_s == T
    assert judgement.memory.now_s == T
    alone = gate(command(T), state(T), now_s, limits(), GateMemory())
    assert alone.command.kind is CommandKind.DAMP
    assert alone.command.stamp_s == 0.0


@pytest.mark.parametrize("step_s", [0.0, -1e-9, -3600.0])
def test_a_clock_that_stands_still_or_goes_back(step_s):
    memory = dataclasses.replace(first().memory, seconds=1.0)
    judgement = gate(command(T + step_s, 2), None, T + step_s, limits(), memory)
    assert Check.CLOCK in judgement.verdict.checks
    assert judgement.command.kind is CommandKind.DAMP
    assert judgement.memory.seconds == 0.0
    # Said once; then it is the time. But the sample of before is now in the future.
    later = gate(command(T + step_s + DT, 3), None, T + step_s + DT, limits(), judgement.memory)
    assert Check.CLOCK not in later.verdict.checks
    assert (Check.STATE_STALE in later.verdict.checks) is (step_s < -1.0)


def test_a_late_tick():
    for seconds, late in ((0.0499, False), (0.0501, True)):
        now_s = T + seconds
        judgement = gate(command(now_s, 2), state(now_s, 2), now_s, limits(), first().memory)
        assert (Check.TICK_LATE in judgement.verdict.checks) is late
        assert judgement.memory.seconds == pytest.approx(seconds)
        assert judgement.command.kind is CommandKind.TRACK


MILDER = {Check.MOTOR_HOT: {Check.MOTOR_WARM}, Check.BATTERY_EMPTY: {Check.BATTERY_LOW}}


@pytest.mark.parametrize(
    ("bent", "check"),
    [
        ({"joint_position_rad": at(pose(), 5, -3.0)}, Check.JOINT_RANGE),
        ({"joint_velocity_radps": at((0.0,) * 12, 5, 99.0)}, Check.JOINT_SPEED),
        ({"orientation_wxyz": tilted(1.05)}, Check.TILT),
        ({"angular_velocity_in_base_radps": (9.0, 0.0, 0.0)}, Check.FALLING),
        ({"base_height_m": 0.1}, Check.LOW_BASE),
        ({"foot_contact": (False,) * 4}, Check.NO_CONTACT),
        ({"motor_temperature_c": (75.0,) * 12}, Check.MOTOR_WARM),
        ({"motor_temperature_c": (90.0,) * 12}, Check.MOTOR_HOT),
        ({"motor_current_a": (50.0,) * 12}, Check.MOTOR_CURRENT),
        ({"battery_voltage_v": 27.0}, Check.BATTERY_LOW),
        ({"battery_voltage_v": 20.0}, Check.BATTERY_EMPTY),
        ({"faults": ("x",)}, Check.ROBOT_FAULT),
    ],
)
def test_what_the_body_says_is_reported_in_every_tick_until_the_next_sample(bent, check):
    judgement = first(**bent)
    found = [found for found in checks(judgement) if remedy_of(found) is Remedy.REPORT]
    assert found.count(check) == (12 if check.name.startswith("MOTOR") else 1)
    assert set(found) == {check, *MILDER.get(check, ())}
    assert judgement.command.kind is CommandKind.TRACK
    assert check in gate(command(T + DT, 2), None, T + DT, limits(), judgement.memory).verdict.checks
    assert check not in following(judgement.memory).verdict.checks


def test_sensors_that_contradict_themselves_are_reported():
    memory = first().memory
    jumped = at(pose(), 4, pose()[4] + 0.3)
    assert Check.ENCODER_JUMP in following(memory, bent={"joint_position_rad": jumped}).verdict.checks
    assert Check.IMU_DISAGREES in following(memory, bent={"orientation_wxyz": tilted(0.5)}).verdict.checks
    # The memory of sensors goes on from sample to sample.
    for tick in range(1, 25):
        judgement = following(memory, T + tick * DT, tick + 1, bent={"acceleration_in_base_mps2": (0.0, 0.0, 9.0)})
        memory = judgement.memory
        if tick != 21:  # 0.1 s, more or less
            assert (Check.IMU_FROZEN in judgement.verdict.checks) is (tick > 21)
    memory = first().memory
    for tick in range(1, 10):
        bent = {"joint_velocity_radps": at((0.0,) * 12, 4, 6.0)}  # 0.03 rad a tick, half of it in the first
        judgement = following(memory, T + tick * DT, tick + 1, bent=bent)
        memory = judgement.memory
        assert (Check.ENCODER_FROZEN in judgement.verdict.checks) is (tick > 3)


def test_lost_samples_are_reported():
    assert checks(following(first().memory, bent={"sequence": 12})) == []
    judgement = following(first().memory, bent={"sequence": 13})
    assert checks(judgement) == [Check.STATE_LOST]
    assert judgement.command.kind is CommandKind.TRACK


def test_a_command_that_cannot_be_used():
    judgement = following(first().memory, kp_nm_per_rad=(NAN,) * 12)
    assert checks(judgement) == [Check.COMMAND_FINITE]
    assert judgement.command.kind is CommandKind.DAMP
    assert judgement.memory.command == (1, T)
    old = gate(command(T, 1), state(T + DT, 2), T + DT, limits(), following(first().memory).memory)
    assert Check.COMMAND_ORDER in old.verdict.checks
    # Unless it is known to come from somewhere else.
    memory = following(first().memory).memory.with_other_source()
    assert (memory.command, memory.sent_rad) == (None, None)
    other = gate(command(T, 1), state(T + 2 * DT, 3), T + 2 * DT, limits(), memory)
    assert other.verdict.violations == ()


class Hostile:
    """Nothing about it can be asked."""

    def __getattribute__(self, name):
        raise RuntimeError("no")


@pytest.mark.parametrize("make", [Hostile, object, int, str, tuple, float])
def test_no_exception_leaves(make):
    memory, thing = first().memory, make()
    for of_command, of_state in ((thing, state(T + DT, 2)), (command(T + DT, 2), thing), (thing, thing)):
        judgement = gate(of_command, of_state, T + DT, limits(), memory)
        assert judgement.command.kind is CommandKind.DAMP
        assert judgement.verdict.stopped
        assert Check.INTERNAL_ERROR in judgement.verdict.checks or Check.COMMAND_FINITE in judgement.verdict.checks
        assert judgement.memory.sent == memory.sent + 1


def test_what_went_wrong_is_said():
    (violation,) = gate(None, Hostile(), T, limits(), GateMemory()).verdict.violations
    assert violation.message == "RuntimeError: no"
    (violation,) = gate(Hostile(), state(T), T, limits(), GateMemory()).verdict.violations
    assert violation.message == "RuntimeError: no"


def test_observing_alone():
    seen = observe(state(T), T, limits(), GateMemory())
    assert seen.violations == ()
    assert seen.memory.sample.state == state(T)
    assert seen.memory.time_s == T
    assert (seen.memory.sent, seen.memory.seconds) == (0, 0.0)
    assert GateMemory().time_s == 0.0


def test_the_memory_does_not_change_behind_ones_back():
    memory = first().memory
    before = dataclasses.replace(memory)
    following(memory)
    assert memory == before


LOW = (0.0, 1.36, -2.65) * 4
"""Knees folded: a go2 that lies."""


@pytest.mark.parametrize(
    ("bent", "checks"),
    [
        ({"joint_position_rad": LOW, "base_height_m": None}, {Check.LOW_BASE}),
        ({"joint_position_rad": LOW, "base_height_m": 0.3}, {Check.LOW_BASE}),
        ({"joint_velocity_radps": (0.0, 18.0, -18.0) * 4}, {Check.SINKING}),
        ({"base_height_m": 0.1}, {Check.LOW_BASE}),
        ({"base_height_m": None}, set()),
    ],
)
def test_the_lower_of_the_heights_by_legs_and_by_what_the_robot_says_counts(bent, checks):
    found = [violation.check for violation in first(**bent).verdict.violations]
    assert set(found) & {Check.LOW_BASE, Check.SINKING} == checks
    assert found.count(Check.LOW_BASE) <= 1


@pytest.mark.parametrize("angle", [1e308, -1e308, 100.0])
def test_feet_of_joints_that_are_nowhere_are_not_looked_for(angle):
    checks = first(joint_position_rad=(angle,) * 12).verdict.checks
    assert Check.JOINT_RANGE in checks
    assert not checks & {Check.INTERNAL_ERROR, Check.LOW_BASE, Check.SINKING}
