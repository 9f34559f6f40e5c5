"""Left and right exchanged, for walking robots: their legs come in mirrored pairs, their trunk is symmetric.

Positions and velocities keep x and z and turn y around; angular velocities turn x and z around; a leg becomes the one
opposite, whose hip turns the other way. The trot clock is half a cycle off in the mirror, unless it rests.
"""

from __future__ import annotations

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.nets.perception import Perception
from surefoot_training.task.config import TaskConfig

_SIGNS = {
    "angular_velocity_in_base": (-1.0, 1.0, -1.0),
    "gravity_in_base": (1.0, -1.0, 1.0),
    "velocity_command": (1.0, -1.0, -1.0),
    "gait_clock": (1.0, 1.0),  # turned half a cycle below, unless it rests
    "height_scan_valid": (1.0,),
    "yaw_error": (-1.0,),
}
_OPPOSITE = {"FL": "FR", "FR": "FL", "RL": "RR", "RR": "RL"}


class WalkingMirror:
    """The mirror of a robot's observations, actions and velocity."""

    def __init__(self, perception: Perception, task: TaskConfig, robot: RobotSpec) -> None:
        self._joint_order, self._joint_sign = joints_in_mirror(robot)
        order, sign = [], []
        at = 0
        for column in perception.columns:
            columns, signs = self._of_column(column.name, column.size, task)
            order.append(columns + at)
            sign.append(signs)
            at += column.size
        self._order, self._sign = torch.cat(order), torch.cat(sign)
        self._velocity_sign = torch.tensor([1.0, -1.0, 1.0])
        self._command = perception.where("velocity_command")
        self._is_clock = torch.zeros(perception.size, dtype=torch.bool)
        self._is_clock[perception.where("gait_clock")] = True

    def observation(self, actor: Tensor) -> Tensor:
        """[..., F] -> [..., F]."""
        turned = actor.index_select(-1, self._order) * self._sign
        moving = actor[..., self._command].abs().sum(-1, keepdim=True) > 0.0
        return torch.where(moving & self._is_clock, -turned, turned)

    def action(self, action: Tensor) -> Tensor:
        """[..., J] -> [..., J]."""
        return action.index_select(-1, self._joint_order) * self._joint_sign

    def velocity(self, velocity: Tensor) -> Tensor:
        """[..., 3] -> [..., 3]."""
        return velocity * self._velocity_sign

    def _of_column(self, name: str, size: int, task: TaskConfig) -> tuple[Tensor, Tensor]:
        """Where each of its columns is taken from, and with which sign."""
        if name in ("joint_position", "joint_velocity", "last_action"):
            return self._joint_order, self._joint_sign
        if name == "height_scan":
            assert task.scan is not None
            return torch.arange(size).view(task.scan.shape).flip(1).flatten(), torch.ones(size)
        if name not in _SIGNS:
            raise SurefootError(
                f"how {name} looks in a mirror is not known",
                hint="add it to learn.mirror",
            )
        return torch.arange(size), torch.tensor(_SIGNS[name])


def joints_in_mirror(robot: RobotSpec) -> tuple[Tensor, Tensor]:
    """Which joint each one becomes [J] int64, and whether it turns the other way [J]."""
    names = list(robot.joint_names)
    order, sign = [], []
    for name in names:
        leg, joint = name.split("_", 1)
        order.append(names.index(f"{_OPPOSITE[leg]}_{joint}"))
        sign.append(-1.0 if joint.startswith("hip") else 1.0)
    return torch.tensor(order), torch.tensor(sign)
