from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.problem import Actions
from surefoot_training.nets.agent import Agent, AgentConfig
from surefoot_training.nets.cenet import CENetConfig
from surefoot_training.nets.distributions import Categorical, Gaussian

SMALL = AgentConfig(
    actor="mlp", hidden=(8, 6), critic_hidden=(7,), history=3, gru_size=5, cenet=CENetConfig(context_size=2)
)


def agent_of(config: AgentConfig, *, actions: int = 2, discrete: bool = False, velocity: int = 3) -> Agent:
    torch.manual_seed(0)
    return Agent(config, Actions(actions, discrete), (config.history_length, 4), 9, velocity)


def gains(weight: torch.Tensor) -> list[float]:
    return torch.linalg.svdvals(weight.detach()).tolist()


@pytest.mark.parametrize("actor", ["mlp", "history", "gru", "cenet"])
def test_the_policy_begins_around_zero_whatever_it_sees(actor):
    agent = agent_of(replace(SMALL, actor=actor))
    assert gains(agent.actor_head.weight) == pytest.approx([0.01, 0.01], rel=1e-4)
    assert not agent.actor_head.bias.any()
    seen = 5.0 * torch.randn(50, agent.config.history_length, 4, generator=torch.Generator().manual_seed(0))
    inputs = agent.inputs_of(seen, agent.guess(seen, torch.zeros(50, 3), torch.ones(50, dtype=torch.bool)))
    if agent.memory_size:
        inputs = agent.remember(inputs, torch.zeros(50, 5))
    assert float(agent.act_on(inputs).mode().detach().abs().max()) < 1.0


@pytest.mark.parametrize("std", ["fixed", "free", "state"])
def test_the_deviation_begins_where_it_was_told(std):
    agent = agent_of(replace(SMALL, std=std, initial_std=0.4))
    found = agent.act_on(torch.zeros(5, 4))
    assert isinstance(found, Gaussian)
    torch.testing.assert_close(found.log_std.exp().detach(), torch.full((5, 2), 0.4))
    learned = any("log_std" in name for name, _ in agent.named_parameters())
    assert learned == (std == "free")


def test_a_deviation_that_depends_on_the_state_does_and_the_others_do_not():
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    for std in ("fixed", "free", "state"):
        found = agent_of(replace(SMALL, std=std, last_gain=1.0)).act_on(x)
        assert isinstance(found, Gaussian)
        assert bool((found.log_std[0] != found.log_std[1]).any()) == (std == "state")


@pytest.mark.parametrize("std", ["free", "state"])
def test_deviations_are_held_between_a_fiftieth_and_three(std):
    agent = agent_of(replace(SMALL, std=std))
    for offset, expected in ((-50.0, 0.02), (50.0, 3.0)):
        with torch.no_grad():
            if agent.log_std is None:
                agent.actor_head.bias[2:] = offset
            else:
                agent.log_std[:] = offset
        found = agent.act_on(torch.zeros(1, 4))
        assert isinstance(found, Gaussian)
        assert found.log_std.exp().flatten().tolist() == pytest.approx([expected] * 2, rel=1e-5)


@pytest.mark.parametrize("far", [-8.0, 8.0])
def test_a_deviation_that_depends_on_the_state_can_come_back_from_far_out(far):
    agent = agent_of(replace(SMALL, std="state"))
    with torch.no_grad():
        agent.actor_head.bias[2:] = far
    agent.act_on(torch.zeros(1, 4)).entropy().sum().backward()
    assert float(agent.actor_head.bias.grad[2:].min()) > 1e-3


def test_choices_have_one_logit_each_whatever_the_deviation():
    for std in ("fixed", "free", "state"):
        agent = agent_of(replace(SMALL, std=std), actions=3, discrete=True)
        found = agent.act_on(torch.zeros(1, 4))
        assert isinstance(found, Categorical)
        assert found.parameters.shape == (1, 3)
        assert agent.log_std is None


@pytest.mark.parametrize(
    ("actor", "estimator", "inputs", "guess"),
    [
        ("mlp", "full", 4, 0),
        ("history", "full", 12, 0),
        ("gru", "full", 5, 0),
        ("cenet", "none", 4, 0),
        ("cenet", "velocity", 4 + 3, 3),
        ("cenet", "no_adaboot", 4 + 3 + 2, 5),
        ("cenet", "full", 4 + 3 + 2, 5),
        ("cenet", "oracle", 4 + 3 + 2, 5),
    ],
)
def test_what_actors_get(actor, estimator, inputs, guess):
    agent = agent_of(replace(SMALL, actor=actor, estimator=estimator))
    assert agent.guess_size == guess
    assert agent.actor_body[0].in_features == inputs
    assert (agent.estimator is not None) == (guess > 0)
    assert agent.memory_size == (5 if actor == "gru" else 0)


def test_mlp_and_cenet_see_the_newest_observation_history_all_of_them():
    seen = torch.arange(12.0).reshape(1, 3, 4) / 2
    nothing = torch.zeros(1, 0)
    assert agent_of(replace(SMALL, actor="history")).inputs_of(seen, nothing)[0].tolist() == [n / 2 for n in range(12)]
    newest = agent_of(replace(SMALL, actor="cenet", estimator="none")).inputs_of(seen, nothing)
    assert newest[0].tolist() == [4.0, 4.5, 5.0, 5.5]


def test_the_coin_chooses_between_truth_and_estimate_and_leaves_the_context():
    agent = agent_of(replace(SMALL, actor="cenet"))
    seen = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    truth = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    estimate, context = agent.estimate(seen)
    guess = agent.guess(seen, truth, torch.tensor([True, False]))
    assert torch.equal(guess[0], torch.cat([estimate[0], context[0]]))
    assert torch.equal(guess[1], torch.cat([truth[1], context[1]]))


def test_a_shared_trunk_is_one_and_a_separate_critic_sees_its_own():
    shared, separate = agent_of(replace(SMALL, shared_trunk=True)), agent_of(SMALL)
    x, critic = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), torch.randn(3, 9)
    expected = shared.critic(shared.actor_body(x))[:, 0]
    assert torch.equal(shared.value_on(critic, x), expected)
    assert torch.equal(separate.value_on(critic, x), separate.critic(critic)[:, 0])
    assert gains(shared.critic.weight) == pytest.approx([1.0], rel=1e-5)
    assert [layer.in_features for layer in separate.critic if hasattr(layer, "in_features")] == [9, 7]


def test_without_normalization_nothing_is_changed_or_counted():
    agent = agent_of(replace(SMALL, normalize=False))
    seen = torch.full((1, 1, 4), 1000.0)
    agent.update_norms(seen, torch.full((1, 9), 1000.0))
    assert float(agent.norm.count) == 0.0
    assert agent.inputs_of(seen, torch.zeros(1, 0)).tolist() == [[1000.0] * 4]
    assert agent.critic_inputs_of(torch.full((1, 9), 1000.0)).tolist() == [[1000.0] * 9]


def test_normalization_counts_every_observation_once():
    agent = agent_of(replace(SMALL, actor="history"))
    seen = torch.arange(24.0).reshape(2, 3, 4)
    agent.update_norms(seen, torch.zeros(2, 9))
    assert float(agent.norm.count) == 2.0
    assert agent.norm.mean.tolist() == [14.0, 15, 16, 17]  # of the newest


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": ()}, "hidden"),
        ({"critic_hidden": (8, 0)}, "critic_hidden"),
        ({"initial_std": 0.0}, "initial_std"),
        ({"initial_std": 4.0}, "initial_std"),
        ({"history": 0}, "history 0"),
        ({"gru_size": 0}, "gru_size 0"),
        ({"shared_trunk": True, "actor": "gru"}, "shared_trunk with a gru"),
    ],
)
def test_what_cannot_be_built_is_refused(settings, message):
    with pytest.raises(SurefootError, match=message):
        AgentConfig(**settings)
