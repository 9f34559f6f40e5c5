"""What identification reads: joints measured and commanded, each at the times it happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Gains:
    """The PD gains that were active during the whole log."""

    kp_nm_per_rad: FloatArray
    """[J]."""
    kd_nms_per_rad: FloatArray
    """[J]."""
    source: str
    """Where they are from, for people."""


@dataclass(frozen=True, slots=True, eq=False)
class ImuLog:
    """What the IMU measured, with its own stamps."""

    stamp_s: FloatArray
    """[I], on the clock of the joints."""
    angular_velocity_in_base_radps: FloatArray
    """[I, 3]."""
    acceleration_in_base_mps2: FloatArray
    """[I, 3]."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without samples of joints."""

    at_s: float
    """Of the last sample before it."""
    seconds: float


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a reader found and did; nothing of it is done silently."""

    format: str
    """csv, mcap or rosbag2."""
    rate_hz: float
    """Of joint samples: the median, by their own stamps."""
    jitter_s: float
    """95 % of the steps between samples differ by less from the median step."""
    missing: int
    """Samples that a steady rate would have had."""
    gaps: tuple[Gap, ...]
    """Stretches of more than `stamps.GAP_STEPS` steps."""
    repeated: int
    """Samples with the stamp of the one before, left out."""
    command_times: str
    """How it is known when commands were given."""
    clock_offset_s: tuple[tuple[str, float], ...]
    """By topic: what the recorder's clock was ahead of the stamps' clock, at least, with the shortest way included."""
    ignored: tuple[str, ...]
    """Columns or topics that nothing was taken from."""


@dataclass(frozen=True, slots=True, eq=False)
class JointLog:
    """Joints are in the robot's order. Times count from the first sample of joints.

    Samples and commands keep their own times: a command that was put on the grid of the samples would look up to one
    sample later than it was, and the delay that is to be found by as much shorter.
    """

    origin: str
    """The file, for error messages."""
    robot: str
    joint_names: tuple[str, ...]
    start_s: float
    """Of the first sample, on the log's own clock (Unix time in bags)."""
    stamp_s: FloatArray
    """[T], when joints were measured; growing, the first is 0."""
    position_rad: FloatArray
    """[T, J]."""
    velocity_radps: FloatArray | None
    """[T, J]; None if the log has none."""
    torque_nm: FloatArray | None
    """[T, J], as the motors estimate it; None if the log has none."""
    target_stamp_s: FloatArray
    """[C], when each target was given; growing, may be below 0."""
    target_rad: FloatArray
    """[C, J], each in force until the next."""
    gains: Gains
    imu: ImuLog | None
    report: LogReport

    @property
    def samples(self) -> int:
        """T."""
        return len(self.stamp_s)

    @property
    def seconds(self) -> float:
        """From the first sample to the last."""
        return float(self.stamp_s[-1])

    def target_at_rad(self, time_s: FloatArray) -> FloatArray:
        """The targets in force at each time, [N, J]; before the first command it is the first."""
        newest = np.searchsorted(self.target_stamp_s, time_s, side="right") - 1
        targets: FloatArray = self.target_rad[np.maximum(newest, 0)]
        return targets
