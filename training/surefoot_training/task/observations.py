"""Observation terms: pure functions of quantities that give [N, size], raw and in SI units.

The first seven are the terms of the policy contract, version 1; they are bound to what the sensors measured
(`sensors.Measurement`). All may be bound to the truth, for a critic, which may see everything.
"""

from __future__ import annotations

import math

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import namespace
from surefoot_training.task.terms import ObservationTerm

# The policy contract, version 1


def angular_velocity_in_base(angular_velocity_in_base: Array) -> Array:
    """Angular velocity of the base [N, 3], rad/s."""
    return angular_velocity_in_base


def gravity_in_base(gravity_in_base: Array) -> Array:
    """Direction of gravity [N, 3]; level and still: 0, 0, −1."""
    return gravity_in_base


def velocity_command(velocity_command: Array) -> Array:
    """What the robot is asked to do [N, 3]: vx, vy m/s and yaw rate rad/s."""
    return velocity_command


def joint_position(joint_position: Array) -> Array:
    """Joint angles [N, J], rad."""
    return joint_position


def joint_velocity(joint_velocity: Array) -> Array:
    """Joint speeds [N, J], rad/s."""
    return joint_velocity


def height_scan(height_scan_m: Array) -> Array:
    """Terrain height relative to the base [N, K], m."""
    return height_scan_m


def height_scan_valid(height_scan_valid: Array) -> Array:
    """1 where the height scan means anything, else 0 [N, 1]."""
    xp = namespace(height_scan_valid)
    return xp.astype(height_scan_valid, xp.float32)[:, None]


# For a critic only


def velocity_in_base(base_velocity_in_base: Array) -> Array:
    """True velocity of the base [N, 3], m/s, which no sensor of the robot measures."""
    return base_velocity_in_base


def base_height(base_height_m: Array) -> Array:
    """Height of the base over the terrain below it [N, 1], m."""
    return base_height_m[:, None]


def foot_contacts(foot_contact: Array) -> Array:
    """1 for each foot that is down [N, 4]."""
    xp = namespace(foot_contact)
    return xp.astype(foot_contact, xp.float32)


def foot_forces_in_base(foot_force_in_world_n: Array, base_rotation: Array) -> Array:
    """Ground force on each foot as the base sees it [N, 12], N: FL x, y, z, FR x, …; turning around changes nothing."""
    forces = foot_force_in_world_n @ base_rotation
    return forces.reshape(forces.shape[0], -1)


def foot_clearances(foot_clearance_m: Array) -> Array:
    """Height of each foot's sole over the terrain below it [N, 4], m."""
    return foot_clearance_m


def disturbance_force_in_base(disturbance_force_in_world_n: Array, base_rotation: Array) -> Array:
    """Force pulse on the trunk as the base sees it [N, 3], N."""
    return (disturbance_force_in_world_n[:, None] @ base_rotation)[:, 0]


def randomized_parameters(parameters_normalised: Array) -> Array:
    """What was randomized in this robot [N, P], −1 to 1 over each range."""
    return parameters_normalised


def gait_clock(gait_phase: Array) -> Array:
    """Sine and cosine of the trot clock [N, 2]."""
    xp = namespace(gait_phase)
    angle_rad = gait_phase * (2.0 * math.pi)
    return xp.stack([xp.sin(angle_rad), xp.cos(angle_rad)], axis=-1)


def policy_terms(joints: int, scan_points: int = 0) -> tuple[ObservationTerm, ...]:
    """The contract's terms in its order, for a robot with `joints` joints; with a height scan if it has points."""
    terms = (
        ObservationTerm("angular_velocity_in_base", angular_velocity_in_base, 3, "rad/s"),
        ObservationTerm("gravity_in_base", gravity_in_base, 3, "unit vector"),
        ObservationTerm("velocity_command", velocity_command, 3, "m/s, m/s, rad/s"),
        ObservationTerm("joint_position", joint_position, joints, "rad"),
        ObservationTerm("joint_velocity", joint_velocity, joints, "rad/s"),
    )
    if not scan_points:
        return terms
    return (
        *terms,
        ObservationTerm("height_scan", height_scan, scan_points, "m"),
        ObservationTerm("height_scan_valid", height_scan_valid, 1, "1 or 0"),
    )


def privileged_terms(parameters: int, scan_points: int = 0) -> tuple[ObservationTerm, ...]:
    """What a critic sees besides the policy's observation; `parameters` is the width of `randomized_parameters`."""
    terms = (
        ObservationTerm("velocity_in_base", velocity_in_base, 3, "m/s"),
        ObservationTerm("base_height", base_height, 1, "m"),
        ObservationTerm("foot_contacts", foot_contacts, 4, "1 or 0"),
        ObservationTerm("foot_forces_in_base", foot_forces_in_base, 12, "N"),
        ObservationTerm("foot_clearances", foot_clearances, 4, "m"),
        ObservationTerm("disturbance_force_in_base", disturbance_force_in_base, 3, "N"),
        ObservationTerm("gait_clock", gait_clock, 2, "1"),
        ObservationTerm("randomized_parameters", randomized_parameters, parameters, "1"),
    )
    if not scan_points:
        return terms
    return (*terms, ObservationTerm("height_scan", height_scan, scan_points, "m"))
