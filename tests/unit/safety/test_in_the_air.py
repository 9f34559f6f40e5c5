"""The supervisor of a robot that hangs: who gets there, how joints are led, what ends it and how."""

import dataclasses
import math

import pytest
from safe_robot import DT, ROBOTS, Rig, answer, at, command, in_mode, limits, pose, state, tilted

from surefoot_safety.command import CommandKind
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gate import GateMemory, Observation
from surefoot_safety.hanging import are_below
from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_terms import PolicyTerms
from surefoot_safety.table import Trigger
from surefoot_safety.violation import Check, Violation

TOUCHING = {"foot_contact": (False, False, False, True)}
FREE = {"foot_contact": (False,) * 4}
LEG_NM = limits().leg_torque_nm
LEAD_TICKS = round((abs(pose()[2] - pose(name="lying")[2]) / 0.5 + 0.5) / DT)


def led(rig=None):
    """Hanging, its joints where targets are."""
    rig = rig or in_mode(Mode.HANGING)
    rig.run(LEAD_TICKS * DT)
    assert rig.mode is Mode.HANGING
    assert rig.supervisor._transition is None
    assert rig.supervisor._hangs_free
    return rig


def armed(robot="go2", **rig):
    made = Rig(robot, **rig)
    made.feet = (False,) * 4
    made.tick()
    made.tick(Request.ARM)
    assert made.mode is Mode.DAMPED
    return made


def is_refused(output, why):
    assert output.status.mode is Mode.DAMPED
    assert output.command.kind is CommandKind.DAMP
    assert [why in refusal for refusal in output.status.refusals] == [True], output.status.refusals
    return True


# Who gets there.


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DAMPED])
def test_only_from_damped(mode):
    rig = in_mode(mode)
    output = rig.tick(Request.HANG, state_bent=FREE)
    assert output.status.mode is not Mode.HANGING or mode is Mode.HANGING
    assert output.status.refusals == (f"hang is refused in {mode.value}: possible from damped",)


@pytest.mark.parametrize("request_", [request for request in Request if request is not Request.HANG])
@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.HANGING])
def test_no_other_request_gets_there(mode, request_):
    assert in_mode(mode).tick(request_, state_bent=FREE).status.mode is not Mode.HANGING


def test_a_robot_that_reports_no_contact_and_one_that_does():
    for feet in (None, (False,) * 4):
        rig = armed()
        assert rig.tick(Request.HANG, state_bent={"foot_contact": feet}).status.mode is Mode.HANGING
        assert rig.last.command.kind is CommandKind.TRACK


@pytest.mark.parametrize(
    ("bent", "why"),
    [
        (TOUCHING, "hang is refused: foot_contact (RR touching)"),
        ({"angular_velocity_in_base_radps": (0.0, 0.0, 0.6)}, "hang is refused: trunk_moves (the trunk turns at 0.60"),
        ({"battery_voltage_v": 20.0}, "hang is refused: battery_empty"),
        ({"faults": ("hot",)}, "hang is refused: robot_fault (the robot reports: hot)"),
        ({"motor_temperature_c": (90.0,) * 12}, "hang is refused: motor_hot"),
    ],
)
def test_what_keeps_it_from_there_at_once(bent, why):
    """No delay counts for who is not there yet."""
    rig = armed()
    assert is_refused(rig.tick(Request.HANG, state_bent=bent), why)
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING


def rolled(angle_rad, rig):
    """At rest: gyro, orientation and accelerometer agree, noise aside."""
    up = (0.0, 9.81 * math.sin(angle_rad), 9.81 * math.cos(angle_rad) + 1e-6 * rig.count)
    return {"orientation_wxyz": tilted(angle_rad), "acceleration_in_base_mps2": up}


def test_a_tilted_trunk():
    rig = armed()
    for _ in range(400):  # what is tilted all at once, gyro and orientation disagree on
        rig.tick(state_bent=rolled(0.3, rig))
    output = rig.tick(Request.HANG, state_bent=rolled(0.4, rig))
    assert is_refused(output, "hang is refused: trunk_moves (the trunk is tilted by 0.40 rad > 0.35 rad)")
    assert rig.tick(Request.HANG, state_bent=rolled(0.3, rig)).status.mode is Mode.HANGING


def test_a_trunk_that_has_just_gained_speed():
    rig = armed()
    for _ in range(10):  # 0.4 m/s
        output = rig.tick(state_bent={"acceleration_in_base_mps2": (0.0, 0.0, 9.81 + 8.0 + 1e-6 * rig.count)})
        assert output.status.mode is Mode.DAMPED
    assert is_refused(rig.tick(Request.HANG), "trunk_moves (the trunk has just gained 0.3")
    rig.run(1.5)  # a stride's memory
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING


@pytest.mark.parametrize(
    ("replaced", "why"),
    [
        ({"target": None}, "policy_silent"),
        ({"estop": EstopLevel.SETTLE_THEN_DAMP}, "estop_settle"),
    ],
)
def test_without_targets_or_a_released_estop_it_does_not(replaced, why):
    rig = armed()
    output = rig.tick(Request.HANG, **replaced)
    assert output.command.is_stop
    assert output.status.mode is not Mode.HANGING
    assert f"hang is refused: {why}" in output.status.refusals[0]


@pytest.mark.parametrize(
    ("bent", "why"),
    [
        ({"kp_nm_per_rad": (40.1,) * 12}, "policy_bad (FL_hip_joint kp_nm_per_rad 40.1 is outside 0 to 40)"),
        ({"kd_nms_per_rad": (2.1,) * 12}, "policy_bad (FL_hip_joint kd_nms_per_rad 2.1 is outside 0 to 2)"),
        ({"position_rad": (math.nan,) * 12}, "policy_bad"),
    ],
)
def test_targets_must_be_such_as_may_be_followed_there(bent, why):
    rig = armed()
    assert is_refused(rig.tick(Request.HANG, policy_bent=bent), why)
    rig = led()
    output = rig.tick(policy_bent=bent)
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert Trigger.POLICY_BAD in output.status.latched


def test_gains_up_to_the_limit_are_followed():
    rig = armed()
    most = {"kp_nm_per_rad": (40.0,) * 12, "kd_nms_per_rad": (2.0,) * 12}
    assert rig.tick(Request.HANG, policy_bent=most).status.mode is Mode.HANGING
    # A policy that walks may have more.
    rig = in_mode(Mode.WALKING)
    rig.run(1.0, policy_bent={"kp_nm_per_rad": (60.0,) * 12, "kd_nms_per_rad": (3.0,) * 12})
    assert rig.mode is Mode.WALKING


def sink(rig, seconds, *requests):
    for _ in range(round(seconds / DT)):
        rig.joints = at(rig.joints, 1, rig.joints[1] + 0.7 * DT)
        rig.tick(*requests, state_bent={"joint_velocity_radps": at((0.0,) * 12, 1, 0.7)})
    return rig.last


def test_legs_that_sink_under_a_robot_let_go_of():
    """At 0.7 rad/s a damped thigh takes 3.5 Nm, more than a leg weighs."""
    rig = armed()
    sink(rig, 1.0)
    assert is_refused(sink(rig, DT, Request.HANG), "leg_loaded (FL_thigh_joint takes 3.0 Nm, a free leg at most 2.5 Nm")
    rig.run(1.0)
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING


def test_what_legs_took_elsewhere_is_forgotten():
    rig = armed()
    sink(rig, 1.0)
    assert Trigger.LEG_LOADED in rig.last.status.raised
    rig.tick(Request.DISARM)
    rig.tick()
    assert Trigger.LEG_LOADED not in rig.last.status.raised
    rig.tick(Request.ARM)
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING


def test_elsewhere_none_of_it_is_worth_a_word():
    for mode in Mode:
        rig = in_mode(mode)
        bent = {"foot_contact": (True,) * 4, "angular_velocity_in_base_radps": (0.0, 0.0, 0.6)}
        rig.tick(state_bent=bent)
        told = {Trigger.FOOT_CONTACT, Trigger.TRUNK_MOVES} & set(rig.last.status.raised)
        assert bool(told) is (mode in {Mode.DAMPED, Mode.HANGING})


# How joints are led.


@pytest.mark.parametrize("robot", ROBOTS)
def test_joints_are_led_from_where_they_are_at_one_slow_rate(robot):
    rig = armed(robot)
    here = rig.joints
    assert rig.tick(Request.HANG).command.target.position_rad == here
    last, ticks = here, 0
    while rig.supervisor._transition is not None:
        now = rig.tick().command.target.position_rad
        assert all(abs(b - a) <= 0.5 * DT + 1e-9 for a, b in zip(last, now, strict=True))
        last, ticks = now, ticks + 1
    way_rad = max(abs(a - b) for a, b in zip(here, pose(robot), strict=True))
    assert ticks * DT == pytest.approx(way_rad / 0.5, abs=0.02)
    assert rig.mode is Mode.HANGING


def test_then_targets_are_followed_to_the_bit():
    rig = led()
    wanted = tuple(angle + 0.01 for angle in pose())
    output = rig.tick(policy_bent={"position_rad": wanted})
    assert output.command.target == answer(rig.now_s, rig.policy[0], position_rad=wanted).target


def asked_nm(output, joints, joint):
    law = output.command.target
    return law.kp_nm_per_rad[joint] * (law.position_rad[joint] - joints[joint])


@pytest.mark.parametrize("robot", ROBOTS)
def test_while_they_are_led_no_joint_gets_more_than_a_free_leg_takes(robot):
    """A robot that lies on the ground: joints do not move."""
    rig, most = armed(robot), limits(robot).leg_torque_nm
    here, given = rig.joints, 0.0
    rig.tick(Request.HANG)
    ticks = 0
    while rig.mode is Mode.HANGING:
        rig.joints = here
        output = rig.tick()
        ticks += 1
        if rig.mode is Mode.HANGING:
            loads = [abs(asked_nm(output, here, joint)) / most[joint] for joint in range(12)]
            assert max(loads) <= 1.0 + 1e-9
            given = max(given, *loads)
    assert given == pytest.approx(1.0)
    assert ticks * DT < 0.6
    assert (output.status.mode, output.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert set(output.status.latched) == {Trigger.LEG_LOADED}
    # It is over at once, so that a reset is not in its way.
    rig.tick()
    assert rig.tick(Request.RESET).status.mode is Mode.OFF


@pytest.mark.parametrize("robot", ROBOTS)
def test_who_is_led_nowhere_gets_no_more_either(robot):
    """The first targets are where a lying robot's joints are: its legs come to them, and have told nothing."""
    rig, most = armed(robot), limits(robot).leg_torque_nm
    here = rig.joints
    rig.tick(Request.HANG, policy_bent={"position_rad": here})
    rig.run(3.0, policy_bent={"position_rad": here})
    assert rig.mode is Mode.HANGING
    assert rig.supervisor._transition is None
    ticks = 0
    while rig.mode is Mode.HANGING:
        rig.joints = here
        output = rig.tick()  # and now they are to stretch
        ticks += 1
        loads = [abs(asked_nm(output, here, joint)) / most[joint] for joint in range(12)]
        assert rig.mode is not Mode.HANGING or max(loads) <= 1.0 + 1e-9
    assert ticks * DT < 0.2
    assert set(output.status.latched) == {Trigger.LEG_LOADED}


def test_legs_must_be_seen_below_the_trunk():
    rig = led()
    rig.tick(Request.ARM)
    assert not rig.supervisor._hangs_free
    rig.tick(Request.HANG)
    assert not rig.supervisor._hangs_free
    rig.supervisor._transition = None
    # Of joints that are nowhere nothing is said.
    unknown = Observation((Violation(Check.JOINT_RANGE, ""),), GateMemory())
    rig.supervisor._see_legs(unknown, state())
    assert not rig.supervisor._hangs_free
    rig.supervisor._see_legs(Observation((), GateMemory()), state())
    assert rig.supervisor._hangs_free
    rig.run(0.1)  # once is enough
    assert rig.supervisor._hangs_free


@pytest.mark.parametrize("robot", ROBOTS)
@pytest.mark.parametrize("lean_rad", [0.0, 0.1, -0.34, 0.34])
@pytest.mark.parametrize(
    "poses", [("lying",) * 4, ("default", "lying", "lying", "lying"), ("default",) * 3 + ("lying",)]
)
def test_a_robot_that_leans_or_has_a_foot_over_an_edge_does_not_hang(robot, lean_rad, poses):
    joints = tuple(angle for leg, name in enumerate(poses) for angle in pose(robot, name)[3 * leg : 3 * leg + 3])
    for axis in (1, 2):
        turned = [math.cos(0.5 * lean_rad), 0.0, 0.0, 0.0]
        turned[axis] = math.sin(0.5 * lean_rad)
        leaning = state(robot=robot, joint_position_rad=joints, orientation_wxyz=tuple(turned))
        assert not are_below(leaning, limits(robot))


@pytest.mark.parametrize("robot", ROBOTS)
def test_legs_that_hang_are_below_and_numbers_that_are_none_nowhere(robot):
    stretched = state(robot=robot)
    assert are_below(stretched, limits(robot))
    nowhere = dataclasses.replace(stretched, joint_position_rad=(*stretched.joint_position_rad[:-1], math.nan))
    assert not are_below(nowhere, limits(robot))


def test_until_then_targets_move_slowly():
    rig = armed()
    lying = pose(name="lying")
    rig.joints = lying
    rig.tick(Request.HANG, policy_bent={"position_rad": lying})
    rig.run(1.0, policy_bent={"position_rad": lying})
    assert rig.supervisor._transition is None
    before = rig.tick(policy_bent={"position_rad": lying}).command.target.position_rad
    after = rig.tick(policy_bent={"position_rad": tuple(angle + 0.15 for angle in lying)}).command.target.position_rad
    moved = max(abs(b - a) for a, b in zip(before, after, strict=True))
    assert moved <= 2.0 * 0.5 * DT + 1e-9  # twice the lead's rate
    assert moved > 0.0


def test_below_the_trunk_is_not_enough_on_the_way():
    rig = armed()
    rig.joints = tuple(angle + 0.3 for angle in pose())
    rig.run(0.1)
    rig.tick(Request.HANG)
    while rig.supervisor._transition is not None:
        assert not rig.supervisor._hangs_free
        rig.tick()
    assert rig.supervisor._hangs_free


def test_after_that_motors_have_all_their_torque():
    rig = led()
    here = rig.joints
    for _ in range(12):
        rig.joints = here
        output = rig.tick(policy_bent={"position_rad": at(pose(), 2, pose()[2] + 0.3)})
    assert asked_nm(output, here, 2) == pytest.approx(25.0 * 0.3, rel=1e-3)
    assert Check.PD_TORQUE not in output.status.verdict.checks


def test_what_leans_on_a_leg_later_is_felt_too():
    rig = led()
    here, ticks = rig.joints, 0
    while rig.mode is Mode.HANGING:
        ticks += 1
        rig.joints = at(here, 0, here[0] + min(0.25, 0.05 * ticks))
        rig.tick()
    assert ticks * DT < 0.5
    assert Trigger.LEG_LOADED in rig.last.status.latched


def test_less_than_a_leg_takes_is_nothing():
    rig = led()
    pushed = at(rig.joints, 0, rig.joints[0] + 0.9 * LEG_NM[0] / 25.0)
    rig.run(3.0, state_bent={"joint_position_rad": pushed})
    assert rig.mode is Mode.HANGING


def test_targets_are_held_to_a_rate_of_its_own():
    """0.75 of the motor's own speed: a calf's 11.8 rad/s, 0.059 rad in a tick."""
    rig = led()
    most = 0.75 * 15.7 * DT
    leapt = {"position_rad": at(pose(), 2, pose()[2] + 0.1)}
    rig.tick()
    number, stamp_s = rig.count + 1000, rig.now_s + DT
    output = rig.tick(target=answer(stamp_s, number, **leapt))
    assert output.command.target.position_rad[2] == pytest.approx(pose()[2] + most, abs=1e-6)
    assert Check.TARGET_RATE in output.status.verdict.checks


def test_leaping_again_and_again_ends_it():
    rig = led()
    ticks = 0
    while rig.mode is Mode.HANGING:
        to = 0.1 if ticks % 2 else -0.1
        rig.tick(target=answer(rig.now_s + DT, rig.count + 1000, position_rad=at(pose(), 2, pose()[2] + to)))
        ticks += 1
    assert ticks * DT == pytest.approx(0.5, abs=0.03)
    assert set(rig.last.status.latched) == {Trigger.LIMIT_HITS}
    assert rig.last.command.kind is CommandKind.DAMP


def test_asking_for_what_is_out_of_range_again_and_again_ends_it():
    rig, ticks = led(), 0
    soft = {"position_rad": at(pose(), 0, 1.2), "kp_nm_per_rad": (0.2,) * 12}  # so that the leg feels none of it
    while rig.mode is Mode.HANGING:
        rig.tick(policy_bent=soft)
        ticks += 1
    assert ticks * DT == pytest.approx(0.5, abs=0.03)
    assert set(rig.last.status.latched) == {Trigger.LIMIT_HITS}


def test_no_contract_of_a_policy_counts_there_and_it_does_elsewhere():
    terms = PolicyTerms("sha", (20.0,) * 12, (0.5,) * 12, (-9.0,) * 12, (9.0,) * 12)
    rig = armed(terms=terms)
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING
    rig = led(rig)
    rig.tick(Request.ARM)
    rig.feet = (True,) * 4
    rig.tick(Request.STAND)
    rig.run(1.0)
    assert rig.mode is Mode.STANDING
    assert rig.tick(Request.WALK).status.mode is Mode.STANDING
    assert rig.last.status.raised[Trigger.POLICY_BAD] == "FL_hip_joint kp 25, the policy's contract says 20"


def test_whoever_measures_again_counts_from_one_again():
    rig = led()
    rig.tick(Request.ARM)
    rig.tick(Request.HANG, target=answer(rig.now_s + DT, 1))
    assert rig.mode is Mode.HANGING
    rig.tick(target=answer(rig.now_s + DT, 0))
    assert Trigger.POLICY_BAD in rig.last.status.latched


# What ends it.


def test_arm_ends_it_damped_and_nothing_is_latched():
    rig = led()
    output = rig.tick(Request.ARM)
    assert (output.status.mode, output.command.kind) == (Mode.DAMPED, CommandKind.DAMP)
    assert output.status.latched == {}
    assert rig.tick(Request.HANG).status.mode is Mode.HANGING


@pytest.mark.parametrize("request_", [Request.STAND, Request.WALK, Request.CRAWL, Request.SIT, Request.DISARM])
def test_no_request_leads_from_there_onto_its_feet(request_):
    rig = led()
    output = rig.tick(request_)
    assert output.status.mode is Mode.HANGING
    assert output.status.refusals[0].startswith(f"{request_.value} is refused in hanging: possible from ")


def ends(rig, trigger, seconds, **tick):
    """Damped, after so many seconds, by this; and nothing follows."""
    since_s = rig.now_s
    while rig.mode is Mode.HANGING:
        rig.tick(**tick)
    assert rig.now_s - since_s == pytest.approx(seconds + DT, abs=3 * DT)
    assert (rig.mode, rig.last.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert trigger in rig.last.status.latched
    rig.run(2.0)
    assert (rig.mode, rig.last.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    return True


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(
    ("trigger", "seconds", "tick"),
    [
        (Trigger.FOOT_CONTACT, 0.02, {"state_bent": TOUCHING}),
        (Trigger.TRUNK_MOVES, 0.05, {"state_bent": {"angular_velocity_in_base_radps": (0.0, 0.6, 0.0)}}),
        (Trigger.IMU_FROZEN, 0.1, {"state_bent": {"acceleration_in_base_mps2": (0.0, 0.0, 9.81)}}),
        (Trigger.BATTERY_EMPTY, 3.0, {"state_bent": {"battery_voltage_v": 20.0}}),
        (Trigger.MOTOR_HOT, 1.0, {"state_bent": {"motor_temperature_c": (90.0,) * 12}}),
        (Trigger.POLICY_SILENT, 0.1, {"target": None}),
        (Trigger.ESTOP_SETTLE, 0.0, {"estop": EstopLevel.SETTLE_THEN_DAMP}),
    ],
)
def test_what_ends_it_while_joints_are_led_and_after(begun, trigger, seconds, tick):
    rig = led() if begun else in_mode(Mode.HANGING)
    if trigger is Trigger.POLICY_SILENT:
        seconds = 0.0 if seconds else seconds  # taken away altogether: nothing was ever heard
    assert ends(rig, trigger, seconds, **tick)


def test_a_blow_is_felt_upwards_too():
    rig, ticks = led(), 0
    while rig.mode is Mode.HANGING:
        ticks += 1
        rig.tick(state_bent={"acceleration_in_base_mps2": (0.0, 0.0, 9.81 + 10.0 + 1e-6 * rig.count)})
    assert ticks * DT == pytest.approx(0.03 + 0.05, abs=3 * DT)
    assert set(rig.last.status.latched) == {Trigger.TRUNK_MOVES}


def test_targets_that_stay_the_same_or_stop_coming():
    rig = led()
    stuck = rig.healthy().target
    assert ends(rig, Trigger.POLICY_BAD, 0.05, target=stuck)
    rig, number = led(), 10_000
    while rig.mode is Mode.HANGING:  # new ones, to the last bit the same
        number += 1
        rig.tick(target=command(rig.now_s + DT, number))
    assert "the same joint targets, to the last bit" in rig.last.status.latched[Trigger.POLICY_BAD]


def test_it_does_not_last_for_ever():
    rig = led()
    rig.run(120.0 - LEAD_TICKS * DT - 0.05)
    assert rig.mode is Mode.HANGING
    rig.run(0.1)
    assert (rig.mode, rig.last.command.kind) == (Mode.STOPPED, CommandKind.DAMP)
    assert rig.last.status.latched == {Trigger.HANG_TIMEOUT: "hanging since 120.0 s > 120 s"}


def test_a_garbled_sample_is_damped_through():
    rig = led()
    assert rig.tick(state_bent={"joint_velocity_radps": (math.nan,) * 12}).command.kind is CommandKind.DAMP
    assert rig.mode is Mode.HANGING
    assert rig.tick().command.kind is CommandKind.TRACK


def test_samples_that_cease_end_it():
    rig = led()
    while rig.mode is Mode.HANGING:
        rig.tick(state=None)
    assert rig.mode is Mode.STOPPED
    assert Trigger.STATE_STALE in rig.last.status.latched


def test_velocity_is_nothing_to_it():
    rig = led()
    rig.run(15.0, velocity=None)
    assert rig.mode is Mode.HANGING


def test_before_there_is_a_sample_nothing_can_be_said():
    rig = Rig()
    assert rig.tick(state=None).status.mode is Mode.OFF
    rig.supervisor._machine = dataclasses.replace(rig.supervisor._machine, mode=Mode.DAMPED)
    output = rig.tick(state=None)
    assert output.status.mode is Mode.STOPPED
    assert not {Trigger.FOOT_CONTACT, Trigger.TRUNK_MOVES, Trigger.LEG_LOADED} & set(output.status.raised)
    assert state().foot_contact == (True,) * 4
