"""rsl_rl's own PPO on our task, set up like ours: what the speed of ours is measured against."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from typing import Any

from surefoot_training.learn.ppo import PPOConfig
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.task.environment import WalkingEnvironment

try:
    from rsl_rl.runners import OnPolicyRunner

    from surefoot_training.interop.rsl_rl_env import RslRlEnvironment
except ImportError as error:
    from surefoot_robots.errors import SurefootError

    raise SurefootError(
        f"there is no rsl_rl to compare with: {error}",
        hint='pip install "rsl-rl-lib>=5.5,<6" "tensordict>=0.15.3,<0.16", or make set-up',
    ) from error


class Rival:
    """Its runner, with the networks and the schedule of ours; what ours alone can do is left out."""

    def __init__(self, environment: WalkingEnvironment, ppo: PPOConfig, agent: AgentConfig) -> None:
        """Its weights come from torch's global generator."""
        with redirect_stdout(io.StringIO()):  # it prints its networks
            self._runner = OnPolicyRunner(RslRlEnvironment(environment), _configuration(ppo, agent), log_dir=None)

    def iteration(self) -> None:
        """Act and learn, as its runner does, which keeps and prints no log here."""
        self._runner.learn(1)

    @property
    def update_methods(self) -> list[tuple[object, str]]:
        """What makes up its update, from advantages to normalization, as ours."""
        return [(self._runner.alg, "compute_returns"), (self._runner.alg, "update")]

    @property
    def input_sizes(self) -> tuple[int, int]:
        """Of actor and critic."""
        algorithm = self._runner.alg
        return int(algorithm.actor.obs_dim), int(algorithm.critic.obs_dim)


def _configuration(ppo: PPOConfig, agent: AgentConfig) -> dict[str, Any]:
    network = {"class_name": "MLPModel", "activation": agent.activation, "obs_normalization": agent.normalize}
    return {
        "num_steps_per_env": ppo.steps,
        "save_interval": 1_000_000,
        "obs_groups": {"actor": ["policy"], "critic": ["policy", "privileged"]},
        "algorithm": {
            "class_name": "PPO",
            "num_learning_epochs": ppo.epochs,
            "num_mini_batches": ppo.minibatches,
            "clip_param": ppo.clip,
            "gamma": ppo.gamma,
            "lam": ppo.lam,
            "learning_rate": ppo.learning_rate,
            "schedule": ppo.schedule,
            "desired_kl": ppo.target_kl,
            "entropy_coef": ppo.entropy,
            "max_grad_norm": ppo.max_gradient_norm,
            "use_clipped_value_loss": ppo.value_clip > 0,
        },
        "actor": network
        | {
            "hidden_dims": list(agent.hidden),
            "distribution_cfg": {
                "class_name": "GaussianDistribution",
                "init_std": agent.initial_std,
                "std_type": "log",
            },
        },
        "critic": network | {"hidden_dims": list(agent.critic_hidden)},
    }
