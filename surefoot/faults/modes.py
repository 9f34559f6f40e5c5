"""What the supervisor's modes and reasons say by themselves, without the motors. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator

from surefoot.faults.kinds import Must
from surefoot.faults.watching import Entered, Timeline
from surefoot_safety.action import Action
from surefoot_safety.mode import SEVERITY, Mode
from surefoot_safety.settings import Settings
from surefoot_safety.table import Trigger

OWN_ERRORS = frozenset({Trigger.INTERNAL_ERROR, Trigger.GAIT_BAD, Trigger.CLOCK})
"""No fault of this campaign may lead to these: whatever is stopped by them was stopped by luck."""
FALLS = frozenset({Trigger.TILT, Trigger.FALLING})
"""What a robot that fell is stopped for, on top of what else must follow."""


def entered(line: Timeline, from_s: float, to_s: float) -> list[Entered]:
    """Modes that began meanwhile, of the supervisor that the fault met: what a successor does is no answer to it."""
    return [mode for mode in of_first(line) if from_s <= mode.at_s <= to_s]


def of_first(line: Timeline) -> list[Entered]:
    """Modes of the supervisor that was there first."""
    return [mode for mode in line.modes if mode.writer == line.modes[0].writer]


def successor_s(line: Timeline) -> float:
    """When another supervisor began; infinite if none did."""
    return next((mode.at_s for mode in line.modes if mode.writer != line.modes[0].writer), math.inf)


def mode_at(line: Timeline, at_s: float) -> Mode | None:
    """What the first supervisor was doing."""
    return next((mode.mode for mode in reversed(of_first(line)) if mode.at_s <= at_s), None)


def acted(line: Timeline, from_s: float, to_s: float) -> frozenset[Trigger]:
    """Triggers that acted first meanwhile."""
    return frozenset(trigger for trigger, at_s in line.triggers.items() if from_s <= at_s <= to_s)


def spans(line: Timeline, among: frozenset[Mode]) -> Iterator[tuple[float, float]]:
    """When the robot was in one of these: from when, until when."""
    ends = [*(mode.at_s for mode in line.modes[1:]), math.inf]
    for mode, end_s in zip(line.modes, ends, strict=True):
        if mode.mode in among:
            yield mode.at_s, end_s


def is_unlatched(line: Timeline, must: Must) -> bool:
    """Whether it became milder although nobody has asked for it: none of what was watched holds a request.

    A supervisor that was started anew is off, which is no less of a stop.
    """
    for before, after in zip(line.modes, line.modes[1:], strict=False):
        is_same = before.writer == after.writer
        if before.mode is Mode.STOPPED and after.mode is not Mode.STOPPED and (is_same or after.mode is not Mode.OFF):
            return True
        if is_same and SEVERITY[after.mode] < SEVERITY[before.mode]:
            return True
    stopped = any(mode.mode is Mode.STOPPED for mode in line.modes)
    return must.latched and stopped and not line.latched and line.modes[-1].mode is not Mode.OFF


def too_severe(found: list[Entered], new: frozenset[Trigger], must: Must, settings: Settings) -> str:
    """Why it went further than it must, where neither a fall nor the row explains that; empty if it did not.

    What is to sit down and stay so ends stopped: only a trigger can tell that from motors that were let go of.
    """
    if must.ceiling is None or new & FALLS:
        return ""
    beyond = sorted(t.value for t in new - must.triggers if settings.rules[t].action > must.ceiling)
    if beyond:
        return f"{', '.join(beyond)}: more than {must.ceiling.name.lower()}"
    most = max([must.ceiling, *(settings.rules[t].action for t in new & must.triggers)])
    modes = [mode.mode.value for mode in found if SEVERITY[mode.mode] > most]
    return f"{modes[0]} for no reason" if modes and most < Action.SETTLE else ""


def fell_beyond(new: frozenset[Trigger], must: Must) -> bool:
    """Whether a fall, which is no part of what must follow, led further than that."""
    return must.ceiling is not None and bool(new & FALLS - must.triggers)
