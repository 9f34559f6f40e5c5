"""How fast a bias walks, beside white noise: the likelihood of both together, with its interval.

An Allan deviation shows a random walk, but its points at neighbouring lengths are made of the same samples, and a line
through them has no honest interval. The two-part model has a likelihood: means of blocks are a random walk seen through
white noise (the *local level* model; J. Durbin, S. J. Koopman, Time Series Analysis by State Space Methods, 2012,
chapter 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from surefoot_calibration.log.joint_log import FloatArray

BLOCK_S = 1.0
MOST_BLOCKS = 4096
LEAST_BLOCKS = 30
RATIOS = np.logspace(-9.0, 1.0, 201)
"""Of the variance that a walk adds in a block to that of the block's mean: the walk is looked for among these."""
LEAST = 1e-300
HALF_DROP = 0.5 * float(chi2.ppf(0.95, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Of A axes, in the rate's unit per √s."""

    value: FloatArray
    """[A], the most likely one."""
    low: FloatArray
    """[A], of the 95 % interval; 0 where none at all is as likely."""
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Means of a rate over blocks of equal length."""

    mean: FloatArray
    """[B, A]."""
    number: NDArray[np.int64]
    """[B], growing; what lacks between two lies in a gap."""
    seconds: float
    """Of each."""


def blocks(stamp_s: FloatArray, values: FloatArray) -> Blocks:
    """Cut at measured times; a block that is half empty is left out."""
    length_s = float(stamp_s[-1] - stamp_s[0])
    seconds = max(BLOCK_S, length_s / MOST_BLOCKS)
    number = np.floor((stamp_s - stamp_s[0]) / seconds).astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(number) > 0)))
    counts = np.diff(np.append(starts, len(values)))
    mean = np.add.reduceat(values, starts, axis=0) / counts[:, None]
    whole = counts > 0.5 * np.median(counts)
    return Blocks(mean[whole], number[starts][whole], seconds)


def walk(found: Blocks) -> Walk | None:
    """None if there are too few blocks to say anything."""
    if len(found.mean) < LEAST_BLOCKS:
        return None
    likelihood, noise = _profile(found)
    ratio = RATIOS[:, None]
    size = np.sqrt(ratio * noise / found.seconds)  # [G, A]
    best = likelihood.argmax(axis=0)
    axes = np.arange(size.shape[1])
    inside = likelihood >= likelihood[best, axes] - HALF_DROP
    first = inside.argmax(axis=0)
    last = len(RATIOS) - 1 - inside[::-1].argmax(axis=0)
    low = np.where(first == 0, 0.0, size[np.maximum(first - 1, 0), axes])
    value = np.where(best == 0, 0.0, size[best, axes])
    return Walk(value, low, size[np.minimum(last + 1, len(RATIOS) - 1), axes])


def _profile(found: Blocks) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood and variance of a block's mean, [G, A]: the Kalman filter of each ratio, side by side."""
    values = found.mean - found.mean[0]
    apart = np.diff(found.number)
    spread = np.ones((len(RATIOS), 1))  # of the level, in variances of a block's mean; the first block is all one knows
    level = np.zeros((len(RATIOS), values.shape[1]))
    squares, logs = np.zeros_like(level), np.zeros((len(RATIOS), 1))
    for value, steps in zip(values[1:], apart, strict=True):
        expected = spread + RATIOS[:, None] * steps + 1.0
        gain = 1.0 - 1.0 / expected
        off = value - level
        squares += off * off / expected
        logs += np.log(expected)
        level += gain * off
        spread = gain
    count = len(apart)
    noise = np.maximum(squares / count, LEAST)  # of a sensor that always says the same
    return -0.5 * (count * np.log(noise) + logs), noise
