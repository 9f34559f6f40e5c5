"""Where walkers are examined: the task's own sensors and robots, on ground and with commands of the examiner's.

Commands are written into what the robots see, so that an examiner may ask for anything, and robots by themselves; the
task's rewards and curriculum, which know nothing of that, are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.settings import Span
from surefoot_training.task.terms import ObservationTerm, TerminationTerm
from surefoot_training.task.terrain import Terrain

NO_PUSHES = PushConfig(kick_mps=(0.0, 0.0), force_n=(0.0, 0.0))
_STARTS = (
    "initial_joint_offset_rad",
    "initial_joint_velocity_radps",
    "initial_height_added_m",
    "initial_tilt_rad",
    "initial_velocity_mps",
    "initial_angular_velocity_radps",
)
_NO_CURRICULUM = CurriculumConfig(levels=1, initial_level_max=0, speed_bins=1)


class WatchedBatch(MujocoBatch):
    """Keeps the truth at the end of a step, which resets within the environment's step would overwrite."""

    truth: RobotState
    blown_up: np.ndarray  # [N] bool

    def step(self, joint_target: np.ndarray) -> None:
        """One control step."""
        super().step(joint_target)
        state = self.state()
        self.truth = RobotState(**{name: getattr(state, name).copy() for name in RobotState.__slots__})
        self.blown_up = self.failed()


@dataclass(frozen=True, slots=True)
class Arena:
    """An environment and the simulator in it."""

    environment: WalkingEnvironment
    simulator: WatchedBatch
    command_columns: slice  # of what the policy sees

    @property
    def robots(self) -> int:
        """N."""
        return self.environment.robots

    @property
    def control_dt_s(self) -> float:
        """One control step."""
        return self.environment.task.control_dt_s


def examined(task: TaskConfig, seconds: float, **randomization: Span) -> TaskConfig:
    """`task` on a plane, unpushed, at full speed from the start; only falls end an episode before `seconds` are over.

    Robots begin standing, as they do when somebody tells them to walk. `randomization` narrows the ranges of the
    randomized quantities it names.
    """
    ranges: dict[str, Any] = starts_of(task, 0.0) | randomization
    failures = [term for term in task.terminations if not term.is_timeout]
    clock = next(term for term in task.terminations if term.is_timeout and "limit_s" in term.parameters)
    # A second more than is looked at, so that rounding cannot end anything.
    out_of_time = replace(clock, parameters={**clock.parameters, "limit_s": seconds + 1.0})
    return replace(
        task,
        terrain=None,
        curriculum=_NO_CURRICULUM,
        pushes=NO_PUSHES,
        terminations=(*failures, out_of_time),
        randomization=replace(task.randomization, **ranges),
    )


def starts_of(task: TaskConfig, share: float) -> dict[str, Span]:
    """How robots of `task` start, at `share` of its violence: at 0 they stand in the default pose, at rest."""
    return {name: (share * low, share * high) for name in _STARTS for low, high in [getattr(task.randomization, name)]}


def make_arena(
    task: TaskConfig,
    robot: RobotSpec,
    robots: int,
    *,
    seed: int,
    threads: int,
    ground: Terrain | None = None,
    endings: Sequence[TerminationTerm] = (),
) -> Arena:
    """`task`, as `examined` left it, for `robots` robots on `ground` (None: a plane), with more reasons to end."""
    task = replace(task, terminations=(*task.terminations, *endings))
    simulator = WatchedBatch(
        robot,
        ground or Terrain.flat(),
        robots,
        physics=task.physics,
        control_dt_s=task.control_dt_s,
        max_action_delay_s=task.max_action_delay_s,
        threads=threads,
    )
    environment = WalkingEnvironment(task, simulator, seed)
    return Arena(environment, simulator, columns_of("velocity_command", task.observation))


def columns_of(name: str, table: Sequence[ObservationTerm]) -> slice:
    """Where a term of an observation table is."""
    first = 0
    for term in table:
        if term.name == name:
            return slice(first, first + term.size)
        first += term.size
    raise SurefootError(
        f"the policy does not see {name}", hint="it sees " + ", ".join(term.name for term in table) + "; nobody can ask"
    )
