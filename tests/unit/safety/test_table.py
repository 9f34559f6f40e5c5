"""The data: complete, ordered, and never naming something that does not exist."""

import itertools

import pytest

from surefoot_safety.action import NEEDS, Action, Need, possible_action
from surefoot_safety.mode import (
    ARMED,
    ARRIVALS,
    BY_IMU,
    EVERY_MODE,
    FOLLOW,
    MODE_OF_ACTION,
    MOVES,
    ON_FEET,
    POWERED,
    SEVERITY,
    STOPS,
    TO_HANG,
    Mode,
    Request,
)
from surefoot_safety.table import ROWS, TABLE, TRIGGER_OF_CHECK, WATCHFUL, Clears, Trigger
from surefoot_safety.violation import CLAMPING, STOPPING, Check, Remedy, Verdict, Violation, remedy_of


def test_severity_is_ordered():
    names = ["NONE", "WARN", "FALLBACK", "STAND", "SETTLE", "DAMP", "ZERO_TORQUE"]
    assert [action.name for action in sorted(Action)] == names


def test_every_trigger_has_one_row():
    assert [row.trigger for row in TABLE] == list(ROWS)
    assert set(ROWS) == set(Trigger)
    assert len(TABLE) == len(ROWS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.trigger.value)
def test_rows_make_sense(row):
    assert row.watched
    assert row.least_action > Action.NONE
    assert 0.0 <= row.longest_delay_s <= 5.0
    if row.least_action >= Action.DAMP:
        assert row.clears is Clears.BY_RESET
    if row.least_action is Action.WARN:
        assert row.clears is Clears.BY_ITSELF
    else:
        assert row.clears is not Clears.BY_ITSELF
    # What cannot be relied on any more must not be needed by what follows.
    assert not NEEDS[possible_action(row.least_action, row.spoils)] & row.spoils


@pytest.mark.parametrize("missing", [set(some) for n in range(7) for some in itertools.combinations(Need, n)])
@pytest.mark.parametrize("wanted", list(Action))
def test_an_action_that_cannot_run_falls_through(wanted, missing):
    taken = possible_action(wanted, missing)
    assert taken >= wanted
    assert not NEEDS[taken] & missing
    assert all(NEEDS[between] & missing for between in Action if wanted <= between < taken)


def test_what_falls_through_to_what():
    assert possible_action(Action.FALLBACK, {Need.IMU}) is Action.SETTLE
    assert possible_action(Action.STAND, {Need.ENCODERS}) is Action.DAMP
    assert possible_action(Action.SETTLE, {Need.UPRIGHT}) is Action.DAMP
    assert possible_action(Action.SETTLE, {Need.FEET}) is Action.DAMP
    assert possible_action(Action.FALLBACK, ()) is Action.FALLBACK
    assert possible_action(Action.DAMP, set(Need)) is Action.DAMP


def test_modes():
    assert set(SEVERITY) == set(Mode) == EVERY_MODE
    assert ON_FEET < BY_IMU < POWERED < ARMED < WATCHFUL < EVERY_MODE
    assert {Mode.OFF} == EVERY_MODE - WATCHFUL
    assert {Mode.STOPPED} == WATCHFUL - ARMED
    assert {Mode.DAMPED} == ARMED - POWERED
    assert {Mode.SITTING} == POWERED - BY_IMU
    assert {Mode.HANGING} == BY_IMU - ON_FEET
    assert {Mode.HANGING, Mode.WALKING} == FOLLOW
    assert {Mode.HANGING, Mode.DAMPED} == TO_HANG
    assert set(MODE_OF_ACTION) == set(Action) - {Action.NONE, Action.WARN}
    assert all(SEVERITY[mode] == min(action, Action.DAMP) for action, mode in MODE_OF_ACTION.items())


def test_requests():
    assert set(MOVES) == set(Request) - STOPS
    assert MOVES[Request.RESET] == {Mode.STOPPED: Mode.OFF}
    assert MOVES[Request.ARM] == {Mode.OFF: Mode.DAMPED, Mode.HANGING: Mode.DAMPED}
    assert not any(Mode.STOPPED in moves for request, moves in MOVES.items() if request is not Request.RESET)
    assert not any(to is Mode.STOPPED for moves in MOVES.values() for to in moves.values())
    assert not any(mode in {Mode.OFF, Mode.STOPPED} for mode in ARRIVALS)
    # Nothing leaves OFF for a mode in which joints are held.
    assert {to for moves in MOVES.values() for origin, to in moves.items() if origin is Mode.OFF} == {Mode.DAMPED}


def test_into_the_air_there_is_one_way_and_out_of_it_by_request_another():
    ways = {(origin, to) for moves in MOVES.values() for origin, to in moves.items()}
    assert {origin for origin, to in ways if to is Mode.HANGING} == {Mode.DAMPED}
    assert {to for origin, to in ways if origin is Mode.HANGING} == {Mode.DAMPED}
    assert [request for request, moves in MOVES.items() if Mode.HANGING in moves.values()] == [Request.HANG]
    assert Mode.HANGING not in {*ARRIVALS, *ARRIVALS.values(), *MODE_OF_ACTION.values()}


def test_in_the_air_a_robot_is_never_looked_at_as_one_on_its_feet():
    for trigger in (Trigger.NO_CONTACT, Trigger.LOW_BASE, Trigger.SINKING, Trigger.SHOVED, Trigger.OPERATOR_SILENT):
        assert Mode.HANGING not in ROWS[trigger].watched
    own = {Trigger.FOOT_CONTACT, Trigger.TRUNK_MOVES, Trigger.LEG_LOADED, Trigger.HANG_TIMEOUT}
    assert {row.trigger for row in TABLE if row.watched == {Mode.HANGING}} == own
    # Whatever stops or takes from a policy that walks acts there too, but for what is of feet, ground and velocity.
    walking = {row.trigger for row in TABLE if Mode.WALKING in row.watched and row.least_action > Action.WARN}
    hanging = {row.trigger for row in TABLE if Mode.HANGING in row.watched}
    ground = {Trigger.NO_CONTACT, Trigger.LOW_BASE, Trigger.SINKING, Trigger.SHOVED, Trigger.TILT, Trigger.FALLING}
    assert walking - hanging == ground | {Trigger.VELOCITY_SILENT, Trigger.OPERATOR_SILENT}


def test_the_whole_machine_can_be_reached():
    ways = {(origin, to) for moves in MOVES.values() for origin, to in moves.items()} | set(ARRIVALS.items())
    reached = {Mode.OFF}
    for _ in Mode:
        reached |= {to for origin, to in ways if origin in reached}
    assert reached == set(Mode) - {Mode.STOPPED}


def test_stops_are_watched_in_every_mode():
    for trigger in (Trigger.OPERATOR_STOP, Trigger.OPERATOR_DAMP, Trigger.OPERATOR_ZERO_TORQUE):
        assert ROWS[trigger].watched == EVERY_MODE
        assert ROWS[trigger].longest_delay_s == 0.0


def test_every_check_leads_somewhere():
    of_commands = {check for check in Check if check.name.startswith(("COMMAND", "TARGET", "PD_"))}
    of_velocity = {Check.VELOCITY_FINITE, Check.VELOCITY_FUTURE, Check.VELOCITY_RANGE}
    assert set(TRIGGER_OF_CHECK) == set(Check) - of_commands - of_velocity
    assert TRIGGER_OF_CHECK[Check.STATE_MISSING] is Trigger.STATE_STALE
    assert TRIGGER_OF_CHECK[Check.STATE_ORDER] is Trigger.STATE_BAD
    assert TRIGGER_OF_CHECK[Check.STATE_LOST] is Trigger.STATE_LATE
    assert TRIGGER_OF_CHECK[Check.TILT] is Trigger.TILT


def test_remedies():
    assert not STOPPING & CLAMPING
    assert remedy_of(Check.COMMAND_FINITE) is Remedy.STOP
    assert remedy_of(Check.TARGET_RANGE) is Remedy.CLAMP
    assert remedy_of(Check.TILT) is Remedy.REPORT
    assert {check for check in Check if remedy_of(check) is Remedy.STOP} == STOPPING


def test_verdicts():
    none, mended = Verdict(), Verdict((Violation(Check.TARGET_RANGE, ""),))
    stopped = Verdict((Violation(Check.TILT, ""), Violation(Check.CLOCK, "")))
    assert (none.stopped, none.clamped, none.checks) == (False, False, frozenset())
    assert (mended.stopped, mended.clamped) == (False, True)
    assert (stopped.stopped, stopped.clamped) == (True, False)
    assert stopped.checks == {Check.TILT, Check.CLOCK}
