"""What can be made to go wrong with the simulated robot's sensors, battery and motors while it runs."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from surefoot_robots.drivers.driver import Floats, Sample
from surefoot_robots.errors import SurefootError


class FaultKind(Enum):
    """Faults by name; what `size` means to each, and what it is unless given, is in `SIZES`."""

    IMU_FROZEN = "imu-frozen"
    IMU_NAN = "imu-nan"
    IMU_JUMP = "imu-jump"
    IMU_DELAYED = "imu-delayed"
    IMU_FLIPPED = "imu-flipped"
    ENCODER_FROZEN = "encoder-frozen"
    ENCODER_NAN = "encoder-nan"
    ENCODER_JUMP = "encoder-jump"
    ENCODER_DELAYED = "encoder-delayed"
    SAMPLES_FROZEN = "samples-frozen"
    SAMPLES_DELAYED = "samples-delayed"
    SAMPLES_DROPPED = "samples-dropped"
    BATTERY_EMPTY = "battery-empty"
    MOTOR_HOT = "motor-hot"
    MOTOR_DEAD = "motor-dead"
    ROBOT_FAULT = "robot-fault"


@dataclass(frozen=True, slots=True)
class Size:
    """What the number of a fault means."""

    default: float
    low: float
    high: float
    unit: str


SIZES: dict[FaultKind, Size] = {
    FaultKind.IMU_JUMP: Size(0.8, -math.pi, math.pi, "rad of roll"),
    FaultKind.IMU_DELAYED: Size(0.1, 0.0, 1.0, "s"),
    FaultKind.ENCODER_JUMP: Size(0.5, -3.0, 3.0, "rad"),
    FaultKind.ENCODER_DELAYED: Size(0.1, 0.0, 1.0, "s"),
    FaultKind.SAMPLES_DELAYED: Size(0.1, 0.0, 1.0, "s"),
    FaultKind.SAMPLES_DROPPED: Size(0.5, 0.0, 1.0, "share"),
    FaultKind.BATTERY_EMPTY: Size(20.0, 0.0, 60.0, "V"),
    FaultKind.MOTOR_HOT: Size(100.0, 0.0, 200.0, "°C"),
}
OF_JOINTS = frozenset(
    {
        FaultKind.ENCODER_FROZEN,
        FaultKind.ENCODER_NAN,
        FaultKind.ENCODER_JUMP,
        FaultKind.ENCODER_DELAYED,
        FaultKind.MOTOR_HOT,
        FaultKind.MOTOR_DEAD,
    }
)
"""These take a joint; without, they are of all."""
LONGEST_DELAY_S = 1.0


@dataclass(slots=True)
class Fault:
    """One that is there."""

    kind: FaultKind
    size: float
    joint: int | None
    until_s: float
    frozen: Sample | None = None
    past: deque[Sample] = field(default_factory=deque)


def make_fault(kind: str, size: float | None, joint: str | None, until_s: float, joint_names: tuple[str, ...]) -> Fault:
    """A fault as somebody asks for it; what cannot be is refused."""
    by_name = {member.value: member for member in FaultKind}
    if kind not in by_name:
        raise SurefootError(f"fault {kind!r} is unknown: one of {', '.join(by_name)}")
    found = by_name[kind]
    if joint is not None and (found not in OF_JOINTS or joint not in joint_names):
        valid = f"one of {', '.join(joint_names)}" if found in OF_JOINTS else "absent: this fault is of no joint"
        raise SurefootError(f"{kind}: joint {joint!r} is not valid: must be {valid}")
    meaning = SIZES.get(found)
    if size is not None and (meaning is None or not meaning.low <= size <= meaning.high):
        valid = f"within {meaning.low:g} to {meaning.high:g} {meaning.unit}" if meaning else "absent"
        raise SurefootError(f"{kind}: size {size:g} is not valid: must be {valid}")
    default = 0.0 if meaning is None else meaning.default
    index = None if joint is None else joint_names.index(joint)
    return Fault(found, default if size is None else size, index, until_s)


class Faults:
    """All that is wrong now; turns samples as they are into samples as they are seen."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._faults: dict[FaultKind, Fault] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What is wrong now."""
        return tuple(kind.value for kind in self._faults)

    def set(self, fault: Fault) -> None:
        """Let something be wrong; another one of its kind is replaced."""
        self._faults[fault.kind] = fault

    def clear(self) -> None:
        """All is well."""
        self._faults = {}

    def dead_motors(self, time_s: float) -> tuple[int, ...] | None:
        """Joints whose motors give nothing; empty for all of them, None for none."""
        self._forget(time_s)
        fault = self._faults.get(FaultKind.MOTOR_DEAD)
        if fault is None:
            return None
        return () if fault.joint is None else (fault.joint,)

    def delay_s(self) -> float:
        """How much later samples come."""
        fault = self._faults.get(FaultKind.SAMPLES_DELAYED)
        return 0.0 if fault is None else fault.size

    def seen(self, sample: Sample) -> Sample | None:
        """The sample with everything that is wrong; None if it is lost."""
        self._forget(sample.stamp_s)
        dropped = self._faults.get(FaultKind.SAMPLES_DROPPED)
        if dropped is not None and self._rng.random() < dropped.size:
            return None
        for kind, fault in self._faults.items():
            bend = BENDS.get(kind)
            if bend is not None:
                sample = bend(sample, fault)
        return sample

    def _forget(self, time_s: float) -> None:
        if any(fault.until_s <= time_s for fault in self._faults.values()):
            self._faults = {kind: fault for kind, fault in self._faults.items() if fault.until_s > time_s}


def _at(values: Floats, joint: int | None, replacement: Callable[[int], float]) -> Floats:
    """Values with those of one joint, or of all, replaced."""
    return tuple(replacement(i) if joint is None or i == joint else value for i, value in enumerate(values))


def _first(fault: Fault, sample: Sample) -> Sample:
    fault.frozen = fault.frozen or sample
    return fault.frozen


def _past(fault: Fault, sample: Sample) -> Sample:
    """The sample of `size` seconds ago, or the oldest there is since the fault began."""
    fault.past.append(sample)
    while len(fault.past) > 1 and fault.past[1].stamp_s <= sample.stamp_s - fault.size:
        fault.past.popleft()
    return fault.past[0]


def _with_imu(sample: Sample, of: Sample) -> Sample:
    return replace(
        sample,
        orientation_wxyz=of.orientation_wxyz,
        angular_velocity_in_base_radps=of.angular_velocity_in_base_radps,
        acceleration_in_base_mps2=of.acceleration_in_base_mps2,
    )


def _with_encoders(sample: Sample, of: Sample, fault: Fault) -> Sample:
    position = _at(sample.joint_position_rad, fault.joint, lambda i: of.joint_position_rad[i])
    if fault.kind is FaultKind.ENCODER_FROZEN:  # the motor's own speed comes from elsewhere and goes on
        return replace(sample, joint_position_rad=position)
    velocity = _at(sample.joint_velocity_radps, fault.joint, lambda i: of.joint_velocity_radps[i])
    return replace(sample, joint_position_rad=position, joint_velocity_radps=velocity)


def _rolled(sample: Sample, angle_rad: float) -> Sample:
    """The orientation turned about the base's x axis."""
    w, x, y, z = sample.orientation_wxyz
    c, s = math.cos(0.5 * angle_rad), math.sin(0.5 * angle_rad)
    return replace(sample, orientation_wxyz=(w * c - x * s, w * s + x * c, y * c + z * s, z * c - y * s))


def _no_imu(sample: Sample, _fault: Fault) -> Sample:
    nan = math.nan
    return replace(
        sample,
        orientation_wxyz=(nan,) * 4,
        angular_velocity_in_base_radps=(nan,) * 3,
        acceleration_in_base_mps2=(nan,) * 3,
    )


def _no_encoder(sample: Sample, fault: Fault) -> Sample:
    return replace(sample, joint_position_rad=_at(sample.joint_position_rad, fault.joint, lambda _: math.nan))


def _jumped(sample: Sample, fault: Fault) -> Sample:
    measured = sample.joint_position_rad
    return replace(sample, joint_position_rad=_at(measured, fault.joint, lambda i: measured[i] + fault.size))


def _hot(sample: Sample, fault: Fault) -> Sample:
    warmth = sample.motor_temperature_c or (0.0,) * len(sample.joint_position_rad)
    return replace(sample, motor_temperature_c=_at(warmth, fault.joint, lambda _: fault.size))


BENDS: dict[FaultKind, Callable[[Sample, Fault], Sample]] = {
    FaultKind.IMU_FROZEN: lambda sample, fault: _with_imu(sample, _first(fault, sample)),
    FaultKind.IMU_NAN: _no_imu,
    FaultKind.IMU_JUMP: lambda sample, fault: _rolled(sample, fault.size),
    FaultKind.IMU_DELAYED: lambda sample, fault: _with_imu(sample, _past(fault, sample)),
    FaultKind.IMU_FLIPPED: lambda sample, _fault: _rolled(sample, math.pi),
    FaultKind.ENCODER_FROZEN: lambda sample, fault: _with_encoders(sample, _first(fault, sample), fault),
    FaultKind.ENCODER_NAN: _no_encoder,
    FaultKind.ENCODER_JUMP: _jumped,
    FaultKind.ENCODER_DELAYED: lambda sample, fault: _with_encoders(sample, _past(fault, sample), fault),
    FaultKind.SAMPLES_FROZEN: lambda sample, fault: replace(_first(fault, sample), stamp_s=sample.stamp_s),
    FaultKind.BATTERY_EMPTY: lambda sample, fault: replace(sample, battery_voltage_v=fault.size),
    FaultKind.MOTOR_HOT: _hot,
    FaultKind.ROBOT_FAULT: lambda sample, _fault: replace(sample, faults=(*sample.faults, "a fault was injected")),
}
"""Those that change a sample; the others act where samples are handed over, and in the motors."""
