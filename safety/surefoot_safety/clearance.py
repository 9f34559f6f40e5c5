"""How high the trunk is above the ground that the feet stand on, and where it is about to be: from legs and IMU alone.

Few robots report that. But no foot is below the ground, so over even ground the trunk is as high as the lowest foot is
deep. In the air it is higher than that. With a foot on a lower step it is less high: the clearance then comes out too
large, so that walks on stairs are left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import isnan, nan

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
    trunk_m: float
    """Of the trunk's lowest point, now or at the end of the horizon if joints and base go on as they do: the less of
    both."""


def underside_of(spec: RobotSpec) -> Underside:
    """What of a robot may touch the ground."""
    balls: list[Ball] = []
    for shape in spec.trunk.shapes:
        if isinstance(shape, Box):
            (x, y, z), (a, b, c) = shape.position_m, shape.half_size_m
            balls += [Ball((x + i * a, y + j * b, z + k * c), 0.0) for i, j, k in product((-1.0, 1.0), repeat=3)]
        else:
            balls += [Ball(end, shape.radius_m) for end in (shape.start_m, shape.end_m)]
    balls = balls or [Ball((0.0, 0.0, 0.0), 0.0)]
    return Underside(legs_of(spec, 0.0), max(leg.foot.radius_m for leg in spec.legs), tuple(balls))


def clearance(underside: Underside, state: RobotState, horizon_s: float) -> Clearance:
    """Of a sample."""
    down = state.gravity_in_base
    # Where down will point: ḋ = d × ω.
    (dx, dy, dz), (p, q, r) = down, state.angular_velocity_in_base_radps
    soon = (
        dx + horizon_s * (dy * r - dz * q),
        dy + horizon_s * (dz * p - dx * r),
        dz + horizon_s * (dx * q - dy * p),
    )
    speed, feet_m, feet_soon_m = state.joint_velocity_radps, [], []
    for leg, (foot, columns) in enumerate(feet_of(underside.legs, state.joint_position_rad)):
        by_legs = sum(speed[3 * leg + joint] * _dot(column, down) for joint, column in enumerate(columns))
        feet_m.append(_dot(foot, down))
        feet_soon_m.append(_dot(foot, soon) + horizon_s * by_legs)
    trunk_m, trunk_soon_m = (
        _highest([_dot(ball.centre_m, where) + ball.radius_m for ball in underside.trunk]) for where in (down, soon)
    )
    base_m = _highest(feet_m) + underside.foot_radius_m
    now_m, soon_m = base_m - trunk_m, _highest(feet_soon_m) + underside.foot_radius_m - trunk_soon_m
    return Clearance(base_m, -_highest([-now_m, -soon_m]))


def _dot(a: Vector3, b: Vector3) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _highest(values: list[float]) -> float:
    """NaN if any of them is: `max` would pass over it."""
    return nan if isnan(sum(values)) else max(values)
