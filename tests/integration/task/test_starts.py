"""Where episodes start: on the robot's own tile, with its feet just above the ground."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.arrays import Rng
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.placement import place
from surefoot_training.task.randomization import sample_start
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terrain import build_terrain, heights_at

REAL = TASKS["velocity-rough"]


@pytest.fixture(scope="module")
def on_every_tile():
    """Go2 on all 110 tiles of the real terrain, three times over, as episodes of the real task start."""
    terrain = build_terrain(REAL.terrain)
    spots = np.repeat(terrain.tile_origin_in_world.reshape(-1, 3), 3, axis=0)
    simulator = MujocoBatch(load_robot("go2"), terrain, len(spots), threads=1)
    start = sample_start(REAL.randomization, len(spots), Rng(1, np))
    simulator.reset(np.arange(len(spots)), place(simulator.robot, start, spots))
    return simulator, spots, start


def test_no_foot_starts_in_the_ground_nor_high_above_it(on_every_tile):
    simulator, _, start = on_every_tile
    feet = simulator.state().foot_position_in_world
    soles = feet[:, :, 2] - 0.022 - heights_at(simulator.terrain, feet[:, :, 0], feet[:, :, 1])
    np.testing.assert_allclose(soles.min(axis=1), start["initial_height_added_m"], atol=1e-4)
    assert start["initial_height_added_m"].max() <= 0.05


def test_nothing_else_touches_the_ground_at_the_start(on_every_tile):
    simulator, _, _ = on_every_tile
    state = simulator.state()
    for name in ("trunk_contact", "thigh_contact", "calf_contact"):
        assert not getattr(state, name).any(), name
    assert not state.self_collision.any()
    # Feet may just touch, but nothing pushes them out of the ground.
    assert state.foot_force_in_world_n[:, :, 2].max() < 1000.0


def test_robots_start_on_the_level_platform_of_their_tile(on_every_tile):
    simulator, spots, _ = on_every_tile
    state, terrain = simulator.state(), simulator.terrain
    points = np.concatenate([state.base_position_in_world[:, None], state.foot_position_in_world], axis=1)
    offset = abs(points[:, :, :2] - spots[:, None, :2])
    assert offset.max() < 0.5 * terrain.platform_m
    ground = heights_at(terrain, points[:, :, 0], points[:, :, 1])
    np.testing.assert_allclose(ground, np.repeat(spots[:, 2, None], 5, axis=1), atol=1e-5)


def test_half_a_second_later_nearly_all_stand(on_every_tile):
    """With no more control than holding the default pose against the speed they start with."""
    simulator, _, _ = on_every_tile
    stance = np.tile(simulator.robot.default_joint_position_rad, (simulator.robots, 1))
    for _ in range(25):
        simulator.step(stance)
        assert not simulator.failed().any()
    state = simulator.state()
    standing = (state.gravity_in_base[:, 2] < -0.95) & ~state.trunk_contact
    assert standing.mean() > 0.97


def levels_and_columns(environment):
    state = environment.state_dict()
    return state["curriculum.level"], state["curriculum.column"]


def test_every_robot_starts_on_the_tile_the_curriculum_sends_it_to(lab):
    """At the first start and at every later one, while levels go up and down."""
    environment = lab.make(lab.busy(lab.tasks["rough"]), robots=12)
    terrain = environment.simulator.terrain
    seen_levels, starts = set(), np.arange(12)
    for target in lab.targets(environment, 150):
        position = environment.simulator.state().base_position_in_world[starts]
        level, column = (values[starts] for values in levels_and_columns(environment))
        at_level, at_column = terrain.tile_at(position[:, 0], position[:, 1])
        np.testing.assert_array_equal(at_level, level)
        np.testing.assert_array_equal(at_column, column)
        origin = terrain.tile_origin_in_world[level, column]
        assert (abs(position[:, :2] - origin[:, :2]) <= 0.5 + 1e-5).all()
        seen_levels |= {(int(c), int(n)) for c, n in zip(column, level, strict=True)}
        starts = environment.step(target).finished_ids
    assert seen_levels == {(column, level) for column in range(3) for level in range(3)}


def test_robots_are_spread_over_all_columns_and_the_first_levels(lab):
    environment = lab.make(replace(lab.tasks["rough"], curriculum=CurriculumConfig(levels=3, initial_level_max=1)), 12)
    level, column = levels_and_columns(environment)
    np.testing.assert_array_equal(np.bincount(column), [4, 4, 4])
    assert set(level.tolist()) == {0, 1}


def test_heading_tilt_and_speed_lie_in_their_ranges(lab):
    environment = lab.make(lab.tasks["rough"], robots=64)
    state, ranges = environment.simulator.state(), environment.task.randomization
    heading = state.heading_rad
    assert heading.min() < -2.0
    assert heading.max() > 2.0
    gravity = state.gravity_in_base
    # Roll and pitch of up to 0.1 rad each.
    np.testing.assert_array_less(np.hypot(gravity[:, 0], gravity[:, 1]), np.sin(0.1) * np.sqrt(2) + 1e-6)
    assert np.hypot(gravity[:, 0], gravity[:, 1]).max() > 0.08
    offset = state.joint_position - environment.simulator.robot.default_joint_position_rad
    assert abs(offset).max() <= ranges.initial_joint_offset_rad[1] + 1e-6
    assert abs(state.joint_velocity).max() <= ranges.initial_joint_velocity_radps[1] + 1e-6
    assert abs(state.angular_velocity_in_base).max() <= ranges.initial_angular_velocity_radps[1] + 1e-6
    speed = np.linalg.norm(state.base_velocity_in_base, axis=1)
    assert 0.5 < speed.max() <= ranges.initial_velocity_mps[1] * np.sqrt(3) + 1e-6
