"""What legs weigh at their joints, and what it takes to lift the robot on them: both from its spec."""

from __future__ import annotations

from math import hypot

from surefoot_robots.inertia import Vector3
from surefoot_robots.spec import Leg as LegSpec
from surefoot_robots.spec import RobotSpec
from surefoot_safety.leg import Leg, feet_of
from surefoot_safety.state import GRAVITY_MPS2, Floats

LYING_POSE = "lying"


def leg_weights_nm(spec: RobotSpec) -> Floats:
    """[12]: the most that gravity asks of each joint of a level robot while nothing holds the leg, in any pose."""
    return tuple(GRAVITY_MPS2 * moment for leg in spec.legs for moment in _moments_kgm(leg))


def _moments_kgm(leg: LegSpec) -> tuple[float, float, float]:
    """Mass times reach about hip (x), thigh and calf (y): reaches add up, as in a leg that is stretched out."""
    hip, thigh, calf = leg.links[0].inertial, leg.links[1].inertial, leg.calf_with_foot
    _, at_thigh, at_calf = (joint.position_in_parent_m for joint in leg.joints)
    thigh_m, calf_m = _in_plane_m(thigh.com_m), _in_plane_m(calf.com_m)
    knee_m = _in_plane_m(at_calf)
    thigh_y_m = at_thigh[1] + thigh.com_m[1]
    calf_y_m = at_thigh[1] + at_calf[1] + calf.com_m[1]
    thigh_z_m = abs(at_thigh[2]) + thigh_m
    return (
        hip.mass_kg * hypot(hip.com_m[1], hip.com_m[2])
        + thigh.mass_kg * hypot(thigh_y_m, thigh_z_m)
        + calf.mass_kg * hypot(calf_y_m, abs(at_thigh[2]) + knee_m + calf_m),
        thigh.mass_kg * thigh_m + calf.mass_kg * (knee_m + calf_m),
        calf.mass_kg * calf_m,
    )


def _in_plane_m(offset_m: Vector3) -> float:
    """From an axis along y."""
    return hypot(offset_m[0], offset_m[2])


def lifted_share(spec: RobotSpec, legs: tuple[Leg, ...], torque_nm: Floats) -> float:
    """Of the robot's weight that legs can push up with these torques from where it lies, [12] in, one number out."""
    feet = feet_of(legs, tuple(spec.pose_rad(LYING_POSE).tolist()))
    force_n = sum(
        min(torque_nm[3 * leg + joint] / max(abs(column[2]), 1e-9) for joint, column in enumerate(columns))
        for leg, (_, columns) in enumerate(feet)
    )
    return force_n / (spec.total_mass_kg * GRAVITY_MPS2)
