"""What a learner sees whose network is a plain one.

The environment gives the policy contract's terms, raw; our own policies scale them and remember the rest inside their
graph. Others' networks get it from outside: terms around 1 in size, and with them the trot clock, which the rewards
speak of, and the last action, without which their smoothness and the motors' delay cannot be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.simulator import Array, ArrayNamespace
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.environment import Observations
from surefoot_training.task.terms import ObservationTerm

CLOCK = "gait_clock"
LAST_ACTION = "last_action"

SCALES: Mapping[str, float] = MappingProxyType(
    {
        "angular_velocity_in_base": 0.2,  # this and joint_velocity: unitree_rl_lab's Go2 (walking-recipes.md)
        "joint_velocity": 0.05,
        # Own choices, from what these terms are like on a walking robot:
        "foot_forces_in_base": 0.01,  # a foot carries 37 N standing, 75 N in a trot, several times that on landing
        "disturbance_force_in_base": 0.01,  # 50 to 150 N
        "height_scan": 2.5,  # steps are up to 0.2 m
    }
)
"""What terms are multiplied by; all others by 1."""


@dataclass(frozen=True, slots=True)
class Block:
    """Adjacent columns of an observation: (raw − offset) × scale."""

    name: str
    size: int
    unit: str  # of the raw value
    scale: float = 1.0
    offset: tuple[float, ...] = ()  # one per column; empty is zero


class ObservationLayout:
    """Which columns a learner's observations have, and how they come from the environment's.

    `policy` is the task's observation, without commands too slow to walk by, followed by the trot clock and the last
    action; `privileged` is what only a critic sees besides.
    """

    def __init__(self, task: TaskConfig, robot: RobotSpec, xp: ArrayNamespace) -> None:
        """For the arrays of the library `xp`."""
        joints = len(robot.joint_names)
        pose = tuple(robot.default_joint_position_rad.tolist())
        self.policy = (
            *(_block(term, {"joint_position": pose}) for term in task.observation),
            Block(CLOCK, 2, "1"),
            Block(LAST_ACTION, joints, "action scale"),
        )
        self.privileged = tuple(_block(term, {}) for term in task.privileged)
        self._clock, self._commands = self._clock_columns(task), task.commands
        self._command = _columns(self.policy, "velocity_command")
        self._xp = xp
        self._policy_offset, self._policy_scale = (xp.asarray(row) for row in _rows(self.policy))
        _, self._privileged_scale = (xp.asarray(row) for row in _rows(self.privileged))

    @property
    def policy_size(self) -> int:
        """Columns of `policy`."""
        return sum(block.size for block in self.policy)

    @property
    def privileged_size(self) -> int:
        """Columns of `privileged`."""
        return sum(block.size for block in self.privileged)

    def columns(self, name: str) -> slice:
        """Where the block called `name` is among the columns of `policy`."""
        return _columns(self.policy, name)

    def arrange(self, seen: Observations, last_action: Array) -> Observations:
        """Observations of n robots as their learner gets them, new arrays; `last_action` [n, J]."""
        clock = seen.privileged[:, self._clock]
        first, end = self._command.start, self._command.stop
        command, _ = self._commands.meant(seen.policy[:, self._command])
        parts = [seen.policy[:, :first], command, seen.policy[:, end:], clock, last_action]
        policy = self._xp.concat(parts, axis=-1)
        return Observations(
            (policy - self._policy_offset) * self._policy_scale, seen.privileged * self._privileged_scale
        )

    def _clock_columns(self, task: TaskConfig) -> slice:
        if CLOCK not in {block.name for block in self.privileged}:
            raise SurefootError(
                f"task {task.name} has no {CLOCK} among its privileged terms: "
                + ", ".join(block.name for block in self.privileged),
                hint="add task.observations.gait_clock to them; a learner has to see the clock that rewards speak of",
            )
        return _columns(self.privileged, CLOCK)


def _block(term: ObservationTerm, offsets: Mapping[str, tuple[float, ...]]) -> Block:
    return Block(term.name, term.size, term.unit, SCALES.get(term.name, 1.0), offsets.get(term.name, ()))


def _columns(blocks: tuple[Block, ...], name: str) -> slice:
    names = [block.name for block in blocks]
    if name not in names:
        raise SurefootError(f"no block {name!r} in this observation", hint="blocks: " + ", ".join(names))
    at = names.index(name)
    first = sum(block.size for block in blocks[:at])
    return slice(first, first + blocks[at].size)


def _rows(blocks: tuple[Block, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Offset and scale of every column, float32."""
    offsets = [block.offset or (0.0,) * block.size for block in blocks]
    scales = [(block.scale,) * block.size for block in blocks]
    return np.concatenate(offsets).astype(np.float32), np.concatenate(scales).astype(np.float32)
