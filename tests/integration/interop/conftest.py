"""What the tests of the adapters share: tasks in which episodes end all the time, by falling and by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from surefoot_training.task.config import TaskConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import TASKS, make_environment
from surefoot_training.task.terrain import TerrainConfig

TIME_LIMIT_S = 0.3
TILT_LIMIT_RAD = 0.5

MakeEnvironment = Callable[..., WalkingEnvironment]


def _hasty(task: TaskConfig) -> TaskConfig:
    limits = {"time_out": {"limit_s": TIME_LIMIT_S}, "tilt": {"limit_rad": TILT_LIMIT_RAD}}
    terms = (replace(term, parameters=limits.get(term.name, term.parameters)) for term in task.terminations)
    return replace(task, terminations=tuple(terms))


FLAT = _hasty(TASKS["velocity-flat"])
ROUGH = replace(
    _hasty(TASKS["velocity-rough"]),
    terrain=TerrainConfig(columns=("rough", "stairs_up"), level_count=3, border_m=8.0),
    curriculum=CurriculumConfig(levels=3),
)


@pytest.fixture(scope="session")
def make() -> MakeEnvironment:
    """`make(rough=False, robots=6, seed=1)`: an environment whose episodes end after 15 steps, or in a fall."""

    def environment(*, rough: bool = False, robots: int = 6, seed: int = 1) -> WalkingEnvironment:
        return make_environment(ROUGH if rough else FLAT, robots, seed=seed, threads=1)

    return environment


@pytest.fixture(scope="session")
def wild_actions() -> Callable[[int, int], list[np.ndarray]]:
    """`wild_actions(steps, robots)`: some robots stand, some fall within a time limit."""

    def actions(steps: int, robots: int, seed: int = 3) -> list[np.ndarray]:
        draws = np.random.default_rng(seed)
        spread = np.linspace(0.0, 5.0, robots)[:, None]
        return [(spread * draws.normal(size=(robots, 12))).astype(np.float32) for _ in range(steps)]

    return actions
