"""How high the trunk is above the ground that the feet stand on, and where it is about to be: from legs and IMU alone.

No robot reports that. But no foot is below the ground, so over even ground the trunk is as high as the lowest foot is
deep. In the air it is higher than that. With a foot on a lower step it is less high: the clearance then comes out too
large, so that walks on stairs are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from surefoot_robots.shapes import Box
from surefoot_robots.spec import RobotSpec
from surefoot_safety.leg import Leg, feet_of, legs_of
from surefoot_safety.state import RobotState, Vector3


@dataclass(frozen=True, slots=True)
class Ball:
    """A part that may touch the ground: centre in the base frame, and radius."""

    centre_m: Vector3
    radius_m: float


@dataclass(frozen=True, slots=True)
class Underside:
    """Legs, their feet's radius, and the trunk as its corners (radius 0) and round ends."""

    legs: tuple[Leg, ...]
    foot_radius_m: float
    trunk: tuple[Ball, ...]


@dataclass(frozen=True, slots=True)
class Clearance:
    """Over the lowest point of the feet, along gravity."""

    base_m: float
    """Of the base's origin, now."""
    trunk_soon_m: float
    """Of the trunk's lowest point at the end of the horizon, if joints and base go on as they do."""


def underside_of(spec: RobotSpec) -> Underside:
    """What of a robot may touch the ground."""
    balls: list[Ball] = []
    for shape in spec.trunk.shapes:
        if isinstance(shape, Box):
            (x, y, z), (a, b, c) = shape.position_m, shape.half_size_m
            balls += [Ball((x + i * a, y + j * b, z + k * c), 0.0) for i, j, k in product((-1.0, 1.0), repeat=3)]
        else:
            balls += [Ball(end, shape.radius_m) for end in (shape.start_m, shape.end_m)]
    return Underside(legs_of(spec, 0.0), spec.legs[0].foot.radius_m, tuple(balls))


def clearance(underside: Underside, state: RobotState, horizon_s: float) -> Clearance:
    """Of a sample."""
    dx, dy, dz = state.gravity_in_base
    p, q, r = state.angular_velocity_in_base_radps
    # Where down will point: ḋ = d × ω.
    sx = dx + horizon_s * (dy * r - dz * q)
    sy = dy + horizon_s * (dz * p - dx * r)
    sz = dz + horizon_s * (dx * q - dy * p)
    speed = state.joint_velocity_radps
    base_m, feet_soon_m = [], []
    for leg, ((x, y, z), columns) in enumerate(feet_of(underside.legs, state.joint_position_rad)):
        base_m.append(x * dx + y * dy + z * dz)
        by_legs = sum(
            speed[3 * leg + joint] * (jx * dx + jy * dy + jz * dz) for joint, (jx, jy, jz) in enumerate(columns)
        )
        feet_soon_m.append(x * sx + y * sy + z * sz + horizon_s * by_legs)
    trunk_soon_m = max(
        x * sx + y * sy + z * sz + ball.radius_m for ball in underside.trunk for x, y, z in (ball.centre_m,)
    )
    radius_m = underside.foot_radius_m
    return Clearance(max(base_m) + radius_m, max(feet_soon_m) + radius_m - trunk_soon_m)
