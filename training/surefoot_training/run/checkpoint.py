"""Checkpoints: all that a run needs to go on to the bit, in files that are whole, our own, and say so.

A checkpoint is a plain `torch.save` file of tensors, numbers and text. It carries its format's version, the
configuration it belongs to and a checksum over everything. `last.pt` is the newest one, `previous.pt` the one before it
in case that one is damaged; `best.pt` has a policy alone.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.learn.problem import Actions
from surefoot_training.nets.agent import Agent
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy
from surefoot_training.run.config import RunConfig, config_from_json
from surefoot_training.run.files import write_whole

State: TypeAlias = dict[str, Any]
"""Dicts and lists of tensors, numbers, text and None."""

Networks: TypeAlias = Mapping[str, Tensor]
"""An agent's parameters and statistics by name, and with `RETURNS` before them those of returns."""

FORMAT, VERSION = "surefoot checkpoint", 1
RETURNS = "value_norm."  # what the names of a policy's statistics of returns begin with
_VELOCITY_SIZE = 3

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
    """The learning algorithm's state in every process; of a policy, the agent of the first."""


def write_checkpoint(checkpoint: Checkpoint, file: Path) -> None:
    """Whole or not at all."""
    content = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}
    content |= {"format": FORMAT, "version": VERSION}
    write_whole(file, lambda stream: torch.save(content | {"checksum": checksum(content)}, stream))


def read_checkpoint(file: Path) -> Checkpoint:
    """What was written, or an error that says what is wrong with the file."""
    content = _load(file)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise SurefootError(f"{file} is not a checkpoint of surefoot", hint="give a run folder or its last.pt, best.pt")
    if content.get("version") != VERSION:
        raise SurefootError(
            f"{file} has version {content.get('version')!r} of the format, this surefoot reads {VERSION}",
            hint="use the surefoot that wrote it: provenance.yaml in the run folder names it",
        )
    said = content.pop("checksum", None)
    if said != checksum(content):
        raise SurefootError(f"{file} is damaged: its content does not match its checksum", hint=_ANOTHER)
    del content["format"], content["version"]
    try:
        return Checkpoint(**content)
    except TypeError as error:
        raise SurefootError(f"{file} is not a checkpoint of surefoot: {error}") from error


_ANOTHER = "use previous.pt or best.pt of the same run"


def _load(file: Path) -> Any:  # noqa: ANN401, whatever is in the file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SurefootError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # half a file or another kind of file fails in torch, pickle or zip, each in many ways
        raise SurefootError(f"{file} is damaged or not a checkpoint", hint=_ANOTHER) from error


def checksum(content: object) -> str:
    """SHA-256 of everything that can be saved, kinds and shapes included."""
    digest = hashlib.sha256()
    _feed(digest, content)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, content: object) -> None:
    match content:
        case Tensor():
            digest.update(f"tensor {content.dtype} {tuple(content.shape)}:".encode())
            digest.update(content.detach().cpu().numpy().tobytes())
        case Mapping():
            digest.update(f"mapping {len(content)}:".encode())
            for key, value in content.items():
                _feed(digest, key)
                _feed(digest, value)
        case list() | tuple():
            digest.update(f"list {len(content)}:".encode())
            for value in content:
                _feed(digest, value)
        case _:
            digest.update(f"{type(content).__name__} {content!r}:".encode())


class CheckpointFolder:
    """The checkpoints of one run."""

    def __init__(self, folder: Path) -> None:
        self.last, self.previous, self.best = (folder / f"{name}.pt" for name in ("last", "previous", "best"))

    def save(self, checkpoint: Checkpoint) -> None:
        """As the newest; the one before it is kept."""
        fresh = self.last.with_name(".fresh.pt")
        write_checkpoint(checkpoint, fresh)
        if self.last.exists():
            self.last.replace(self.previous)
        fresh.replace(self.last)

    def save_best(self, checkpoint: Checkpoint) -> None:
        """A policy, instead of the best one before it."""
        write_checkpoint(checkpoint, self.best)

    def newest(self, config: RunConfig) -> Checkpoint | None:
        """The newest good checkpoint of `config`; None if there are none at all, an error if none is good."""
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
            if complaints:  # set aside, or the next save would keep it and drop the good one
                self.last.replace(self.last.with_name("last.damaged.pt"))
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
    return replace(checkpoint, kind="policy", parts=[{"agent": dict(agent)}])


def load_policy(path: Path) -> tuple[Policy, RunConfig]:
    """The policy of a run folder, the best if there is one, or of a checkpoint file; and the run it is from."""
    checkpoint = read_checkpoint(policy_file(path))
    # Not complete: what a later version has added to the configuration is no reason to throw a policy away.
    config = config_from_json(checkpoint.config, complete=False)
    perception = Perception(config.task, load_robot(config.robot))
    privileged = sum(term.size for term in config.task.privileged)
    agent = Agent(
        config.agent,
        Actions(perception.joints),
        (config.agent.history_length, perception.size),
        perception.size + privileged,
        _VELOCITY_SIZE,
    )
    try:
        agent.load_state_dict(_agent_alone(checkpoint.parts[0]["agent"]))
    except RuntimeError as error:
        raise SurefootError(f"{path}: its networks are not those its configuration describes") from error
    policy = Policy(perception, agent)
    policy.eval()
    return policy, config


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
