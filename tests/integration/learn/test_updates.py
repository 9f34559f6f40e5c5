"""How an iteration ends, what moves its settings, and what stops it for good."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from surefoot_training.learn.ppo import NotFiniteError

FAST = {"learning_rate": 0.1, "max_learning_rate": 0.1, "schedule": "constant", "max_gradient_norm": 100.0}


def rates(ppo) -> list[float]:
    return [group["lr"] for group in ppo.state_dict()["optimizer"]["param_groups"]]


def test_an_iteration_ends_once_the_kl_is_above_its_limit(toys, monkeypatch):
    settings = replace(toys.QUICK, epochs=6, stop_kl=1e-3, **FAST)
    ppo = toys.make(settings=settings)
    calls = toys.watch(monkeypatch, "ppo_loss")
    log = ppo.iteration(0.0)
    assert log["policy/stopped_early"] == 1.0
    assert log["policy/kl"] > 1e-3
    assert len(calls.arguments) % settings.minibatches == 0
    assert len(calls.arguments) < settings.epochs * settings.minibatches


@pytest.mark.parametrize("stop_kl", [0.0, 1e6])
def test_it_does_not_end_otherwise(toys, stop_kl, monkeypatch):
    settings = replace(toys.QUICK, epochs=6, stop_kl=stop_kl, **FAST)
    ppo = toys.make(settings=settings)
    calls = toys.watch(monkeypatch, "ppo_loss")
    assert ppo.iteration(0.0)["policy/stopped_early"] == 0.0
    assert len(calls.arguments) == settings.epochs * settings.minibatches


def test_the_kl_penalty_adapts_between_iterations(toys, monkeypatch):
    settings = replace(toys.QUICK, surrogate="adaptive_kl", kl_weight=1.0)
    still = toys.make(settings=replace(settings, learning_rate=0.0, schedule="constant"))
    calls = toys.watch(monkeypatch, "penalized_loss")
    weights = [still.iteration(0.0)["policy/kl_weight"] for _ in range(3)]
    assert weights == [0.5, 0.25, 0.125]
    used = [weight for *_, weight in calls.arguments]
    assert used == [1.0] * 6 + [0.5] * 6 + [0.25] * 6
    hasty = toys.make(settings=replace(settings, target_kl=1e-6, **FAST))
    assert [hasty.iteration(0.0)["policy/kl_weight"] for _ in range(3)] == [2.0, 4.0, 8.0]
    fixed = toys.make(settings=replace(settings, surrogate="kl", kl_weight=3.0))
    assert [fixed.iteration(0.0)["policy/kl_weight"] for _ in range(2)] == [3.0, 3.0]


def test_a_heavier_kl_penalty_keeps_the_policy_nearer(toys):
    kls = []
    for weight in (0.0, 300.0):
        ppo = toys.make(settings=replace(toys.QUICK, surrogate="kl", kl_weight=weight, epochs=8, **FAST))
        kls.append(ppo.iteration(0.0)["policy/kl"])
    assert kls[1] < 0.3 * kls[0]


def test_the_learning_rate_of_the_actor_adapts_after_every_iteration(toys):
    settings = replace(toys.QUICK, schedule="adaptive", learning_rate=1e-4, max_learning_rate=2e-4)
    ppo = toys.make(toys.KINDS["cenet-full"], replace(settings, target_kl=1e6))
    assert [ppo.iteration(0.0)["policy/learning_rate"] for _ in range(4)] == pytest.approx([1e-4, 1.5e-4, 2e-4, 2e-4])
    assert rates(ppo) == pytest.approx([2e-4, 1e-3, 1e-3])
    ppo = toys.make(settings=replace(settings, target_kl=0.0, min_learning_rate=4e-5))
    assert [ppo.iteration(0.0)["policy/learning_rate"] for _ in range(4)] == pytest.approx(
        [1e-4, 1e-4 / 1.5, 1e-4 / 2.25, 4e-5]
    )


@pytest.mark.parametrize(("progress", "share"), [(0.0, 1.0), (0.25, 0.75), (1.0, 0.0), (1.1, 0.0)])
def test_the_linear_schedule_ends_at_zero_and_goes_no_farther(toys, progress, share):
    settings = replace(toys.QUICK, schedule="linear", learning_rate=1e-4, critic_learning_rate=2e-4)
    ppo = toys.make(settings=settings)
    log = ppo.iteration(progress)
    assert rates(ppo) == pytest.approx([1e-4 * share, 2e-4 * share], abs=1e-12)
    assert log["policy/learning_rate"] == pytest.approx(1e-4 * share, abs=1e-12)


def test_the_constant_schedule_is_constant(toys):
    ppo = toys.make(settings=replace(toys.QUICK, schedule="constant", target_kl=1e6))
    ppo.iteration(0.9)
    assert rates(ppo) == [1e-3, 1e-3]


def test_the_entropy_bonus_follows_progress(toys):
    def bonus(progress: float) -> float:
        settings = replace(toys.QUICK, entropy=0.01, entropy_end=0.002, learning_rate=0.0, schedule="constant")
        return toys.make(settings=settings).iteration(progress)["loss/entropy"]

    entropy = 0.5 * (1.0 + math.log(2.0 * math.pi))  # of one action of deviation 1
    found = [bonus(progress) for progress in (0.0, 0.5, 1.0, 1.5)]
    assert found == pytest.approx([-weight * entropy for weight in (0.01, 0.006, 0.002, 0.002)], rel=1e-5)


def test_gradients_are_clipped_for_actor_and_critic_each(toys, monkeypatch):
    ppo = toys.make(settings=replace(toys.QUICK, max_gradient_norm=1e-3))
    norms = []
    step = torch.optim.Adam.step

    def noting(self, *arguments):
        for group in self.param_groups:
            gradients = [p.grad.flatten() for p in group["params"] if p.grad is not None]
            norms.append(float(torch.cat(gradients).norm()))
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", noting)
    ppo.iteration(0.0)
    assert norms == pytest.approx([1e-3] * len(norms), rel=1e-2)
    assert len(norms) == 2 * 6


def test_the_mirror_loss_is_how_far_the_policy_is_from_symmetric(toys):
    ppo = toys.make(toys.KINDS["history"], replace(toys.QUICK, minibatches=1, epochs=1, mirror_weight=0.7))
    rollout, _ = ppo._collect()
    samples, _ = ppo._prepare(rollout)
    terms, _ = ppo._losses(samples.pick(torch.arange(len(samples))), 0.0)
    with torch.no_grad():
        seen = rollout.seen.flatten(0, 1)
        nothing = seen.new_zeros((len(seen), 0))
        here = ppo.agent.act_on(ppo.agent.inputs_of(seen, nothing)).mode()
        there = ppo.agent.act_on(ppo.agent.inputs_of(-seen, nothing)).mode()
    torch.testing.assert_close(terms["mirror"].detach(), 0.7 * (there + here).square().mean())


@pytest.mark.parametrize("mirror", ["loss", "augmentation", "both"])
def test_either_mirror_makes_the_policy_more_symmetric(toys, mirror):
    def asymmetry(choice: str) -> float:
        # One copy's experience is lopsided: starts and goals are drawn from few seeds.
        ppo = toys.make(settings=replace(toys.QUICK, mirror=choice, epochs=4, mirror_weight=5.0), copies=2)
        for _ in range(20):
            ppo.iteration(0.0)
        seen = 1.5 * torch.randn(500, 1, 2, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            nothing = seen.new_zeros((500, 0))
            here, there = (ppo.agent.act_on(ppo.agent.inputs_of(s, nothing)).mode() for s in (seen, -seen))
        return float((here + there).square().mean() / (here - there).square().mean())

    assert asymmetry(mirror) < 0.5 * asymmetry("none")


def test_the_actor_waits_for_a_critic_from_nothing_and_no_longer(toys):
    ppo = toys.make(toys.KINDS["cenet-full"], replace(toys.QUICK, schedule="adaptive"))
    ppo.critic_alone = 2
    log = {}
    for left in (1, 0):
        before = toys.parameters_of(ppo.agent)
        log = ppo.iteration(0.0)
        assert ppo.critic_alone == left
        groups = ("actor_body", "actor_head", "log_std", "critic.", "estimator")
        moved = {
            part
            for name, value in ppo.agent.state_dict().items()
            for part in groups
            if name.startswith(part) and not torch.equal(value, before[name])
        }
        assert moved == {"critic.", "estimator"}
    assert "loss/surrogate" not in log
    assert ppo.learning_rate == ppo.config.learning_rate  # which a KL of 0 would have raised
    before = toys.parameters_of(ppo.agent)
    assert "loss/surrogate" in ppo.iteration(0.0)
    assert not torch.equal(ppo.agent.actor_head.weight, before["actor_head.weight"])


def test_a_learned_deviation_does_not_leave_the_range_in_which_it_can_move(toys):
    ppo = toys.make(replace(toys.SMALL, initial_std=3.0), replace(toys.QUICK, entropy=10.0, entropy_end=10.0, **FAST))
    for _ in range(3):
        ppo.iteration(0.0)
    assert ppo.agent.log_std is not None
    assert float(ppo.agent.log_std.detach().exp()) == pytest.approx(3.0, rel=1e-6)
    entropy = ppo.agent.act_on(torch.zeros(1, 2)).entropy().sum()
    (gradient,) = torch.autograd.grad(entropy, ppo.agent.log_std)
    assert float(gradient) == 1.0


# What is not finite


class Poisoned:
    """Track, with one reward replaced."""

    def __init__(self, problem, reward: float) -> None:
        self._problem, self._reward, self._steps = problem, reward, 0

    def __getattr__(self, name):
        return getattr(self._problem, name)

    def step(self, action):
        outcome = self._problem.step(action)
        self._steps += 1
        if self._steps == 20:
            outcome.reward[3] = self._reward
        return outcome


def poisoned(toys, config, reward: float):
    problem = Poisoned(toys.Track(history=config.history_length), reward)
    return toys.PPO(toys.QUICK, toys.agent_for(config, problem), problem, 0)


@pytest.mark.parametrize("reward", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["mlp", "gru", "cenet-full"])
def test_a_loss_that_is_not_finite_stops_before_anything_changes(toys, name, reward, tmp_path):
    ppo = poisoned(toys, toys.KINDS[name], reward)
    before = dict(ppo.agent.named_parameters())
    before = {key: value.detach().clone() for key, value in before.items()}
    with pytest.raises(NotFiniteError, match="loss surrogate, value is not finite") as caught:
        ppo.iteration(0.3)
    assert caught.value.culprit == "loss surrogate, value"
    toys.assert_same(before, {key: value.detach() for key, value in ppo.agent.named_parameters()})
    replayed = replay(toys, toys.KINDS[name], caught.value.dump, tmp_path)
    broken = {term for term, value in replayed.items() if not math.isfinite(value) and term.startswith("loss/")}
    assert broken == {"loss/surrogate", "loss/value"}
    assert {term.split("/")[1] for term in replayed if term.startswith("loss/")} >= {"entropy", "surrogate", "value"}


def replay(toys, config, dump, tmp_path) -> dict[str, float]:
    """By an algorithm that knows nothing of the first, from a file."""
    torch.save(dump, tmp_path / "dump.pt")
    loaded = torch.load(tmp_path / "dump.pt", weights_only=True)
    return toys.make(config, seed=5).replay(loaded)


def nan_slope(value, target, old, clip):
    """Finite itself, but not its derivative: √0 × anything."""
    return (value - value.detach()).sqrt().sum() * 0.0


def test_a_gradient_that_is_not_finite_stops_before_anything_changes(toys, monkeypatch, tmp_path):
    monkeypatch.setattr(toys.ppo_module, "value_loss", nan_slope)
    ppo = toys.make(toys.KINDS["cenet-full"])
    before = {key: value.detach().clone() for key, value in ppo.agent.named_parameters()}
    with pytest.raises(NotFiniteError, match="gradient of the critic is not finite") as caught:
        ppo.iteration(0.0)
    toys.assert_same(before, {key: value.detach() for key, value in ppo.agent.named_parameters()})
    replayed = replay(toys, toys.KINDS["cenet-full"], caught.value.dump, tmp_path)
    assert [name for name, value in replayed.items() if not math.isfinite(value)] == ["gradient/critic"]


def test_a_network_that_is_not_finite_is_found_too(toys):
    ppo = toys.make(toys.KINDS["mlp"])
    ppo.iteration(0.0)
    with torch.no_grad():
        ppo.agent.actor_head.weight[0, 0] = math.nan
    with pytest.raises(NotFiniteError, match="loss surrogate"):
        ppo.iteration(0.0)


def test_a_dump_replays_every_number(toys, monkeypatch):
    """Noise of the estimator included: what the replay says is what the minibatch gave."""
    ppo = toys.make(toys.KINDS["cenet-full"], replace(toys.QUICK, minibatches=1, epochs=1, surrogate="adaptive_kl"))
    dumps = []
    dump = ppo._dump
    descend = ppo._descend

    def keeping(terms, make_dump):
        dumps.append((make_dump(), {f"loss/{name}": float(term.detach()) for name, term in terms.items()}))
        descend(terms, make_dump)

    monkeypatch.setattr(ppo, "_descend", keeping)
    ppo.iteration(0.4)
    assert dump is not None
    kept, losses = dumps[0]
    replayed = toys.make(toys.KINDS["cenet-full"], ppo.config, seed=5).replay(kept)
    assert {name: value for name, value in replayed.items() if name.startswith("loss/")} == losses


def test_how_much_was_clipped_is_logged(toys):
    settings = replace(toys.QUICK, mirror="both", epochs=2)
    tight = toys.make(settings=replace(settings, clip=1e-6)).iteration(0.0)
    wide = toys.make(settings=replace(settings, clip=1e6)).iteration(0.0)
    assert tight["policy/clipped_share"] > 0.5  # all but the first minibatch's, whose ratios are 1 up to rounding
    assert tight["policy/mirrored_clipped_share"] > 0.5
    assert wide["policy/clipped_share"] == wide["policy/mirrored_clipped_share"] == 0.0
    assert "policy/clipped_share" not in toys.make(settings=replace(settings, surrogate="kl", mirror="none")).iteration(
        0.0
    )
