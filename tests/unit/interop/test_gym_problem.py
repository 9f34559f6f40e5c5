"""Gymnasium's environments as problems: what ends an episode, what was seen last, and going on from a saved state."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.interop.gym_problem import ENVIRONMENTS, GymProblem, random_returns
from surefoot_training.learn.problem import Outcome

CONTINUOUS = [task for task in ENVIRONMENTS if task != "cartpole"]


def random_actions(problem: GymProblem, steps: int, seed: int = 3) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    if problem.actions.discrete:
        return [torch.randint(problem.actions.size, (problem.copies,), generator=generator) for _ in range(steps)]
    return [2.0 * torch.randn(problem.copies, problem.actions.size, generator=generator) for _ in range(steps)]


def flat(outcome: Outcome) -> list[torch.Tensor]:
    ended = [outcome.reward, outcome.terminated, outcome.timed_out, outcome.finished_ids]
    return [outcome.seen.actor, outcome.seen.critic, outcome.final.actor, *ended]


@pytest.mark.parametrize("task", ENVIRONMENTS)
def test_it_is_gymnasiums_own_world(task):
    """Step by step the same as `gymnasium.make` with its wrappers, until two episodes are over."""
    problem = GymProblem(task, 1, seed=5)
    wrapped = gymnasium.make(ENVIRONMENTS[task])
    seen, _ = wrapped.reset(seed=int(np.random.SeedSequence((5, 0)).generate_state(1)[0]))
    np.testing.assert_array_equal(problem.seen().actor[0, 0], np.float32(seen))
    episodes = 0
    for action in random_actions(problem, 2100):
        outcome = problem.step(action)
        given = int(action[0]) if problem.actions.discrete else action[0].numpy()
        if not problem.actions.discrete:
            given = np.clip(given, wrapped.action_space.low, wrapped.action_space.high)
        seen, reward, terminated, truncated, _ = wrapped.step(given)
        assert outcome.reward.item() == np.float32(reward)
        assert outcome.terminated.item() == terminated
        assert outcome.timed_out.item() == (truncated and not terminated)
        if terminated or truncated:
            np.testing.assert_array_equal(outcome.final.actor[0, 0], np.float32(seen))
            seen, _ = wrapped.reset()
            episodes += 1
        np.testing.assert_array_equal(outcome.seen.actor[0, 0], np.float32(seen))
        if episodes == 2:
            return
    raise AssertionError(f"{episodes} episodes were over")


def test_a_fall_ends_an_episode_and_shows_what_was_seen_last():
    problem = GymProblem("cartpole", 2, seed=0)
    right = torch.tensor([1, 0])
    for _ in range(20):
        outcome = problem.step(right)
        if len(outcome.finished_ids):
            break
    assert outcome.terminated.any()
    assert not outcome.timed_out.any()
    ids = outcome.finished_ids
    assert (outcome.final.actor[:, 0, 2].abs() > 0.2095).all(), "12 degrees: the fallen pole"
    assert (outcome.seen.actor[ids, 0].abs() <= 0.05).all(), "the new beginning"
    assert outcome.final.critic.shape == (len(ids), 4)


def test_time_over_is_a_time_out_and_no_fall():
    problem = GymProblem("reacher", 3, seed=0)
    assert problem.step_limit == 50
    for number, action in enumerate(random_actions(problem, 50)):
        before = problem.seen().actor
        outcome = problem.step(action)
        if number < 49:
            assert not outcome.timed_out.any()
            assert outcome.log == {}
    assert outcome.timed_out.all()
    assert not outcome.terminated.any()
    assert outcome.finished_ids.tolist() == [0, 1, 2]
    target = slice(4, 6)  # where to reach: the same until the end, another in the new episode
    assert torch.equal(outcome.final.actor[:, 0, target], before[:, 0, target])
    assert not torch.equal(outcome.seen.actor[:, 0, target], before[:, 0, target])
    assert outcome.log["length"] == 50.0
    assert outcome.log["episodes"] == 3.0


def test_who_falls_in_the_last_moment_has_fallen():
    problem = GymProblem("cartpole", 1, seed=0)
    problem.step_limit = 1
    problem._copies[0].environment.state = np.array([0.0, 0.0, 0.209, 3.0])
    outcome = problem.step(torch.tensor([1]))
    assert outcome.terminated.tolist() == [True]
    assert outcome.timed_out.tolist() == [False]


def test_returns_and_lengths_are_of_whole_episodes():
    problem = GymProblem("cartpole", 3, seed=2)
    lengths, returns = [], []
    running = np.zeros(3)
    for action in random_actions(problem, 120):
        outcome = problem.step(action)
        running += 1
        ids = outcome.finished_ids.tolist()
        if ids:
            assert outcome.log["length"] == pytest.approx(running[ids].mean())
            lengths += running[ids].tolist()
            running[ids] = 0
            returns.append(outcome.log["return"])
    assert list(problem.recent_returns) == lengths, "CartPole pays 1 per step"
    assert len(lengths) > 5
    assert problem.steps_done == 360


@pytest.mark.parametrize("task", ENVIRONMENTS)
def test_a_saved_state_goes_on_to_the_bit(task):
    problem = GymProblem(task, 2, seed=1)
    actions = random_actions(problem, 160)
    for action in actions[:70]:
        problem.step(action)
    state = {name: value.clone() for name, value in problem.state_dict().items()}
    expected = [flat(problem.step(action)) for action in actions[70:]]
    if task not in ("half_cheetah", "swimmer"):  # where nobody falls, and time is not over yet
        assert len(problem.recent_returns) > len(state["recent_returns"]), "episodes were over in between"
    other = GymProblem(task, 2, seed=9)
    other.step(actions[0])
    other.load_state_dict(state)
    assert torch.equal(other.seen().actor, state["observation"].unsqueeze(1))
    for action, wanted in zip(actions[70:], expected, strict=True):
        for got, value in zip(flat(other.step(action)), wanted, strict=True):
            assert torch.equal(got, value)
    for name, value in problem.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


def test_a_saved_state_is_a_copy():
    problem = GymProblem("hopper", 1, seed=1)
    state = problem.state_dict()
    kept = {name: value.clone() for name, value in state.items()}
    for action in random_actions(problem, 5):
        problem.step(action)
    assert all(torch.equal(state[name], kept[name]) for name in kept)


def test_seeds_and_copies_differ_and_repeat():
    one, same, other = (GymProblem("hopper", 2, seed=seed).seen().actor for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not torch.equal(one[0], one[1])
    assert not torch.equal(one[1], other[0]), "neighbouring seeds share no copy"


@pytest.mark.parametrize("task", ["hopper", "inverted_pendulum"])
def test_actions_are_clipped_in_the_environment(task):
    far, edge = GymProblem(task, 1, seed=0), GymProblem(task, 1, seed=0)
    size = far.actions.size
    limit = 3.0 if task == "inverted_pendulum" else 1.0
    action = torch.full((1, size), 50.0)
    beyond, within = far.step(action), edge.step(torch.full((1, size), limit))
    assert torch.equal(beyond.seen.actor, within.seen.actor)
    assert torch.equal(beyond.reward, within.reward)
    assert (action == 50.0).all(), "what was sampled stays as it was"


def test_what_was_given_stays_as_it_was():
    problem = GymProblem("cartpole", 2, seed=0)
    given = [problem.seen().actor, *(problem.step(action).seen.actor for action in random_actions(problem, 5))]
    kept = [value.clone() for value in given]
    for action in random_actions(problem, 30):
        problem.step(action)
    assert all(torch.equal(value, copy) for value, copy in zip(given, kept, strict=True))


def test_random_returns_are_those_of_a_random_policy():
    returns = random_returns("cartpole", 50, seed=0)
    assert len(returns) == 50
    assert 15.0 < np.mean(returns) < 30.0, "a random policy balances for some 22 steps"
    assert returns == random_returns("cartpole", 50, seed=0)
    assert -60.0 < np.mean(random_returns("reacher", 5, seed=0)) < -30.0


def test_unknown_environments_are_refused():
    with pytest.raises(SurefootError, match="no environment 'ant'") as refused:
        GymProblem("ant", 1, seed=0)
    assert "walker2d" in str(refused.value.hint)
