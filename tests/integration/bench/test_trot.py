"""The open-loop trot must really walk: benches and the demo rest on it."""

from __future__ import annotations

import numpy as np
import pytest

from surefoot_robots.loader import available_robots, load_robot
from surefoot_training.bench.motions import trot_targets
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.terrain import Terrain


@pytest.mark.parametrize("name", available_robots())
def test_it_walks_forward_upright_at_its_standing_height(name: str) -> None:
    robot = load_robot(name)
    sim = MujocoBatch(robot, Terrain.flat(), 1, threads=1)
    x, height, down = [], [], []
    for target in trot_targets(robot, np.arange(250) * 0.02, speed_mps=0.6):
        sim.step(target[None])
        state = sim.state()
        x.append(float(state.base_position_in_world[0, 0]))
        height.append(float(state.base_position_in_world[0, 2]))
        down.append(float(-state.gravity_in_base[0, 2]))
    speed_mps = (x[-1] - x[99]) / (150 * 0.02)
    assert 0.3 < speed_mps < 0.6
    assert np.mean(height[50:]) == pytest.approx(robot.standing_height_m, rel=0.05)
    assert min(down[50:]) > 0.98
