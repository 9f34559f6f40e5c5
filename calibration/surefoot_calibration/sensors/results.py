"""What was measured of sensors as the content of a calibration's file: the same as that of a fit, and read as one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
from scipy.stats import t as student

from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.calibration_file import digest_of, made
from surefoot_calibration.sensors.figures import Figure, estimate, judged
from surefoot_calibration.sensors.latency import Latency
from surefoot_calibration.sensors.noise import ACCELEROMETER, GYRO, Axis, Kind, Noise
from surefoot_calibration.sensors.poses import Sitting
from surefoot_calibration.sensors.rocking import Rocked
from surefoot_calibration.sensors.zero import Zero
from surefoot_robots.calibration import FORMAT, VERDICTS, VERSION, Verdict
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec

Plain: TypeAlias = object
LEAST_STARTS = 3
"""Of a spread from start to start, two tell next to nothing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A log that something was measured from."""

    file: Path
    seconds: float
    rate_hz: float


@dataclass(frozen=True, slots=True)
class Imu:
    """All that was found of an IMU."""

    gyro: tuple[Noise, ...]
    """Of each still log."""
    accelerometer: tuple[Noise, ...]
    sitting: Sitting | None
    rocked: Rocked | None
    starts: bool
    """Whether each still log is of a start of its own."""

    @property
    def longest(self) -> int:
        """The still log that noise is read from."""
        return max(range(len(self.gyro)), key=lambda place: self.gyro[place].seconds)


@dataclass(frozen=True, slots=True)
class Sensor:
    """Names and units of a sensor's figures."""

    name: str
    unit: str
    """As in names."""
    spoken: str
    """As in tables."""
    kind: Kind


GYROSCOPE = Sensor("gyro", "radps", "rad/s", GYRO)
ACCELERATION = Sensor("acceleration", "mps2", "m/s²", ACCELEROMETER)


def content(
    robot: RobotSpec, protocol: str, rows: Sequence[Estimate], logs: Sequence[Source], now: datetime
) -> dict[str, Plain]:
    """What a file holds."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "robot": robot.name,
        "robot_hash": robot_hash(robot),
        "protocol": protocol,
        "made": made(now),
        "logs": [
            {
                "file": log.file.name,
                "sha256": digest_of(log.file),
                "seconds": round(log.seconds, 3),
                "rate_hz": round(log.rate_hz, 3),
            }
            for log in logs
        ],
        "parameters": [asdict(row) for row in rows],
    }


def imu_rows(found: Imu) -> tuple[Estimate, ...]:
    """Of both sensors, and how they sit."""
    return (
        *_sensor_rows(GYROSCOPE, found.gyro, found),
        *_sensor_rows(ACCELERATION, found.accelerometer, found),
        *_pose_rows(found),
    )


def zero_rows(zeros: Sequence[Zero]) -> tuple[Estimate, ...]:
    """As a fit's offsets."""
    return tuple(estimate("encoder_offset_rad", "rad", zero.offset, zero.joint) for zero in zeros)


def latency_rows(found: Latency, prior_s: float) -> tuple[Estimate, ...]:
    """The robot's delay as a fit's, and each joint's beside it."""
    joints = (estimate("motion_latency_s", "s", one.latency, one.joint, prior=prior_s) for one in found.joints)
    return (estimate("action_delay_s", "s", found.robot, prior=prior_s), *joints)


def of_starts(biases: Sequence[Figure], kind: Kind) -> Figure:
    """Where the bias of the next start will be, by those of some (95 % prediction interval)."""
    values = np.array([one.value for one in biases])
    value, count = float(values.mean()), len(values)
    own = max(0.5 * (one.high - one.low) for one in biases)
    reach = float(student.ppf(0.975, count - 1)) * float(values.std(ddof=1)) * math.sqrt(1.0 + 1.0 / count)
    half = math.hypot(reach, own)
    needs = f"still logs of more starts than {count}"
    return judged(value, value - half, value + half, narrow=kind.bias_narrow, known=kind.bias_known, needs=needs)


def _sensor_rows(sensor: Sensor, each: Sequence[Noise], found: Imu) -> Iterator[Estimate]:
    if not each:
        return
    axes = each[found.longest].axes
    name, unit = sensor.name, sensor.unit
    yield estimate(f"{name}_noise_{unit}", sensor.spoken, together([axis.spread for axis in axes]))
    if sensor is GYROSCOPE:
        walk = together([axis.walk for axis in axes])
        yield estimate(f"{name}_drift_{unit}_per_sqrt_s", f"{sensor.spoken}/√s", walk)
    for place, letter in enumerate("xyz"):
        axis = axes[place]
        if sensor is GYROSCOPE:  # of an accelerometer, gravity is not to be told from bias by rest alone
            yield estimate(
                f"{name}_bias_{letter}_{unit}",
                sensor.spoken,
                _bias([one.axes[place] for one in each], axis, found.starts),
            )
        yield estimate(f"{name}_density_{letter}_{unit}_per_sqrt_hz", f"{sensor.spoken}/√Hz", axis.density)
        yield estimate(f"{name}_instability_{letter}_{unit}", sensor.spoken, axis.instability)
        yield estimate(f"{name}_walk_{letter}_{unit}_per_sqrt_s", f"{sensor.spoken}/√s", axis.walk)


def _bias(of_logs: Sequence[Axis], longest: Axis, starts: bool) -> Figure:
    if starts and len(of_logs) >= LEAST_STARTS:
        return of_starts([one.bias for one in of_logs], GYRO)
    return longest.bias


def together(axes: Sequence[Figure]) -> Figure:
    """Root mean square of axes; as sure as the least sure of them."""
    value, low, high = (
        math.sqrt(sum(getattr(one, end) ** 2 for one in axes) / len(axes)) for end in ("value", "low", "high")
    )
    worst: Verdict = max((one.verdict for one in axes), key=VERDICTS.index)
    needs = next((one.needs for one in axes if one.verdict == worst), "")
    return Figure(value, low, high, worst, needs)


def _pose_rows(found: Imu) -> Iterator[Estimate]:
    sitting = found.sitting
    if sitting is not None:
        for letter, bias, scale in zip("xyz", sitting.bias_mps2, sitting.scale, strict=True):
            yield estimate(f"acceleration_bias_{letter}_mps2", "m/s²", bias)
            yield estimate(f"acceleration_scale_{letter}", "1", scale)
        for letter, level in zip("xy", sitting.level_rad or (), strict=False):
            yield estimate(f"tilt_offset_{letter}_rad", "rad", level)
    for letter, turn in zip("xyz", mounting(found) or (), strict=False):
        yield estimate(f"imu_turn_{letter}_rad", "rad", turn)


def mounting(found: Imu) -> tuple[Figure, Figure, Figure] | None:
    """By poses or by rocking, whichever is surer, axis by axis."""
    ways = [
        way.mounting_rad for way in (found.sitting, found.rocked) if way is not None and way.mounting_rad is not None
    ]
    if not ways:
        return None
    x, y, z = (min((way[axis] for way in ways), key=lambda one: one.high - one.low) for axis in range(3))
    return x, y, z
