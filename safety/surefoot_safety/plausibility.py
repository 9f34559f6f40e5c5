"""Whether sensors contradict themselves: frozen, jumping, or a gyro that tells another story than the orientation.

Each check keeps a small memory, which is a value: a sample and a memory in, violations and the next memory out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from surefoot_safety.settings import SensorSettings
from surefoot_safety.state import Floats, RobotState, Vector3
from surefoot_safety.violation import Check, Violation

ENCODER_MEMORY_S = 0.5
"""For so long a joint's speed is held against an angle that does not change: noise and offsets of the speed fade."""


@dataclass(frozen=True, slots=True)
class EncoderMemory:
    """The last sample, and how far each joint went of late by its own speed while its angle did not change."""

    stamp_s: float
    position_rad: Floats
    velocity_radps: Floats
    unseen_rad: Floats


@dataclass(frozen=True, slots=True)
class ImuMemory:
    """The last reading, since when it has not changed, and where the gyro has carried down to."""

    stamp_s: float
    reading: tuple[float, ...]
    unchanged_since_s: float
    down_in_base: Vector3


def encoders_at_first(state: RobotState) -> EncoderMemory:
    """The memory after the first sample."""
    still = (0.0,) * len(state.joint_position_rad)
    return EncoderMemory(state.stamp_s, state.joint_position_rad, state.joint_velocity_radps, still)


def encoders_implausible(
    state: RobotState, memory: EncoderMemory, joint_names: tuple[str, ...], settings: SensorSettings
) -> tuple[list[Violation], EncoderMemory]:
    """Angles that stand still while their speed says otherwise, and angles that jump."""
    seconds = state.stamp_s - memory.stamp_s
    most = 2.0 * settings.encoder_frozen_rad
    left = max(0.0, 1.0 - seconds / ENCODER_MEMORY_S)
    found, unseen = [], []
    for name, angle, speed, last, last_speed, before in zip(
        joint_names,
        state.joint_position_rad,
        state.joint_velocity_radps,
        memory.position_rad,
        memory.velocity_radps,
        memory.unseen_rad,
        strict=True,
    ):
        by_speed = 0.5 * (speed + last_speed) * seconds
        hidden = left * before + by_speed if angle == last else 0.0
        # What is remembered is bounded, so that it is forgotten soon once the joint is at rest.
        unseen.append(math.copysign(most, hidden) if abs(hidden) > most else hidden)
        if not abs(hidden) <= settings.encoder_frozen_rad:
            found.append(
                Violation(
                    Check.ENCODER_FROZEN,
                    f"{name} stands at {angle:.3f} rad while its speed says it went {hidden:.2f} rad",
                )
            )
        jump = angle - last - by_speed
        # A frozen angle lags behind its speed as well; what is a jump is a step that speed does not explain.
        if not abs(jump) <= settings.encoder_jump_rad:
            found.append(Violation(Check.ENCODER_JUMP, f"{name} jumped by {jump:.2f} rad to {angle:.3f} rad"))
    memory = EncoderMemory(state.stamp_s, state.joint_position_rad, state.joint_velocity_radps, tuple(unseen))
    return found, memory


def imu_at_first(state: RobotState) -> ImuMemory:
    """The memory after the first sample."""
    return ImuMemory(state.stamp_s, _reading(state), state.stamp_s, state.gravity_in_base)


def imu_implausible(
    state: RobotState, memory: ImuMemory, settings: SensorSettings
) -> tuple[list[Violation], ImuMemory]:
    """An IMU that repeats itself, and an orientation that the gyro does not lead to."""
    seconds = state.stamp_s - memory.stamp_s
    reading, measured = _reading(state), state.gravity_in_base
    since_s = memory.unchanged_since_s if reading == memory.reading else state.stamp_s
    carried = _turned(memory.down_in_base, state.angular_velocity_in_base_radps, seconds)
    apart = _angle_rad(carried, measured)
    found = []
    if not state.stamp_s - since_s <= settings.imu_frozen_s:
        found.append(Violation(Check.IMU_FROZEN, f"the IMU repeats itself since {state.stamp_s - since_s:.3f} s"))
    if not apart <= settings.imu_disagreement_rad:
        limit = settings.imu_disagreement_rad
        found.append(Violation(Check.IMU_DISAGREES, f"gyro and orientation are {apart:.2f} rad apart > {limit:g} rad"))
    down = _drawn(carried, measured, seconds / settings.imu_memory_s)
    return found, ImuMemory(state.stamp_s, reading, since_s, down)


def _reading(state: RobotState) -> tuple[float, ...]:
    return state.orientation_wxyz + state.angular_velocity_in_base_radps + state.acceleration_in_base_mps2


def _turned(down: Vector3, angular_velocity: Vector3, seconds: float) -> Vector3:
    """Where a direction that is fixed in the world goes in the base: ġ = g × ω, one step of the exact turn."""
    wx, wy, wz = angular_velocity
    speed = math.sqrt(wx * wx + wy * wy + wz * wz)
    angle = speed * seconds
    if angle < 1e-9:
        return down
    kx, ky, kz = wx / speed, wy / speed, wz / speed
    x, y, z = down
    sin, cos = math.sin(angle), math.cos(angle)
    along = (kx * x + ky * y + kz * z) * (1.0 - cos)
    # Rodrigues' formula, backwards: the world turns by −ω as seen from the base.
    return (
        x * cos - (ky * z - kz * y) * sin + kx * along,
        y * cos - (kz * x - kx * z) * sin + ky * along,
        z * cos - (kx * y - ky * x) * sin + kz * along,
    )


def _drawn(carried: Vector3, measured: Vector3, share: float) -> Vector3:
    """A direction drawn towards another one by a share of the way, a unit vector."""
    part = min(1.0, max(0.0, share))
    x, y, z = (a + part * (b - a) for a, b in zip(carried, measured, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    # Opposite directions meet in nothing: then what is measured is taken.
    return (x / length, y / length, z / length) if length > 1e-6 else measured


def _angle_rad(a: Vector3, b: Vector3) -> float:
    """Between two directions; by atan2, which is exact for small angles and passes NaN on."""
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
    return math.atan2(math.hypot(*cross), dot)
