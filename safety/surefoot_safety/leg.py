"""One leg's kinematics on plain floats: `surefoot_robots.kinematics` for a single robot, in a tenth of its time.

Positions are in the base frame, m: the centre of the foot's ball. A tick at 200 Hz turns all four legs forward and
back; NumPy's cost of a call, paid some two hundred times, would be most of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import acos, atan2, cos, hypot, pi, sin, sqrt
from typing import TypeAlias

from surefoot_robots.spec import Leg as LegSpec
from surefoot_robots.spec import RobotSpec
from surefoot_safety.state import Floats, Vector3

Jacobian: TypeAlias = tuple[Vector3, Vector3, Vector3]
"""The foot's motion with hip, thigh and calf: three columns of x, y, z, m/rad."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Offsets from joint to joint at angle zero, the knee's reach, and the angles that targets may have."""

    hip_in_base_m: Vector3
    thigh_in_hip_m: Vector3
    calf_in_thigh_m: Vector3
    foot_in_calf_m: Vector3
    lower_rad: Vector3
    upper_rad: Vector3
    _side_m: float = field(init=False, repr=False)
    """From the hip's axis to the plane of the leg."""
    _links: tuple[float, float, float, float] = field(init=False, repr=False)
    """Lengths and angles at joint angle zero of thigh and shank."""
    _knee_sign: float = field(init=False, repr=False)
    """Which way the knee bends."""

    def __post_init__(self) -> None:
        """Work out what every tick would work out again."""
        (bx, side_b, bz), (cx, side_c, cz) = self.calf_in_thigh_m, self.foot_in_calf_m
        links = hypot(bx, bz), atan2(bx, bz), hypot(cx, cz), atan2(cx, cz)
        middle = 0.5 * (self.lower_rad[2] + self.upper_rad[2])
        sign = 1.0 if _wrapped(middle - (links[1] - links[3])) > 0.0 else -1.0
        object.__setattr__(self, "_side_m", self.thigh_in_hip_m[1] + side_b + side_c)
        object.__setattr__(self, "_links", links)
        object.__setattr__(self, "_knee_sign", sign)

    def foot(self, hip_rad: float, thigh_rad: float, calf_rad: float) -> tuple[Vector3, Jacobian]:
        """Where the foot is, and how it moves with the joints."""
        (hx, hy, hz), (ax, _, az) = self.hip_in_base_m, self.thigh_in_hip_m
        (bx, _, bz), (cx, _, cz) = self.calf_in_thigh_m, self.foot_in_calf_m
        ch, sh, ct, st = cos(hip_rad), sin(hip_rad), cos(thigh_rad), sin(thigh_rad)
        cb, sb = cos(thigh_rad + calf_rad), sin(thigh_rad + calf_rad)
        # In the plane of the leg: from knee to foot, from thigh joint to foot.
        shank_x, shank_z = cb * cx + sb * cz, cb * cz - sb * cx
        leg_x, leg_z = ct * bx + st * bz + shank_x, ct * bz - st * bx + shank_z
        side, down = self._side_m, az + leg_z
        y, z = ch * side - sh * down, sh * side + ch * down
        position = (hx + ax + leg_x, hy + y, hz + z)
        return position, ((0.0, -z, y), (leg_z, sh * leg_x, -ch * leg_x), (shank_z, sh * shank_x, -ch * shank_x))

    def joints(self, foot_in_base_m: Vector3) -> Vector3:
        """Angles that bring the foot there, or as near as reach and limits allow: `LegKinematics.joint_position`."""
        (hx, hy, hz), (ax, _, az) = self.hip_in_base_m, self.thigh_in_hip_m
        thigh_m, thigh_at, calf_m, calf_at = self._links
        low, high, side = self.lower_rad, self.upper_rad, self._side_m
        x, y, z = foot_in_base_m[0] - hx - ax, foot_in_base_m[1] - hy, foot_in_base_m[2] - hz
        down = -sqrt(max(y * y + z * z - side * side, 0.0))
        hip = atan2(z, y) - atan2(down, side)
        z = down - az
        # Law of cosines: reach² = thigh² + calf² + 2 thigh calf cos(bend), bend = 0 being the stretched leg.
        cosine = (x * x + z * z - thigh_m * thigh_m - calf_m * calf_m) / (2.0 * thigh_m * calf_m)
        size = acos(max(-1.0, min(1.0, cosine)))
        offset = thigh_at - calf_at
        calf = _held(self._knee_sign * size + offset, low[2], high[2])
        at = thigh_at + calf - offset  # what the knee's limits leave of its bend: the foot then keeps its direction
        before = atan2(thigh_m * sin(thigh_at) + calf_m * sin(at), thigh_m * cos(thigh_at) + calf_m * cos(at))
        thigh = _held(atan2(x, z) - before, low[1], high[1])
        return _held(hip, low[0], high[0]), thigh, calf


def legs_of(spec: RobotSpec, margin_rad: float) -> tuple[Leg, ...]:
    """The legs of a robot, whose targets stay a margin within the joints' limits."""
    return tuple(_leg_of(leg, margin_rad) for leg in spec.legs)


def _leg_of(leg: LegSpec, margin_rad: float) -> Leg:
    hip, thigh, calf = (_vector(joint.position_in_parent_m) for joint in leg.joints)
    return Leg(
        hip_in_base_m=hip,
        thigh_in_hip_m=thigh,
        calf_in_thigh_m=calf,
        foot_in_calf_m=_vector(leg.foot.position_in_calf_m),
        lower_rad=_vector(tuple(joint.lower_rad + margin_rad for joint in leg.joints)),
        upper_rad=_vector(tuple(joint.upper_rad - margin_rad for joint in leg.joints)),
    )


def feet_of(legs: tuple[Leg, ...], joint_position_rad: Floats) -> list[tuple[Vector3, Jacobian]]:
    """Where the feet are, and how they move with their joints."""
    return [leg.foot(*joint_position_rad[3 * index : 3 * index + 3]) for index, leg in enumerate(legs)]


def _vector(values: Floats) -> Vector3:
    x, y, z = values
    return float(x), float(y), float(z)


def _wrapped(angle_rad: float) -> float:
    """The same angle in [−π, π)."""
    return (angle_rad + pi) % (2.0 * pi) - pi


def _held(angle_rad: float, lower_rad: float, upper_rad: float) -> float:
    """The turn of this angle nearest to the middle of the limits, within them."""
    middle = 0.5 * (lower_rad + upper_rad)
    # Most are on their turn already.
    angle = angle_rad if -pi <= angle_rad - middle < pi else middle + _wrapped(angle_rad - middle)
    return lower_rad if angle < lower_rad else upper_rad if angle > upper_rad else angle
