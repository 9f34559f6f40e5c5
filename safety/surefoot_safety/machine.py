"""The state machine: which mode follows from requests and raised triggers. Pure; all it knows is in `MachineState`.

Requests move it along `MOVES`; triggers move it by the table, only ever towards more severe modes; a gait that has
finished moves it along `ARRIVALS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from surefoot_safety.action import Action, Need, possible_action
from surefoot_safety.causes import Causes
from surefoot_safety.mode import ARRIVALS, MODE_OF_ACTION, MOVES, ON_FEET, SEVERITY, Mode, Request
from surefoot_safety.settings import Rule
from surefoot_safety.table import ROWS, Clears, Trigger

Rules = Mapping[Trigger, Rule]
JITTER_S = 0.001
"""Timers are not exact. A delay of so many ticks is over with the last of them, and not with the one after it because
that came a hair early: else half of all stops would take a tick more than their table says."""


@dataclass(frozen=True, slots=True)
class MachineState:
    """Where the machine is and what it holds on to; `MachineState()` is switched off."""

    mode: Mode = Mode.OFF
    since_s: float = 0.0
    stop: Action = Action.ZERO_TORQUE
    """What the motors do in `STOPPED`: damp or nothing."""
    by_trigger: bool = False
    """Whether a trigger led here, and no request."""
    lasted_s: Mapping[Trigger, float] = field(default_factory=dict)
    """How long the causes of triggers have been there of late: time without them is taken off again, so that one that
    comes and goes is not as good as gone each time it goes."""
    seen_s: float | None = None
    """When that was."""
    active: Mapping[Trigger, str] = field(default_factory=dict)
    """Those that have lasted long enough in a mode where they count."""
    latched: Mapping[Trigger, str] = field(default_factory=dict)
    """Those that have acted and are not cleared yet."""


def raised(state: MachineState, causes: Causes, now_s: float) -> MachineState:
    """Note which causes are there and for how long."""
    passed_s = 0.0 if state.seen_s is None else max(0.0, now_s - state.seen_s)  # a clock that goes back: no time
    before = state.lasted_s
    there = {trigger: before[trigger] + passed_s if trigger in before else 0.0 for trigger in causes}
    fading = {
        trigger: lasted_s - passed_s
        for trigger, lasted_s in before.items()
        if trigger not in causes and lasted_s > passed_s
    }
    return replace(state, lasted_s={**there, **fading}, seen_s=now_s)


def requested(
    state: MachineState, request: Request, causes: Causes, rules: Rules, now_s: float
) -> tuple[MachineState, str]:
    """Do what an operator asks for, or say why not."""
    moves = MOVES[request]
    if state.mode not in moves:
        places = ", ".join(mode.value for mode in moves)
        return state, f"{request.value} is refused in {state.mode.value}: possible from {places}"
    to = moves[state.mode]
    obstacle = _obstacle_to_reset(state, causes) if request is Request.RESET else _obstacle(state, to, causes, rules)
    if obstacle:
        return state, f"{request.value} is refused: {obstacle}"
    if request is Request.RESET:
        return MachineState(mode=to, since_s=now_s), ""
    kept = {trigger: why for trigger, why in state.latched.items() if ROWS[trigger].clears is Clears.BY_RESET}
    return replace(state, mode=to, since_s=now_s, by_trigger=False, latched=kept), ""


def followed(state: MachineState, causes: Causes, rules: Rules, now_s: float) -> MachineState:
    """Do what the table says about the raised triggers: the most severe action wins."""
    active = {
        trigger: why
        for trigger, why in causes.items()
        if state.mode in ROWS[trigger].watched and _lasted_s(state, trigger, now_s) >= rules[trigger].delay_s - JITTER_S
    }
    lasting = {trigger: why for trigger, why in active.items() if ROWS[trigger].clears is not Clears.BY_ITSELF}
    state = replace(state, active=active, latched={**state.latched, **lasting})
    wanted = max((rules[trigger].action for trigger in active), default=Action.NONE)
    return _taken(state, possible_action(wanted, _missing(state, state.mode)), now_s)


def _lasted_s(state: MachineState, trigger: Trigger, now_s: float) -> float:
    """How long a cause that is there has been there of late, until now."""
    seen_s = now_s if state.seen_s is None else state.seen_s
    return state.lasted_s.get(trigger, 0.0) + max(0.0, now_s - seen_s)


def arrived(state: MachineState, now_s: float) -> MachineState:
    """Go on once the gait of this mode has finished: after a latched stop to `STOPPED`."""
    if state.mode is Mode.SETTLING and _needs_reset(state):
        return _taken(state, Action.DAMP, now_s)
    if state.mode in ARRIVALS:
        return replace(state, mode=ARRIVALS[state.mode], since_s=now_s)
    return state


def action_now(state: MachineState) -> Action:
    """How severe the machine is by now."""
    return state.stop if state.mode is Mode.STOPPED else SEVERITY[state.mode]


def _taken(state: MachineState, action: Action, now_s: float) -> MachineState:
    """The state after an action; a milder one than what is already done changes nothing."""
    if action >= Action.DAMP and state.mode is not Mode.STOPPED:
        stop = Action.ZERO_TORQUE if state.mode is Mode.OFF else action
        return replace(state, mode=Mode.STOPPED, since_s=now_s, stop=stop, by_trigger=True)
    if action <= max(Action.WARN, action_now(state)):
        return state
    if state.mode is Mode.STOPPED:
        return replace(state, stop=action)
    return replace(state, mode=MODE_OF_ACTION[action], since_s=now_s, by_trigger=True)


def _missing(state: MachineState, mode: Mode) -> Set[Need]:
    """What cannot be relied on in a mode, as things are."""
    spoilt = {need for trigger in (*state.active, *state.latched) for need in ROWS[trigger].spoils}
    return spoilt if mode in ON_FEET else spoilt | {Need.FEET}


def _needs_reset(state: MachineState) -> bool:
    return any(ROWS[trigger].clears is Clears.BY_RESET for trigger in state.latched)


def _obstacle(state: MachineState, to: Mode, causes: Causes, rules: Rules) -> str:
    """What speaks against a milder mode; towards a more severe one there is never anything in the way."""
    if SEVERITY[to] >= SEVERITY[state.mode]:
        return ""
    for trigger, why in state.latched.items():
        if ROWS[trigger].clears is Clears.BY_RESET:
            return f"{trigger.value} is latched until a reset ({why})"
    missing, harmless = _missing(state, to), max(Action.WARN, SEVERITY[to])
    for trigger, why in causes.items():
        action = possible_action(rules[trigger].action, missing)
        if to in ROWS[trigger].watched and (action > harmless or action >= Action.DAMP):
            return f"{trigger.value} ({why})"
    return ""


def _obstacle_to_reset(state: MachineState, causes: Causes) -> str:
    """What is not healthy yet: what stopped the robot, and what would stop it again once it is armed."""
    for trigger, why in causes.items():
        row = ROWS[trigger]
        if row.clears is Clears.BY_RESET and (trigger in state.latched or Mode.DAMPED in row.watched):
            return f"{trigger.value} ({why})"
    return ""
