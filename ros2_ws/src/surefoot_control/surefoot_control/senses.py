"""What a policy is fed: joints and IMU of one sample, put together by their stamp, and when to tick. No ROS here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from surefoot_control.clock import NS_PER_S
from surefoot_control.names import ByName
from surefoot_safety.state import gravity_in_base

Vector: TypeAlias = tuple[float, ...]
NEW_CLOCK_NS = NS_PER_S
"""Stamps that go back further than this come from a robot node that was started anew."""
NORM_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Sensed:
    """One sample, joints in the policy's order."""

    stamp_ns: int
    joint_position_rad: Vector
    joint_velocity_radps: Vector
    gravity_in_base: Vector
    angular_velocity_in_base_radps: Vector


class Senses:
    """Pairs the two messages of each sample. Whatever is no sample is refused with the reason."""

    def __init__(self, joint_names: Sequence[str]) -> None:
        self._names = ByName(joint_names)
        self._joints: tuple[int, Vector, Vector] = (-1, (), ())
        self._imu: tuple[int, Vector, Vector] = (-1, (), ())
        self._newest_ns = -1

    def joints(
        self, stamp_ns: int, names: Sequence[str], position_rad: Sequence[float], velocity_radps: Sequence[float]
    ) -> Sensed | str:
        """A sample if it is complete now; why not otherwise, empty where nothing is wrong."""
        fault = self._names.fault(names) or self._old(stamp_ns, self._joints[0])
        if not fault and not len(names) == len(position_rad) == len(velocity_radps):
            fault = f"{len(position_rad)} positions and {len(velocity_radps)} velocities for {len(names)} joints"
        if not fault and not _finite(position_rad, velocity_radps):
            fault = "not made of numbers"
        if fault:
            return fault
        self._joints = stamp_ns, self._names.ordered(position_rad), self._names.ordered(velocity_radps)
        return self._paired()

    def imu(self, stamp_ns: int, orientation_wxyz: Vector, angular_velocity_radps: Vector) -> Sensed | str:
        """As `joints`."""
        fault = self._old(stamp_ns, self._imu[0])
        if not fault and not _finite(orientation_wxyz, angular_velocity_radps):
            fault = "not made of numbers"
        norm = math.hypot(*orientation_wxyz)
        if not fault and abs(norm - 1.0) > NORM_TOLERANCE:
            fault = f"the orientation's length is {norm:.3f}, must be 1"
        if fault:
            return fault
        w, x, y, z = (value / norm for value in orientation_wxyz)
        self._imu = stamp_ns, gravity_in_base((w, x, y, z)), angular_velocity_radps
        return self._paired()

    def _old(self, stamp_ns: int, last_ns: int) -> str:
        late_ns = last_ns - stamp_ns
        if late_ns > NEW_CLOCK_NS:
            self._joints, self._imu, self._newest_ns = (-1, (), ()), (-1, (), ()), -1
            return ""
        return f"not newer than the last: {late_ns / NS_PER_S:.3f} s older" if late_ns >= 0 else ""

    def _paired(self) -> Sensed | str:
        stamp_ns = self._joints[0]
        if stamp_ns != self._imu[0] or stamp_ns <= self._newest_ns:
            return ""
        self._newest_ns = stamp_ns
        return Sensed(stamp_ns, *self._joints[1:], *self._imu[1:])


def _finite(*parts: Sequence[float]) -> bool:
    return all(math.isfinite(value) for part in parts for value in part)


class Pace:
    """Which samples to tick on: the first from a quarter of a period before it is due."""

    def __init__(self, period_s: float) -> None:
        self._period_ns = round(period_s * NS_PER_S)
        self._due_ns: int | None = None

    def is_due(self, stamp_ns: int) -> bool:
        """Whether to tick on this sample; if so the next is due a period later."""
        due_ns = self._due_ns
        if due_ns is None or not -2 * self._period_ns <= stamp_ns - due_ns <= self._period_ns:
            self._due_ns = stamp_ns + self._period_ns  # the first, or after a gap, or of another clock
            return True
        if stamp_ns < due_ns - self._period_ns // 4:
            return False
        self._due_ns = due_ns + self._period_ns
        return True
