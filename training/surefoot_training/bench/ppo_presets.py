"""Settings with which our PPO is measured on Gymnasium's tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from surefoot_training.learn.ppo import PPOConfig
from surefoot_training.nets.agent import AgentConfig

Surrogate: TypeAlias = Literal["clip", "adaptive_kl"]

CARTPOLE = "cartpole"
MUJOCO_TASKS = (
    "half_cheetah",
    "hopper",
    "inverted_double_pendulum",
    "inverted_pendulum",
    "reacher",
    "swimmer",
    "walker2d",
)

_SMALL_NETWORKS = AgentConfig(actor="mlp", hidden=(64, 64), critic_hidden=(64, 64), activation="tanh")


@dataclass(frozen=True, slots=True)
class Preset:
    """How a task is learned."""

    ppo: PPOConfig
    agent: AgentConfig
    copies: int
    """Environments side by side."""

    most_steps: int
    """Of all copies; a budget beyond it is cut."""


CARTPOLE_PRESET = Preset(
    # Found by trial: of what was tried, this solved it most often and soonest. Observations stay as they are: their
    # statistics follow the policy, which took some seeds into a slow drift off the track.
    ppo=PPOConfig(
        steps=64,
        epochs=10,
        minibatches=4,
        learning_rate=2e-3,
        critic_learning_rate=2e-3,
        schedule="linear",
        entropy=0.0,
        max_gradient_norm=0.5,
    ),
    agent=replace(_SMALL_NETWORKS, normalize=False),
    copies=8,
    most_steps=100_000,
)

_PAPER_PPO = PPOConfig(
    # arXiv 1707.06347, table 3.
    steps=2048,
    epochs=10,
    minibatches=2048 // 64,
    learning_rate=3e-4,
    critic_learning_rate=3e-4,
    gamma=0.99,
    lam=0.95,
    clip=0.2,
    schedule="constant",
    entropy=0.0,
    # Not in the paper: OpenAI's baselines ppo2 clips gradients to this.
    max_gradient_norm=0.5,
)

MUJOCO_PRESETS: Mapping[Surrogate, Preset] = MappingProxyType(
    {
        "clip": Preset(_PAPER_PPO, _SMALL_NETWORKS, copies=1, most_steps=1_000_000),
        "adaptive_kl": Preset(
            # The best of its targets in table 1; where β starts does not matter (section 4).
            replace(_PAPER_PPO, surrogate="adaptive_kl", target_kl=0.01, kl_weight=1.0),
            _SMALL_NETWORKS,
            copies=1,
            most_steps=1_000_000,
        ),
    }
)
"""By surrogate: the paper's hyperparameters, one environment for 1 M steps."""


def preset_of(task: str, surrogate: Surrogate) -> Preset:
    """How `task` is learned with `surrogate`; CartPole with the clipped one only."""
    return CARTPOLE_PRESET if task == CARTPOLE else MUJOCO_PRESETS[surrogate]
