"""The few primitives a robot collides with, placed in the frame of their link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from surefoot_robots.inertia import Vector3


@dataclass(frozen=True, slots=True)
class Box:
    """A box aligned with the link's axes."""

    name: str
    position_m: Vector3
    half_size_m: Vector3


@dataclass(frozen=True, slots=True)
class Capsule:
    """A cylinder with round ends; `start_m` and `end_m` are the centres of the two end spheres."""

    name: str
    start_m: Vector3
    end_m: Vector3
    radius_m: float


Shape: TypeAlias = Box | Capsule
