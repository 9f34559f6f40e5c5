import pytest

from surefoot.faults.kinds import BEGINS, GOING_ON, SPEED_MPS, Button, Clock, Hold, Must, Process, State, cells
from surefoot.faults.table import FAULTS
from surefoot_robots.loader import load_robot
from surefoot_safety.action import Action
from surefoot_safety.mode import SEVERITY, Mode
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.table import ROWS, Clears, Trigger
from surefoot_training.simulated.faults import FaultKind, make_fault

SETTINGS = load_settings("go2")
GO2 = load_robot("go2")


def by_name(name):
    return next(fault for fault in FAULTS if fault.name == name)


def test_names_differ_and_every_state_is_there():
    names = [cell.name for cell in cells(FAULTS)]
    assert len(set(names)) == len(names)
    assert {cell.state for cell in cells(FAULTS)} == set(State)
    assert set(GOING_ON) == set(State)
    assert set(SPEED_MPS) < set(State)


def test_only_some():
    assert [cell.name for cell in cells(FAULTS, ["link held 20 ms, sett"])] == ["link held 20 ms, settling"]
    assert {cell.fault.group for cell in cells(FAULTS, ["push"])} == {"push"}
    assert cells(FAULTS, ["no such thing"]) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_must_follow_agrees_with_the_supervisors_own_table(fault):
    """A trigger that is named must lead to at least as much as is asked for, and latch if that is asked for."""
    for state in State:
        must = fault.must_in(state)
        assert must.told()
        assert (must.longest_s(SETTINGS) or 0.0) >= 0.0
        for trigger in must.triggers:
            assert SETTINGS.rules[trigger].action >= must.action, trigger
            # What is latched is so by one of them at least: the others make way for it.
        assert not must.latched or not must.triggers or any(ROWS[t].clears is Clears.BY_RESET for t in must.triggers)


def test_times_are_those_of_the_settings():
    killed = by_name("policy killed").must_in(State.SLOW)
    assert (killed.action, killed.longest_s(SETTINGS)) == (Action.FALLBACK, 0.1)
    assert by_name("battery empty").must_in(State.FAST).longest_s(SETTINGS) == 3.0
    assert by_name("battery empty").must_in(State.SETTLING) == Must(Action.SETTLE)
    assert by_name("supervisor held 60 ms").must_in(State.STANDING).longest_s(SETTINGS) == 0.05
    frozen = by_name("IMU frozen").must
    assert frozen.longest_s(SETTINGS) == 0.1
    assert Trigger.IMU_FROZEN in frozen.triggers


def test_short_holds_are_shorter_than_any_timeout_and_long_ones_longer():
    held = {fault.how.seconds: fault.must for fault in FAULTS if isinstance(fault.how, Hold)
            and fault.how.process in {Process.LINK, Process.SUPERVISOR}}  # fmt: skip
    assert held[0.02].action is Action.NONE
    assert all(must.action is Action.DAMP for seconds, must in held.items() if seconds > 0.05)


def test_faults_of_sensors_can_be_injected():
    for fault in FAULTS:
        if fault.group == "sensor":
            joint = (
                next((name for name in GO2.joint_names if fault.how.joint in name), None) if fault.how.joint else None
            )
            assert make_fault(fault.how.kind, fault.how.size, joint, 1.0, GO2.joint_names).kind in FaultKind


def test_what_may_follow_at_most():
    silent = by_name("policy killed").must_in(State.SLOW)
    assert (silent.ceiling, silent.told()) == (Action.STAND, "fallback")
    alone = by_name("policy killed for good").must
    assert (alone.ceiling, alone.told()) == (Action.SETTLE, "fallback, then settle")
    assert by_name("e-stop forged").must.told() == "settle, latched, then zero torque"
    assert by_name("policy held 60 ms").must_in(State.FAST).told() == "anything up to fallback"
    assert by_name("robot node killed").must_in(State.FALLBACK).told() == "fallback, at most stand"
    assert by_name("IMU NaN").must.ceiling is None
    assert by_name("push 50 N").must.ceiling is None


def test_rows_that_take_long_come_in_one_state_and_watch_until_the_end():
    timing, estop = SETTINGS.timing, SETTINGS.estop
    for name, due_s in {
        "policy nan for good": timing.fallback_s,
        "policy node held 8 s": timing.policy_silent_s + timing.fallback_s,
        "policy killed for good": timing.operator_silent_s,
        "robot node held 13 s": timing.operator_silent_s,
        "e-stop silent": estop.timeout_s + estop.zero_torque_after_s,
    }.items():
        assert by_name(name).watch_s > due_s + 1.0
        assert isinstance(by_name(name).how, Button) or len(by_name(name).states) == 1


def test_the_clock_jumps_only_where_somebody_looks_at_it_again():
    jumps = [fault for fault in FAULTS if isinstance(fault.how, Clock)]
    assert {fault.how.process for fault in jumps} == {Process.ROBOT_NODE, Process.POLICY_NODE, Process.RECORDER}
    assert all(fault.has_ros for fault in jumps)


def test_whose_record_may_have_gaps():
    names = {fault.name for fault in FAULTS if fault.touches_link}
    assert {"link killed", "link held 60 ms", "surefoot up killed", "every core busy"} <= names
    assert not names & {"supervisor killed", "surefoot up held 200 ms", "policy killed", "IMU NaN"}


def test_a_robot_that_goes_on_is_where_it_was_or_where_that_leads():
    assert Mode.SITTING in GOING_ON[State.SETTLING]
    assert all(BEGINS[state] in GOING_ON[state] for state in State)
    assert all(SEVERITY[mode] < Action.DAMP for modes in GOING_ON.values() for mode in modes)
