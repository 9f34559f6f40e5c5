"""The IMU's mounting from rocking: turns of the base, told by legs whose feet stand still, beside the gyroscope's.

The accelerometer at rest cannot see a turn about the vertical; the gyroscope sees all three, if the robot rocks about
more than one axis. Both are compared over stretches of a twentieth of a second, so that encoders' noise counts little.

Who rocks in a circle, with rates that turn by ω in a second, cannot tell a clock that is off by τ from an IMU that is
turned by ω τ: what half a sample would do is part of the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.stats import t as student

from surefoot_calibration.log.joint_log import FloatArray, ImuLog
from surefoot_calibration.log.stamps import GAP_STEPS
from surefoot_calibration.sensors.feet import kabsch, turns
from surefoot_calibration.sensors.figures import Figure, judged
from surefoot_calibration.sensors.noise import NORMAL
from surefoot_calibration.sensors.poses import NARROW_RAD, TURN_BEFORE_RAD
from surefoot_calibration.sensors.sensor_log import SensorLog, need_imu, need_joints
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

STRETCH_S = 0.05
PARTS = 12
"""Of a log, each with a mounting of its own: how much they differ is how sure it is."""
LEAST_RADPS = 0.1
"""Root mean square of the turning: less is not rocking."""
LEAST_SHARE = 0.1
"""Of turning about the second axis to the first: rocking about one tells nothing of turns about it."""
LEGS_RAD = np.array([0.0035, 0.001, 0.0005])
"""Standard deviations, about x, y and z, of what legs tell whose zeros are 5 mrad off, of 12 such Go2 that rocked."""
SLID_M = 0.003
"""Against each other within a stretch: feet that slide, or are lifted."""
LATE_SAMPLES = 0.5
"""By how much stamps of IMU and joints may be off each other: who stamps when a sample is read does not know better."""
ROCK = "rock it about two axes, not in circles, by about 0.2 rad to and fro in a second, for 20 s, feet on the ground"


@dataclass(frozen=True, slots=True)
class Rocked:
    """What was found."""

    mounting_rad: tuple[Figure, Figure, Figure]
    """Turn of the IMU about the base's axes."""
    turning_radps: float
    """Root mean square."""
    off_radps: float
    """Of the difference of both, root mean square, with this mounting."""
    scale: float
    """The gyroscope's rates by the legs'."""


def rocked(log: SensorLog, robot: RobotSpec) -> Rocked:
    """Of a log in which the robot rocks on feet that stand still."""
    legs, gyro, early, late = _rates(log, robot)
    turning = float(np.sqrt(np.square(legs).sum(axis=1).mean()))
    sizes = np.sqrt(np.linalg.eigvalsh(legs.T @ legs / len(legs)).clip(0.0))
    if turning < LEAST_RADPS or sizes[1] < LEAST_SHARE * sizes[2]:
        raise SurefootError(
            f"{log.origin}: turns by {turning:.3g} rad/s, {sizes[1]:.3g} of it about a second axis: must be at least "
            f"{LEAST_RADPS:g}, and {100 * LEAST_SHARE:.0f} % about a second axis",
            hint=ROCK,
        )
    turn = _turn(legs, gyro)
    each = np.array([_turn(*part) for part in _split(legs, gyro)])
    half = float(student.ppf(0.975, PARTS - 1)) * each.std(axis=0, ddof=1) / np.sqrt(PARTS)
    half = np.hypot(half, NORMAL * LEGS_RAD) + 0.5 * np.abs(_turn(legs, late) - _turn(legs, early))
    mended = Rotation.from_rotvec(turn).apply(gyro)
    off = mended - legs
    x, y, z = (
        judged(
            *(float(value), float(value - reach), float(value + reach)),
            narrow=NARROW_RAD,
            known=0.5 * NORMAL * TURN_BEFORE_RAD,
            needs=ROCK,
        )
        for value, reach in zip(turn, half, strict=True)
    )
    return Rocked(
        (x, y, z),
        turning,
        float(np.sqrt(np.square(off).sum(axis=1).mean())),
        float((mended * legs).sum() / np.square(legs).sum()),
    )


def _rates(log: SensorLog, robot: RobotSpec) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """By legs and by the gyroscope, [S, 3] each, means over the same stretches; in the base's axes, and the IMU's.

    The gyroscope's also as if it were half a sample later and earlier.
    """
    joints, imu = need_joints(log), need_imu(log)
    late_s = LATE_SAMPLES * max(float(np.median(np.diff(each.stamp_s))) for each in (joints, imu))
    start_s = max(float(joints.stamp_s[0]), float(imu.stamp_s[0]) + late_s)
    end_s = min(float(joints.stamp_s[-1]), float(imu.stamp_s[-1]) - late_s)
    edges = np.arange(start_s, end_s, STRETCH_S)
    seen = np.logical_and.reduce([_seen(each.stamp_s, edges, late_s) for each in (joints, imu)])
    if seen.sum() < 10 * PARTS:
        raise SurefootError(f"{log.origin}: rocks for {STRETCH_S * seen.sum():.1f} s, gaps left out", hint=ROCK)
    angles = np.stack([np.interp(edges, joints.stamp_s, angle) for angle in joints.position_rad.T], axis=1)
    turned, slid = turns(robot, angles)
    if slid[seen].max() > SLID_M:
        worst = int(np.where(seen, slid, 0.0).argmax())
        raise SurefootError(
            f"{log.origin}: at {edges[worst]:.1f} s feet move by {1e3 * slid[worst]:.1f} mm against each other in "
            f"{STRETCH_S:g} s: must be at most {1e3 * SLID_M:g}",
            hint="all four feet must stay where they are",
        )
    legs = turned[seen] / STRETCH_S
    each = (_gyro(imu, edges + off_s)[seen] for off_s in (0.0, -late_s, late_s))
    # A bias is no turning; it is what both differ by in the mean.
    gyro, early, late = (rates - (rates.mean(axis=0) - legs.mean(axis=0)) for rates in each)
    return legs, gyro, early, late


def _seen(stamp_s: FloatArray, edges_s: FloatArray, late_s: float) -> NDArray[np.bool_]:
    """Which stretches have no gap in them, nor within `late_s`."""
    step_s = np.diff(stamp_s)
    seen = np.ones(max(0, len(edges_s) - 1), dtype=np.bool_)
    for row in np.flatnonzero(step_s > GAP_STEPS * np.median(step_s)):
        seen &= (edges_s[1:] + late_s <= stamp_s[row]) | (edges_s[:-1] - late_s >= stamp_s[row + 1])
    return seen


def _gyro(imu: ImuLog, edges_s: FloatArray) -> FloatArray:
    """Means from edge to edge, by trapezoids: samples are what the gyroscope says at their stamps."""
    rates = imu.angular_velocity_in_base_radps
    turned = np.cumsum(0.5 * (rates[1:] + rates[:-1]) * np.diff(imu.stamp_s)[:, None], axis=0)
    summed = np.concatenate((np.zeros((1, 3)), turned))
    angle = np.stack([np.interp(edges_s, imu.stamp_s, column) for column in summed.T], axis=1)
    gyro: FloatArray = np.diff(angle, axis=0) / STRETCH_S
    return gyro


def _turn(legs: FloatArray, gyro: FloatArray) -> FloatArray:
    """As a rotation vector, [3]."""
    turn: FloatArray = Rotation.from_matrix(kabsch(gyro, legs)).as_rotvec()
    return turn


def _split(legs: FloatArray, gyro: FloatArray) -> Sequence[tuple[FloatArray, FloatArray]]:
    return list(zip(np.array_split(legs, PARTS), np.array_split(gyro, PARTS), strict=True))
