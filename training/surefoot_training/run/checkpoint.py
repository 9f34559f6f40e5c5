"""Checkpoints: all that a run needs to go on to the bit, in files that are whole, our own, and say so.

A checkpoint carries the configuration it belongs to. `last.pt` is the newest one, `previous.pt` the one before it in
case that one is damaged; `best.pt` has a policy alone.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.learn.mirror import WalkingMirror
from surefoot_training.learn.problem import Actions
from surefoot_training.nets.agent import Agent
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy
from surefoot_training.run.config import RunConfig, config_from_json
from surefoot_training.run.sealed import Kind, State, read_sealed, write_sealed

Networks: TypeAlias = Mapping[str, Tensor]
"""An agent's parameters and statistics by name, and with `RETURNS` before them those of returns."""

RETURNS = "value_norm."  # what the names of a policy's statistics of returns begin with
_KIND = Kind(
    "surefoot checkpoint",
    1,
    "a checkpoint",
    where="give a run folder or its last.pt, best.pt",
    instead="use previous.pt or best.pt of the same run",
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a run is, between two iterations."""

    kind: Literal["run", "policy"]
    """All that a run needs to go on, or its networks alone."""

    config: str
    """See `config_from_json`."""

    config_sha256: str
    """Of what the run learns with."""

    iteration: int
    """So many are done."""

    steps: int
    """Control steps of all robots until now."""

    elapsed_s: float
    """Time until now, of all sessions."""

    finished: bool
    """Whether the budget was used up."""

    score: State
    """See `Score.state_dict`."""

    parts: list[State]
    """The learning algorithm's state in every process; of a policy, its networks as `agent`."""

    average: State = field(default_factory=dict)
    """See `Average`; empty in checkpoints of policies, and of runs from before there was one."""


def write_checkpoint(checkpoint: Checkpoint, file: Path) -> None:
    """Whole or not at all."""
    write_sealed(_KIND, {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}, file)


def read_checkpoint(file: Path) -> Checkpoint:
    """What was written, or an error that says what is wrong with the file."""
    content = read_sealed(_KIND, file)
    try:
        return Checkpoint(**content)
    except TypeError as error:
        raise SurefootError(f"{file} is not a checkpoint of surefoot: {error}") from error


class CheckpointFolder:
    """The checkpoints of one run."""

    def __init__(self, folder: Path) -> None:
        self.last, self.previous, self.best = (folder / f"{name}.pt" for name in ("last", "previous", "best"))
        self._damaged = folder / "last.damaged.pt"
        self._last_is_damaged = False

    def save(self, checkpoint: Checkpoint) -> None:
        """As the newest; the one before it is kept."""
        fresh = self.last.with_name(".fresh.pt")
        write_checkpoint(checkpoint, fresh)
        if self.last.exists():
            # Set aside: it must not take the place of the good one before it.
            self.last.replace(self._damaged if self._last_is_damaged else self.previous)
        fresh.replace(self.last)
        self._last_is_damaged = False

    def save_best(self, checkpoint: Checkpoint) -> None:
        """A policy, instead of the best one before it."""
        write_checkpoint(checkpoint, self.best)

    def newest(self, config: RunConfig) -> Checkpoint | None:
        """The newest good checkpoint of `config`; None if there are none at all, an error if none is good.

        Nothing is changed: a damaged `last.pt` is set aside only when another one is saved.
        """
        files = [file for file in (self.last, self.previous) if file.exists()]
        complaints = []
        for file in files:
            try:
                checkpoint = _of_run(read_checkpoint(file), config, file)
            except SurefootError as error:
                complaints.append(error)
                continue
            for complaint in complaints:
                _log.warning("%s; going on from %s", complaint.message, file.name)
            self._last_is_damaged = bool(complaints)
            return checkpoint
        if complaints:
            raise SurefootError("; ".join(error.message for error in complaints), hint=complaints[0].hint)
        return None


def _of_run(checkpoint: Checkpoint, config: RunConfig, file: Path) -> Checkpoint:
    if checkpoint.kind != "run":
        raise SurefootError(f"{file} holds a policy alone", hint="a run goes on from last.pt or previous.pt")
    if checkpoint.config_sha256 != config.sha256:
        raise SurefootError(
            f"{file} belongs to another configuration than config.yaml beside it",
            hint="a run's config.yaml must not be edited; start a new run with --set",
        )
    if len(checkpoint.parts) != config.processes:
        raise SurefootError(f"{file} is of {len(checkpoint.parts)} processes, not {config.processes}")
    return checkpoint


def policy_checkpoint(checkpoint: Checkpoint, agent: Mapping[str, Tensor]) -> Checkpoint:
    """`checkpoint` with the networks `agent` and nothing else to go on with."""
    return replace(checkpoint, kind="policy", parts=[{"agent": dict(agent)}], average={})


def load_policy(path: Path) -> tuple[Policy, RunConfig]:
    """What `load_agent` finds, as a robot could run it; an agent that robots cannot run is refused."""
    perception, agent, config = load_agent(path)
    policy = Policy(perception, agent)
    policy.eval()
    return policy, config


def load_agent(path: Path) -> tuple[Perception, Agent, RunConfig]:
    """The networks of a run folder, the best if there are some, or of a checkpoint file; and the run they are from."""
    checkpoint = read_checkpoint(policy_file(path))
    # Not complete: what a later version has added to the configuration is no reason to throw a policy away.
    config = config_from_json(checkpoint.config, complete=False)
    perception = perception_of(config)
    return perception, agent_of(config, perception, _agent_alone(checkpoint.parts[0]["agent"]), path), config


def perception_of(config: RunConfig) -> Perception:
    """What the actor of a run looks through."""
    return Perception(config.task, load_robot(config.robot), yaw_memory_s=config.agent.yaw_memory_s)


def agent_of(config: RunConfig, perception: Perception, state: Mapping[str, Tensor], path: Path) -> Agent:
    """The agent that `config` describes, with the networks `state` that were found in `path`."""
    mirror = WalkingMirror(perception, config.task, load_robot(config.robot))

    def make() -> Agent:
        return Agent(
            config.agent,
            Actions(perception.joints),
            (config.agent.history_length, perception.size),
            perception.size + sum(term.size for term in config.task.privileged),
            velocity_size=3,
            mirror=mirror,
        )

    with torch.device("meta"):  # without memory: a file may describe any size
        described = {name: value.shape for name, value in make().state_dict().items()}
    if {name: getattr(value, "shape", None) for name, value in state.items()} != described:
        raise SurefootError(f"{path}: its networks are not those its configuration describes")
    agent = make()
    agent.load_state_dict(state)
    return agent


def load_networks(path: Path) -> tuple[Networks, RunConfig, str]:
    """The networks of a run folder or checkpoint file, for another run to begin with; its run; the file's SHA-256."""
    file = policy_file(path)
    checkpoint = read_checkpoint(file)
    part = checkpoint.parts[0]
    returns = {f"{RETURNS}{name}": value for name, value in part.get("value_norm", {}).items()}  # of a whole run
    return (
        part["agent"] | returns,
        config_from_json(checkpoint.config, complete=False),
        hashlib.sha256(file.read_bytes()).hexdigest(),
    )


def _agent_alone(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the statistics of returns, which only learning needs."""
    return {name: value for name, value in state.items() if not name.startswith(RETURNS)}


def policy_file(path: Path) -> Path:
    """The checkpoint of a run folder that has its policy, the best if there is one; a file is one itself."""
    if not path.is_dir():
        return path
    folder = CheckpointFolder(path)
    for file in (folder.best, folder.last, folder.previous):
        if file.exists():
            return file
    raise SurefootError(f"{path} has no checkpoint", hint="give a run folder, with last.pt or best.pt in it")
