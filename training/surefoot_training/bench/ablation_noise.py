"""What is noise: how far runs of one variant lie apart that differ in nothing but their seed.

That spread is pooled over all variants, since two or three seeds of one say little, and what is not beyond twice the
standard error it makes is no finding.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

BySeed: TypeAlias = Sequence[float | None]
"""A figure of one variant, seed by seed; None where a run is missing or has no such figure."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Between seeds of the same variant."""

    deviation: float | None
    """√(Σ (x − its variant's mean)² / degrees of freedom), over all runs; None without degrees of freedom."""

    degrees_of_freedom: int
    """Σ (seeds − 1), over all variants."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of a variant to the reference, by pairs of the same seed."""

    mean: float
    """Positive: the variant's figure is the larger one."""

    pairs: int
    """n: seeds of which both are known."""

    twice_error: float | None
    """2 s √(2/n): twice the standard error of a difference of two means of n runs each; None if s is not known."""

    is_noise: bool | None
    """Whether it is no larger than that; None if nobody can know, with one seed."""


def known(values: BySeed) -> list[float]:
    """Those there are."""
    return [value for value in values if value is not None]


def spread_of(variants: Iterable[BySeed]) -> Spread:
    """Pooled over the variants of one figure."""
    squares, degrees = 0.0, 0
    for values in map(known, variants):
        if len(values) > 1:
            mean = statistics.fmean(values)
            squares += math.fsum((value - mean) ** 2 for value in values)
            degrees += len(values) - 1
    return Spread(math.sqrt(squares / degrees) if degrees else None, degrees)


def difference_of(values: BySeed, reference: BySeed, spread: Spread) -> Difference | None:
    """None if there is no seed of which both are known."""
    pairs = [
        (value, other)
        for value, other in zip(values, reference, strict=True)
        if value is not None and other is not None
    ]
    if not pairs:
        return None
    mean = statistics.fmean(value - other for value, other in pairs)
    if spread.deviation is None:
        return Difference(mean, len(pairs), None, None)
    # Not the deviation of the pairs' own differences: of two or three, it is small by luck now and then.
    twice_error = 2.0 * spread.deviation * math.sqrt(2.0 / len(pairs))
    return Difference(mean, len(pairs), twice_error, abs(mean) <= twice_error)
