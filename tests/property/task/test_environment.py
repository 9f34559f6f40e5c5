"""Whatever a policy asks for, observations and rewards are numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.observations import policy_terms
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.tasks import TASKS, make_environment
from surefoot_training.task.terrain import TerrainConfig

ROBOTS, STEPS = 4, 30
# Within what joints can be asked for, and beyond everything.
SANE = st.floats(-3.0, 3.0, width=32)
ANYTHING = SANE | st.sampled_from([np.nan, np.inf, -np.inf, 1e3, -1e9, 3e38])


@pytest.fixture(scope="module")
def environments():
    """Both tasks, with pushes often and a policy that sees the terrain, and the state each example starts from."""
    rough = TASKS["velocity-rough"]
    rough = replace(
        rough,
        observation=policy_terms(12, rough.scan.size),
        terrain=TerrainConfig(columns=("stairs_down", "stepping_stones"), level_count=2, border_m=4.0),
        curriculum=replace(rough.curriculum, levels=2, initial_level_max=1),
    )
    made = []
    for task in (TASKS["velocity-flat"], rough):
        pushes = PushConfig(kick_interval_s=(0.1, 0.3), force_interval_s=(0.1, 0.3))
        environment = make_environment(replace(task, pushes=pushes), ROBOTS, seed=2, threads=1)
        made.append((environment, environment.state_dict()))
    return made


def assert_all_are_numbers(environment, result):
    for observations in (result.observations, result.final, environment.observations):
        assert np.isfinite(observations.policy).all()
        assert np.isfinite(observations.privileged).all()
    assert np.isfinite(result.reward).all()
    assert all(np.isfinite(value) for value in result.log.values())
    assert all(np.isfinite(value) for value in environment.progress().values())
    assert not (result.terminated & result.timed_out).any()


@settings(max_examples=25)
@given(which=st.integers(0, 1), seed=st.integers(0, 2**32 - 1), poison=st.floats(0.0, 0.2), spread=st.floats(0.0, 3.0))
def test_random_targets_with_a_nan_now_and_then(environments, which, seed, poison, spread):
    environment, start = environments[which]
    environment.load_state_dict(start)
    draws = np.random.default_rng(seed)
    for _ in range(STEPS):
        targets = draws.uniform(-spread, spread, (ROBOTS, 12)).astype(np.float32)
        broken = draws.random(ROBOTS) < poison
        targets[broken, draws.integers(12)] = np.nan
        result = environment.step(targets)
        assert_all_are_numbers(environment, result)
        assert result.terminated[broken].all()


@settings(max_examples=40)
@given(
    which=st.integers(0, 1),
    rows=st.lists(st.lists(ANYTHING, min_size=12, max_size=12), min_size=ROBOTS, max_size=ROBOTS),
)
def test_the_same_extremes_again_and_again(environments, which, rows):
    """As bang-bang: the targets and their opposite, which is what action rates like least."""
    environment, start = environments[which]
    environment.load_state_dict(start)
    targets = np.array(rows, dtype=np.float32)
    unusable = ~(abs(targets) < 1e3).all(axis=1)
    for step in range(6):
        result = environment.step(targets if step % 2 == 0 else -targets)
        assert_all_are_numbers(environment, result)
        assert result.terminated[unusable].all()
