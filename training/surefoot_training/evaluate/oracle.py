"""The policy of a run with `agent.estimator=oracle`, which sees what no robot does: to be examined, never exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surefoot_training.nets.agent import Agent
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy


class OraclePolicy(Policy):
    """As any policy, but for the velocity, which is told instead of estimated."""

    velocity_in_base: Tensor
    """The truth [n, 3] m/s of the robots whose tick is next."""

    def __init__(self, perception: Perception, agent: Agent) -> None:
        """Of an agent that was trained with the truth."""
        nn.Module.__init__(self)  # and not the policy's, which refuses what cannot run on a robot
        self.perception, self.agent = perception, agent

    def _guess(self, seen: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        never = torch.zeros(len(seen), dtype=torch.bool)  # takes the estimate
        return self.agent.guess(seen, self.velocity_in_base, never), {}


def is_oracle(agent: Agent) -> bool:
    """Whether it acts on its true velocity."""
    return agent.config.estimator == "oracle" and agent.guess_size > 0
