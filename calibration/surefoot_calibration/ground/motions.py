"""Motions of a trunk over feet that stay where they are, and the joint angles that make them.

A foot is a ball: as the leg above it turns, it rolls, and its centre goes along by its radius times that turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.state import GRAVITY_MPS2

AXES = ("forward", "sideways", "up", "roll", "pitch", "yaw")
"""In which a trunk moves: m along x, y, z, then rad about them, from where it stands."""
CORNER_HZ = 0.8
"""Faster than that, a chirp's acceleration stays as it is, and its amplitude falls with the square of the frequency."""
ROLLING = 4
"""Rounds of working out how far feet roll from angles that follow from where they rolled to."""


@dataclass(frozen=True, slots=True, eq=False)
class Stance:
    """Where a robot stands: [12] angles, and the feet's centres then, [4, 3], in the base's frame."""

    angle_rad: FloatArray
    foot_m: FloatArray


def slow_chirp(t: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    """From one frequency to another as t goes from 0 to its end; see `CORNER_HZ`."""
    share = t / t[-1]
    hz = low_hz + (high_hz - low_hz) * share
    phase = 2.0 * np.pi * t[-1] * (low_hz * share + 0.5 * (high_hz - low_hz) * share**2)
    wave: FloatArray = np.minimum(1.0, (CORNER_HZ / hz) ** 2) * np.sin(phase)
    return wave


def multisine(t: FloatArray, hz: FloatArray, phase_rad: FloatArray) -> FloatArray:
    """Sines of equal acceleration at frequencies [M] with phases [M], scaled so that the highest peak is 1."""
    waves = np.cos(2.0 * np.pi * hz * t[:, None] + phase_rad) / hz**2
    total: FloatArray = waves.sum(axis=1)
    wave: FloatArray = total / np.abs(total).max()
    return wave


def joint_angles(robot: RobotSpec, stance: Stance, trunk: FloatArray, feet_m: FloatArray | None = None) -> FloatArray:
    """Angles [T, 12] with which the trunk is at `trunk` [T, 6] (`AXES`) while feet stand.

    `feet_m` [T, 4, 3] are moves of the feet that are asked for besides.
    """
    kinematics = robot.kinematics
    turn = turns(trunk[:, 3:])
    radius = np.array([leg.foot.radius_m for leg in robot.legs])
    first = _calf_turn(stance.angle_rad[None], np.zeros((1, 3)))
    angles = np.tile(stance.angle_rad, (len(trunk), 1))
    wanted = stance.foot_m if feet_m is None else stance.foot_m + feet_m
    for _ in range(ROLLING):
        about_x, about_y = np.moveaxis(_calf_turn(angles, trunk[:, 3:]) - first, -1, 0)
        rolled = np.stack((radius * about_y, -radius * about_x, np.zeros_like(about_x)), axis=-1)
        in_base = np.einsum("tji,tlj->tli", turn, wanted + rolled - trunk[:, None, :3])
        angles, reached = kinematics.joint_position(in_base)
        if not reached.all():
            row, leg = (int(index) for index in np.argwhere(~reached)[0])
            raise SurefootError(
                f"{robot.legs[leg].name}: the foot is out of the leg's reach in row {row} of the plan",
                hint="a smaller --scale",
            )
    return angles


def _calf_turn(angle_rad: FloatArray, trunk_rad: FloatArray) -> FloatArray:
    """How far each calf is turned about x and y, [T, 4, 2]; to first order in the trunk's turns."""
    legs = angle_rad.reshape(-1, 4, 3)
    about_x = legs[..., 0] + trunk_rad[:, None, 0]
    about_y = legs[..., 1] + legs[..., 2] + trunk_rad[:, None, 1]
    return np.stack((about_x, about_y), axis=-1)


def turns(rpy_rad: FloatArray) -> FloatArray:
    """Rotations [T, 3, 3] from roll, pitch, yaw [T, 3] about fixed axes: from the base's axes to the world's."""
    (cr, cp, cy), (sr, sp, sy) = np.cos(rpy_rad).T, np.sin(rpy_rad).T
    rows = (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def holding_nm(robot: RobotSpec, angle_rad: FloatArray) -> FloatArray:
    """Torques [T, 12] that hold the file's robot up: its weight shared by the feet so that nothing tips."""
    kinematics = robot.kinematics
    foot, jacobian = kinematics.foot_position_in_base(angle_rad), kinematics.foot_jacobian_in_base(angle_rad)
    weight_n = robot.total_mass_kg * GRAVITY_MPS2
    around = foot - np.array(robot.trunk.inertial.com_m)
    ones = np.ones(foot.shape[:-1])
    # Least squares of loads: their sum is the weight, and they do not tip it about x or y.
    balance = np.stack((ones, around[..., 0], around[..., 1]), axis=-2)
    wanted = np.zeros((len(foot), 3))
    wanted[:, 0] = weight_n
    load = np.einsum("tlk,tk->tl", np.linalg.pinv(balance), wanted)
    force = np.zeros_like(foot)
    force[..., 2] = load
    torque: FloatArray = -np.einsum("tlij,tli->tlj", jacobian, force).reshape(len(foot), -1)
    return torque
