"""From the contract's raw observation to what an actor sees, and from its action to joint targets.

All that other stacks leave to hand-copied configuration is in here, and goes into the exported file with the policy:
the default pose, the trot clock, the last action, scale and limits of actions, and which commands mean standing.
Training uses the very same module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.task.commands import ramped
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.gait import next_phase

_REQUIRED = ("velocity_command", "joint_position")
_REQUIRED_FOR_YAW = "angular_velocity_in_base"


@dataclass(frozen=True, slots=True)
class Column:
    """Adjacent columns of what the actor sees."""

    name: str
    size: int


class Perception(nn.Module):
    """What n robots' actors see [n, F]: the observation, the trot clock, the last action and how yawing went of late.

    Joint positions are relative to the default pose, commands too slow to walk by are zero. The yaw error is measured
    less commanded yaw rate, averaged over the last steps with weights that fade: a gyro's noise and a trot's sway hide
    from a glance that a robot with a lopsided load turns.
    """

    default_joint_position: Tensor
    offset: Tensor
    action_low: Tensor
    action_high: Tensor
    joint_lower: Tensor
    joint_upper: Tensor
    command_change: Tensor

    def __init__(self, task: TaskConfig, robot: RobotSpec, *, yaw_memory_s: float = 0.0) -> None:
        """`yaw_memory_s` is how long ago weighs 1/e; at 0, no yaw error is seen."""
        super().__init__()
        self.joints = len(robot.joint_names)
        self.remembers_yaw = yaw_memory_s > 0.0
        self._yaw_keep = math.exp(-task.control_dt_s / yaw_memory_s) if self.remembers_yaw else 0.0
        self.columns = (
            *(Column(term.name, term.size) for term in task.observation),
            Column("gait_clock", 2),
            Column("last_action", self.joints),
            *([Column("yaw_error", 1)] if self.remembers_yaw else []),
        )
        names = [column.name for column in self.columns]
        for name in (*_REQUIRED, *([_REQUIRED_FOR_YAW] if self.remembers_yaw else [])):
            if name not in names:
                raise SurefootError(f"task {task.name} does not observe {name}", hint="add it to its observation terms")
        self.observation_size = sum(term.size for term in task.observation)
        self.size = sum(column.size for column in self.columns)
        self._frequency_hz, self._dt_s = task.gait.frequency_hz, task.control_dt_s
        self._scale_rad = task.action_scale_rad
        self._commands = task.commands
        self._command = self.where("velocity_command")
        self._yaw_rate = self.where(_REQUIRED_FOR_YAW).stop - 1 if self.remembers_yaw else 0
        pose = torch.tensor(robot.default_joint_position_rad, dtype=torch.float32)
        offset = torch.zeros(self.observation_size)
        offset[self.where("joint_position")] = pose
        self.register_buffer("command_change", torch.tensor(task.commands.change_limit(task.control_dt_s)))
        self.register_buffer("default_joint_position", pose)
        self.register_buffer("offset", offset)
        self.register_buffer("joint_lower", _rounded(robot.joint_lower_rad, towards=math.inf))
        self.register_buffer("joint_upper", _rounded(robot.joint_upper_rad, towards=-math.inf))
        self.register_buffer("action_low", (self.joint_lower - pose) / self._scale_rad)
        self.register_buffer("action_high", (self.joint_upper - pose) / self._scale_rad)

    def where(self, name: str) -> slice:
        """Which columns of [n, F] (and, but for clock and last action, of the observation) hold what."""
        at = 0
        for column in self.columns:
            if column.name == name:
                return slice(at, at + column.size)
            at += column.size
        raise SurefootError(f"no column {name!r}", hint="columns: " + ", ".join(column.name for column in self.columns))

    def asked(self, observation: Tensor) -> Tensor:
        """The command [n, 3] as observed."""
        return observation[:, self._command]

    def with_ramped_command(self, observation: Tensor, before: Tensor) -> Tensor:
        """Raw observations with commands that go on from those of before [n, 3] as training's do."""
        command = ramped(self.asked(observation), before, self.command_change)
        first, end = self._command.start, self._command.stop
        return torch.cat([observation[:, :first], command, observation[:, end:]], dim=-1)

    def command_of(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """The command [n, 3] without what is too slow, and who is told to stand [n] bool."""
        command, standing = self._commands.meant(self.asked(observation))
        return command, standing

    def forward(self, observation: Tensor, last_action: Tensor, phase: Tensor, yaw_error: Tensor) -> Tensor:
        """Raw observations [n, D], last actions [n, J], the clock's phase [n] -> what the actor sees [n, F].

        `yaw_error` [n, 1] is that of before this observation; [n, 0] where none is remembered.
        """
        command, _ = self.command_of(observation)
        relative = observation - self.offset
        angle_rad = phase.unsqueeze(-1) * (2.0 * math.pi)
        before, after = relative[:, : self._command.start], relative[:, self._command.stop :]
        yaw_error = self.next_yaw_error(observation, yaw_error)
        return torch.cat([before, command, after, angle_rad.sin(), angle_rad.cos(), last_action, yaw_error], dim=-1)

    def no_yaw_error(self, robots: int) -> Tensor:
        """Of robots that begin: zeros [n, 1], or [n, 0] where none is remembered."""
        return torch.zeros(robots, int(self.remembers_yaw))

    def next_yaw_error(self, observation: Tensor, yaw_error: Tensor) -> Tensor:
        """The averaged yaw error after one more observation."""
        if not self.remembers_yaw:
            return yaw_error
        command, _ = self.command_of(observation)
        newest = observation[:, self._yaw_rate, None] - command[:, 2:]
        return self._yaw_keep * yaw_error + (1.0 - self._yaw_keep) * newest

    def next_phase(self, observation: Tensor, phase: Tensor) -> Tensor:
        """The clock [n] one control step on."""
        _, standing = self.command_of(observation)
        following: Tensor = next_phase(phase, standing, frequency_hz=self._frequency_hz, dt_s=self._dt_s)
        return following

    def clipped(self, action: Tensor) -> Tensor:
        """Actions [n, J] whose joint targets are within the joints' limits."""
        return torch.minimum(torch.maximum(action, self.action_low), self.action_high)

    def joint_target(self, action: Tensor) -> Tensor:
        """Joint targets [n, J] rad of clipped actions, within the limits to the last bit: rounding may reach beyond."""
        target = self.default_joint_position + self._scale_rad * action
        return torch.minimum(torch.maximum(target, self.joint_lower), self.joint_upper)


def _rounded(exact: np.ndarray, *, towards: float) -> Tensor:
    """The nearest float32 numbers on that side, so that a supervisor who knows the exact limits agrees."""
    near = np.asarray(exact, dtype=np.float32)
    beyond = near < exact if towards > 0 else near > exact
    return torch.from_numpy(np.where(beyond, np.nextafter(near, np.float32(towards)), near))
