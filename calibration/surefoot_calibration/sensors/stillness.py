"""Where a robot was still, by what its IMU says: noise that is moved does not look like noise, but passes for drift."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.log.joint_log import FloatArray, ImuLog
from surefoot_calibration.sensors.sensor_log import SensorLog, need_imu
from surefoot_robots.errors import SurefootError

WINDOW_S = 0.5
LEAST_STILL_S = 2.0
"""Of a pose that is held."""
QUIET_SHARE = 0.2
"""Of windows, those in which least happens: what they have is taken for the sensor's own."""
TURN_RADPS = 0.01
"""Mean rate over a window beyond which it turns: 0.3° in half a second. Gyroscopes drift by less within hours."""
LEAN_MPS2 = 0.1
"""Mean acceleration off the median, or off that of the pose's beginning: 10 mrad of tilt."""
NOISE_RATIO = 3.0
"""Spread over a window beyond which something shakes."""
SHAKE_RADPS, SHAKE_MPS2 = 0.005, 0.05
"""Spread that is let pass whatever the noise: sensors with hardly any."""
GRAVITY_MPS2 = 9.8
CREEP_RAD = 0.002
"""From one quarter of a log to another."""
MOST_NOISE_RADPS = 0.2
"""Spread within quiet windows: more is no noise of a gyroscope, but a robot that never rests."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """A log in stretches of half a second."""

    start_s: FloatArray
    """[W]."""
    gyro_radps: FloatArray
    """Means, [W, 3]."""
    acceleration_mps2: FloatArray
    """Means, [W, 3]."""
    is_still: NDArray[np.bool_]
    """[W]."""


@dataclass(frozen=True, slots=True)
class Still:
    """A stretch in which nothing moved."""

    start_s: float
    end_s: float


def windows(log: SensorLog) -> Windows:
    """Cut, and judge each window by the quietest ones."""
    imu = need_imu(log)
    starts = _starts(imu)
    gyro, gyro_spread = _mean_and_spread(imu.angular_velocity_in_base_radps, starts)
    acceleration, shake = _mean_and_spread(imu.acceleration_in_base_mps2, starts)
    quiet = np.argsort(gyro_spread.max(axis=1), kind="stable")[: max(1, round(QUIET_SHARE * len(starts)))]
    noise, shaking = np.median(gyro_spread[quiet], axis=0), np.median(shake[quiet], axis=0)
    if noise.max() > MOST_NOISE_RADPS:
        raise SurefootError(
            f"{log.origin}: the gyroscope swings by {noise.max():.3g} rad/s even where it is quietest: must be at most "
            f"{MOST_NOISE_RADPS:g}",
            hint="keep the robot still; rates are rad/s",
        )
    turned = np.abs(gyro - np.median(gyro[quiet], axis=0))
    each = len(imu.stamp_s) / len(starts)
    is_still = (
        (turned < TURN_RADPS + 5.0 * noise / np.sqrt(each)).all(axis=1)
        & (gyro_spread < NOISE_RATIO * noise + SHAKE_RADPS).all(axis=1)
        & (shake < NOISE_RATIO * shaking + SHAKE_MPS2).all(axis=1)
    )
    return Windows(imu.stamp_s[starts], gyro, acceleration, is_still)


def check_still(log: SensorLog) -> None:
    """Refuse a log in which something moves, and say where."""
    found = windows(log)
    lean = np.abs(found.acceleration_mps2 - np.median(found.acceleration_mps2, axis=0)).max(axis=1)
    moves = ~found.is_still | (lean > LEAN_MPS2)
    if not moves.any():
        _check_joints(log)
        return
    first = int(np.argmax(moves))
    after = first + int(np.argmin(np.append(moves[first:], False)))
    rate = float(np.abs(found.gyro_radps[first:after]).max())
    raise SurefootError(
        f"{log.origin}: moves at {found.start_s[first]:.1f} s, for {WINDOW_S * (after - first):.1f} s (up to "
        f"{rate:.2g} rad/s, leaning by {lean[first:after].max() / GRAVITY_MPS2:.2g} rad), and in "
        f"{100.0 * float(moves.mean()):.0f} % of its time: must be still all along",
        hint="let it settle first, and record on ground that nobody walks on; attitudes go into --poses, rocking into "
        "--rocking",
    )


def _check_joints(log: SensorLog) -> None:
    """A robot that sinks turns too slowly for a gyroscope, and what its accelerometer shows passes for drift."""
    if log.joints is None:
        return
    # The quarters of a log: of shorter parts, encoders' steps would count.
    edges = np.linspace(log.joints.stamp_s[0], log.joints.stamp_s[-1], 5)
    means = [log.joints.mean_rad(first, after) for first, after in pairwise(edges.tolist())]
    angles = np.array([mean for mean in means if mean is not None])
    crept = np.ptp(angles, axis=0)
    if crept.max() > CREEP_RAD:
        raise SurefootError(
            f"{log.origin}: joint {int(crept.argmax()) + 1} of {len(crept)} creeps by {crept.max():.2g} rad from "
            f"beginning to end: must be at most {CREEP_RAD:g}",
            hint="let it settle first, or lay it down: noise needs no standing robot",
        )


def still_stretches(log: SensorLog) -> list[Still]:
    """Where a pose was held, without the half seconds in which it was reached and left."""
    found = windows(log)
    stretches: list[Still] = []
    first: int | None = None
    for place in range(len(found.start_s) + 1):
        goes_on = place < len(found.start_s) and bool(found.is_still[place])
        if goes_on and first is not None:
            lean = np.abs(found.acceleration_mps2[place] - found.acceleration_mps2[first]).max()
            goes_on = bool(lean <= LEAN_MPS2)
        if first is not None and not goes_on:
            _keep(stretches, found, first, place)
            first = None
        if first is None and place < len(found.start_s) and found.is_still[place]:
            first = place
    return stretches


def _keep(stretches: list[Still], found: Windows, first: int, after: int) -> None:
    start_s = float(found.start_s[first]) + (WINDOW_S if first else 0.0)
    end_s = float(found.start_s[after - 1]) + (WINDOW_S if after == len(found.start_s) else 0.0)
    if end_s - start_s >= LEAST_STILL_S:
        stretches.append(Still(start_s, end_s))


def _starts(imu: ImuLog) -> NDArray[np.intp]:
    """The first row of each window; one at the end that is not whole belongs to the one before."""
    number = np.floor((imu.stamp_s - imu.stamp_s[0]) / WINDOW_S).astype(np.int64)
    whole = max(1, int((imu.stamp_s[-1] - imu.stamp_s[0]) / WINDOW_S))
    number = np.minimum(number, whole - 1)
    return np.flatnonzero(np.concatenate(([True], np.diff(number) > 0)))


def _mean_and_spread(values: FloatArray, starts: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """[W, 3] each."""
    counts = np.diff(np.append(starts, len(values)))[:, None]
    mean = np.add.reduceat(values, starts, axis=0) / counts
    off = values - np.repeat(mean, counts[:, 0], axis=0)
    return mean, np.sqrt(np.add.reduceat(np.square(off), starts, axis=0) / counts)
