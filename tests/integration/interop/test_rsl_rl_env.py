"""The real rsl_rl trains on our tasks."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from rsl_rl.env import VecEnv
from rsl_rl.runners import OnPolicyRunner

from surefoot_robots.errors import SurefootError
from surefoot_training.interop.gymnasium_env import WalkingVectorEnv
from surefoot_training.interop.rsl_rl_env import RslRlEnvironment
from surefoot_training.task.tasks import TASKS, make_environment

ROBOTS, ITERATIONS, STEPS = 16, 3, 24

TRAINING: dict[str, Any] = {
    "num_steps_per_env": STEPS,
    "save_interval": 1000,
    "obs_groups": {"actor": ["policy"], "critic": ["policy", "privileged"]},
    "algorithm": {"class_name": "PPO", "num_learning_epochs": 2, "num_mini_batches": 2},
    "actor": {
        "class_name": "MLPModel",
        "hidden_dims": [32, 32],
        "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0},
    },
    "critic": {"class_name": "MLPModel", "hidden_dims": [32, 32]},
}


class Writer:
    """A logging writer, as rsl_rl asks for, that keeps what it is told."""

    scalars: dict[str, list[float]]

    def __init__(self, log_dir: str) -> None:
        self.log_dir, self.scalars = log_dir, {}

    def add_scalar(self, tag: str, scalar_value: float, global_step: int | None = None) -> None:
        self.scalars.setdefault(tag, []).append(float(scalar_value))


@dataclass
class Run:
    """What a training run left behind."""

    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]
    runner: OnPolicyRunner
    losses: list[dict[str, float]] = field(default_factory=list)


def weights_of(runner: OnPolicyRunner) -> dict[str, torch.Tensor]:
    saved = runner.alg.save()
    return {
        f"{part}.{name}": value.clone()
        for part in ("actor", "critic")
        for name, value in saved[f"{part}_state_dict"].items()
    }


def train(env: RslRlEnvironment, log_dir: str | None = None, *, seed: int = 0, **learn: Any) -> Run:
    torch.manual_seed(seed)
    runner = OnPolicyRunner(env, copy.deepcopy(TRAINING) | {"logger": {"class_name": Writer}}, log_dir=log_dir)
    run = Run(weights_of(runner), {}, runner)
    update = runner.alg.update

    def noted_update() -> dict[str, float]:
        run.losses.append(update())
        return run.losses[-1]

    runner.alg.update = noted_update
    runner.learn(ITERATIONS, **learn)
    run.after = weights_of(runner)
    return run


def still(robots: int) -> torch.Tensor:
    return torch.zeros(robots, 12)


# Training


@pytest.mark.parametrize("task", ["velocity-flat", "velocity-rough"])
def test_the_real_runner_trains_and_the_same_seed_trains_the_same(task):
    runs = [train(RslRlEnvironment(make_environment(task, ROBOTS, seed=5, threads=threads))) for threads in (1, 2)]
    run, again = runs
    assert len(run.losses) == ITERATIONS
    assert all(np.isfinite(value) for losses in run.losses for value in losses.values())
    privileged = sum(term.size for term in TASKS[task].privileged)
    assert run.after["actor.mlp.0.weight"].shape == (32, 47)
    assert run.after["critic.mlp.0.weight"].shape == (32, 47 + privileged)
    for name, weight in run.after.items():
        assert torch.isfinite(weight).all(), name
        assert not torch.equal(weight, run.before[name]), f"{name} was not trained"
        assert torch.equal(weight, again.after[name]), f"{name} came out differently"
    assert run.losses == again.losses
    other = train(RslRlEnvironment(make_environment(task, ROBOTS, seed=6, threads=2)))
    assert not torch.equal(other.after["actor.mlp.0.weight"], run.after["actor.mlp.0.weight"]), "another seed"


def test_its_logger_gets_episodes_in_units_and_the_curriculum(make, tmp_path, capsys):
    run = train(RslRlEnvironment(make(rough=True, robots=ROBOTS)), str(tmp_path))
    scalars = run.runner.logger.writer.scalars
    assert {"Episode/length_s", "Episode/speed_error_mps", "reward/power", "curriculum/level_mean"} <= scalars.keys()
    assert {"curriculum/stairs_up/level_mean", "Train/mean_reward"} <= scalars.keys()
    assert not [name for name in scalars if "/speed_" in name and name.startswith("curriculum")], "no single cells"
    assert all(0.0 < length <= 0.3 + 1e-6 for length in scalars["Episode/length_s"])
    assert all(0.0 < steps <= 15.0 for steps in scalars["Train/mean_episode_length"])
    assert "Mean reward" in capsys.readouterr().out


# Stepping


def test_it_is_what_rsl_rl_asks_for(make):
    env = RslRlEnvironment(make())
    assert isinstance(env, VecEnv)
    assert (env.num_envs, env.num_actions, env.max_episode_length) == (6, 12, 15)
    assert RslRlEnvironment(make_environment("velocity-rough", 1, threads=1)).max_episode_length == 1000
    observations = env.get_observations()
    assert observations.batch_size == torch.Size([6])
    assert observations["policy"].shape == (6, 47)
    assert observations["privileged"].shape == (6, 51)
    assert observations.device == torch.device(env.device) == torch.device("cpu")
    observations, rewards, dones, extras = env.step(still(6))
    assert observations["policy"].dtype == observations["privileged"].dtype == rewards.dtype == torch.float32
    assert rewards.shape == dones.shape == extras["time_outs"].shape == (6,)


def test_it_is_the_same_world_as_gymnasiums(make, wild_actions):
    env, envs = RslRlEnvironment(make(rough=True)), WalkingVectorEnv(make(rough=True))
    logs = 0
    for action in wild_actions(40, 6):
        observations, rewards, dones, extras = env.step(torch.from_numpy(action))
        seen, reward, terminated, truncated, infos = envs.step(action)
        np.testing.assert_array_equal(observations["policy"], seen)
        np.testing.assert_array_equal(observations["privileged"], infos["privileged"])
        np.testing.assert_array_equal(env.get_observations()["policy"], seen)
        np.testing.assert_array_equal(rewards, reward)
        np.testing.assert_array_equal(dones, terminated | truncated)
        np.testing.assert_array_equal(extras["time_outs"], truncated)
        assert ("log" in extras) == bool(envs.log) == bool(dones.any())
        if "log" in extras:
            logs += 1
            assert envs.log.items() <= extras["log"].items()
    assert logs > 5


def test_time_outs_are_passed_on_and_falls_are_not(make, wild_actions):
    env = RslRlEnvironment(make())
    steps = [env.step(torch.from_numpy(action)) for action in wild_actions(30, 6)]
    dones = torch.stack([step[2] for step in steps])
    time_outs = torch.stack([step[3]["time_outs"] for step in steps])
    assert torch.nonzero(time_outs[:, 0]).flatten().tolist() == [14, 29], "robot 0 stands until its time is over"
    assert torch.equal(dones[:, 0], time_outs[:, 0])
    assert (dones & ~time_outs)[:, 4:].any(), "robots 4 and 5 are thrown about"
    assert not (time_outs & ~dones).any()


def test_rsl_rl_values_what_comes_after_a_time_out(make):
    """Its PPO adds γ V to the reward of a robot whose time is over, and only of those."""
    env = RslRlEnvironment(make())
    runner = OnPolicyRunner(env, copy.deepcopy(TRAINING), log_dir=None)
    with torch.inference_mode():
        for _ in range(15):
            runner.alg.act(env.get_observations())
            values = runner.alg.transition.values[:, 0].clone()
            observations, rewards, dones, extras = env.step(still(6))
            runner.alg.process_env_step(observations, rewards, dones, extras)
    stored = runner.alg.storage.rewards[14, :, 0]
    assert extras["time_outs"].all()
    torch.testing.assert_close(stored, rewards + 0.99 * values)
    assert (values.abs() > 1e-3).all()


def test_tensors_share_the_memory_of_the_arrays(make, monkeypatch):
    env = RslRlEnvironment(make())
    results = []
    step = env._learner.step
    monkeypatch.setattr(env._learner, "step", lambda action: results.append(step(action)) or results[-1])
    observations, rewards, _, extras = env.step(still(6))
    (result,) = results
    pairs = (
        (observations["policy"], result.observations.policy),
        (observations["privileged"], result.observations.privileged),
        (rewards, result.reward),
        (extras["time_outs"], result.timed_out),
    )
    for tensor, array in pairs:
        assert tensor.data_ptr() == array.ctypes.data


def test_what_it_gave_stays_as_it_was(make, wild_actions):
    """A rollout keeps the observations of all its steps."""
    env = RslRlEnvironment(make())
    given = [env.step(torch.from_numpy(action))[:3] for action in wild_actions(5, 6)]
    kept = [[value.clone() for value in step] for step in given]
    for action in wild_actions(20, 6):
        env.step(torch.from_numpy(action))
    for step, copies in zip(given, kept, strict=True):
        assert (step[0] == copies[0]).all()
        assert torch.equal(step[1], copies[1])
        assert torch.equal(step[2], copies[2])


def test_actions_need_no_gradient_and_any_precision(make):
    one, other = RslRlEnvironment(make()), RslRlEnvironment(make())
    action = torch.full((6, 12), 0.25, requires_grad=True)
    a, b = one.step(action), other.step(action.detach().double())
    assert torch.equal(a[1], b[1])


def test_a_learner_that_diverged_is_told(make):
    with pytest.raises(SurefootError, match="not finite"):
        RslRlEnvironment(make()).step(still(6) * torch.nan)


# How far episodes are


def test_episode_lengths_count_steps_and_start_anew(make):
    env = RslRlEnvironment(make())
    assert env.episode_length_buf.tolist() == [0] * 6
    for _ in range(14):
        env.step(still(6))
    assert env.episode_length_buf.tolist() == [14] * 6
    env.step(still(6))
    assert env.episode_length_buf.tolist() == [0] * 6
    assert env.episode_length_buf.dtype == torch.int64


def test_a_runner_may_spread_the_first_time_outs(make):
    env = RslRlEnvironment(make())
    env.episode_length_buf = torch.tensor([0, 3, 7, 11, 14, 14])
    assert env.episode_length_buf.tolist() == [0, 3, 7, 11, 14, 14]
    time_outs = torch.stack([env.step(still(6))[3]["time_outs"] for _ in range(15)])
    assert [torch.nonzero(column).flatten().tolist() for column in time_outs.T] == [[14], [11], [7], [3], [0], [0]]


def test_rsl_rl_does_spread_them(make):
    env = RslRlEnvironment(make(robots=ROBOTS))
    torch.manual_seed(0)
    runner = OnPolicyRunner(env, copy.deepcopy(TRAINING), log_dir=None)
    runner.learn(0, init_at_random_ep_len=True)
    assert len(set(env.episode_length_buf.tolist())) > 5
    assert int(env.episode_length_buf.max()) < 15


def test_the_configuration_says_what_was_trained(make):
    described = json.loads(json.dumps(RslRlEnvironment(make(seed=4)).cfg))
    assert (described["task"], described["robot"], described["robots"]) == ("velocity-flat", "go2", 6)
    assert described["seed"] == 4
    assert described["rewards_per_s"]["linear_velocity_tracking"] == 1.5
    assert described["policy_scales"]["joint_velocity"] == 0.05
