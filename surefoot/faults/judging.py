"""What became of one trial: judged from the record of the motors and the supervisor's modes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from surefoot.faults import modes
from surefoot.faults.kinds import BEGINS, GOING_ON, Cell, Must, Place, State
from surefoot.faults.limits import beyond_limits, joints_went
from surefoot.faults.motors import between, limp, limp_since_s, longest_gap_s, lost
from surefoot.faults.watching import Timeline
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.action import Action
from surefoot_safety.link.guard import COMMAND_AGE_S
from surefoot_safety.mode import POWERED, SEVERITY, Mode
from surefoot_safety.settings import Settings
from surefoot_safety.table import Trigger
from surefoot_training.simulated.recording import Ticks

ROUNDING = 1e-6
FALLEN_RAD = 1.0
HELD = frozenset({Mode.STANDING, Mode.WALKING, Mode.FALLBACK})
"""Modes in which the trunk has no business on the ground."""
AT_REST = frozenset(mode for mode in Mode if SEVERITY[mode] >= Action.DAMP)
"""Modes in which no motor may hold anything."""
JUST_S = 0.01
GAP_S = 0.02
"""The longest that the link's record may have nothing, where nobody holds it up: four of the supervisor's periods."""
COARSE_S = 0.5
"""As much more of any time, where they are not judged since the machine has other things to do."""


class VoidTrialError(SurefootError):
    """There was no such trial: what is known of it says nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one trial."""

    right: bool
    """Whether what must follow did."""
    what: str
    """What followed."""
    safe_s: float | None
    """From the fault to the first command of those that stayed safe; None if there was none, or none was needed."""
    beyond_limits: int
    """Ticks of the link whose command asks for what the robot must not do."""
    ticks: int
    """That were looked at."""
    unlatched: bool
    """Whether a stop, or anything severe, was taken back by nobody."""
    fell: bool
    worse: bool = False
    """Whether a fall led further than what must follow."""
    wrong: tuple[str, ...] = ()
    """Why it is not right."""
    joints: dict[str, float] = field(default_factory=dict)
    """How far they went in truth."""


@dataclass(frozen=True, slots=True)
class Happened:
    """All there is to judge by."""

    ticks: Ticks
    timeline: Timeline
    at_s: float
    """When the fault came."""
    undone_s: float
    """When it was taken away: until then what must follow has to."""
    end_s: float
    """When the timeline was looked at last."""

    @property
    def until_s(self) -> float:
        """What comes later is no answer to the fault: it was taken away, or another supervisor began."""
        return min(self.undone_s, modes.successor_s(self.timeline))

    @property
    def since_s(self) -> float:
        """The fault, less what clocks of several processes may tell it earlier."""
        return self.at_s - JUST_S


def judged(
    happened: Happened, cell: Cell, robot: RobotSpec, settings: Settings, *, judges_times: bool = True
) -> Verdict:
    """Everything about one trial; refused if it was none."""
    _check_record(happened, cell, GAP_S if judges_times else COARSE_S)
    line, must = happened.timeline, cell.must
    watched = happened.ticks[happened.ticks["now_s"] >= happened.since_s]
    safe_s = _safe_after_s(happened, cell.state, must)
    wrong = tuple(_wrong(happened, cell, settings, safe_s))
    return Verdict(
        right=not wrong,
        what=line.told(happened.since_s),
        safe_s=safe_s,
        beyond_limits=int(beyond_limits(happened.ticks, robot, settings)[-len(watched) :].sum()) if len(watched) else 0,
        ticks=len(watched),
        unlatched=modes.is_unlatched(line, must),
        fell=_fell(watched, line),
        worse=modes.fell_beyond(modes.acted(line, happened.since_s, happened.until_s), must),
        wrong=wrong,
        joints=joints_went(watched, robot),
    )


def _check_record(happened: Happened, cell: Cell, longest_s: float) -> None:
    """Whether everything is there, and whether the fault met the state that it was meant for."""
    before = modes.mode_at(happened.timeline, happened.at_s)
    if before is not BEGINS[cell.state]:
        name = "nothing" if before is None else before.value
        raise VoidTrialError(f"the fault met {name}, not {BEGINS[cell.state].value}")
    if missing := lost(happened.ticks):
        raise VoidTrialError(f"{missing} records of the motors are missing")
    gap_s = longest_gap_s(happened.ticks, happened.at_s, happened.end_s)
    if not cell.fault.touches_link and gap_s > longest_s:
        raise VoidTrialError(f"nothing is known of the motors for {gap_s:.3f} s > {longest_s:g} s")


def _wrong(happened: Happened, cell: Cell, settings: Settings, safe_s: float | None) -> Iterator[str]:
    """Whatever is not as it must be."""
    line, must = happened.timeline, cell.must
    yield from _wrong_anywhere(happened, must, settings)
    if must.free:
        return
    if must.action is Action.NONE:
        yield from _not_going_on(happened, cell.state)
        return
    new = modes.acted(line, happened.since_s, happened.until_s)
    if must.triggers and not must.triggers & new:
        yield f"none of {', '.join(sorted(trigger.value for trigger in must.triggers))} acted"
    if must.latched and modes.mode_at(line, happened.until_s) is not Mode.STOPPED:
        yield "it did not end stopped"
    if safe_s is None and not _is_safe_already(cell.state, must.action):
        yield f"no {must.action.name.lower()} that lasted"
    longest_s = must.longest_s(settings)
    if safe_s is not None and longest_s is not None and safe_s > longest_s + COARSE_S:
        yield f"{must.action.name.lower()} after {safe_s:.2f} s, which no busy machine explains"
    yield from _not_finally(happened, must, new)


def _wrong_anywhere(happened: Happened, must: Must, settings: Settings) -> Iterator[str]:
    """What no fault whatever may lead to."""
    line = happened.timeline
    # A successor begins with an error latched: that of the supervisor before it, whatever ended it.
    until_s = min(happened.end_s, np.nextafter(modes.successor_s(line), 0.0))
    for trigger in sorted(modes.acted(line, happened.since_s, until_s) & modes.OWN_ERRORS, key=lambda t: t.value):
        yield f"an error of our own: {trigger.value}"
    if np.isfinite(modes.successor_s(line)) and not must.heir:
        yield "the supervisor was started anew"
    silent_s = happened.end_s - line.seen_s
    is_gone = must.heir and not np.isfinite(modes.successor_s(line))  # it may take longer to start than is watched
    if line.modes and line.modes[-1].mode in POWERED and silent_s > settings.timing.tick_gap_s and not is_gone:
        yield f"the supervisor has said nothing for {silent_s:.2f} s"
    driven = sum(
        int((~limp(between(happened.ticks, from_s + COMMAND_AGE_S, to_s))).sum())
        for from_s, to_s in modes.spans(line, AT_REST)
    )
    if driven:
        yield f"motors were driven for {driven} ms while the robot was said to be at rest"
    found = modes.entered(line, happened.since_s, happened.until_s)
    if why := modes.too_severe(found, modes.acted(line, happened.since_s, happened.until_s), must, settings):
        yield why


def _not_going_on(happened: Happened, state: State) -> Iterator[str]:
    line = happened.timeline
    others = [
        mode.mode.value for mode in line.modes if mode.at_s >= happened.since_s and mode.mode not in GOING_ON[state]
    ]
    if others:
        yield f"it did not go on: {others[0]}"
    new = sorted(t.value for t in line.latched if line.triggers.get(t, 0.0) >= happened.since_s)
    if new:
        yield f"{', '.join(new)} latched"
    sitting_s = next((mode.at_s for mode in line.modes if mode.mode is Mode.SITTING), happened.end_s)
    let_go = int(limp(between(happened.ticks, happened.at_s, sitting_s)).sum())  # a robot that sits lets go by itself
    if let_go:
        yield f"motors were let go of for {let_go} ms"


def _not_finally(happened: Happened, must: Must, new: frozenset[Trigger]) -> Iterator[str]:
    """What comes of it in the end, while the fault is still there."""
    if must.finally_ is Action.NONE:
        return
    if must.finally_ is Action.ZERO_TORQUE:
        before = between(happened.ticks, happened.at_s, happened.until_s)
        if not len(before) or before["law"][-1, 1:].any():
            yield "it did not lose its torque in the end"
        return
    mode = modes.mode_at(happened.timeline, happened.until_s)
    reached = Action.NONE if mode is None else SEVERITY[mode]
    if reached is not must.finally_ and not (reached > must.finally_ and new & modes.FALLS):
        yield f"{'nothing' if mode is None else mode.value} in the end, must be {must.finally_.name.lower()}"


def _safe_after_s(happened: Happened, state: State, must: Must) -> float | None:
    """From the fault to the first command that is safe enough, if no other came after it; None if it was so already."""
    if must.free or must.action is Action.NONE:
        return None
    if must.action >= Action.DAMP and must.place is Place.MOTORS:
        since_s = limp_since_s(between(happened.ticks, happened.at_s, happened.until_s))
        return None if since_s is None else since_s - happened.at_s
    began_s = _began_s(happened, must.action)
    if began_s is None or (must.action <= Action.SETTLE and _is_safe_already(state, must.action)):
        return None
    if must.place is Place.SUPERVISOR:
        return began_s - happened.at_s
    ticks = happened.ticks
    told = np.flatnonzero((ticks["command_s"] >= began_s - ROUNDING) & (ticks["now_s"] >= began_s))
    return float(ticks["now_s"][told[0]] - happened.at_s) if len(told) else None


def _is_safe_already(state: State, action: Action) -> bool:
    return all(SEVERITY[mode] >= action for mode in GOING_ON[state])


def _began_s(happened: Happened, action: Action) -> float | None:
    """When the first mode began, since the fault, that is severe enough."""
    found = modes.entered(happened.timeline, happened.since_s, happened.until_s)
    return next((mode.at_s for mode in found if SEVERITY[mode.mode] >= action), None)


def _fell(ticks: Ticks, line: Timeline) -> bool:
    """Tilted beyond what any gait does, or with the trunk on the ground while it was held up.

    A supervisor that was killed says nothing more, while the link lets the robot down.
    """
    if (ticks["up_z"] < np.cos(FALLEN_RAD)).any():
        return True
    touches = (ticks["trunk_contact"] > 0.0) & ~limp(ticks)
    return any(
        bool(touches[(ticks["now_s"] >= from_s) & (ticks["now_s"] < to_s)].any())
        for from_s, to_s in modes.spans(line, HELD)
    )
