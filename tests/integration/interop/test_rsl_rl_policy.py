"""An actor that rsl_rl itself has trained, as a file for the robot."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from rsl_rl.runners import OnPolicyRunner

from surefoot_policy import export_parity
from surefoot_policy.batch import BatchPolicy
from surefoot_policy.runtime import Policy
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.interop.learner import action_range
from surefoot_training.interop.plain_policy import PlainPolicy
from surefoot_training.interop.rsl_rl_env import RslRlEnvironment
from surefoot_training.interop.rsl_rl_policy import export_runner
from surefoot_training.task.tasks import make_environment, task_named

ROBOTS, ITERATIONS = 8, 2
CREATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
TRAINING = {
    "num_steps_per_env": 24,
    "save_interval": 1000,
    "obs_groups": {"actor": ["policy"], "critic": ["policy", "privileged"]},
    "algorithm": {"class_name": "PPO", "num_learning_epochs": 2, "num_mini_batches": 2, "learning_rate": 0.01},
    "actor": {
        "class_name": "MLPModel",
        "hidden_dims": [32, 32],
        "obs_normalization": True,
        "distribution_cfg": {"class_name": "GaussianDistribution", "init_std": 1.0},
    },
    "critic": {"class_name": "MLPModel", "hidden_dims": [32]},
}


@pytest.fixture(scope="module")
def runner() -> OnPolicyRunner:
    torch.manual_seed(0)
    env = RslRlEnvironment(make_environment("velocity-flat", ROBOTS, seed=3, threads=1))
    runner = OnPolicyRunner(env, copy.deepcopy(TRAINING), log_dir=None)
    runner.learn(ITERATIONS)
    return runner


@pytest.fixture(scope="module")
def exported(runner, tmp_path_factory):
    return export_runner(runner, tmp_path_factory.mktemp("rsl") / "policy.onnx", created=CREATED, ticks=400)


def test_it_is_a_policy_of_the_contract(exported):
    policy = Policy.load(exported.file, load_robot("go2"))
    origin = policy.contract.trained_with
    assert origin.algorithm.startswith("rsl-rl-lib 5.")
    assert origin.algorithm.endswith(" ppo")
    assert (origin.task, origin.seed, origin.steps) == ("velocity-flat", 3, ITERATIONS * ROBOTS * 24)
    assert origin.created == "2026-01-31T12:00:00+00:00"
    assert [(entry.name, entry.shape) for entry in policy.contract.state] == [
        ("last_action", (12,)),
        ("gait_clock", (1,)),
        ("command", (3,)),
    ]
    assert exported.parity.worst_rad < 2e-6


def test_it_does_what_the_librarys_own_inference_does(runner, exported):
    """In the library's own loop: its observations, its actions, our file beside it on the raw sensor values."""
    go2 = load_robot("go2")
    env = RslRlEnvironment(make_environment("velocity-flat", ROBOTS, seed=8, threads=1))
    inference = runner.get_inference_policy()
    file = BatchPolicy.load(exported.file, ROBOTS)
    env.episode_length_buf = 1000 - 30 * torch.arange(1, ROBOTS + 1)
    observations, resets = env.get_observations(), 0
    for _ in range(250):
        with torch.inference_mode():
            action = inference(observations)
        target = file.tick(env.environment.observations.policy)
        observations, _, dones, _ = env.step(action.clone())
        # What the environment noted of the action, clipped, from the default pose in units of the scale; and no farther
        # than the joints go.
        free = env._learner.environment.joint_target_of(env._learner._usable(action.numpy()))
        expected = np.clip(free, go2.joint_lower_rad, go2.joint_upper_rad)
        np.testing.assert_allclose(target, expected, rtol=0.0, atol=1e-5)
        file.reset(torch.nonzero(dones).flatten().numpy())
        resets += int(dones.sum())
    assert resets >= ROBOTS
    assert np.abs(target - target[0]).max() > 0.01, "a network that does nothing proves nothing"


def test_joint_targets_end_where_the_joints_do():
    """The network wants far more; what it remembers of it is what it was trained with."""
    task, go2 = task_named("velocity-flat"), load_robot("go2")
    network = torch.nn.Linear(47, 12)
    torch.nn.init.constant_(network.weight, 0.0)
    torch.nn.init.constant_(network.bias, 1e3)
    policy = PlainPolicy(network, task, go2)
    with torch.inference_mode():
        target, following, _ = policy(torch.zeros(1, 33), policy.initial_state(1))
    np.testing.assert_allclose(target[0].numpy(), go2.joint_upper_rad, atol=1e-6)
    assert (target[0].numpy() <= go2.joint_upper_rad).all()
    np.testing.assert_array_equal(following["last_action"][0].numpy(), action_range(go2, task.action_scale_rad)[1])


def test_a_file_states_the_joints_own_range(exported):
    go2, stated = load_robot("go2"), exported.contract.joint_target_range_rad
    assert stated.lower == tuple(go2.joint_lower_rad)
    assert stated.upper == tuple(go2.joint_upper_rad)


def test_the_snippet_in_the_documentation_runs(runner, tmp_path, monkeypatch):
    page = (Path(__file__).parents[3] / "docs" / "policies.md").read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(snippets) == 3
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(export_parity, "steps_of", lambda robots, ticks: 10)  # compared at length above
    for snippet in snippets:
        names = {"runner": runner, "network": runner.alg.get_policy().as_jit(), "actor": torch.nn.Linear(45, 12)}
        exec(compile(snippet, "policies.md", "exec"), names)
        assert names["exported"].parity.holds
        Policy.load(tmp_path / "policy.onnx", load_robot("go2"))


def test_what_a_robot_does_not_know_is_refused(tmp_path):
    env = RslRlEnvironment(make_environment("velocity-flat", 2, seed=0, threads=1))
    knowing = copy.deepcopy(TRAINING) | {"obs_groups": {"actor": ["policy", "privileged"], "critic": ["policy"]}}
    runner = OnPolicyRunner(env, knowing, log_dir=None)
    with pytest.raises(SurefootError, match="policy, privileged"):
        export_runner(runner, tmp_path / "policy.onnx", created=CREATED)
