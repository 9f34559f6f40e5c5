"""The policy as it is exported: raw sensor values in, joint targets out, all it remembers as named state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surefoot_robots.errors import SurefootError
from surefoot_training.nets.agent import Agent
from surefoot_training.nets.perception import Perception


class Policy(nn.Module):
    """One tick of n robots; deterministic."""

    def __init__(self, perception: Perception, agent: Agent) -> None:
        """Of a trained agent, whose critic is left behind by whoever exports this."""
        super().__init__()
        if agent.config.estimator == "oracle" and agent.guess_size:
            raise SurefootError(
                "an agent that is told its true velocity cannot run on a robot",
                hint="train with agent.estimator=full; the oracle is an upper bound for ablations",
            )
        self.perception, self.agent = perception, agent

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """What robots remember at reset: zeros."""
        shapes: dict[str, tuple[int, ...]] = {
            "last_action": (self.perception.joints,),
            "gait_clock": (1,),
            "command": (3,),
        }
        if self.perception.remembers_yaw:
            shapes["yaw_error"] = (1,)
        history = self.agent.config.history_length
        if history > 1:
            shapes["history"] = (history - 1, self.perception.size)
        if self.agent.memory_size:
            shapes["memory"] = (self.agent.memory_size,)
        return {name: torch.zeros(batch, *shape) for name, shape in shapes.items()}

    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """Joint targets [n, J] rad of raw observations [n, D]; the next state; what the policy believes."""
        agent, perception = self.agent, self.perception
        observation = perception.with_ramped_command(observation, state["command"])
        phase = state["gait_clock"][:, 0]
        yaw_error = state["yaw_error"] if perception.remembers_yaw else phase.new_zeros((observation.shape[0], 0))
        newest = perception(observation, state["last_action"], phase, yaw_error).unsqueeze(1)
        seen = torch.cat([state["history"], newest], dim=1) if "history" in state else newest
        guess, estimates = self._guess(seen)
        inputs = agent.inputs_of(seen, guess)
        following = {
            "gait_clock": perception.next_phase(observation, phase).unsqueeze(-1),
            "command": perception.asked(observation),
        }
        if agent.memory_size:
            inputs = following["memory"] = agent.remember(inputs, state["memory"])
        action = perception.clipped(agent.likeliest_on(inputs))
        following["last_action"] = action
        if perception.remembers_yaw:
            following["yaw_error"] = perception.next_yaw_error(observation, yaw_error)
        if "history" in state:
            following["history"] = seen[:, 1:]
        return perception.joint_target(action), {name: following[name] for name in state}, estimates

    def _guess(self, seen: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        agent = self.agent
        if agent.estimator is None:
            return seen.new_zeros((seen.shape[0], 0)), {}
        velocity, context = agent.estimate(seen)
        estimates = {"velocity_in_base": velocity}
        if agent.config.estimator != "velocity":
            estimates["context"] = context
        return agent.guess_of(velocity, context), estimates
