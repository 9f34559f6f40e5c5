"""Where learning met a NaN: the networks and the minibatch, in a file that can be played again.

A dump may come from somebody else, so that nothing in it is believed before it fits: see `read_dump` and `replay`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.learn.mirror import WalkingMirror
from surefoot_training.learn.ppo import PPO
from surefoot_training.learn.problem import Actions, Mirror, Outcome, Seen
from surefoot_training.nets.agent import Agent
from surefoot_training.nets.perception import Perception
from surefoot_training.run.checkpoint import agent_of, perception_of
from surefoot_training.run.config import RunConfig, config_from_json
from surefoot_training.run.sealed import Kind, State, read_sealed, write_sealed

_KIND = Kind(
    "surefoot not-finite dump",
    1,
    "a dump of learning",
    where="give the not-finite.pt that a run named as it stopped",
    instead="there is no second one: the run leaves it when it stops",
)
# Axes of every part of a minibatch; see `ppo.Samples`.
_AXES = {
    "inputs": 3,
    "hidden": 3,
    "begins": 2,
    "critic": 3,
    "action": 3,
    "log_prob": 2,
    "parameters": 3,
    "advantage": 2,
    "target": 2,
    "value": 2,
}
_MORE_AXES = {"mirrored": 3, "history": 3, "velocity": 3, "following": 3, "goes_on": 2}  # if there is such a part


@dataclass(frozen=True, slots=True)
class NotFiniteDump:
    """What a process that met something not finite leaves behind."""

    culprit: str
    """What was not finite."""

    config: str
    """Of the run; see `config_from_json`."""

    process: int
    """Whose minibatch it is; the first is 0."""

    iteration: int
    """So many were done before."""

    progress: float
    """That the iteration's schedules went by."""

    batch: State
    """What `PPO.replay` takes."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it when it was played again."""

    culprit: str
    task: str
    robot: str
    iteration: int
    """In which it happened; the first is 1."""
    process: int
    processes: int
    losses: Mapping[str, float]
    """Of the minibatch, weighted as they were minimized."""
    gradients: Mapping[str, float]
    """Norm of each part's, before clipping."""
    not_finite: tuple[str, ...]
    """Names of losses and gradients."""


def write_dump(dump: NotFiniteDump, file: Path) -> None:
    """Whole or not at all; in a folder that another machine may not have yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_sealed(_KIND, {field.name: getattr(dump, field.name) for field in fields(dump)}, file)


def read_dump(file: Path) -> NotFiniteDump:
    """What was written, or an error that says what is wrong with the file."""
    content = read_sealed(_KIND, file)
    kinds = {"culprit": str, "config": str, "process": int, "iteration": int, "progress": float, "batch": dict}
    if content.keys() != kinds.keys():
        raise _unfit(file, f"it has {', '.join(map(str, content))}")
    for name, kind in kinds.items():
        if type(content[name]) is not kind:
            raise _unfit(file, f"{name} is no {kind.__name__}")
    return NotFiniteDump(**content)


def replay(file: Path) -> Replay:
    """All losses and gradients of the dump in `file`, computed again."""
    dump = read_dump(file)
    try:
        config = config_from_json(dump.config, complete=False)
    except json.JSONDecodeError as error:
        raise _unfit(file, f"its configuration is no JSON: {error}") from error
    if problem := _problem_of_batch(dump.batch):
        raise _unfit(file, problem)
    perception = perception_of(config)
    agent = agent_of(config, perception, dump.batch["agent"], file)
    # Of all that the algorithm is set to, only how it draws minibatches asks for many copies, and none are drawn.
    ppo = PPO(replace(config.ppo, minibatches=1), agent, _Unsimulated(config, perception, agent), seed=0)
    try:
        found = ppo.replay(dump.batch)
    except (AssertionError, IndexError, RuntimeError) as error:  # torch, of shapes that do not go together
        raise _unfit(file, f"its minibatch does not fit its networks: {error}") from error
    return Replay(
        culprit=dump.culprit,
        task=config.task.name,
        robot=config.robot,
        iteration=dump.iteration + 1,
        process=dump.process,
        processes=config.processes,
        losses=_named(found, "loss/"),
        gradients=_named(found, "gradient/"),
        not_finite=tuple(name for name, value in found.items() if not math.isfinite(value)),
    )


def _named(found: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def _unfit(file: Path, what: str) -> SurefootError:
    return SurefootError(f"{file} is not {_KIND.called} of surefoot: {what}", hint=_KIND.where)


def _problem_of_batch(batch: State) -> str | None:
    """What keeps it from being a minibatch with its networks and its dice."""
    kinds = {"agent": dict, "samples": dict, "generator": Tensor, "progress": float, "kl_weight": float}
    for name, kind in kinds.items():
        if not isinstance(batch.get(name), kind):
            return f"its minibatch has no {name}"
    dice = batch["generator"]
    if dice.dtype != torch.uint8 or dice.shape != torch.Generator().get_state().shape:
        return "its generator is none of torch's"
    samples = batch["samples"]
    if missing := [name for name in _AXES if name not in samples]:
        return f"its samples have no {missing[0]}"
    axes = _AXES | _MORE_AXES
    size = tuple(getattr(samples["log_prob"], "shape", ()))
    for name, part in samples.items():
        if name not in axes or not isinstance(part, Tensor):
            return f"its samples have {name!r}"
        if part.ndim != axes[name] or part.shape[:2] != size or 0 in size:
            return f"its samples have {name} of shape {tuple(part.shape)}"
    return None


class _Unsimulated:
    """The walking task as far as its losses ask: sizes and the mirror, no robots."""

    copies = 1

    def __init__(self, config: RunConfig, perception: Perception, agent: Agent) -> None:
        history, features = config.agent.history_length, perception.size
        self.actions = Actions(perception.joints)
        self.actor_shape = history, features
        self.critic_size = features + sum(term.size for term in config.task.privileged)
        self.velocity_size = agent.velocity_size
        self.mirror: Mirror | None = WalkingMirror(perception, config.task, load_robot(config.robot))

    def seen(self) -> Seen:
        """Nothing."""
        actor, critic = torch.zeros(1, *self.actor_shape), torch.zeros(1, self.critic_size)
        return Seen(actor, critic, torch.zeros(1, self.velocity_size))

    def step(self, action: Tensor) -> Outcome:
        """There is nobody to act."""
        raise NotImplementedError

    def state_dict(self) -> State:
        """Nothing decides its future."""
        return {}

    def load_state_dict(self, state: State) -> None:
        """Nothing decides its future."""
