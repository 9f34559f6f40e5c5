"""Whether a policy's answers are those of one that looks at the robot: they change, and not by leaps.

Each of its joint targets may be fine by itself. A policy that hangs behind a loop that does not repeats itself to the
last bit, which sensors never do; one whose network is garbage leaps from answer to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from surefoot_safety.causes import Causes
from surefoot_safety.settings import PolicySettings
from surefoot_safety.state import Floats
from surefoot_safety.table import Trigger

LEAPS = 3
"""So many in a row: one or two are what a stumble looks like."""


@dataclass(frozen=True, slots=True)
class Answers:
    """`Answers()` is what is known of a policy that has not answered yet."""

    newest_rad: Floats | None = None
    repeats: int = 0
    """How many answers in a row were the same as the one before them."""
    leaps_rad: Floats = ()
    """By how much joint targets changed with each of the last answers, root mean square over joints."""


def answered(target_rad: Floats, memory: Answers) -> Answers:
    """The memory after one more answer."""
    last = memory.newest_rad
    if last is None:
        return Answers(target_rad)
    leap = sqrt(sum((now - then) ** 2 for now, then in zip(target_rad, last, strict=True)) / len(target_rad))
    repeats = memory.repeats + 1 if target_rad == last else 0
    return Answers(target_rad, repeats, (*memory.leaps_rad, leap)[-LEAPS:])


def from_answers(memory: Answers, settings: PolicySettings) -> Causes:
    """What they raise."""
    if not memory.repeats < settings.repeats:
        return {Trigger.POLICY_BAD: f"the same joint targets, to the last bit, {memory.repeats + 1} times in a row"}
    limit_rad = settings.leap_rad
    if len(memory.leaps_rad) < LEAPS or any(leap <= limit_rad for leap in memory.leaps_rad):
        return {}
    leap_rad = min(memory.leaps_rad)
    return {Trigger.POLICY_BAD: f"joint targets leap by {leap_rad:.2f} rad from answer to answer > {limit_rad:g} rad"}
