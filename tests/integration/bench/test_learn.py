"""`surefoot bench learn`, small; how fast anything is, is not this test's business."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from surefoot.cli import main
from surefoot_training.bench.learn import Costs
from surefoot_training.bench.learn_meter import Meter
from surefoot_training.interop.rsl_rl_rival import Rival
from surefoot_training.learn.ppo import PPOConfig
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.task.tasks import make_environment

SMALL = ["--iterations", "2", "--robots", "8", "--threads", "1"]


def test_both_learn_the_same_task_with_the_same_networks(capsys):
    assert main(["bench", "learn", *SMALL, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["inputs"] == result["rival_inputs"]
    assert (result["robots"], result["iterations"], result["torch_threads"]) == (8, 2, 1)
    assert result["update_time_ratio_to_rsl_rl"] * result["update"]["median"] == pytest.approx(1.0)
    assert result["iteration_time_ratio_to_rsl_rl"] * result["whole"]["median"] == pytest.approx(1.0)
    assert result["physics_share"] == result["shipped"]["engine_share"]
    for ratio in (result["update"], result["whole"], result["update_cpu"], result["whole_cpu"]):
        assert 0.0 < ratio["lowest"] <= ratio["median"] <= ratio["highest"]
    for learner in (result["ours"], result["rival"], result["shipped"]):
        assert 0.0 < learner["update_s"] < learner["whole_s"]
        assert 0.0 < learner["engine_share"] < 1.0
        assert 0.0 < learner["engine_cpu_s"] < learner["whole_cpu_s"]


def test_tables_are_printed_for_people(capsys):
    assert main(["bench", "learn", *SMALL]) == 0
    printed = capsys.readouterr().out
    assert "update, wall" in printed
    assert "ours as shipped" in printed
    assert "MLPModel" not in printed, "rsl_rl's own talk"


def test_the_rival_is_set_up_like_ours():
    torch.manual_seed(0)
    ppo = PPOConfig(steps=5, epochs=3, minibatches=2, clip=0.15, gamma=0.98, lam=0.9, entropy=0.01, target_kl=0.03)
    agent = AgentConfig(actor="mlp", hidden=(24, 16), critic_hidden=(32,), activation="tanh", initial_std=0.5)
    rival = Rival(make_environment("velocity-flat", 4, threads=1), ppo, agent)
    algorithm = rival._runner.alg
    layers = [tuple(parameter.shape) for parameter in algorithm.actor.mlp.parameters()]
    assert layers == [(24, 47), (24,), (16, 24), (16,), (12, 16), (12,)]
    assert tuple(algorithm.critic.mlp[0].weight.shape) == (32, rival.input_sizes[1])
    assert isinstance(algorithm.actor.mlp[1], torch.nn.Tanh)
    assert (algorithm.clip_param, algorithm.gamma, algorithm.lam) == (0.15, 0.98, 0.9)
    assert (algorithm.num_learning_epochs, algorithm.num_mini_batches) == (3, 2)
    assert (algorithm.desired_kl, algorithm.schedule, algorithm.entropy_coef) == (0.03, "adaptive", 0.01)
    assert not algorithm.use_clipped_value_loss
    assert algorithm.symmetry is None
    assert algorithm.actor.obs_normalization
    assert algorithm.critic.obs_normalization
    np.testing.assert_allclose(algorithm.actor.distribution.log_std_param.detach(), np.log(0.5), rtol=1e-6)
    before = algorithm.actor.mlp[0].weight.detach().clone()
    rival.iteration()
    assert not torch.equal(algorithm.actor.mlp[0].weight, before)


def test_the_share_alone_by_hand():
    """6 s of two threads are 3 s of both; the rest of the 9 s is one thread's: 3 of 6 s."""
    costs = Costs(whole_s=20.0, update_s=2.0, whole_cpu_s=9.0, update_cpu_s=2.0, engine_cpu_s=6.0, engine_share=0.8)
    assert costs.engine_share_alone(2) == pytest.approx(0.5)
    assert costs.engine_share_alone(1) == pytest.approx(6 / 9)


class Worker:
    def __init__(self) -> None:
        self.done: list[str] = []

    def iteration(self) -> None:
        self.engine()
        self.update(2)

    def engine(self) -> None:
        self.done.append("engine")

    def update(self, times: int) -> int:
        self.done += times * ["update"]
        return times


def test_the_meter_keeps_what_it_is_told_to_and_changes_nothing():
    worker = Worker()
    meter = Meter(worker.iteration, [(worker, "update")], (worker, "engine"))
    meter.measure(keep=False)
    assert meter.whole_s == meter.update_s == meter.engine_s == []
    for _ in range(3):
        meter.measure(keep=True)
    assert worker.done == 4 * ["engine", "update", "update"]
    assert len(meter.whole_s) == len(meter.whole_cpu_s) == len(meter.update_cpu_s) == 3
    for whole, update, engine in zip(meter.whole_s, meter.update_s, meter.engine_s, strict=True):
        assert 0.0 < update + engine <= whole
    assert worker.update(1) == 1
