"""Whether the policy keeps its deadlines: how long it has been silent, and how many it missed of late."""

from __future__ import annotations

import math
from dataclasses import dataclass

from surefoot_safety.settings import TimingSettings

MOST_MISSES = 2.0
"""Times those allowed. More are not remembered: else a policy that was gone for a minute would be distrusted for 25,
while one that is back has to prove itself for some seconds only."""


@dataclass(frozen=True, slots=True)
class PolicyMemory:
    """`PolicyMemory()` is that of a policy that has never been heard of."""

    newest: tuple[int, float] | None = None
    """Sequence and stamp of the newest joint targets."""
    heard_s: float = -math.inf
    """When they came."""
    misses: float = 0.0
    """Missed deadlines, less those forgiven."""


def heard(
    number: tuple[int, float] | None, now_s: float, seconds: float, memory: PolicyMemory, timing: TimingSettings
) -> PolicyMemory:
    """The memory one tick later; `number` is that of the newest joint targets, `seconds` the time between the ticks.

    Targets are due every period. Half a period late they count as missed, and once more every period after that.
    """
    misses = max(0.0, memory.misses - seconds / timing.policy_miss_forgiven_s)
    if number is None or number == memory.newest:
        return PolicyMemory(memory.newest, memory.heard_s, misses)
    if memory.newest is None:
        return PolicyMemory(number, now_s, 0.0)
    missed = math.floor((now_s - memory.heard_s) / timing.policy_period_s + 0.5) - 1
    return PolicyMemory(number, now_s, min(misses + max(0, missed), MOST_MISSES * timing.policy_misses))
