"""Networks of other projects as policies of the contract: what they are given from outside moves into the graph.

A plain network maps the columns of `ObservationLayout.policy` to actions. Here its scales, the ramp of commands, the
trot clock, the last action and the decoding of actions are put around it; what comes out is exported like our own
policies.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from surefoot_policy.contract import TrainedWith
from surefoot_policy.export import Source
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.interop.learner import action_range
from surefoot_training.interop.observation import ObservationLayout
from surefoot_training.nets.perception import Perception
from surefoot_training.run.exporting import revision_text, walking_source
from surefoot_training.run.provenance import git_state
from surefoot_training.task.config import TaskConfig


class PlainPolicy(nn.Module):
    """`network` [n, columns] -> [n, J], with all around it that the environments of `interop` do for learners."""

    scale: Tensor
    action_low: Tensor
    action_high: Tensor

    def __init__(self, network: nn.Module, task: TaskConfig, robot: RobotSpec) -> None:
        """Of a network that was trained on `task` through an adapter of this package; deterministic."""
        super().__init__()
        self.network, self.perception = network, Perception(task, robot)
        blocks = ObservationLayout(task, robot, np).policy
        if [(block.name, block.size) for block in blocks] != [(c.name, c.size) for c in self.perception.columns]:
            raise SurefootError(f"task {task.name} gives learners other columns than policies: {blocks}")
        self.register_buffer("scale", torch.tensor([block.scale for block in blocks for _ in range(block.size)]))
        low, high = action_range(robot, task.action_scale_rad)
        self.register_buffer("action_low", torch.from_numpy(low))
        self.register_buffer("action_high", torch.from_numpy(high))

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """Zeros."""
        sizes = {"last_action": self.perception.joints, "gait_clock": 1, "command": 3}
        return {name: torch.zeros(batch, size) for name, size in sizes.items()}

    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """Joint targets [n, J] rad of raw observations [n, D]; the next state; it believes nothing."""
        observation = self.perception.with_ramped_command(observation, state["command"])
        phase = state["gait_clock"][:, 0]
        nothing = phase.new_zeros((observation.shape[0], 0))
        columns = self.perception(observation, state["last_action"], phase, nothing) * self.scale
        action = torch.minimum(torch.maximum(self.network(columns), self.action_low), self.action_high)
        # Training takes targets beyond the joints' limits, for their torque; a robot's supervisor does not, so the file
        # clips them. What is remembered is the action as training has it.
        target = self.perception.joint_target(action)
        clock = self.perception.next_phase(observation, phase).unsqueeze(-1)
        following = {"last_action": action, "gait_clock": clock, "command": self.perception.asked(observation)}
        return target, following, {}


def plain_source(
    network: nn.Module,
    task: TaskConfig,
    robot: RobotSpec,
    *,
    algorithm: str,
    seed: int,
    steps: int,
    created: datetime,
) -> Source:
    """All that `surefoot_policy.export.export` needs; `algorithm`, `seed`, `steps` and `created` are for the record."""
    origin = TrainedWith(
        simulator=f"mujoco {version('mujoco')}",
        task=task.name,
        algorithm=algorithm,
        seed=seed,
        steps=steps,
        git=revision_text(git_state(Path(__file__).parent)),
        config_sha256="unknown",
        created=created.astimezone(UTC).isoformat(timespec="seconds"),
    )
    return walking_source(PlainPolicy(network, task, robot), task, robot, origin)
