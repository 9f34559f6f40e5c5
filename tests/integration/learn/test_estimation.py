"""Context estimation beside PPO: who learns from what, the bootstrap's coin, and a context that dies."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.nets.cenet import CENetConfig
from surefoot_training.nets.policy import Policy


def told_with_offset(ppo, rollout, offset: float):
    """`rollout` as if robots had moved by `offset` faster, in all directions, than the estimator believes."""
    with torch.no_grad():
        believed, _ = ppo.agent.estimate(rollout.seen.flatten(0, 1))
    return replace(rollout, velocity=believed.reshape(rollout.velocity.shape) + offset)


ESTIMATING = ["cenet-velocity", "cenet-no_adaboot", "cenet-full", "cenet-oracle", "cenet-full-shared"]


def prepared(toys, name: str, share: float = 0.5):
    ppo = toys.make(toys.KINDS[name], copies=16)
    ppo.iteration(0.0)
    ppo.bootstrap_share = share
    rollout, _ = ppo._collect()
    return ppo, rollout


@pytest.mark.parametrize("name", ESTIMATING)
def test_actor_and_critic_learn_nothing_from_the_estimator_nor_it_from_them(toys, name):
    ppo, rollout = prepared(toys, name)
    samples, _ = ppo._prepare(rollout)
    terms, _ = ppo._losses(samples.pick(torch.arange(len(samples))), 0.0)
    groups = ppo.agent.parameter_groups()
    for term, loss in terms.items():
        slopes = {
            part: [
                slope is not None and bool(slope.any())
                for slope in torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
            ]
            for part, parameters in groups.items()
            if loss.requires_grad
        }
        reached = {part for part, found in slopes.items() if any(found)}
        if term.startswith("estimator"):
            assert reached == {"estimator"}, term
        elif term == "value":
            assert reached == ({"actor", "critic"} if ppo.agent.config.shared_trunk else {"critic"})
        else:
            assert reached == {"actor"}, term
    assert ("estimator_kl" in terms) == (name != "cenet-velocity")


@pytest.mark.parametrize(
    ("name", "share", "estimates"),
    [
        ("cenet-velocity", 0.0, 1.0),
        ("cenet-no_adaboot", 0.0, 1.0),
        ("cenet-oracle", 1.0, 0.0),
        ("cenet-full", 0.0, 0.0),
        ("cenet-full", 1.0, 1.0),
        ("cenet-none", 0.5, 0.0),
    ],
)
def test_who_gets_the_estimate(toys, name, share, estimates):
    _, rollout = prepared(toys, name, share)
    assert float(rollout.use_estimate.float().mean()) == estimates


def test_the_coin_falls_as_often_as_the_share_says(toys):
    _, rollout = prepared(toys, "cenet-full", 0.3)
    assert rollout.use_estimate.numel() == 16 * toys.QUICK.steps
    assert float(rollout.use_estimate.float().mean()) == pytest.approx(0.3, abs=0.15)  # over four standard errors


def test_the_actor_got_what_the_coin_said_also_in_the_mirror(toys):
    ppo, rollout = prepared(toys, "cenet-full")
    agent, coin = ppo.agent, rollout.use_estimate
    assert 0.2 < float(coin.float().mean()) < 0.8
    mirrored = ppo._mirrored(rollout)
    for seen, true, inputs in (
        (rollout.seen, rollout.velocity, rollout.inputs),
        (-rollout.seen, -rollout.velocity, mirrored),
    ):
        with torch.no_grad():
            velocity, context = agent.estimate(seen.flatten(0, 1))
        guess = inputs[..., 2:]
        torch.testing.assert_close(guess[..., :1][coin], velocity.view_as(true)[coin], rtol=1e-4, atol=1e-5)
        assert torch.equal(guess[..., :1][~coin], true[~coin])
        torch.testing.assert_close(guess[..., 1:].flatten(0, 1), context, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["cenet-full", "cenet-full-shared"])
def test_an_update_tosses_no_coin_of_its_own(toys, name):
    ppo, rollout = prepared(toys, name)
    scale = ppo.value_norm.state_dict()
    found = []
    for seed in (1, 2):
        ppo._generator.manual_seed(seed)
        ppo.value_norm.load_state_dict(scale)
        found.append(ppo._prepare(rollout)[0])
    for part in toys.ppo_module.Samples.__slots__:
        one, other = (getattr(samples, part) for samples in found)
        assert torch.equal(one, other), part


@pytest.mark.parametrize(
    ("returns", "share"),
    [
        ([1.0, 3.0], 1.0 - math.tanh(0.5)),  # mean 2, deviation 1
        ([0.0, 0.0, 0.0, 4.0], 1.0 - math.tanh(math.sqrt(3.0))),
        ([5.0, 5.0], 1.0),
        ([-1.0, -3.0], 0.0),
        ([-4.0, 2.0], 0.0),
        ([0.0, 0.0], 0.0),
        ([1e-20, 1e10], 1.0 - math.tanh(1.0)),
        ([1.0, math.nan, 3.0, math.nan], 1.0 - math.tanh(0.5)),  # of those that have ended
        ([math.nan], 0.0),
    ],
)
def test_the_bootstrap_share_by_hand(toys, returns, share):
    ppo = toys.make(toys.KINDS["cenet-full"], copies=len(returns) * 6)
    ppo._last_returns = torch.tensor(returns * 6)
    ppo._set_bootstrap_share()
    assert ppo.bootstrap_share == pytest.approx(share, abs=1e-6)


def test_the_bootstrap_share_is_that_of_the_last_episodes(toys):
    problem = toys.Recorded(toys.Track(8, history=3))
    ppo = toys.PPO(toys.QUICK, toys.agent_for(toys.KINDS["cenet-full"], problem), problem, 0)
    for _ in range(3):
        log = ppo.iteration(0.0)
    running, last = torch.zeros(8), torch.zeros(8)
    for outcome in problem.outcomes:
        running += outcome.reward
        ids = outcome.finished_ids
        last[ids], running[ids] = running[ids], 0.0
    mean, deviation = float(last.mean()), float(last.std(correction=0))
    expected = 1.0 - math.tanh(deviation / mean) if mean > 0 else 0.0
    assert ppo.bootstrap_share == pytest.approx(expected, abs=1e-5)
    assert 0.0 <= log["estimator/bootstrap_share"] <= 1.0


def dead(toys, name: str):
    """A KL so heavy that nothing else counts."""
    config = replace(
        toys.KINDS[name],
        cenet=CENetConfig(context_size=2, encoder=(8,), decoder=(8,), kl_weight=300.0, learning_rate=0.02),
    )
    return toys.make(config)


def test_a_context_that_dies_is_warned_about(toys, caplog):
    ppo = dead(toys, "cenet-full")
    with caplog.at_level(logging.WARNING):
        for _ in range(45):
            log = ppo.iteration(0.0)
    assert log["estimator/context_active_share"] == 0.0
    assert log["estimator/context_size"] < 0.1
    assert abs(log["estimator/context_use"]) < 0.01
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "posterior collapse" in caplog.text


def test_a_context_that_lives_is_not(toys, caplog):
    config = replace(toys.KINDS["cenet-full"], cenet=replace(toys.SMALL.cenet, kl_weight=0.0, learning_rate=0.02))
    ppo = toys.make(config)
    with caplog.at_level(logging.WARNING):
        for _ in range(30):
            log = ppo.iteration(0.0)
    assert log["estimator/context_active_share"] == 1.0
    assert log["estimator/context_use"] > 0.05
    assert not caplog.records


def test_nobody_misses_a_context_where_there_is_none(toys, caplog):
    ppo = dead(toys, "cenet-velocity")
    with caplog.at_level(logging.WARNING):
        for _ in range(22):
            log = ppo.iteration(0.0)
    assert not caplog.records
    assert "loss/estimator_kl" not in log


def test_the_velocity_weighs_as_much_as_is_asked(toys):
    ppo, rollout = prepared(toys, "cenet-full")
    samples, _ = ppo._prepare(rollout)
    batch = samples.pick(torch.arange(len(samples)))
    terms, _ = ppo._losses(batch, 0.0)
    with torch.no_grad():
        guess = ppo.agent.estimator(batch.history.flatten(0, 1))
    square = float((guess.velocity - batch.velocity.flatten(0, 1)).square().mean())
    assert float(terms["estimator_velocity"].detach()) == pytest.approx(ppo.agent.config.cenet.velocity_weight * square)
    assert ppo.agent.config.cenet.velocity_weight != 1.0


def test_the_log_says_how_far_off_the_velocity_is(toys):
    ppo, rollout = prepared(toys, "cenet-full")
    samples, _ = ppo._prepare(told_with_offset(ppo, rollout, 0.25))
    assert ppo._estimator_log(samples)["estimator/velocity_rms_error"] == pytest.approx(0.25)


def test_the_estimator_learns_a_velocity_that_only_the_history_tells(toys):
    settings = replace(toys.QUICK, steps=24, minibatches=4)
    ppo = toys.make(
        replace(toys.KINDS["cenet-full"], cenet=replace(toys.SMALL.cenet, learning_rate=1e-2)), settings, copies=24
    )
    losses = [ppo.iteration(0.0)["loss/estimator_velocity"] for _ in range(20)]
    assert losses[-1] < 0.1 * losses[0]
    rollout, _ = ppo._collect()
    with torch.no_grad():
        velocity, _ = ppo.agent.estimate(rollout.seen.flatten(0, 1))
    error = (velocity - rollout.velocity.flatten(0, 1)).square().mean()
    assert float(error) < 0.5 * float(rollout.velocity.var())


def test_an_oracle_is_no_policy(toys):
    agent = toys.agent_for(toys.KINDS["cenet-oracle"], toys.Track(history=3))
    with pytest.raises(SurefootError, match="true velocity cannot run on a robot"):
        Policy(torch.nn.Identity(), agent)
