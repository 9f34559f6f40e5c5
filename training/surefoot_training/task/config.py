"""A task as data: the tables of terms and the configuration of everything around them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from surefoot_robots.errors import SurefootError
from surefoot_robots.model import PhysicsOptions
from surefoot_training.task.commands import CommandConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.gait import GaitConfig
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.sensors import SensorConfig
from surefoot_training.task.terms import ObservationTerm, RewardTerm, TerminationTerm
from surefoot_training.task.terrain import ScanGrid, TerrainConfig


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """All that defines a task, but the robot's numbers and the seed."""

    name: str
    """As `surefoot task` lists it."""

    summary: str
    """One line for people."""

    observation: tuple[ObservationTerm, ...]
    """What the policy sees: terms of the policy contract, raw, as measured."""

    privileged: tuple[ObservationTerm, ...]
    """What only the critic sees besides, the truth."""

    rewards: tuple[RewardTerm, ...]
    """Weights are per second: a term counts with its weight times the control step."""

    terminations: tuple[TerminationTerm, ...]
    """Reasons for an episode to end."""

    robot: str = "go2"
    """Which robot it is meant for; others of similar size work as well."""

    control_dt_s: float = 0.02
    """One control step: 50 Hz, as everywhere (walking-recipes.md)."""

    action_scale_rad: float = 0.25
    """Joint target = default pose + this × action. The environment takes joint targets; rewards about actions and the
    adapters for other learners need to know it. 0.25 in legged_gym, unitree_rl_gym, unitree_rl_lab."""

    terrain: TerrainConfig | None = None
    """None is an endless plane."""

    scan: ScanGrid | None = None
    """Height scan around the base; None has none."""

    physics: PhysicsOptions = field(default_factory=PhysicsOptions)
    commands: CommandConfig = field(default_factory=CommandConfig)
    gait: GaitConfig = field(default_factory=GaitConfig)
    sensors: SensorConfig = field(default_factory=SensorConfig)
    pushes: PushConfig = field(default_factory=PushConfig)
    randomization: RandomizationConfig = field(default_factory=RandomizationConfig)
    curriculum: CurriculumConfig = field(default_factory=CurriculumConfig)

    def __post_init__(self) -> None:
        """Refuse a task that could not run or never ends an episode."""
        for what, value in (("control_dt_s", self.control_dt_s), ("action_scale_rad", self.action_scale_rad)):
            if not 0.0 < value < 10.0:
                raise SurefootError(f"task {self.name}: {what} {value!r}", hint="give a positive number below 10")
        if not self._time_limits_s:
            raise SurefootError(
                f"task {self.name} has no time-out",
                hint="add a termination with is_timeout=True and the parameter limit_s, such as out_of_time",
            )
        for limit_s in self._time_limits_s:
            if not self.control_dt_s <= limit_s < math.inf:  # nor is NaN
                raise SurefootError(
                    f"task {self.name}: time-out limit_s {limit_s:g}",
                    hint=f"give a finite time of at least one control step, {self.control_dt_s:g} s",
                )
        levels = self.terrain.level_count if self.terrain else 1
        if self.curriculum.levels != levels:
            raise SurefootError(
                f"task {self.name}: the curriculum has {self.curriculum.levels} levels, the terrain {levels}",
                hint="give both the same number",
            )

    @property
    def episode_s(self) -> float:
        """The longest an episode can last."""
        return min(self._time_limits_s)

    @property
    def _time_limits_s(self) -> list[float]:
        timeouts = [term.parameters for term in self.terminations if term.is_timeout]
        return [float(parameters["limit_s"]) for parameters in timeouts if "limit_s" in parameters]

    @property
    def max_action_delay_s(self) -> float:
        """Room the simulator needs in its delay lines."""
        return self.randomization.action_delay_s[1]
