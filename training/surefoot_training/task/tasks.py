"""The tasks there are, by name, and an environment of one from a name."""

from __future__ import annotations

import difflib
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task import velocity
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.terrain import Terrain, build_terrain

TASKS: dict[str, TaskConfig] = {task.name: task for task in (velocity.FLAT, velocity.ROUGH)}


def task_named(name: str) -> TaskConfig:
    """The task called `name`, or an error that lists those there are."""
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        raise SurefootError(
            f"there is no task {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
            hint="tasks: " + ", ".join(TASKS),
        )
    return TASKS[name]


def make_environment(
    task: TaskConfig | str,
    robots: int,
    *,
    seed: int = 0,
    robot: RobotSpec | str | None = None,
    threads: int = 0,
    dump_folder: Path | None = None,
) -> WalkingEnvironment:
    """`task` for `robots` robots in the embedded simulator; `threads` 0 takes every processor."""
    task = task_named(task) if isinstance(task, str) else task
    robot = robot or task.robot
    spec = load_robot(robot) if isinstance(robot, str) else robot
    simulator = MujocoBatch(
        spec,
        build_terrain(task.terrain) if task.terrain else Terrain.flat(),
        robots,
        physics=task.physics,
        control_dt_s=task.control_dt_s,
        max_action_delay_s=task.max_action_delay_s,
        threads=threads,
        dump_folder=dump_folder,
    )
    return WalkingEnvironment(task, simulator, seed)
