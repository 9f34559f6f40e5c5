"""What an iteration learns from, held against what went in and out of the problem."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Normal

from surefoot_robots.errors import SurefootError


def recorded(toys, config, settings, *, copies: int = 6, seed: int = 0):
    problem = toys.Recorded(toys.Track(copies, history=config.history_length, seed=seed))
    return toys.PPO(settings, toys.agent_for(config, problem), problem, seed), problem


def test_time_outs_are_worth_what_was_seen_last_and_falls_nothing(toys, kind, monkeypatch):
    config = replace(toys.KINDS[kind], initial_std=3.0)
    ppo, problem = recorded(toys, config, replace(toys.QUICK, steps=16), copies=16)
    ppo.iteration(0.0)  # statistics of its own, and a value scale that is not 1
    problem.before.clear()
    problem.outcomes.clear()
    calls = toys.watch(monkeypatch, "compute_gae")
    values = worth(ppo)
    rollout, _ = ppo._collect()
    ppo._prepare(rollout)
    reward, value, next_value, ended = calls.arguments[0]
    falls = time_outs = 0
    for step, outcome in enumerate(problem.outcomes):
        assert torch.equal(reward[step], outcome.reward)
        assert torch.equal(ended[step], outcome.terminated | outcome.timed_out)
        expected = values(outcome.seen)
        finals = dict(zip(outcome.finished_ids.tolist(), values(outcome.final), strict=True))
        for point in range(problem.copies):
            if outcome.terminated[point]:
                falls += 1
                assert next_value[step, point] == 0.0
            else:
                time_outs += bool(outcome.timed_out[point])
                wanted = finals[point] if outcome.timed_out[point] else expected[point]
                if config.shared_trunk and config.estimator == "full" and config.actor == "cenet":
                    continue  # what this critic says depends on a coin
                torch.testing.assert_close(next_value[step, point], wanted, rtol=1e-4, atol=1e-5)
        if not config.shared_trunk:
            torch.testing.assert_close(value[step], values(problem.before[step]), rtol=1e-4, atol=1e-5)
    assert falls > 3
    assert time_outs > 3
    assert calls.named[0] == {"gamma": 0.99, "lam": 0.95}


def worth(ppo):
    """Returns that the critic expects, worked out one robot at a time."""
    agent, scale = ppo.agent, copy.deepcopy(ppo.value_norm)

    def value_of(seen):
        known = torch.full((len(seen.actor),), agent.config.estimator != "oracle")
        with torch.no_grad():
            inputs = agent.inputs_of(seen.actor, agent.guess(seen.actor, seen.velocity, known))
            if agent.config.shared_trunk:
                said = agent.critic(agent.actor_body(inputs))
            else:
                said = agent.critic(agent.critic_norm(seen.critic) if agent.config.normalize else seen.critic)
        return scale.restore(said[:, 0])

    return value_of


def test_the_log_probability_is_that_of_the_action_as_sampled(toys):
    """Track clips at ±1, and most of these actions are beyond."""
    ppo, problem = recorded(toys, replace(toys.SMALL, initial_std=3.0), toys.QUICK)
    rollout, _ = ppo._collect()
    taken = torch.stack(problem.actions_taken)
    assert torch.equal(rollout.action, taken)
    assert float((taken.abs() > 1.0).float().mean()) > 0.5
    mean, log_std = rollout.parameters.chunk(2, dim=-1)
    torch.testing.assert_close(rollout.log_prob, Normal(mean, log_std.exp()).log_prob(taken).sum(-1))


def test_what_is_kept_is_what_was_seen(toys):
    ppo, problem = recorded(toys, toys.KINDS["cenet-full"], toys.QUICK)
    rollout, _ = ppo._collect()
    for name in ("actor", "critic", "velocity"):
        kept = rollout.seen if name == "actor" else getattr(rollout, name)
        assert torch.equal(kept, torch.stack([getattr(seen, name) for seen in problem.before])), name
    assert torch.equal(rollout.after.actor, problem.outcomes[-1].seen.actor)


def test_normalization_stands_still_within_an_iteration_and_covers_all_that_was_seen(toys, monkeypatch):
    ppo, problem = recorded(toys, toys.KINDS["cenet-full"], toys.QUICK)
    norm, means = ppo.agent.norm, []
    loss, step = toys.ppo_module.ppo_loss, problem.step

    def noting(function):
        def call(*arguments):
            means.append(norm.mean.clone())
            return function(*arguments)

        return call

    monkeypatch.setattr(toys.ppo_module, "ppo_loss", noting(loss))
    problem.step = noting(step)
    ppo.iteration(0.0)
    steps, updates = toys.QUICK.steps, toys.QUICK.epochs * toys.QUICK.minibatches
    # The very first steps only see; from then on nothing moves until the iteration is over.
    assert len(means) == 2 * steps + updates
    assert not means[0].any()
    assert all(torch.equal(mean, means[steps]) for mean in means[steps:])
    assert means[steps].any()
    for _ in range(2):
        means.clear()
        ppo.iteration(0.0)
        assert all(torch.equal(mean, means[0]) for mean in means)
        assert not torch.equal(norm.mean, means[0])
    for found, part in ((norm, "actor"), (ppo.agent.critic_norm, "critic")):
        seen = np.concatenate([np.asarray(getattr(before, part), dtype=np.float64) for before in problem.before])
        everything = seen[:, -1] if part == "actor" else seen
        assert float(found.count) == len(everything) == 4 * steps * problem.copies
        np.testing.assert_allclose(found.mean, everything.mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.std, everything.std(0), rtol=1e-5)


@pytest.mark.parametrize("choice", ["none", "batch", "minibatch"])
def test_advantages_are_normalized_over_what_the_settings_say(toys, choice, monkeypatch):
    settings = replace(toys.QUICK, normalize_advantage=choice, epochs=1)
    ppo = toys.make(settings=settings)
    raw, used = [], toys.watch(monkeypatch, "ppo_loss")
    gae = toys.ppo_module.compute_gae

    def noting(*arguments, **named):
        raw.append(gae(*arguments, **named)[0])
        return gae(*arguments, **named)

    monkeypatch.setattr(toys.ppo_module, "compute_gae", noting)
    ppo.iteration(0.0)
    parts = [advantage for _, advantage, _ in used.arguments]
    together, expected = torch.cat(parts).sort().values, raw[0].flatten()
    if choice == "batch":
        expected = (expected - expected.mean()) / expected.std(correction=0)
    if choice == "minibatch":
        for part in parts:
            assert float(part.mean()) == pytest.approx(0.0, abs=1e-5)
            assert float(part.std(correction=0)) == pytest.approx(1.0, rel=1e-4)
    else:
        torch.testing.assert_close(together, expected.sort().values, rtol=1e-4, atol=1e-5)
        assert max(abs(float(part.mean())) for part in parts) > 1e-3


def test_every_sample_is_used_once_per_epoch_in_parts_as_equal_as_can_be(toys, monkeypatch):
    settings = replace(toys.QUICK, steps=5, minibatches=4, epochs=3, normalize_advantage="none")
    ppo = toys.make(settings=settings, copies=1)  # five samples
    used = toys.watch(monkeypatch, "ppo_loss")
    ppo.iteration(0.0)
    assert [len(ratio) for ratio, *_ in used.arguments] == [2, 1, 1, 1] * 3
    epochs = [torch.cat([advantage for _, advantage, _ in used.arguments[at : at + 4]]) for at in (0, 4, 8)]
    assert torch.equal(epochs[0].sort().values, epochs[1].sort().values)
    assert torch.equal(epochs[0].sort().values, epochs[2].sort().values)
    assert not torch.equal(epochs[0], epochs[1]) or not torch.equal(epochs[0], epochs[2])


def test_values_are_clipped_around_what_the_critic_said(toys, monkeypatch):
    """Also in the first iterations, in which the scale of returns jumps."""
    still = replace(toys.QUICK, critic_learning_rate=0.0, value_clip=0.2)
    ppo = toys.make(settings=still)
    calls = toys.watch(monkeypatch, "value_loss")
    ppo.iteration(0.0)
    for value, _, old, clip in calls.arguments:
        torch.testing.assert_close(value, old, rtol=1e-4, atol=1e-5)
        assert clip == 0.2


def test_a_memory_in_chunks_is_torchs_own_over_sequences(toys):
    """Values and gradients: chunks of 4 within one episode against one call of nn.GRU each."""
    ppo = toys.make(toys.KINDS["gru"], replace(toys.QUICK, steps=8, minibatches=1), copies=2)
    agent = ppo.agent
    generator = torch.Generator().manual_seed(0)
    inputs, start = torch.randn(3, 4, 2, generator=generator), torch.randn(3, 5, generator=generator)
    batch = toys.ppo_module.Samples(
        **dict.fromkeys(toys.ppo_module.Samples.__slots__, torch.zeros(3, 4))
        | {
            "inputs": inputs,
            "hidden": start.unsqueeze(1).expand(3, 4, 5),
            "begins": torch.zeros(3, 4, dtype=torch.bool),
        }
    )
    assert agent.memory is not None
    expected, _ = agent.memory(inputs.transpose(0, 1), start.unsqueeze(0))
    found = ppo._remembered(batch)
    torch.testing.assert_close(found, expected.transpose(0, 1).reshape(12, 5))
    gradients = [
        torch.autograd.grad(output.square().sum(), list(agent.memory.parameters())) for output in (found, expected)
    ]
    for mine, judge in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, judge, rtol=1e-4, atol=1e-5)


def test_a_memory_is_empty_where_episodes_begin_and_carried_everywhere_else(toys):
    ppo, problem = recorded(toys, toys.KINDS["gru"], toys.QUICK)
    for first in (True, False):
        rollout, _ = ppo._collect()
        began = torch.cat([torch.full_like(rollout.ended[:1], first), rollout.ended[:-1]])
        empty = ~rollout.hidden.any(-1)
        if not first:
            began[0] = (
                problem.outcomes[toys.QUICK.steps - 1].terminated | problem.outcomes[toys.QUICK.steps - 1].timed_out
            )
        assert torch.equal(empty, began)
        assert bool(began[1:].any())
    mid_chunk = torch.arange(toys.QUICK.steps) % toys.QUICK.chunk != 0
    assert bool(rollout.ended[:-1][mid_chunk[1:]].any())


def test_settings_that_do_not_fit_are_refused(toys):
    with pytest.raises(SurefootError, match="chunk 5 does not divide steps 12"):
        toys.make(toys.KINDS["gru"], replace(toys.QUICK, chunk=5))
    with pytest.raises(SurefootError, match="100 minibatches of 72 samples"):
        toys.make(settings=replace(toys.QUICK, minibatches=100))
    with pytest.raises(SurefootError, match="the problem remembers 1 observations, the agent needs 3"):
        toys.agent_for(toys.KINDS["history"], toys.Track(history=1))
    bandit = toys.Bandit()
    bandit.actor_shape = (3, 1)
    with pytest.raises(SurefootError, match="no true velocity"):
        toys.agent_for(toys.KINDS["cenet-full"], bandit)
