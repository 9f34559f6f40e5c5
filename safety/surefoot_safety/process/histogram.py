"""Times counted in classes, so that quantiles of hours fit into a record: 8 classes per octave from 1 µs to 16 s."""

from __future__ import annotations

import math
from collections.abc import Sequence

PER_OCTAVE = 8
CLASSES = 192
"""2^(192/8) µs = 16.8 s; what is longer counts as that."""


class Histogram:
    """Counts of times by class, and the longest."""

    def __init__(self) -> None:
        self._counts = [0] * CLASSES
        self.longest_us = 0.0

    def add(self, time_us: float) -> None:
        """Count a time."""
        self.longest_us = max(self.longest_us, time_us)
        self._counts[class_of(time_us)] += 1

    @property
    def counts(self) -> tuple[int, ...]:
        """How many there were in each class, [192]."""
        return tuple(self._counts)


def class_of(time_us: float) -> int:
    """The class of a time; of none, and of what is below 1 µs, the first."""
    if not time_us > 1.0:
        return 0
    return min(CLASSES - 1, int(PER_OCTAVE * math.log2(time_us)))


def quantile_us(counts: Sequence[int], share: float) -> float:
    """The upper end of the class in which this share of all times is reached: at most 9 % too high, never too low."""
    total = sum(counts)
    reached = 0
    for number, count in enumerate(counts):
        reached += count
        if total and reached >= share * total:
            return float(2.0 ** ((number + 1) / PER_OCTAVE))
    return math.nan


def since(counts: Sequence[int], before: Sequence[int]) -> tuple[int, ...]:
    """What was counted between two records of one process."""
    return tuple(now - then for now, then in zip(counts, before, strict=True))
