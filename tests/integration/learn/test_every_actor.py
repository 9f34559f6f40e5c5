"""What has to hold whichever networks act: ratios begin at 1, iterations run, and states go on to the bit."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from surefoot_training.nets.agent import Agent

ITERATIONS = 2


def test_ratios_are_1_until_the_policy_changes(toys, kind, monkeypatch):
    """Over episode ends within chunks, memories carried from chunk to chunk, coins of both sides."""
    still = replace(toys.QUICK, learning_rate=0.0, critic_learning_rate=0.0, schedule="constant")
    ppo = toys.make(toys.KINDS[kind], still)
    calls = toys.watch(monkeypatch, "ppo_loss")
    for _ in range(3):
        ppo.bootstrap_share = 0.5
        log = ppo.iteration(0.0)
        assert log["policy/kl"] == pytest.approx(0.0, abs=1e-6)
    assert len(calls.arguments) == 3 * still.epochs * still.minibatches
    ratios = torch.cat([ratio for ratio, *_ in calls.arguments])
    assert float((ratios - 1.0).abs().max()) < 2e-5


def test_iterations_run_and_change_every_network(toys, kind):
    ppo = toys.make(toys.KINDS[kind], replace(toys.QUICK, value_clip=0.2))
    before = toys.parameters_of(ppo.agent)
    for iteration in range(ITERATIONS):
        log = ppo.iteration(iteration / ITERATIONS)
    assert all(math.isfinite(value) for value in log.values())
    frozen = {name for name, _ in ppo.agent.named_buffers()}
    if ppo.agent.config.estimator == "velocity":
        frozen |= {name for name in before if name.startswith("estimator.decoder")}
    if ppo.agent.mirror is not None:
        frozen |= {"actor_head.bias"}  # of the toy's one action, which changes its sign in the mirror: it cancels out
    for name, value in ppo.agent.state_dict().items():
        assert torch.isfinite(value).all(), name
        if name not in frozen:
            assert not torch.equal(value, before[name]), name


def saved_and_loaded(state, tmp_path):
    torch.save(state, tmp_path / "state.pt")
    return torch.load(tmp_path / "state.pt", weights_only=True)


def test_going_on_is_exact(toys, kind, tmp_path):
    """Two iterations, and one more: at once, and by an algorithm made from other seeds that loads what was saved."""
    config = toys.KINDS[kind]
    straight, other = toys.make(config), toys.make(config, seed=9)
    for iteration in range(ITERATIONS):
        straight.iteration(iteration / 4)
        straight.bootstrap_share = 0.5
    saved = saved_and_loaded(straight.state_dict(), tmp_path)
    other.iteration(0.0)
    other.load_state_dict(saved)
    toys.assert_same(toys.parameters_of(straight.agent), toys.parameters_of(other.agent))
    for name in ("_hidden", "_episode_return", "_last_returns"):
        assert torch.equal(getattr(straight, name), getattr(other, name)), name
    for name in ("learning_rate", "kl_weight", "bootstrap_share"):
        assert getattr(straight, name) == getattr(other, name), name
    for iteration in range(ITERATIONS, 3):
        expected, log = straight.iteration(iteration / 4), other.iteration(iteration / 4)
        assert toys.without_times(log) == toys.without_times(expected)
    toys.assert_same(toys.parameters_of(straight.agent), toys.parameters_of(other.agent))


@pytest.mark.parametrize("name", ["mlp", "gru", "cenet-full"])
def test_what_was_saved_in_memory_stays_as_it_was(toys, name):
    config = toys.KINDS[name]
    ppo = toys.make(config)
    ppo.iteration(0.0)
    saved = ppo.state_dict()
    first = toys.without_times(ppo.iteration(0.5))
    for _ in range(2):
        other = toys.make(config, seed=9)
        other.load_state_dict(saved)
        assert toys.without_times(other.iteration(0.5)) == first


@pytest.mark.parametrize("name", ["mlp", "mlp-shared", "history", "gru", "cenet-full"])
def test_choices_work_with_every_kind(toys, name, tmp_path, monkeypatch):
    config = toys.KINDS[name]
    ppo, other = toys.make(config, discrete=True), toys.make(config, discrete=True, seed=9)
    calls = toys.watch(monkeypatch, "ppo_loss")
    ppo.iteration(0.0)
    assert float((calls.arguments[0][0] - 1.0).abs().max()) < 2e-5
    other.load_state_dict(saved_and_loaded(ppo.state_dict(), tmp_path))
    assert toys.without_times(ppo.iteration(0.5)) == toys.without_times(other.iteration(0.5))


@pytest.mark.parametrize("surrogate", ["clip", "kl", "adaptive_kl"])
@pytest.mark.parametrize("mirror", ["none", "loss", "augmentation", "both"])
@pytest.mark.parametrize("schedule", ["constant", "linear", "adaptive"])
def test_every_choice_of_the_algorithm_runs_and_goes_on_exactly(toys, surrogate, mirror, schedule):
    settings = replace(toys.QUICK, surrogate=surrogate, mirror=mirror, schedule=schedule, normalize_advantage="none")
    config = toys.KINDS["cenet-full"]
    ppo, other = toys.make(config, settings), toys.make(config, settings, seed=9)
    ppo.iteration(0.0)
    other.load_state_dict(ppo.state_dict())
    assert toys.without_times(ppo.iteration(0.5)) == toys.without_times(other.iteration(0.5))


@pytest.mark.parametrize("name", ["mlp", "gru", "cenet-full"])
def test_same_seed_same_result_other_seed_another_one(toys, name):
    one, same, other = (toys.make(toys.KINDS[name], seed=seed) for seed in (0, 0, 1))
    for ppo in (one, same, other):
        ppo.iteration(0.0)
    toys.assert_same(toys.parameters_of(one.agent), toys.parameters_of(same.agent))
    assert not torch.equal(one.agent.actor_head.weight, other.agent.actor_head.weight)


def test_every_parameter_has_one_optimizer_with_its_own_settings(toys, kind):
    settings = replace(toys.QUICK, learning_rate=1e-4, critic_learning_rate=2e-4, adam_eps=1e-6, critic_adam_eps=1e-7)
    config = replace(toys.KINDS[kind], cenet=replace(toys.SMALL.cenet, learning_rate=3e-4))
    ppo = toys.make(config, settings)
    agent: Agent = ppo.agent
    expected = {"actor": (1e-4, 1e-6), "critic": (2e-4, 1e-7), "estimator": (3e-4, 1e-8)}
    found = {}
    for group in ppo.state_dict()["optimizer"]["param_groups"]:
        found |= dict.fromkeys(group["params"], (group["lr"], group["eps"]))
    groups = agent.parameter_groups()
    flat = [(name, parameter) for name, parameters in groups.items() for parameter in parameters]
    assert [found[index] for index in range(len(flat))] == [expected[name] for name, _ in flat]
    assert {id(parameter) for _, parameter in flat} == {id(parameter) for parameter in agent.parameters()}
    assert len(flat) == len(list(agent.parameters()))
    assert ("estimator" in groups) == agent.config.has_estimator
