"""What the gaits need to know of one robot, worked out once from its spec, and every number that was chosen for them.

Lengths and times scale with the robot: heights with its standing height h, times with √(h / g), the time constant at
which an upright pendulum of that height falls (0.17 s for a Go2), moments and gains with its weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from surefoot_robots.spec import FloatArray, RobotSpec
from surefoot_safety.leg import Leg, legs_of
from surefoot_safety.state import GRAVITY_MPS2, Floats, Vector3

MARGIN_RAD = 0.03
"""Targets stay so far within the joints' limits: more than the gate's 0.02, so that it never has to clamp a gait."""
HEIGHT_SHARE = 0.9
"""Of the height in the default pose. Lower is steadier, and leaves the legs length to reach out with; with less than
0.8 the knees carry three times the torque."""
WIDTH_SHARE = 1.15
"""Feet stand so much wider apart than straight under the hips: a push from the side meets the narrower side."""
STIFFNESS_PER_KG = 4.0
"""Nm/rad: 60 for a Go2, what its maker's standing examples use (60 to 70)."""
DAMPING_S = 0.04
"""kd / kp. A leg that carries a quarter of the trunk swings at 17 rad/s with that stiffness: a damping ratio of 0.35,
to which the joints' friction adds. The double, which the maker's examples have, hinders legs that swing."""
TORQUE_SHARE = 0.9
"""Of the peak torque that feed-forward may ask for: the rest is for the gains."""
SLOW_RADPS = 3.0
"""How fast targets of gaits that stay in place move, at most: a joint's range in a second, without a kick."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A robot to the gaits. Tuples per joint are in the order of the spec, feet come as FL, FR, RL, RR."""

    legs: tuple[Leg, ...]
    mass_kg: float
    com_in_base_m: Vector3
    """Of the whole robot, in the default pose."""
    height_m: float
    """Of the base over the centres of the feet when it stands."""
    feet_m: tuple[Vector3, ...]
    """Where the feet are then: under the hips, around the centre of mass."""
    lying_rad: Floats
    standing_rad: Floats
    lower_rad: Floats
    upper_rad: Floats
    torque_nm: Floats
    no_load_speed_radps: Floats
    kp_nm_per_rad: Floats
    kd_nms_per_rad: Floats
    damping_kd_nms_per_rad: Floats

    @property
    def weight_n(self) -> float:
        """Of the whole robot."""
        return self.mass_kg * GRAVITY_MPS2

    @property
    def fall_time_s(self) -> float:
        """√(h / g): how fast a robot on two feet falls, e-fold in this time."""
        return sqrt(self.height_m / GRAVITY_MPS2)


DAMPING_KD_PER_KG = 0.33
"""Nms/rad: 5 for a Go2, the middle of the 3 to 8 of public damping stops."""


def plan_of(spec: RobotSpec) -> Plan:
    """The plan of a robot."""
    default = spec.default_joint_position_rad
    com = centre_of_mass(spec, default)
    radius_m = spec.legs[0].foot.radius_m
    height_m = HEIGHT_SHARE * spec.standing_height_m - radius_m
    legs = legs_of(spec, MARGIN_RAD)
    feet = tuple(_foot_under(leg, com, height_m) for leg in legs)
    mass_kg = spec.total_mass_kg
    stiffness = STIFFNESS_PER_KG * mass_kg
    joints = len(spec.joint_names)
    lower, upper = spec.joint_lower_rad + MARGIN_RAD, spec.joint_upper_rad - MARGIN_RAD
    return Plan(
        legs=legs,
        mass_kg=mass_kg,
        com_in_base_m=com,
        height_m=height_m,
        feet_m=feet,
        lying_rad=_floats(np.clip(spec.pose_rad("lying"), lower, upper)),
        standing_rad=tuple(angle for leg, foot in zip(legs, feet, strict=True) for angle in leg.joints(foot)),
        lower_rad=_floats(lower),
        upper_rad=_floats(upper),
        torque_nm=_floats(TORQUE_SHARE * spec.torque_limit_nm),
        no_load_speed_radps=_floats(spec.speed_limit_radps),
        kp_nm_per_rad=(stiffness,) * joints,
        kd_nms_per_rad=(DAMPING_S * stiffness,) * joints,
        damping_kd_nms_per_rad=(DAMPING_KD_PER_KG * mass_kg,) * joints,
    )


def centre_of_mass(spec: RobotSpec, joint_position_rad: FloatArray) -> Vector3:
    """Of the whole robot in the base frame, m."""
    moment = spec.trunk.inertial.mass_kg * np.array(spec.trunk.inertial.com_m)
    for leg, angles in zip(spec.legs, joint_position_rad.reshape(-1, 3), strict=True):
        origin, turned = np.zeros(3), np.eye(3)
        inertials = (leg.links[0].inertial, leg.links[1].inertial, leg.calf_with_foot)
        for joint, angle, inertial in zip(leg.joints, angles, inertials, strict=True):
            origin = origin + turned @ np.array(joint.position_in_parent_m)
            turned = turned @ _turn(np.array(joint.axis_in_parent), float(angle))
            moment = moment + inertial.mass_kg * (origin + turned @ np.array(inertial.com_m))
    x, y, z = (moment / spec.total_mass_kg).tolist()
    return x, y, z


def _turn(axis: FloatArray, angle_rad: float) -> FloatArray:
    """Rotation matrix by Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn: FloatArray = np.eye(3) + np.sin(angle_rad) * cross + (1.0 - np.cos(angle_rad)) * cross @ cross
    return turn


def _foot_under(leg: Leg, com_in_base_m: Vector3, height_m: float) -> Vector3:
    out = leg.hip_in_base_m[1] + leg.thigh_in_hip_m[1] + leg.calf_in_thigh_m[1] + leg.foot_in_calf_m[1]
    x = leg.hip_in_base_m[0] + leg.thigh_in_hip_m[0]
    return x + com_in_base_m[0], WIDTH_SHARE * out + com_in_base_m[1], -height_m


def _floats(values: FloatArray) -> Floats:
    return tuple(float(value) for value in values)
