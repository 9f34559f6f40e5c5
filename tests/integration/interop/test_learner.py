"""Actions in, laid out observations out, whichever library learns."""

from __future__ import annotations

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.interop.learner import LearnerEnvironment


def test_an_action_is_a_distance_from_the_default_pose(make):
    learner, plain = LearnerEnvironment(make()), make()
    action = np.random.default_rng(0).normal(size=(6, 12)).astype(np.float32)
    pose = plain.simulator.robot.default_joint_position_rad.astype(np.float32)
    a, b = learner.step(action), plain.step(pose + np.float32(0.25) * action)
    np.testing.assert_array_equal(a.reward, b.reward)
    np.testing.assert_allclose(a.observations.policy[:, :3], 0.2 * b.observations.policy[:, :3], rtol=1e-6)


def test_it_sees_the_clock_and_what_it_did(make):
    learner = LearnerEnvironment(make())
    columns = learner.layout.columns
    first = learner.observations.policy
    np.testing.assert_array_equal(first[:, columns("gait_clock")], [[0.0, 1.0]] * 6)  # the clock rests at phase 0
    np.testing.assert_array_equal(first[:, columns("last_action")], 0.0)
    action = np.random.default_rng(0).normal(0.0, 0.3, (6, 12)).astype(np.float32)
    while learner.environment._commands.standing.all():  # commands are ramped
        learner.step(action)
    after = learner.step(action).observations.policy
    np.testing.assert_allclose(after[:, columns("last_action")], action, atol=1e-5)
    walking = ~learner.environment._commands.standing
    angle = 2 * np.pi * learner.environment.task.gait.frequency_hz * 0.02
    clock = np.tile([np.sin(angle), np.cos(angle)], (int(walking.sum()), 1))
    assert walking.any()
    np.testing.assert_allclose(after[walking, columns("gait_clock")], clock, atol=1e-5)


def test_finished_robots_start_without_a_past_and_end_with_it(make, wild_actions):
    learner = LearnerEnvironment(make())
    columns = learner.layout.columns
    finished = 0
    for action in wild_actions(40, 6):
        result = learner.step(action)
        ids = result.finished_ids
        finished += len(ids)
        np.testing.assert_array_equal(result.observations.policy[ids, columns("last_action")], 0.0)
        did = action.clip(learner.action_low, learner.action_high)[ids]
        np.testing.assert_array_equal(result.final.policy[:, columns("last_action")], did)
    assert finished > 10


def test_actions_beyond_full_torque_are_clipped(make):
    one, other = LearnerEnvironment(make()), LearnerEnvironment(make())
    huge = np.full((6, 12), 1e30, dtype=np.float32)
    a, b = one.step(huge), other.step(np.tile(other.action_high, (6, 1)))
    np.testing.assert_array_equal(a.reward, b.reward)
    assert np.isfinite(a.reward).all()
    np.testing.assert_array_equal(a.observations.policy, b.observations.policy)


def test_actions_of_a_learner_that_diverged_are_refused(make):
    learner = LearnerEnvironment(make())
    action = np.zeros((6, 12), dtype=np.float32)
    action[2, 3], action[4, 0] = np.nan, np.inf
    with pytest.raises(SurefootError, match="2 of 6 robots got actions that are not finite") as error:
        learner.step(action)
    assert "diverged" in error.value.hint


@pytest.mark.parametrize("shape", [(12,), (6, 1), (1, 12), (6, 13)])
def test_actions_of_another_shape_are_refused(make, shape):
    with pytest.raises(SurefootError, match=r"actions have shape") as error:
        LearnerEnvironment(make()).step(np.zeros(shape, dtype=np.float32))
    assert error.value.hint == "give one row per robot: (6, 12)"


def test_the_log_speaks_in_units_per_second(make):
    """Robots that hold still in the default pose: tracking per second is between 0 and its weight, 1."""
    learner = LearnerEnvironment(make())
    logs = [learner.step(np.zeros((6, 12), dtype=np.float32)).log for _ in range(16)]
    (log,) = [log for log in logs if log]
    assert log["length_s"] == pytest.approx(0.3)
    # The score by which the curriculum judges has its own σ, wider than the reward's.
    assert 0.0 < log["reward/linear_velocity_tracking"] < log["tracking_score"] <= 1.0
    assert 0.01 < log["speed_error_mps"] < 0.6
