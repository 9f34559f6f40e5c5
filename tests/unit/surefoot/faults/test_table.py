import pytest

from surefoot.faults.table import FAULTS, GOING_ON, SPEED_MPS, Hold, Must, Process, State, cells
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
    assert by_name("battery empty").must_in(State.SETTLING) == Must()
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


def test_a_robot_that_goes_on_is_where_it_was_or_where_that_leads():
    assert Mode.SITTING in GOING_ON[State.SETTLING]
    assert all(SEVERITY[mode] < Action.DAMP for modes in GOING_ON.values() for mode in modes)
