"""Every trigger in every mode, every request in every mode, and how each is cleared: generated from the data."""

import itertools

import pytest
from safe_robot import limits

from surefoot_safety.action import Action, Need, possible_action
from surefoot_safety.machine import MachineState, action_now, arrived, followed, raised, requested
from surefoot_safety.mode import ARRIVALS, MODE_OF_ACTION, MOVES, ON_FEET, SEVERITY, Mode, Request
from surefoot_safety.table import ROWS, Clears, Trigger

RULES = limits().settings.rules
MODES, TRIGGERS = list(Mode), list(Trigger)
EVERY_PAIR = list(itertools.product(TRIGGERS, MODES))


def after(state, *triggers):
    """The machine once these causes have lasted long enough, since time 0."""
    causes = {trigger: f"because of {trigger.value}" for trigger in triggers}
    state = raised(state, causes, 0.0)
    return followed(state, causes, RULES, max(RULES[trigger].delay_s for trigger in triggers))


def ask(state, request, *triggers, now_s=10.0):
    return requested(state, request, dict.fromkeys(triggers, "a cause"), RULES, now_s)


def expected(trigger, mode):
    """Worked out from the rows by themselves: the mode that follows, and what motors do in it."""
    row, action = ROWS[trigger], RULES[trigger].action
    if mode not in row.watched:
        return mode
    missing = row.spoils | (frozenset() if mode in ON_FEET else {Need.FEET})
    action = possible_action(action, missing)
    if action >= Action.DAMP:
        return Mode.STOPPED
    return MODE_OF_ACTION[action] if action > max(Action.WARN, SEVERITY[mode]) else mode


def test_every_pair_is_here():
    assert len(EVERY_PAIR) == 44 * 10


@pytest.mark.parametrize(("trigger", "mode"), EVERY_PAIR)
def test_what_every_trigger_does_in_every_mode(trigger, mode):
    state = after(MachineState(mode=mode, since_s=3.0), trigger)
    assert state.mode is expected(trigger, mode)
    watched = mode in ROWS[trigger].watched
    assert (trigger in state.active) is watched
    assert (trigger in state.latched) is (watched and ROWS[trigger].clears is not Clears.BY_ITSELF)
    if state.mode is mode:
        assert (state.since_s, state.by_trigger) == (3.0, False)
    else:
        assert state.since_s == RULES[trigger].delay_s
        assert state.by_trigger


@pytest.mark.parametrize(("trigger", "mode"), EVERY_PAIR)
def test_nothing_happens_before_the_delay_is_over(trigger, mode):
    delay_s, cause = RULES[trigger].delay_s, {trigger: "a cause"}
    if delay_s == 0.0:
        return
    before = MachineState(mode=mode)
    state = followed(raised(before, cause, 10.0), cause, RULES, 10.0 + delay_s - 0.0011)
    assert (state.mode, state.active, state.latched) == (mode, {}, {})
    # Gone and back again: it starts anew.
    gone = raised(state, {}, 10.0 + delay_s - 0.0011)
    back = raised(gone, cause, 10.0 + 1.5 * delay_s)
    assert followed(back, cause, RULES, 10.0 + 1.6 * delay_s).mode is mode
    assert followed(back, cause, RULES, 10.0 + 2.6 * delay_s).mode is expected(trigger, mode)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_tick_that_comes_a_hair_early_is_that_tick_all_the_same(trigger):
    """Delays are whole ticks, and timers not exact: 2.9999 s are 3."""
    delay_s, cause = RULES[trigger].delay_s, {trigger: "a cause"}
    for mode in ROWS[trigger].watched:
        state = followed(raised(MachineState(mode=mode), cause, 10.0), cause, RULES, 10.0 + delay_s - 0.0009)
        assert trigger in state.active
        assert state.mode is expected(trigger, mode)


def test_how_long_a_cause_is_there():
    state = raised(MachineState(), {Trigger.TILT: ""}, 1.0)
    state = raised(state, {Trigger.TILT: "", Trigger.FALLING: ""}, 2.0)
    assert (state.lasted_s, state.seen_s) == ({Trigger.TILT: 1.0, Trigger.FALLING: 0.0}, 2.0)
    assert raised(state, {Trigger.FALLING: ""}, 2.5).lasted_s == {Trigger.FALLING: 0.5, Trigger.TILT: 0.5}
    assert raised(state, {Trigger.FALLING: ""}, 3.0).lasted_s == {Trigger.FALLING: 1.0}
    # A clock that went back.
    back = raised(state, {Trigger.TILT: ""}, 0.5)
    assert (back.lasted_s, back.seen_s) == ({Trigger.TILT: 1.0}, 0.5)


@pytest.mark.parametrize(
    ("there", "trips"), [("x", True), ("xxxx.", True), ("xxx.", True), ("x.", False), ("xx...", False)]
)
def test_a_cause_that_comes_and_goes_is_not_as_good_as_gone(there, trips):
    """Motors that are hot: 1 s, and the robot sits down; 200 ticks a second."""
    state = MachineState(mode=Mode.WALKING)
    for tick in range(2000):
        causes = {Trigger.MOTOR_HOT: "so it is"} if there[tick % len(there)] == "x" else {}
        state = followed(raised(state, causes, 0.005 * tick), causes, RULES, 0.005 * tick)
    assert (state.mode is Mode.SETTLING) is trips


@pytest.mark.parametrize("mode", MODES)
def test_of_two_triggers_the_more_severe_wins(mode):
    state = MachineState(mode=mode)
    alone = {trigger: action_now(after(state, trigger)) for trigger in TRIGGERS}
    pairs = list(itertools.combinations(TRIGGERS, 2))
    assert len(pairs) == 44 * 43 // 2
    for first, second in pairs:
        # What one spoils may make the other fall through, so it can be more severe than either; never milder.
        assert action_now(after(state, first, second)) >= max(alone[first], alone[second]), (first, second)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_in_the_air_there_is_nothing_between_a_warning_and_a_stop(trigger):
    state = after(MachineState(mode=Mode.HANGING), trigger)
    watched = Mode.HANGING in ROWS[trigger].watched
    stops = watched and RULES[trigger].action > Action.WARN
    assert state.mode is (Mode.STOPPED if stops else Mode.HANGING)
    if stops:
        assert state.stop is max(Action.DAMP, RULES[trigger].action)


def test_what_one_trigger_spoils_the_other_cannot_use():
    walking = MachineState(mode=Mode.WALKING)
    assert after(walking, Trigger.POLICY_SILENT).mode is Mode.FALLBACK
    assert after(walking, Trigger.POLICY_SILENT, Trigger.IMU_FROZEN).mode is Mode.SETTLING
    # Latched counts as well: the IMU is not to be trusted until a reset.
    settling = after(walking, Trigger.IMU_FROZEN)
    assert settling.mode is Mode.SETTLING
    spoilt = MachineState(mode=Mode.WALKING, latched={Trigger.IMU_FROZEN: "x"})
    assert after(spoilt, Trigger.POLICY_SILENT).mode is Mode.SETTLING


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("trigger", [Trigger.OPERATOR_STOP, Trigger.OPERATOR_DAMP, Trigger.OPERATOR_ZERO_TORQUE])
def test_stops_win_in_every_mode(mode, trigger):
    state = after(MachineState(mode=mode, stop=Action.DAMP), trigger)
    assert action_now(state) >= (RULES[trigger].action if mode is not Mode.SETTLING else Action.SETTLE)
    assert trigger in state.latched
    assert state.mode in {Mode.SETTLING, Mode.STOPPED}


def test_a_stop_from_off_stays_without_torque():
    assert after(MachineState(), Trigger.OPERATOR_DAMP).stop is Action.ZERO_TORQUE
    assert after(MachineState(mode=Mode.DAMPED), Trigger.OPERATOR_DAMP).stop is Action.DAMP


def test_a_damped_stop_may_become_one_without_torque_and_not_back():
    damped = MachineState(mode=Mode.STOPPED, stop=Action.DAMP, since_s=3.0)
    limp = after(damped, Trigger.ESTOP_ZERO_TORQUE)
    assert (limp.mode, limp.stop, limp.since_s) == (Mode.STOPPED, Action.ZERO_TORQUE, 3.0)
    assert after(limp, Trigger.OPERATOR_DAMP).stop is Action.ZERO_TORQUE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("request_", list(MOVES))
def test_every_request_in_every_mode(mode, request_):
    state = MachineState(mode=mode, since_s=3.0, by_trigger=True)
    to, refusal = ask(state, request_)
    if mode in MOVES[request_]:
        assert refusal == ""
        assert (to.mode, to.since_s, to.by_trigger) == (MOVES[request_][mode], 10.0, False)
    else:
        assert to == state
        assert refusal.startswith(f"{request_.value} is refused in {mode.value}: possible from ")
        assert all(origin.value in refusal for origin in MOVES[request_])


@pytest.mark.parametrize(
    ("trigger", "request_", "origin"),
    [
        (trigger, request, origin)
        for trigger in TRIGGERS
        for request, moves in MOVES.items()
        for origin in moves
        if request is not Request.RESET
    ],
)
def test_a_request_that_would_be_overruled_is_refused(trigger, request_, origin):
    state = MachineState(mode=origin)
    to, refusal = ask(state, request_, trigger)
    wanted = MOVES[request_][origin]
    milder = SEVERITY[wanted] < SEVERITY[origin]
    overruled = expected(trigger, wanted) is not wanted
    if milder and overruled:
        assert to == state
        assert refusal == f"{request_.value} is refused: {trigger.value} (a cause)"
    else:
        assert (to.mode, refusal) == (wanted, "")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_what_is_latched_until_a_reset_keeps_from_milder_modes(trigger):
    settling = MachineState(mode=Mode.SETTLING, latched={trigger: "why"})
    to, refusal = ask(settling, Request.STAND)
    if ROWS[trigger].clears is Clears.BY_RESET:
        assert to == settling
        assert refusal == f"stand is refused: {trigger.value} is latched until a reset (why)"
    else:
        assert (to.mode, to.latched) == (Mode.STANDING_UP, {})


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_towards_more_severe_modes_there_is_nothing_in_the_way(trigger):
    walking = MachineState(mode=Mode.WALKING, latched={trigger: "why"})
    to, refusal = ask(walking, Request.SIT, trigger)
    assert (to.mode, refusal) == (Mode.SETTLING, "")
    kept = ROWS[trigger].clears is Clears.BY_RESET
    assert to.latched == ({trigger: "why"} if kept else {})


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_reset_waits_for_the_cause_to_go_and_forgets_everything(trigger):
    stopped = MachineState(
        mode=Mode.STOPPED, stop=Action.DAMP, latched={trigger: "why"}, active={trigger: "why"}, by_trigger=True
    )
    to, refusal = ask(stopped, Request.RESET, trigger)
    if ROWS[trigger].clears is Clears.BY_RESET:
        assert to == stopped
        assert refusal == f"reset is refused: {trigger.value} (a cause)"
    to, refusal = ask(stopped, Request.RESET)
    assert refusal == ""
    assert to == MachineState(mode=Mode.OFF, since_s=10.0)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_reset_also_waits_for_what_would_stop_it_again(trigger):
    stopped = MachineState(mode=Mode.STOPPED, latched={Trigger.OPERATOR_DAMP: "why"})
    _, refusal = ask(stopped, Request.RESET, trigger)
    row = ROWS[trigger]
    in_the_way = trigger is Trigger.OPERATOR_DAMP or (row.clears is Clears.BY_RESET and Mode.DAMPED in row.watched)
    assert bool(refusal) is in_the_way


@pytest.mark.parametrize("mode", MODES)
def test_arrivals(mode):
    state = arrived(MachineState(mode=mode, since_s=3.0), 10.0)
    assert state.mode is ARRIVALS.get(mode, mode)
    assert state.since_s == (10.0 if mode in ARRIVALS else 3.0)


def test_settling_after_a_stop_ends_stopped_and_damped():
    for trigger in (Trigger.OPERATOR_STOP, Trigger.IMU_FROZEN):
        state = arrived(after(MachineState(mode=Mode.WALKING), trigger), 12.0)
        assert (state.mode, state.stop, state.since_s) == (Mode.STOPPED, Action.DAMP, 12.0)
    mild = arrived(after(MachineState(mode=Mode.WALKING), Trigger.OPERATOR_SILENT), 12.0)
    assert mild.mode is Mode.SITTING
    # Standing up is not the way down.
    rising = MachineState(mode=Mode.STANDING_UP, latched={Trigger.OPERATOR_STOP: ""})
    assert arrived(rising, 12.0).mode is Mode.STANDING


def test_latched_never_clears_by_itself():
    state = after(MachineState(mode=Mode.WALKING), Trigger.POLICY_SILENT)
    state = followed(raised(state, {}, 20.0), {}, RULES, 20.0)
    assert (state.mode, state.active) == (Mode.FALLBACK, {})
    assert state.latched == {Trigger.POLICY_SILENT: "because of policy_silent"}
    state, refusal = ask(state, Request.WALK)
    assert (state.mode, state.latched, refusal) == (Mode.WALKING, {}, "")


def test_the_action_now():
    assert action_now(MachineState(mode=Mode.STOPPED, stop=Action.DAMP)) is Action.DAMP
    assert action_now(MachineState(mode=Mode.STOPPED, stop=Action.ZERO_TORQUE)) is Action.ZERO_TORQUE
    assert action_now(MachineState(mode=Mode.WALKING, stop=Action.ZERO_TORQUE)) is Action.NONE
    assert MachineState().stop is Action.ZERO_TORQUE
