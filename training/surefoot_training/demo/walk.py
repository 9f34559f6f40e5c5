"""Robots trot over the rough terrain without a policy, for a picture: an open-loop gait, which feels nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from surefoot_training.bench.motions import trot_targets
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import make_environment, task_named

STRIDE_MPS = 0.6
"""Speed at which feet on the ground are moved back; slip and soft gains leave some two thirds of it."""


def walk(robots: int, seconds: float, seed: int) -> tuple[np.ndarray, WalkingEnvironment]:
    """`robots` on all levels of the rough terrain, and their poses [robots, 7 + J] in the end."""
    task = task_named("velocity-rough")
    task = replace(task, curriculum=replace(task.curriculum, initial_level_max=task.curriculum.levels - 1))
    environment = make_environment(task, robots, seed=seed)
    simulator = environment.simulator
    assert isinstance(simulator, MujocoBatch)
    steps = round(seconds / task.control_dt_s)
    targets = trot_targets(simulator.robot, np.arange(steps) * task.control_dt_s, STRIDE_MPS).astype(np.float32)
    for target in targets:
        environment.step(np.tile(target, (robots, 1)))
    return simulator.batch.bind("qpos").copy(), environment
