"""Overlapping Allan deviation of a rate, with confidence intervals.

Of stretches of length τ side by side, half the mean square of the difference of their means; overlapping: beginning at
every sample. IEEE Std 952-1997, annex C; W. Riley, Handbook of Frequency Stability Analysis, NIST SP 1065 (2008), 5.2.4
and, for the degrees of freedom of the estimate, 5.4.1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import chi2

from surefoot_calibration.log.joint_log import FloatArray

Noise = Literal["white", "flicker", "walk"]
"""Of a rate: angle random walk, bias instability, rate random walk."""
PER_OCTAVE = 2
LEAST_STRETCHES = 5
"""Of length τ in a log: longer τ rest on next to nothing."""
TAIL = 0.025
FLAT = 0.25
"""Of slopes in a picture of logarithms: white is -1/2, a walk 1/2, flicker flat between them."""


@dataclass(frozen=True, slots=True, eq=False)
class Allan:
    """Deviations of K lengths and A axes."""

    tau_s: FloatArray
    """[K], growing."""
    deviation: FloatArray
    """[K, A], in the rate's unit."""
    low: FloatArray
    """[K, A], of the 95 % interval."""
    high: FloatArray
    samples: tuple[int, ...]
    """Of the parts that they are from."""

    def steps(self, place: int) -> int:
        """Samples in a stretch of the length of `place`."""
        return round(float(self.tau_s[place] / self.tau_s[0]))

    def freedom(self, place: int, noise: Noise) -> float:
        """Degrees of freedom at the length of `place`."""
        return freedom_of_parts(self.samples, self.steps(place), noise)


def allan(parts: Sequence[FloatArray], step_s: float) -> Allan:
    """Of stretches [T, A] without gaps, whose differences count together; `step_s` is the measured mean step."""
    longest = max(len(part) for part in parts)
    samples = tuple(len(part) for part in parts)
    lengths = _lengths(longest // LEAST_STRETCHES)
    sums = [
        np.concatenate((np.zeros((1, part.shape[1])), np.cumsum(part - part.mean(axis=0), axis=0))) for part in parts
    ]
    variance = np.array([_variance(sums, steps) for steps in lengths])
    deviation = np.sqrt(variance)
    low, high = np.empty_like(deviation), np.empty_like(deviation)
    for (row, axis), _ in np.ndenumerate(deviation):
        freedom = freedom_of_parts(samples, lengths[row], _kind(deviation[:, axis], lengths, row))
        low[row, axis], high[row, axis] = interval(float(deviation[row, axis]), freedom)
    return Allan(step_s * np.array(lengths, dtype=np.float64), deviation, low, high, samples)


def interval(deviation: float, freedom: float) -> tuple[float, float]:
    """95 %, of a deviation whose square has so many degrees of freedom."""
    low, high = (math.sqrt(freedom / float(chi2.ppf(share, freedom))) for share in (1.0 - TAIL, TAIL))
    return deviation * low, deviation * high


def freedom_of_parts(samples: Sequence[int], steps: int, noise: Noise) -> float:
    """Of all parts that hold two stretches of so many steps; shorter ones tell of none."""
    told = (degrees_of_freedom(each + 1, steps, noise) for each in samples if each >= 2 * steps)
    return max(1.0, sum(told))


def degrees_of_freedom(points: int, steps: int, noise: Noise) -> float:
    """Of the overlapping estimate from `points` phases (samples and one), by NIST SP 1065, table 5 (Howe et al.)."""
    if points <= 2 * steps + 1:
        return 1.0  # a single difference
    n, m = float(points), float(steps)
    if noise == "white":
        freedom = (3.0 * (n - 1.0) / (2.0 * m) - 2.0 * (n - 2.0) / n) * 4.0 * m * m / (4.0 * m * m + 5.0)
    elif noise == "flicker":
        freedom = 2.0 * (n - 2.0) ** 2 / (2.3 * n - 4.9) if steps == 1 else 5.0 * n * n / (4.0 * m * (n + 3.0 * m))
    else:
        freedom = (n - 2.0) / m * ((n - 1.0) ** 2 - 3.0 * m * (n - 1.0) + 4.0 * m * m) / (n - 3.0) ** 2
    return max(1.0, freedom)


def _variance(sums: Sequence[FloatArray], steps: int) -> FloatArray:
    """[A]."""
    total, count = 0.0, 0
    for each in sums:
        if len(each) > 2 * steps:
            # Second differences of the sum: of one stretch's sum, the sum of the one before.
            off = each[2 * steps :] - 2.0 * each[steps:-steps] + each[: -2 * steps]
            total += np.square(off).sum(axis=0)
            count += len(off)
    return np.asarray(total / (2.0 * count * steps * steps))


def _lengths(longest: int) -> list[int]:
    """In samples, evenly spread over logarithms."""
    most = max(1, longest)
    count = int(PER_OCTAVE * math.log2(most)) + 1
    return sorted({round(2.0 ** (place / PER_OCTAVE)) for place in range(count)} & set(range(1, most + 1)))


def _kind(deviation: FloatArray, lengths: Sequence[int], row: int) -> Noise:
    """By the slope about a row."""
    first, last = max(0, row - PER_OCTAVE), min(len(lengths) - 1, row + PER_OCTAVE)
    if last == first or not deviation[first] > 0.0 < deviation[last]:
        return "white"
    slope = math.log(deviation[last] / deviation[first]) / math.log(lengths[last] / lengths[first])
    return "white" if slope < -FLAT else "walk" if slope > FLAT else "flicker"
