"""What sensors say in a log, whether or not anybody gave targets: of robots that lie, stand or are moved by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surefoot_calibration.log.bag import TopicNames, sensed
from surefoot_calibration.log.csv_file import IMU, TIME, names_in, read_columns
from surefoot_calibration.log.joint_log import FloatArray, Gap, ImuLog
from surefoot_calibration.log.read import read_topics
from surefoot_calibration.log.stamps import LEAST_SAMPLES, newest_kept, steadiness
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

GRAVITY_MPS2 = (8.0, 12.0)
"""What an accelerometer may say of a robot that nobody throws about: the median of its size."""

MOST = 1000.0
"""Of any sensor here, in SI units: a hundred g, a hundred turns."""


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """Angles as encoders said them."""

    stamp_s: FloatArray
    """[T], growing."""
    position_rad: FloatArray
    """[T, J], in the robot's order."""

    def mean_rad(self, start_s: float, end_s: float) -> FloatArray | None:
        """[J], over a stretch of time; None if there is no sample in it."""
        first, after = np.searchsorted(self.stamp_s, (start_s, end_s))
        return self.position_rad[first:after].mean(axis=0) if after > first else None


@dataclass(frozen=True, slots=True, eq=False)
class SensorLog:
    """One log; a sensor that is not in it is None."""

    origin: str
    joints: Joints | None
    imu: ImuLog | None
    rate_hz: float
    """Of the IMU, or of the joints without one: the median by its stamps."""
    jitter_s: float
    gaps: tuple[Gap, ...]

    @property
    def seconds(self) -> float:
        """From its first sample to its last."""
        stamp_s = self.stamp_s
        return float(stamp_s[-1] - stamp_s[0])

    @property
    def stamp_s(self) -> FloatArray:
        """Of the IMU, or of the joints without one."""
        if self.imu is not None:
            return self.imu.stamp_s
        if self.joints is None:
            raise ValueError("a log of nothing")
        return self.joints.stamp_s


def read_sensors(path: Path, robot: RobotSpec, names: TopicNames | None = None) -> SensorLog:
    """The log in a file or folder, whatever its format; what is wrong with it is an error that says where."""
    topics, kind = read_topics(path)
    if kind == "csv":
        joints, imu = _of_csv(path, robot)
    else:
        found, imu = sensed(topics, names or TopicNames(), robot, path.name)
        joints = None if found is None else Joints(*found)
    if joints is None and imu is None:
        raise SurefootError(
            f"{path.name}: has neither joints of {robot.name} nor an IMU",
            hint="a CSV has columns t and q.<joint> of all joints or gyro.x … acc.z; a bag has /joint_states or "
            "/imu/data",
        )
    return _checked(path.name, joints, imu)


def need_imu(log: SensorLog) -> ImuLog:
    """The IMU, or an error."""
    if log.imu is None:
        raise SurefootError(f"{log.origin}: has no IMU", hint="record /imu/data, or columns gyro.x … acc.z")
    return log.imu


def need_joints(log: SensorLog) -> Joints:
    """The joints, or an error."""
    if log.joints is None:
        raise SurefootError(f"{log.origin}: has no joints", hint="record /joint_states, or columns q.<joint>")
    return log.joints


def _of_csv(path: Path, robot: RobotSpec) -> tuple[Joints | None, ImuLog | None]:
    there = set(names_in(path))
    angles = [f"q.{joint}" for joint in robot.joint_names]
    has_joints, has_imu = set(angles) <= there, set(IMU) <= there
    wanted = [*(angles if has_joints else []), *(IMU if has_imu else [])]
    if not wanted:
        return None, None
    table = read_columns(path, wanted)
    table = table[newest_kept(table[:, 0], path.name, f"row by {TIME}")]
    stamp_s = table[:, 0] - table[0, 0]
    joints = Joints(stamp_s, table[:, 1 : 1 + len(angles)].copy()) if has_joints else None
    return joints, ImuLog(stamp_s, table[:, -6:-3].copy(), table[:, -3:].copy()) if has_imu else None


def _checked(origin: str, joints: Joints | None, imu: ImuLog | None) -> SensorLog:
    for what, values in _values(joints, imu):
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            raise SurefootError(f"{origin}: sample {int(np.argmax(bad))} of {what} is not finite")
        beyond = np.abs(values).max(axis=1) > MOST
        if beyond.any():
            row = int(np.argmax(beyond))
            raise SurefootError(
                f"{origin}: sample {row} of {what} is {np.abs(values[row]).max():.4g}: must be at most {MOST:g}",
                hint="angles are rad, rates rad/s, accelerations m/s²",
            )
    log = SensorLog(origin, joints, imu, 0.0, 0.0, ())
    if len(log.stamp_s) < LEAST_SAMPLES:
        raise SurefootError(
            f"{origin}: {len(log.stamp_s)} samples with different stamps: must be at least {LEAST_SAMPLES}",
            hint="record for longer, and check that messages are stamped",
        )
    steady = steadiness(log.stamp_s, origin)
    if imu is not None:
        size = float(np.median(np.linalg.norm(imu.acceleration_in_base_mps2, axis=1)))
        if not GRAVITY_MPS2[0] <= size <= GRAVITY_MPS2[1]:
            raise SurefootError(
                f"{origin}: the accelerometer says {size:.4g} in the middle: must be about 9.8",
                hint="accelerations are m/s², gravity included" + ("; these look like g" if 0.8 < size < 1.2 else ""),
            )
    return SensorLog(origin, joints, imu, steady.rate_hz, steady.jitter_s, steady.gaps)


def _values(joints: Joints | None, imu: ImuLog | None) -> list[tuple[str, FloatArray]]:
    found = [] if joints is None else [("joints", joints.position_rad)]
    if imu is not None:
        found += [
            ("the gyroscope", imu.angular_velocity_in_base_radps),
            ("the accelerometer", imu.acceleration_in_base_mps2),
        ]
    return found
