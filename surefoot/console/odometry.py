"""How fast the robot goes and where it has come to, by its own legs, joints and gyro: as on a robot, so in simulation.

A foot that stands does not move over the ground, so the base moves against it (Bloesch et al., RSS 2012, without the
filter). Feet that slip, and ground that is not even, make it wrong: it is for looking at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from surefoot_robots.shapes import Box
from surefoot_robots.spec import FloatArray, RobotSpec
from surefoot_safety.state import RobotState

STANDS_M = 0.015
"""Without contact sensors a foot stands that is no further above the lowest one."""
SMOOTHED_S = 0.15
"""Half a step of a trot: what is shown does not jump with every footfall."""
LONGEST_STEP_S = 0.5
"""What happened in a longer gap is not known."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the robot is by its own reckoning, from where the console was started."""

    position_m: tuple[float, float, float]
    """Over even ground."""
    velocity: tuple[float, float, float]
    """vx, vy m/s in the base's heading, yaw rate rad/s."""
    tilt_rad: float


class Odometry:
    """Adds up what samples tell."""

    def __init__(self, spec: RobotSpec) -> None:
        self._legs = spec.kinematics
        self._radius_m = max(leg.foot.radius_m for leg in spec.legs)
        self._trunk = _lowest_points(spec)
        self._stamp_s: float | None = None
        self._place = np.zeros(2)
        self._velocity = np.zeros(3)
        self._last = Motion((0.0, 0.0, spec.standing_height_m), (0.0, 0.0, 0.0), 0.0)

    def update(self, state: RobotState, *, on_feet: bool) -> Motion:
        """Take a sample; while the robot is not on its feet it goes nowhere."""
        if not np.isfinite([*state.joint_position_rad, *state.joint_velocity_radps, *_imu(state)]).all():
            return self._last  # sensors that fail are the supervisor's to judge
        step_s = 0.0 if self._stamp_s is None else state.stamp_s - self._stamp_s
        if not 0.0 <= step_s <= LONGEST_STEP_S:
            step_s = 0.0
        self._stamp_s = state.stamp_s
        turn = rotation(state.orientation_wxyz)
        feet = self._legs.foot_position_in_base(state.joint_position_rad)
        wanted = self._velocity_of(state, turn, feet) if on_feet else np.zeros(3)
        share = 1.0 - math.exp(-step_s / SMOOTHED_S)
        self._velocity = self._velocity + share * (wanted - self._velocity)
        yaw = math.atan2(turn[1, 0], turn[0, 0])
        ahead, left, rate = (float(value) for value in self._velocity)
        way = np.array([ahead * math.cos(yaw) - left * math.sin(yaw), ahead * math.sin(yaw) + left * math.cos(yaw)])
        self._place = self._place + step_s * way
        x, y = (float(value) for value in self._place)
        tilt_rad = math.acos(max(-1.0, min(1.0, float(turn[2, 2]))))
        self._last = Motion((x, y, self._height_m(turn, feet)), (ahead, left, rate), tilt_rad)
        return self._last

    def _velocity_of(self, state: RobotState, turn: FloatArray, feet: FloatArray) -> FloatArray:
        """Of the base, level and along its heading, and its yaw rate."""
        gyro = np.array(state.angular_velocity_in_base_radps)
        speed = np.array(state.joint_velocity_radps).reshape(4, 3)
        by_legs = np.einsum("lij,lj->li", self._legs.foot_jacobian_in_base(state.joint_position_rad), speed)
        stands = self._standing(state, turn, feet)
        over_ground = -(by_legs + np.cross(gyro, feet))[stands].mean(axis=0)
        yaw = math.atan2(turn[1, 0], turn[0, 0])
        x, y, _ = turn @ over_ground
        return np.array(
            [
                x * math.cos(yaw) + y * math.sin(yaw),
                -x * math.sin(yaw) + y * math.cos(yaw),
                (turn @ gyro)[2],
            ]
        )

    @staticmethod
    def _standing(state: RobotState, turn: FloatArray, feet: FloatArray) -> FloatArray:
        """Which feet stand, [4]; there is always one."""
        height = feet @ turn[2]
        lowest = height <= height.min() + STANDS_M
        if state.foot_contact is None or not any(state.foot_contact):
            return np.asarray(lowest)
        return np.array(state.foot_contact, dtype=bool)

    def _height_m(self, turn: FloatArray, feet: FloatArray) -> float:
        """Of the base over even ground: nothing of the robot is below it."""
        down = -turn[2]
        return float(max((feet @ down).max() + self._radius_m, (self._trunk[:, :3] @ down + self._trunk[:, 3]).max()))


def _imu(state: RobotState) -> tuple[float, ...]:
    return (*state.orientation_wxyz, *state.angular_velocity_in_base_radps)


def rotation(orientation_wxyz: tuple[float, float, float, float]) -> FloatArray:
    """The matrix [3, 3] that turns vectors in the base into the world's; the unit one for what is no orientation."""
    w, x, y, z = orientation_wxyz
    size = w * w + x * x + y * y + z * z
    if not 0.0 < size < math.inf:
        return np.eye(3)
    s = 2.0 / size
    return np.array(
        [
            [1.0 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y)],
            [s * (x * y + w * z), 1.0 - s * (x * x + z * z), s * (y * z - w * x)],
            [s * (x * z - w * y), s * (y * z + w * x), 1.0 - s * (x * x + y * y)],
        ]
    )


def _lowest_points(spec: RobotSpec) -> FloatArray:
    """Points of the trunk and the radius about each, [n, 4]: what it may lie on."""
    points: list[tuple[float, ...]] = [(0.0, 0.0, 0.0, 0.0)]
    for shape in spec.trunk.shapes:
        if isinstance(shape, Box):
            (x, y, z), (a, b, c) = shape.position_m, shape.half_size_m
            points += [(x + i * a, y + j * b, z + k * c, 0.0) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]
        else:
            points += [(*end, shape.radius_m) for end in (shape.start_m, shape.end_m)]
    return np.array(points)
