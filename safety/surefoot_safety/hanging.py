"""What speaks against a robot that hangs in the air, its trunk held, its legs free.

No sensor says so. Feet that report contact tell that it does not; where none do, legs tell: one that sinks, damped, or
is led slowly takes no more torque than its weight and its joints' friction if it is free, and much of the robot's if it
stands on something. A trunk that is held neither tilts nor turns nor gains speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from surefoot_robots.spec import LEG_NAMES
from surefoot_safety.causes import Causes
from surefoot_safety.command import JointTarget
from surefoot_safety.leg import feet_of
from surefoot_safety.limits import Limits
from surefoot_safety.settings import HangingSettings
from surefoot_safety.state import Floats, RobotState, Vector3
from surefoot_safety.table import Trigger

MEMORY_S = 0.5
"""What inertia takes while a leg swings to and fro adds up to little in so long a time; what carries does not."""


@dataclass(frozen=True, slots=True)
class Loads:
    """What each joint's law has asked for of late; `Loads()` before it has asked for anything."""

    torque_nm: Floats = ()


def loaded(target: JointTarget, state: RobotState, seconds: float, memory: Loads) -> Loads:
    """The memory after one more target, before any limit has changed what its law asks for."""
    share = min(1.0, seconds / MEMORY_S)
    asked = (
        kp * (wanted - angle) + kd * (wanted_speed - speed) + torque
        for wanted, wanted_speed, torque, kp, kd, angle, speed in zip(
            target.position_rad,
            target.velocity_radps,
            target.torque_nm,
            target.kp_nm_per_rad,
            target.kd_nms_per_rad,
            state.joint_position_rad,
            state.joint_velocity_radps,
            strict=True,
        )
    )
    before = memory.torque_nm or (0.0,) * len(state.joint_position_rad)
    return Loads(tuple(old + share * (new - old) for old, new in zip(before, asked, strict=True)))


def from_loads(memory: Loads, limits: Limits) -> Causes:
    """What legs raise that are not free."""
    if not memory.torque_nm:
        return {}
    for name, torque_nm, most_nm in zip(limits.joint_names, memory.torque_nm, limits.leg_torque_nm, strict=True):
        if not abs(torque_nm) <= most_nm:
            return {Trigger.LEG_LOADED: f"{name} takes {abs(torque_nm):.1f} Nm, a free leg at most {most_nm:.1f} Nm"}
    return {}


def from_feet(foot_contact: tuple[bool, ...] | None) -> Causes:
    """What feet raise that touch something, where that is known."""
    if foot_contact is None:
        return {}
    touching = [name for name, touches in zip(LEG_NAMES, foot_contact, strict=True) if touches]
    return {Trigger.FOOT_CONTACT: f"{', '.join(touching)} touching"} if touching else {}


def are_below(state: RobotState, limits: Limits) -> bool:
    """Whether all legs are where those of a robot that lies, or has its belly on something, are not; NaN is nowhere.

    In the base's own axes: a lean must not make one foot deep. And each of them: one may reach over an edge.
    """
    feet = feet_of(limits.underside.legs, state.joint_position_rad)
    return all(-z >= limits.hanging_depth_m for (_, _, z), _ in feet)


def from_trunk(state: RobotState, gained_mps: Vector3, settings: HangingSettings) -> Causes:
    """What a trunk raises that is not held still and level; NaN trips it."""
    for what, value, most, unit in (
        ("is tilted by", state.tilt_rad, settings.tilt_rad, "rad"),
        ("turns at", hypot(*state.angular_velocity_in_base_radps), settings.turn_radps, "rad/s"),
        ("has just gained", hypot(*gained_mps), settings.gain_mps, "m/s"),
    ):
        if not value <= most:
            return {Trigger.TRUNK_MOVES: f"the trunk {what} {value:.2f} {unit} > {most:g} {unit}"}
    return {}
