"""What a robot is: links, joints, motors, sensors and poses, in SI units and in one order.

Legs come as FL, FR, RL, RR and joints as hip, thigh, calf within each leg. Every array of this module is in that order;
other orders are mapped by name (`surefoot_robots.names`). A spec comes from `surefoot_robots.loader.load_robot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertial, Vector3, rigid_sum
from surefoot_robots.kinematics import LegKinematics
from surefoot_robots.shapes import Shape

FloatArray: TypeAlias = NDArray[np.float64]

LEG_NAMES = ("FL", "FR", "RL", "RR")
JOINT_ROLES = ("hip", "thigh", "calf")
DEFAULT_POSE = "default"


@dataclass(frozen=True, slots=True)
class Link:
    """A rigid body: its inertial and what it collides with, both in its own frame."""

    name: str
    inertial: Inertial
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Motor:
    """What drives a joint, as seen at the joint (behind the gears).

    The torque is held up to `full_torque_speed_radps` and then falls on a straight line to nothing at
    `no_load_speed_radps`; that holds while the motor drives, when it brakes the full torque is there at any speed.
    """

    torque_limit_nm: float
    full_torque_speed_radps: float
    no_load_speed_radps: float
    armature_kgm2: float
    damping_nms_per_rad: float
    friction_nm: float
    kp_nm_per_rad: float
    kd_nms_per_rad: float

    @property
    def stall_torque_nm(self) -> float:
        """Where the falling line meets zero speed: the torque an unlimited driver would give."""
        return self.torque_limit_nm / (1.0 - self.full_torque_speed_radps / self.no_load_speed_radps)


@dataclass(frozen=True, slots=True)
class Joint:
    """A revolute joint; at angle zero the child's frame is the parent's, moved by `position_in_parent_m`."""

    name: str
    position_in_parent_m: Vector3
    axis_in_parent: Vector3
    lower_rad: float
    upper_rad: float
    motor: Motor


@dataclass(frozen=True, slots=True)
class Foot:
    """A ball fixed to the calf; `position_in_calf_m` is its centre."""

    name: str
    position_in_calf_m: Vector3
    radius_m: float
    inertial: Inertial


@dataclass(frozen=True, slots=True)
class Leg:
    """Three joints (hip, thigh, calf), the link behind each, and the foot at the end."""

    name: str
    joints: tuple[Joint, Joint, Joint]
    links: tuple[Link, Link, Link]
    foot: Foot

    @property
    def calf_with_foot(self) -> Inertial:
        """Calf and foot as the one rigid body they are, in the calf's frame."""
        return rigid_sum(self.links[2].inertial, self.foot.inertial.shifted(self.foot.position_in_calf_m))


@dataclass(frozen=True, slots=True)
class Imu:
    """Where the inertial measurement unit sits in the base and how it is turned (roll, pitch, yaw about fixed axes)."""

    name: str
    position_in_base_m: Vector3
    orientation_in_base_rpy_rad: Vector3


@dataclass(frozen=True, slots=True)
class Pose:
    """A named joint position, [12]. `default` is what a policy's actions are relative to."""

    name: str
    joint_position_rad: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """A quadruped. Arrays are read-only, float64, in canonical order."""

    name: str
    title: str
    trunk: Link
    legs: tuple[Leg, Leg, Leg, Leg]
    imu: Imu
    named_poses: tuple[Pose, ...]
    foot_friction: float
    """Coulomb friction of rubber foot on floor."""
    action_delay_s: float
    """From writing a joint target to torque at the joint."""
    origin: str
    """The file the spec was read from, for error messages."""
    sourced_numbers: tuple[tuple[str, str], ...] = field(compare=False)
    """Dotted key and source of each number of the file; see `sources`."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each number comes from, by its dotted key in the file."""
        return MappingProxyType(dict(self.sourced_numbers))

    @property
    def poses(self) -> Mapping[str, tuple[float, ...]]:
        """Joint positions [12] by the name of the pose."""
        return MappingProxyType({pose.name: pose.joint_position_rad for pose in self.named_poses})

    @property
    def joints(self) -> tuple[Joint, ...]:
        """All twelve joints."""
        return tuple(joint for leg in self.legs for joint in leg.joints)

    @property
    def joint_names(self) -> tuple[str, ...]:
        """FL_hip_joint, FL_thigh_joint, FL_calf_joint, FR_hip_joint and so on."""
        return tuple(joint.name for joint in self.joints)

    @property
    def foot_names(self) -> tuple[str, ...]:
        """FL_foot, FR_foot, RL_foot, RR_foot."""
        return tuple(leg.foot.name for leg in self.legs)

    @property
    def default_joint_position_rad(self) -> FloatArray:
        """The pose that a policy's actions are relative to, [12]."""
        return self.pose_rad(DEFAULT_POSE)

    def pose_rad(self, name: str) -> FloatArray:
        """Joint positions [12] of a named pose."""
        poses = self.poses
        if name not in poses:
            raise SurefootError(f"{self.origin}: pose {name!r} is unknown: one of {', '.join(poses)}")
        return _array(poses[name])

    @property
    def joint_lower_rad(self) -> FloatArray:
        """Lower position limits, [12]."""
        return _array(joint.lower_rad for joint in self.joints)

    @property
    def joint_upper_rad(self) -> FloatArray:
        """Upper position limits, [12]."""
        return _array(joint.upper_rad for joint in self.joints)

    @property
    def torque_limit_nm(self) -> FloatArray:
        """Peak torques, [12]."""
        return _array(joint.motor.torque_limit_nm for joint in self.joints)

    @property
    def full_torque_speed_radps(self) -> FloatArray:
        """Speeds up to which the peak torque is there, [12]."""
        return _array(joint.motor.full_torque_speed_radps for joint in self.joints)

    @property
    def speed_limit_radps(self) -> FloatArray:
        """No-load speeds, [12]."""
        return _array(joint.motor.no_load_speed_radps for joint in self.joints)

    @property
    def armature_kgm2(self) -> FloatArray:
        """Rotor inertias as seen at the joints, [12]."""
        return _array(joint.motor.armature_kgm2 for joint in self.joints)

    @property
    def damping_nms_per_rad(self) -> FloatArray:
        """Viscous friction, [12]."""
        return _array(joint.motor.damping_nms_per_rad for joint in self.joints)

    @property
    def friction_nm(self) -> FloatArray:
        """Coulomb friction, [12]."""
        return _array(joint.motor.friction_nm for joint in self.joints)

    @property
    def kp_nm_per_rad(self) -> FloatArray:
        """Position gains for a learned policy, [12]."""
        return _array(joint.motor.kp_nm_per_rad for joint in self.joints)

    @property
    def kd_nms_per_rad(self) -> FloatArray:
        """Velocity gains for a learned policy, [12]."""
        return _array(joint.motor.kd_nms_per_rad for joint in self.joints)

    @property
    def total_mass_kg(self) -> float:
        """All links and feet."""
        legs = sum(link.inertial.mass_kg for leg in self.legs for link in leg.links)
        return self.trunk.inertial.mass_kg + legs + sum(leg.foot.inertial.mass_kg for leg in self.legs)

    @property
    def kinematics(self) -> LegKinematics:
        """Foot positions from joint positions and back."""
        return LegKinematics.of_spec(self)

    @property
    def standing_height_m(self) -> float:
        """Height of the base over flat ground in the default pose, lowest foot touching."""
        return self.pose_height_m(DEFAULT_POSE)

    def pose_height_m(self, name: str) -> float:
        """Height of a level base over flat ground in a named pose, lowest foot touching."""
        feet = self.kinematics.foot_position_in_base(self.pose_rad(name))
        radius = np.array([leg.foot.radius_m for leg in self.legs])
        return float(np.max(radius - feet[:, 2]))


def _array(values: Iterable[float]) -> FloatArray:
    array = np.array(tuple(values), dtype=np.float64)
    array.setflags(write=False)
    return array
