"""Policies of every kind that have learned nothing, but whose weights and statistics are not those they begin with."""

from __future__ import annotations

from dataclasses import replace

import torch

from surefoot_policy.contract import TrainedWith
from surefoot_policy.export import Source
from surefoot_robots.loader import load_robot
from surefoot_training.learn.mirror import WalkingMirror
from surefoot_training.learn.problem import Actions
from surefoot_training.nets.agent import Agent, AgentConfig
from surefoot_training.nets.cenet import CENetConfig
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy
from surefoot_training.run.exporting import walking_source
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.observations import policy_terms
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terrain import ScanGrid

FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]
_GRID = ScanGrid((-0.2, 0.2), (-0.1, 0.1), 0.1)
SEEING = replace(
    ROUGH,
    scan=_GRID,
    observation=policy_terms(12, _GRID.size),
    privileged=tuple(term for term in ROUGH.privileged if term.name != "height_scan"),
)
SMALL = AgentConfig(
    actor="mlp",
    yaw_memory_s=0.4,
    hidden=(16,),
    critic_hidden=(16,),
    gru_size=8,
    cenet=CENetConfig(encoder=(16,), decoder=(8,)),
)
CONFIGS = {
    "mlp": SMALL,
    "history": replace(SMALL, actor="history"),
    "gru": replace(SMALL, actor="gru"),
    "none": replace(SMALL, actor="cenet", estimator="none"),
    "velocity": replace(SMALL, actor="cenet", estimator="velocity"),
    "full": replace(SMALL, actor="cenet", estimator="full"),
    "state": replace(SMALL, actor="mlp", std="state", normalize=False),
    "lopsided": replace(SMALL, actor="cenet", symmetric=False, yaw_memory_s=0.0),
}
ORIGIN = TrainedWith("mujoco", "velocity-flat", "none", 0, 0, "unknown", "unknown", "2026-01-31T12:00:00+00:00")


def untrained(name: str, task: TaskConfig = FLAT) -> Policy:
    """It moves its legs by some 0.1 rad, and every part of it matters."""
    torch.manual_seed(list(CONFIGS).index(name))
    config, robot = CONFIGS[name], load_robot("go2")
    perception = Perception(task, robot, yaw_memory_s=config.yaw_memory_s)
    mirror = WalkingMirror(perception, task, robot)
    agent = Agent(config, Actions(12), (config.history_length, perception.size), perception.size + 5, 3, mirror=mirror)
    with torch.no_grad():
        for parameter in agent.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        agent.norm.mean.normal_(0.0, 0.2)
        agent.norm.std.uniform_(0.3, 2.0)
    return Policy(perception, agent)


def source(name: str, task: TaskConfig = FLAT) -> Source:
    return walking_source(untrained(name, task), task, load_robot("go2"), ORIGIN)
