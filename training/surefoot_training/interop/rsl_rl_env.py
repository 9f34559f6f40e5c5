"""The walking tasks as environments of rsl_rl, whose runners take them as they are.

Observation groups: `policy` [N, D] and `privileged` [N, P]. For an asymmetric critic give the runner
`obs_groups = {"actor": ["policy"], "critic": ["policy", "privileged"]}`.
"""

from __future__ import annotations

from typing import Any

import torch
from rsl_rl.env import VecEnv
from tensordict import TensorDict

from surefoot_training.interop.learner import LearnerEnvironment
from surefoot_training.sim.simulator import Array
from surefoot_training.task.environment import Observations, WalkingEnvironment


class RslRlEnvironment(VecEnv):  # type: ignore[misc]  # rsl_rl lacks types
    """`environment` for rsl_rl 5; tensors share the memory of the simulator's arrays where both are on the CPU."""

    def __init__(self, environment: WalkingEnvironment) -> None:
        """Around `environment`, which goes on from where it is."""
        self._learner = LearnerEnvironment(environment)
        self.environment = environment
        self.layout = self._learner.layout
        self.num_envs = environment.robots
        self.num_actions = environment.joints
        self.max_episode_length = round(environment.task.episode_s / environment.task.control_dt_s)
        self.device = torch.as_tensor(environment.observations.policy).device
        self.cfg = _described(self._learner)

    @property
    def episode_length_buf(self) -> torch.Tensor:
        """Steps that every robot's episode is old [N] int64; a runner may set it to spread the first time-outs."""
        steps = torch.as_tensor(self.environment.episode_time_s) / self.environment.task.control_dt_s
        return steps.round().long()

    @episode_length_buf.setter
    def episode_length_buf(self, steps: torch.Tensor) -> None:
        self.environment.episode_time_s = self._from_torch(steps.float() * self.environment.task.control_dt_s)

    def get_observations(self) -> TensorDict:
        """What all robots see now."""
        return self._groups(self._learner.observations)

    def step(self, actions: torch.Tensor) -> tuple[TensorDict, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """One control step with actions [N, J]: observations, rewards, dones, extras."""
        result = self._learner.step(self._from_torch(actions.float()))
        time_outs = torch.as_tensor(result.timed_out)
        dones = torch.as_tensor(result.terminated) | time_outs
        extras: dict[str, Any] = {"time_outs": time_outs}
        if result.log:
            extras["log"] = result.log | self._curriculum()
        return self._groups(result.observations), torch.as_tensor(result.reward), dones, extras

    def _groups(self, seen: Observations) -> TensorDict:
        groups = {"policy": torch.as_tensor(seen.policy), "privileged": torch.as_tensor(seen.privileged)}
        return TensorDict(groups, batch_size=[self.num_envs], device=self.device)

    def _from_torch(self, tensor: torch.Tensor) -> Array:
        return self.environment.simulator.arrays.asarray(tensor.detach().to(self.device))

    def _curriculum(self) -> dict[str, float]:
        """Where the curriculum is, without its single cells: rsl_rl prints every number in every iteration."""
        progress = self.environment.progress()
        return {f"curriculum/{name}": value for name, value in progress.items() if "/speed_" not in name}


def _described(learner: LearnerEnvironment) -> dict[str, Any]:
    """What a logger keeps beside a run: enough to know what was trained."""
    environment = learner.environment
    task = environment.task
    return {
        "task": task.name,
        "robot": environment.simulator.robot.name,
        "robots": environment.robots,
        "seed": environment.seed,
        "control_dt_s": task.control_dt_s,
        "action_scale_rad": task.action_scale_rad,
        "rewards_per_s": {term.name: term.weight for term in task.rewards},
        "policy_scales": {block.name: block.scale for block in learner.layout.policy},
        "privileged_scales": {block.name: block.scale for block in learner.layout.privileged},
    }
