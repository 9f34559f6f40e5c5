"""Whether the robot is pushed or pulled: what the accelerometer adds up to of late, along the ground.

Walking speeds up and slows down in every stride, and neither lasts. A blow or somebody's grip does: the fall that
begins so is over in 0.3 s, and tilt tells of it when it is too late.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, isfinite

from surefoot_safety.state import GRAVITY_MPS2, RobotState, Vector3
from surefoot_safety.violation import Check, Violation

MEMORY_S = 0.3
"""A stride: what speeds up and slows down in every one adds up to nothing, and zero offsets of 0.1 m/s² to 0.03 m/s."""
MOST_MPS = 10.0
"""No more is remembered, nor what is no number: a sample that was garbled on its way is forgotten in half a second."""
LONGEST_S = 0.02
"""Ten samples: the acceleration between samples that are further apart is not known."""


@dataclass(frozen=True, slots=True)
class ShoveMemory:
    """Velocity gained of late, in the base's axes, and when."""

    stamp_s: float
    gained_mps: Vector3 = (0.0, 0.0, 0.0)


def shoved(state: RobotState, memory: ShoveMemory, limit_mps: float) -> tuple[list[Violation], ShoveMemory]:
    """More than that gained; and the memory one sample later."""
    seconds = min(LONGEST_S, max(0.0, state.stamp_s - memory.stamp_s))
    gained = _gained(state, memory.gained_mps, seconds)
    now = ShoveMemory(state.stamp_s, _bounded(gained))
    (x, y, z), (dx, dy, dz) = gained, state.gravity_in_base
    down = x * dx + y * dy + z * dz
    along = hypot(x - down * dx, y - down * dy, z - down * dz)
    if along <= limit_mps:
        return [], now
    return [Violation(Check.SHOVED, f"pushed or pulled: {along:.1f} m/s gained in a stride > {limit_mps:g} m/s")], now


def _bounded(gained_mps: Vector3) -> Vector3:
    if not isfinite(sum(gained_mps)):
        return (0.0, 0.0, 0.0)
    x, y, z = (max(-MOST_MPS, min(MOST_MPS, one)) for one in gained_mps)
    return x, y, z


def _gained(state: RobotState, before: Vector3, seconds: float) -> Vector3:
    """v̇ = f + g − ω × v − v / memory, f being what the accelerometer feels."""
    (x, y, z), (p, q, r) = before, state.angular_velocity_in_base_radps
    (fx, fy, fz), (dx, dy, dz) = state.acceleration_in_base_mps2, state.gravity_in_base
    return (
        x + seconds * (fx + GRAVITY_MPS2 * dx - (q * z - r * y) - x / MEMORY_S),
        y + seconds * (fy + GRAVITY_MPS2 * dy - (r * x - p * z) - y / MEMORY_S),
        z + seconds * (fz + GRAVITY_MPS2 * dz - (p * y - q * x) - z / MEMORY_S),
    )
