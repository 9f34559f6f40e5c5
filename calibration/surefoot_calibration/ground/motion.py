"""What a log says the robot did, smoothed: angles, speeds and accelerations of joints and base, on even times.

Every signal goes through the same filter, in both directions, so that none comes later than another and what is linear
stays true of what is filtered.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.log.joint_log import FloatArray, Gap, ImuLog, JointLog
from surefoot_calibration.log.stamps import LEAST_SAMPLES, steadiness
from surefoot_robots.errors import SurefootError
from surefoot_safety.state import GRAVITY_MPS2

RATE_HZ = 200.0
"""Of the even times."""
CUTOFF_HZ = 8.0
"""Of the filter: three times the highest frequency of the plan; noise and the feet's rattling are above."""
ORDER = 4
EDGE_S = 0.5
"""Left out at both ends of a stretch: the filter does not know what was before and behind it."""
LEAST_STRETCH_S = 3.0
DOWN_TIME_S = 3.0
"""Over which the accelerometer corrects the way down that the gyro carries on: swaying averages out in it."""
LEAST_RATE_HZ = 80.0
"""Of joints, and of the IMU."""
MOST_OFF_MPS2 = 1.5
"""Of what is felt, from gravity, in the median."""
CREEP_RADPS = 0.015
"""Of a joint that reverses: from twice that on, all of its friction is there."""
DOUBT_RADPS = 0.05
LATER_S = 0.002
"""Of the delay, to find out what a longer one would change."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """One stretch without gaps, or several one after the other; T even times."""

    stamp_s: FloatArray
    """[T], on the log's clock."""
    stretch: NDArray[np.intp]
    """[T], which one."""
    angle_rad: FloatArray
    """[T, J], as encoders say."""
    speed_radps: FloatArray
    acceleration_radps2: FloatArray
    asked_nm: FloatArray
    """[T, J], of the motors by their own law, before any limit."""
    asked_later_nm: FloatArray
    """[T, J], how that would change if the delay were a second longer."""
    turn_radps: FloatArray
    """[T, 3], of the base, in its axes."""
    turn_growth_radps2: FloatArray
    force_mps2: FloatArray
    """[T, 3], at the IMU: acceleration less gravity, in the base's axes."""
    down: FloatArray
    """[T, 3], unit vectors."""
    sliding: FloatArray
    """[T, J]: share and sign of each joint's friction that is there: none where it sticks, all where it moves."""
    doubt: FloatArray
    """[T, J]: share of time in which a joint is so slow that its friction may be anything up to that."""

    @property
    def samples(self) -> int:
        """T."""
        return len(self.stamp_s)

    def of(self, rows: NDArray[np.intp]) -> Motion:
        """Some of it."""
        return Motion(*(getattr(self, name)[rows] for name in self.__slots__))


def motion_of(log: JointLog, delay_s: float) -> Motion:
    """All stretches of a log that are long enough."""
    imu = _imu_of(log)
    steady = steadiness(imu.stamp_s, log.origin)
    for what, rate_hz in (("joints", log.report.rate_hz), ("the IMU", steady.rate_hz)):
        if rate_hz < LEAST_RATE_HZ:
            raise SurefootError(
                f"{log.origin}: {what}: {rate_hz:.0f} samples a second: must be at least "
                f"{LEAST_RATE_HZ:g} on the ground"
            )
    whole_s = max(0.0, imu.stamp_s[0], log.target_stamp_s[0]), min(log.stamp_s[-1], imu.stamp_s[-1])
    long = [(a, b) for a, b in _between((*log.report.gaps, *steady.gaps), whole_s) if b - a >= LEAST_STRETCH_S]
    if not long:
        raise SurefootError(
            f"{log.origin}: has no stretch of {LEAST_STRETCH_S:g} s without gaps in which joints, targets and IMU were "
            "measured",
            hint="record for longer, without losing samples",
        )
    each = [_stretch(log, imu, delay_s, number, span_s) for number, span_s in enumerate(long)]
    return Motion(*(np.concatenate([getattr(one, name) for one in each]) for name in Motion.__slots__))


def _between(gaps: Sequence[Gap], whole_s: tuple[float, float]) -> list[tuple[float, float]]:
    """Where nothing is missing, as times of beginnings and ends; gaps may overlap."""
    found, begin_s = [], whole_s[0]
    for gap in sorted(gaps, key=lambda one: one.at_s):
        found.append((begin_s, min(gap.at_s, whole_s[1])))
        begin_s = max(begin_s, gap.at_s + gap.seconds)
    return [*found, (begin_s, whole_s[1])]


def _imu_of(log: JointLog) -> ImuLog:
    if log.imu is None or len(log.imu.stamp_s) < LEAST_SAMPLES:
        raise SurefootError(
            f"{log.origin}: has no IMU, without which nothing is known of how the trunk moves",
            hint="record /imu/data, or the columns gyro.x … acc.z",
        )
    imu = log.imu
    for name, values in (("gyro", imu.angular_velocity_in_base_radps), ("acc", imu.acceleration_in_base_mps2)):
        odd = ~np.isfinite(values).all(axis=1)
        if odd.any():
            at_s = imu.stamp_s[int(np.argmax(odd))]
            raise SurefootError(
                f"{log.origin}: {name} is not finite at {at_s:.3f} s", hint="cut the log there, or mend the recorder"
            )
    felt = float(np.median(np.linalg.norm(imu.acceleration_in_base_mps2, axis=1)))
    if not abs(felt - GRAVITY_MPS2) <= MOST_OFF_MPS2:
        raise SurefootError(
            f"{log.origin}: the IMU feels {felt:.3g} in the median: must be {GRAVITY_MPS2:g} m/s²",
            hint="accelerations are m/s², with gravity in them" + ("; these look like g" if 0.8 < felt < 1.2 else ""),
        )
    return imu


def _stretch(log: JointLog, imu: ImuLog, delay_s: float, number: int, span_s: tuple[float, float]) -> Motion:
    begin_s, end_s = span_s
    count = int((end_s - begin_s) * RATE_HZ)
    t = begin_s + np.arange(count) / RATE_HZ
    angle = _on(t, log.stamp_s, log.position_rad)
    turn = _smooth(_on(t, imu.stamp_s, imu.angular_velocity_in_base_radps))
    force = _smooth(_on(t, imu.stamp_s, imu.acceleration_in_base_mps2))
    smooth = _smooth(angle)
    spline = CubicSpline(t, smooth)
    speed = spline(t, 1)
    # What motors go by as they are sampled, not smoothed: their law is linear, so it may be smoothed behind.
    measured_speed = (
        CubicSpline(t, angle)(t, 1) if log.velocity_radps is None else _on(t, log.stamp_s, log.velocity_radps)
    )
    steps = Steps(begin_s - 0.5 / RATE_HZ, count, 1.0 / RATE_HZ)
    kp, kd = log.gains.kp_nm_per_rad, log.gains.kd_nms_per_rad
    target, later = (
        targets_on_steps(log.target_stamp_s, log.target_rad, each_s, steps) for each_s in (delay_s, delay_s + LATER_S)
    )
    asked = kp * (target - angle) - kd * measured_speed
    kept = slice(round(EDGE_S * RATE_HZ), count - round(EDGE_S * RATE_HZ))
    return Motion(
        t[kept],
        np.full(count, number, dtype=np.intp)[kept],
        smooth[kept],
        speed[kept],
        spline(t, 2)[kept],
        _smooth(asked)[kept],
        _smooth(kp * (later - target) / LATER_S)[kept],
        turn[kept],
        CubicSpline(t, turn)(t, 1)[kept],
        force[kept],
        _down(turn, force)[kept],
        _smooth(np.tanh(speed / CREEP_RADPS))[kept],
        _smooth(np.exp(-np.square(speed / DOUBT_RADPS))).clip(0.0, 1.0)[kept],
    )


def _on(t: FloatArray, stamp_s: FloatArray, values: FloatArray) -> FloatArray:
    return np.stack([np.interp(t, stamp_s, column) for column in values.T], axis=1)


def _smooth(values: FloatArray) -> FloatArray:
    sections = butter(ORDER, CUTOFF_HZ, fs=RATE_HZ, output="sos")
    smooth: FloatArray = sosfiltfilt(sections, values, axis=0)
    return smooth


def _down(turn_radps: FloatArray, force_mps2: FloatArray) -> FloatArray:
    """The way down in the base: carried on by the gyro, corrected by the accelerometer, forth and back and averaged.

    Each way begins where the one before it ended: only the first one does not know how the trunk leans.
    """
    backwards = -turn_radps[::-1], force_mps2[::-1]
    first = _carried(*backwards, -force_mps2[-round(RATE_HZ * DOWN_TIME_S) :].mean(axis=0))
    forth = _carried(turn_radps, force_mps2, first[-1])
    back = _carried(*backwards, forth[-1])[::-1]
    mean = forth + back
    down: FloatArray = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return down


def _carried(turn_radps: FloatArray, force_mps2: FloatArray, first: FloatArray) -> FloatArray:
    """On plain floats: NumPy's cost of a call, paid three times a step, would be most of a fit's."""
    step_s, found = 1.0 / RATE_HZ, []
    share = step_s / DOWN_TIME_S
    pull = share / GRAVITY_MPS2
    x, y, z = first.tolist()
    for (p, q, r), (fx, fy, fz) in zip(turn_radps.tolist(), force_mps2.tolist(), strict=True):
        # What stands still turns the other way in a base that turns: d down = down × turn.
        x, y, z = x + step_s * (y * r - z * q), y + step_s * (z * p - x * r), z + step_s * (x * q - y * p)
        x, y, z = (1.0 - share) * x - pull * fx, (1.0 - share) * y - pull * fy, (1.0 - share) * z - pull * fz
        length = math.sqrt(x * x + y * y + z * z)
        x, y, z = x / length, y / length, z / length
        found.append((x, y, z))
    return np.array(found)
