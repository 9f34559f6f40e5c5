"""What a still log says of one sensor of three axes: bias, white noise, bias instability, random walk.

How far a log reaches depends on its length, and is said of each figure. A bias instability needs the deviation's lowest
point, and stretches behind it; a walk shows once it adds up to more than the noise that hides it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.log.joint_log import FloatArray, Gap
from surefoot_calibration.sensors.allan import PER_OCTAVE, Allan, allan, interval
from surefoot_calibration.sensors.figures import Figure, judged
from surefoot_calibration.sensors.walk import Walk, blocks, walk

USUAL_H = 3.0
"""Of stillness, for a bias instability: what is usual for sensors of this kind."""
WHITE_SLOPE, WHITE_OFF = -0.5, 0.03
WHITE_MOST_S = 1.0
"""Longer stretches are where biases begin to count."""
DENSITY_NARROW = 0.1
"""Half the interval, of the value: identified."""
WALK_NARROW = 0.3
"""Instability and walk are known by their order: what they add up to is known as well."""
UNKNOWN = 1.0
"""Half an interval of this size, of the value: nothing is known."""
FLICKER = math.sqrt(2.0 * math.log(2.0) / math.pi)
"""Of a bias instability, its Allan deviation: 0.664 (IEEE Std 952-1997, annex C)."""
WALK_SECONDS = 85.0
"""Times density over walk: for half an interval of 0.3 of the walk. Of the logarithm of q, the walk's variance in a
block over the noise's, n blocks tell n √q / 8 (Fisher's information of the local level model where q is small)."""
NORMAL = 1.96
HOUR_S = 3600.0
LENGTHS_MIN = (5, 10, 20, 30, 60, 120, 180, 300, 480, 720, 1440, 2880)
"""What is wanted is known by its order."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis, in the sensor's unit and those that follow from it."""

    bias: Figure
    """Mean over the log."""
    spread: Figure
    """Standard deviation of a sample within a second: what who reads the newest sample gets."""
    density: Figure
    """Of white noise, per √Hz."""
    instability: Figure
    walk: Figure
    """Per √s."""


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """One sensor."""

    axes: tuple[Axis, Axis, Axis]
    allan: Allan
    seconds: float


@dataclass(frozen=True, slots=True)
class Kind:
    """What a sensor's biases are judged by."""

    bias_narrow: float
    """Half an interval up to which a bias is identified, in the sensor's unit."""
    bias_known: float
    """Known before."""
    unseen: float
    """What a bias may hold that is none, as the turning of the Earth."""


GYRO = Kind(bias_narrow=0.002, bias_known=0.02, unseen=7.3e-5)
"""rad/s. A tenth of what training draws from, ±0.02; the Earth turns by 7.3e-5."""
ACCELEROMETER = Kind(bias_narrow=0.02, bias_known=0.3, unseen=0.0)
"""m/s². 0.02 is 2 mrad of tilt; 0.3 are the 30 mg that data sheets of such sensors allow."""


def noise(stamp_s: FloatArray, values: FloatArray, gaps: Sequence[Gap], kind: Kind) -> Noise:
    """Of a still sensor, values [T, 3]."""
    parts = _parts(stamp_s, values, gaps)
    step_s = sum(float(times[-1] - times[0]) for times, _ in parts) / sum(len(times) - 1 for times, _ in parts)
    curve = allan([part for _, part in parts], step_s)
    walks = walk(blocks(stamp_s, values))
    seconds = float(stamp_s[-1] - stamp_s[0])
    spread = _spread(stamp_s, values)
    axes = []
    for axis in range(3):
        density = _density(curve, axis)
        axes.append(
            Axis(
                bias=_bias(values[:, axis], density.high / math.sqrt(seconds), kind),
                spread=spread[axis],
                density=density,
                instability=_instability(curve, axis, walks, density.value, seconds),
                walk=_walk(walks, axis, density.value, seconds),
            )
        )
    return Noise((axes[0], axes[1], axes[2]), curve, seconds)


def _parts(stamp_s: FloatArray, values: FloatArray, gaps: Sequence[Gap]) -> list[tuple[FloatArray, FloatArray]]:
    """Between gaps; single samples in between tell of no difference."""
    cuts: NDArray[np.intp] = np.searchsorted(stamp_s, [gap.at_s for gap in gaps], side="right")
    both = zip(np.split(stamp_s, cuts), np.split(values, cuts), strict=True)
    return [(times, part) for times, part in both if len(times) > 1]


def _bias(values: FloatArray, noise_of_mean: float, kind: Kind) -> Figure:
    value, half = float(values.mean()), NORMAL * noise_of_mean + kind.unseen
    return Figure(
        value, value - half, value + half, "weak", "still logs of three starts and more: biases change between them"
    )


def _spread(stamp_s: FloatArray, values: FloatArray) -> list[Figure]:
    """Within seconds, whose variances also say how sure that is, whatever the samples have in common."""
    number = np.floor(stamp_s - stamp_s[0]).astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(number) > 0)))
    counts = np.diff(np.append(starts, len(values)))
    mean = np.add.reduceat(values, starts, axis=0) / counts[:, None]
    squares = np.add.reduceat(np.square(values - np.repeat(mean, counts, axis=0)), starts, axis=0)
    variances = squares[counts > 1] / (counts[counts > 1, None] - 1.0)
    half = NORMAL * variances.std(axis=0, ddof=1) / np.sqrt(len(variances)) if len(variances) > 1 else variances[0]
    found = []
    for variance, reach in zip(variances.mean(axis=0).tolist(), np.asarray(half).tolist(), strict=True):
        value, low, high = (math.sqrt(max(0.0, number)) for number in (variance, variance - reach, variance + reach))
        found.append(_relative(value, low, high, DENSITY_NARROW, "a minute of stillness"))
    return found


def _density(curve: Allan, axis: int) -> Figure:
    """Where the deviation first falls as that of white noise does; filters make it fall slower before, steps faster."""
    deviation = curve.deviation[:, axis]
    for row in range(len(deviation) - 2 * PER_OCTAVE):
        later = row + 2 * PER_OCTAVE
        if curve.tau_s[later] > WHITE_MOST_S or not deviation[later] > 0.0:
            break
        slope = math.log(deviation[later] / deviation[row]) / math.log(curve.tau_s[later] / curve.tau_s[row])
        freedom = [curve.freedom(place, "white") for place in (row, later)]
        # Of a logarithm of a deviation, the error is 1/√(2 f).
        error = math.sqrt(sum(0.5 / each for each in freedom)) / math.log(curve.tau_s[later] / curve.tau_s[row])
        if abs(slope - WHITE_SLOPE) <= WHITE_OFF + 2.0 * error:
            # Behind a filter, the slope is nearly right before the value is; two octaves later that is, too.
            at, free = (row, freedom[0]) if row == 0 else (later, freedom[1])
            low, high = interval(float(deviation[at]), free)
            root = math.sqrt(float(curve.tau_s[at]))
            # A slope that may be off by so much hides as much of the value, over two octaves.
            off = 1.0 + WHITE_OFF
            return _relative(float(deviation[at]) * root, low * root / off, high * root * off, DENSITY_NARROW, "")
    root = math.sqrt(float(curve.tau_s[0]))
    value = float(deviation[0]) * root
    return Figure(value, 0.0, 2.0 * value, "not_identifiable", "samples faster than the sensor's own filter")


def _instability(curve: Allan, axis: int, walks: Walk | None, density: float, seconds: float) -> Figure:
    deviation = curve.deviation[:, axis]
    row = int(np.argmin(deviation))
    value = float(deviation[row]) / FLICKER
    low, high = (end / FLICKER for end in interval(float(deviation[row]), curve.freedom(row, "flicker")))
    rises = bool((curve.low[row + PER_OCTAVE :, axis] > deviation[row]).any())
    if rises:
        return _relative(value, low, high, WALK_NARROW, _longer(4.0 * seconds))
    known = 0.0 if walks is None else float(walks.low[axis])
    # The lowest point lies at √3 N/K, and wants some twenty stretches of its length.
    wanted_s = 20.0 * math.sqrt(3.0) * density / known if known > 0.0 else USUAL_H * HOUR_S
    return Figure(value, 0.0, high, "not_identifiable", _longer(max(wanted_s, 2.0 * seconds)))


def _walk(walks: Walk | None, axis: int, density: float, seconds: float) -> Figure:
    if walks is None:
        return Figure(0.0, 0.0, density, "not_identifiable", _longer(max(WALK_SECONDS, 2.0 * seconds)))
    value, low, high = (float(each[axis]) for each in (walks.value, walks.low, walks.high))
    if low <= 0.0:
        # A walk that this log did not see is smaller than the interval's end.
        return Figure(value, 0.0, high, "not_identifiable", _longer(max(WALK_SECONDS * density / high, 2.0 * seconds)))
    return _relative(value, low, high, WALK_NARROW, _longer(max(WALK_SECONDS * density / value, 2.0 * seconds)))


def _relative(value: float, low: float, high: float, narrow: float, needs: str) -> Figure:
    return judged(value, low, high, narrow=narrow * value, known=UNKNOWN * value, needs=needs or "a longer still log")


def _longer(seconds: float) -> str:
    minutes = next((each for each in LENGTHS_MIN if 60.0 * each >= seconds), None)
    if minutes is None:
        return "more than two days of stillness"
    return f"about {f'{minutes // 60} h' if minutes >= 60 else f'{minutes} min'} of stillness"
