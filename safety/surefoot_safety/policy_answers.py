"""Whether a policy's answers are those of one that looks at the robot: they change, and not by leaps.

Each of its joint targets may be fine by itself. A policy that hangs behind a loop that does not repeats itself to the
last bit, which sensors never do; one whose network is garbage leaps from answer to answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import dist, sqrt

from surefoot_safety.causes import Causes
from surefoot_safety.settings import PolicySettings
from surefoot_safety.state import Floats
from surefoot_safety.table import Trigger

LEAPS = 3
"""So many in a row: one or two are what a stumble looks like."""
JITTER_S = 0.001
"""Samples are not stamped on a grid: of 50 a second the sixth counts as 0.1 s after the first."""


@dataclass(frozen=True, slots=True)
class Answers:
    """`Answers()` is what is known of a policy that has not answered yet."""

    newest_rad: Floats | None = None
    stamp_s: float = 0.0
    """Of the sample that it answers."""
    same_since_s: float = 0.0
    """Stamp of the first answer that was to the last bit as this one, and all between them."""
    leaps_rad: Floats = ()
    """By how much joint targets changed with each of the last answers, root mean square over joints."""


def answered(target_rad: Floats, stamp_s: float, memory: Answers) -> Answers:
    """The memory after one more answer. The same answer to the same sample is right, and tells nothing."""
    last = memory.newest_rad
    if last is None:
        return Answers(target_rad, stamp_s, stamp_s)
    if stamp_s == memory.stamp_s:
        return memory
    leap = dist(target_rad, last) / sqrt(len(target_rad))
    since_s = memory.same_since_s if target_rad == last else stamp_s
    return Answers(target_rad, stamp_s, since_s, (*memory.leaps_rad, leap)[-LEAPS:])


def from_answers(memory: Answers, settings: PolicySettings) -> Causes:
    """What they raise."""
    same_s, limit_rad = memory.stamp_s - memory.same_since_s, settings.leap_rad
    if not same_s < settings.frozen_s - JITTER_S:
        return {Trigger.POLICY_BAD: f"the same joint targets, to the last bit, for samples over {same_s:.2f} s"}
    if len(memory.leaps_rad) < LEAPS or any(leap <= limit_rad for leap in memory.leaps_rad):
        return {}
    leap_rad = min(memory.leaps_rad)
    return {Trigger.POLICY_BAD: f"joint targets leap by {leap_rad:.2f} rad from answer to answer > {limit_rad:g} rad"}
