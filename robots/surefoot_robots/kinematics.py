"""Leg kinematics in NumPy: where the feet are, which joint angles put them there, and how they move.

All functions take any leading axes. Angles in rad, positions in m in the base frame; a foot's position is the centre of
its ball. Each leg turns about x at the hip, then about y at thigh and calf; the offsets between the joints may be any
vectors, so legs whose knees lie aside of the straight line fit as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]

ROUNDING_M = 1e-9
"""A foot asked for this much out of reach still counts as reachable."""


@dataclass(frozen=True, slots=True, eq=False)
class LegKinematics:
    """The geometry of four legs, [4, 3] each, and what follows from it."""

    hip_in_base_m: FloatArray
    thigh_in_hip_m: FloatArray
    calf_in_thigh_m: FloatArray
    foot_in_calf_m: FloatArray
    joint_lower_rad: FloatArray
    joint_upper_rad: FloatArray

    @classmethod
    def of_spec(cls, spec: RobotSpec) -> LegKinematics:
        """The legs of a robot."""
        hip, thigh, calf = (np.array([leg.joints[k].position_in_parent_m for leg in spec.legs]) for k in range(3))
        foot = np.array([leg.foot.position_in_calf_m for leg in spec.legs])
        lower, upper = spec.joint_lower_rad.reshape(4, 3), spec.joint_upper_rad.reshape(4, 3)
        return cls(hip, thigh, calf, foot, lower, upper)

    def foot_position_in_base(self, joint_position: ArrayLike) -> FloatArray:
        """Foot centres [..., 4, 3] from joint positions [..., 12]."""
        hip, thigh, calf = _by_leg(joint_position)
        shank = self.calf_in_thigh_m + _turned_about_y(calf, self.foot_in_calf_m)
        leg = self.thigh_in_hip_m + _turned_about_y(thigh, shank)
        return self.hip_in_base_m + _turned_about_x(hip, leg)

    def foot_jacobian_in_base(self, joint_position: ArrayLike) -> FloatArray:
        """How each foot moves with its leg's joints, [..., 4, 3, 3]: rows x, y, z; columns hip, thigh, calf."""
        hip, thigh, calf = _by_leg(joint_position)
        knee_to_foot = _turned_about_x(hip, _turned_about_y(thigh + calf, self.foot_in_calf_m))
        thigh_to_foot = _turned_about_x(hip, _turned_about_y(thigh, self.calf_in_thigh_m)) + knee_to_foot
        hip_to_foot = _turned_about_x(hip, self.thigh_in_hip_m) + thigh_to_foot
        hip_axis = np.broadcast_to(np.array([1.0, 0.0, 0.0]), hip_to_foot.shape)
        knee_axis = _turned_about_x(hip, np.array([0.0, 1.0, 0.0]))
        columns = (
            np.cross(hip_axis, hip_to_foot),
            np.cross(knee_axis, thigh_to_foot),
            np.cross(knee_axis, knee_to_foot),
        )
        return np.stack(columns, axis=-1)

    def joint_position(self, foot_position_in_base: ArrayLike) -> tuple[FloatArray, BoolArray]:
        """Joint positions [..., 12] that put the feet at [..., 4, 3], and which feet get there, [..., 4].

        Of the solutions, the one with the foot below the hip's axis and the knee bent the way its limits favour. A foot
        too far away or too near goes, in its leg's plane and direction, to where the knee can just take it; hip and
        thigh are then held within their limits. A foot that does not get where it should has a false flag.
        """
        target = np.asarray(foot_position_in_base, dtype=np.float64) - self.hip_in_base_m
        hip, down, wide_enough = self._hip_angle(target)
        in_plane = np.stack((target[..., 0] - self.thigh_in_hip_m[:, 0], down - self.thigh_in_hip_m[:, 2]), axis=-1)
        thigh, calf, spanned = self._thigh_and_calf_angles(in_plane)
        angles = np.stack((hip, thigh, calf), axis=-1)
        middle = 0.5 * (self.joint_lower_rad + self.joint_upper_rad)
        angles = middle + _wrapped(angles - middle)
        held = np.clip(angles, self.joint_lower_rad, self.joint_upper_rad)
        within_limits = np.all(np.abs(held - angles) < ROUNDING_M, axis=-1)
        return held.reshape(*held.shape[:-2], 12), wide_enough & spanned & within_limits

    def _hip_angle(self, target: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Hip angle, height of the foot in the leg's own plane (negative: below the hip), and whether it exists."""
        sideways = self.thigh_in_hip_m[:, 1] + self.calf_in_thigh_m[:, 1] + self.foot_in_calf_m[:, 1]
        y, z = target[..., 1], target[..., 2]
        down_squared = y * y + z * z - sideways * sideways
        down = -np.sqrt(np.maximum(down_squared, 0.0))
        hip = np.arctan2(z, y) - np.arctan2(down, sideways)
        return hip, down, np.sqrt(y * y + z * z) >= np.abs(sideways) - ROUNDING_M

    def _thigh_and_calf_angles(self, in_plane: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
        """Two links in a plane; `in_plane` [..., 4, 2] is the foot seen from the thigh joint, (x, z)."""
        thigh_length, thigh_direction = _polar(self.calf_in_thigh_m[:, [0, 2]])
        calf_length, calf_direction = _polar(self.foot_in_calf_m[:, [0, 2]])
        wanted, direction = _polar(in_plane)
        least_bend, most_bend = self._bend_limits(calf_direction - thigh_direction)
        # Law of cosines: reach² = thigh² + calf² + 2 thigh calf cos(bend), bend = 0 being the stretched leg.
        squares, product = thigh_length**2 + calf_length**2, 2.0 * thigh_length * calf_length
        shortest, longest = (np.sqrt(squares + product * np.cos(bend)) for bend in (most_bend, least_bend))
        reach = np.clip(wanted, shortest, longest)
        bend_size = np.arccos(np.clip((reach**2 - squares) / product, -1.0, 1.0))
        bend = np.where(most_bend < 0.0, -bend_size, bend_size)
        # Where the thigh joint sees the foot before it turns itself.
        before = np.arctan2(
            thigh_length * np.sin(thigh_direction) + calf_length * np.sin(thigh_direction + bend),
            thigh_length * np.cos(thigh_direction) + calf_length * np.cos(thigh_direction + bend),
        )
        calf = bend + thigh_direction - calf_direction
        return direction - before, calf, np.abs(reach - wanted) < ROUNDING_M

    def _bend_limits(self, bend_at_zero: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The knee's bend, least and most, on the side that the calf joint's limits favour; [4] each, of one sign."""
        lower, upper = self.joint_lower_rad[:, 2], self.joint_upper_rad[:, 2]
        middle = _wrapped(0.5 * (lower + upper) + bend_at_zero)
        backward = middle < 0.0
        low, high = middle - 0.5 * (upper - lower), middle + 0.5 * (upper - lower)
        least = np.where(backward, np.minimum(high, 0.0), np.maximum(low, 0.0))
        most = np.where(backward, np.maximum(low, -np.pi), np.minimum(high, np.pi))
        return least, most


def _by_leg(joint_position: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Hip, thigh and calf angles, [..., 4] each, from [..., 12]."""
    angles = np.asarray(joint_position, dtype=np.float64)
    angles = angles.reshape(*angles.shape[:-1], 4, 3)
    return angles[..., 0], angles[..., 1], angles[..., 2]


def _turned_about_x(angle: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors [..., 4, 3] turned about x by angles [..., 4]."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.stack(np.broadcast_arrays(x, cos * y - sin * z, sin * y + cos * z), axis=-1)


def _turned_about_y(angle: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors [..., 4, 3] turned about y by angles [..., 4]."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.stack(np.broadcast_arrays(cos * x + sin * z, y, cos * z - sin * x), axis=-1)


def _polar(vector_xz: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Length and direction of vectors [..., 2] in the x-z plane; turning about y adds to the direction."""
    x, z = vector_xz[..., 0], vector_xz[..., 1]
    return np.hypot(x, z), np.arctan2(x, z)


def _wrapped(angle: FloatArray) -> FloatArray:
    """The same angle in [−π, π)."""
    return np.mod(angle + np.pi, 2.0 * np.pi) - np.pi
