"""What joints are told, and how fast the robot is to walk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from surefoot_safety.state import Floats


class CommandKind(Enum):
    """What the motors do with a command. The first two are stops, which need no target."""

    ZERO_TORQUE = "zero_torque"
    DAMP = "damp"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class JointTarget:
    """The motors' law: torque = kp (position − measured) + kd (velocity − measured) + torque."""

    position_rad: Floats
    velocity_radps: Floats
    torque_nm: Floats
    kp_nm_per_rad: Floats
    kd_nms_per_rad: Floats

    @classmethod
    def of_arrays(
        cls,
        position_rad: ArrayLike,
        kp_nm_per_rad: ArrayLike,
        kd_nms_per_rad: ArrayLike,
        velocity_radps: ArrayLike | None = None,
        torque_nm: ArrayLike | None = None,
    ) -> JointTarget:
        """From arrays [12]; velocity and torque are 0 unless given."""
        position = _floats(position_rad)
        zeros = (0.0,) * len(position)
        return cls(
            position_rad=position,
            velocity_radps=zeros if velocity_radps is None else _floats(velocity_radps),
            torque_nm=zeros if torque_nm is None else _floats(torque_nm),
            kp_nm_per_rad=_floats(kp_nm_per_rad),
            kd_nms_per_rad=_floats(kd_nms_per_rad),
        )


@dataclass(frozen=True, slots=True)
class JointCommand:
    """One command to all joints of one robot.

    `stamp_s` is when the sensor sample was measured that it answers; of a stop it is when it was made.
    """

    robot_hash: str
    sequence: int
    stamp_s: float
    kind: CommandKind
    target: JointTarget

    @property
    def is_stop(self) -> bool:
        """Whether it asks for no movement."""
        return self.kind is not CommandKind.TRACK


@dataclass(frozen=True, slots=True)
class VelocityCommand:
    """How fast to walk, in the base's frame: x forward, y left, yaw counter-clockwise."""

    sequence: int
    stamp_s: float
    vx_mps: float
    vy_mps: float
    yaw_rate_radps: float


def zero_torque(robot_hash: str, sequence: int, stamp_s: float, joints: int) -> JointCommand:
    """Motors without torque: the robot falls as it likes."""
    zeros = (0.0,) * joints
    target = JointTarget(zeros, zeros, zeros, zeros, zeros)
    return JointCommand(robot_hash, sequence, stamp_s, CommandKind.ZERO_TORQUE, target)


def damping(robot_hash: str, sequence: int, stamp_s: float, kd_nms_per_rad: Floats) -> JointCommand:
    """Motors that only brake: the robot sinks."""
    zeros = (0.0,) * len(kd_nms_per_rad)
    target = JointTarget(zeros, zeros, zeros, zeros, kd_nms_per_rad)
    return JointCommand(robot_hash, sequence, stamp_s, CommandKind.DAMP, target)


def standstill(stamp_s: float) -> VelocityCommand:
    """A command to stay where it is."""
    return VelocityCommand(0, stamp_s, 0.0, 0.0, 0.0)


def _floats(values: ArrayLike) -> Floats:
    return tuple(np.asarray(values, dtype=np.float64).ravel().tolist())
