"""From a torch module to one file for the robot: graph, golden sequence, contract, comparison; only then is it written.

Whoever brings the module brings two things with it: a description of what it was made for, and the world in which it
is compared with what came out, and nothing is written if they differ.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from surefoot_policy import contract as facts
from surefoot_policy.batch import BatchPolicy
from surefoot_policy.contract import Contract, Golden, StateEntry
from surefoot_policy.export_graph import to_graph
from surefoot_policy.export_module import Flat, Policy
from surefoot_policy.export_parity import (
    TOLERANCE_RAD,
    Episode,
    Parity,
    Player,
    World,
    compare,
    record_episode,
)
from surefoot_policy.export_torchscript import ScriptPlayer, read_torchscript, to_torchscript, with_contract
from surefoot_policy.model import policy_file
from surefoot_policy.runtime import Policy as OnnxPolicy
from surefoot_policy.session import open_session
from surefoot_robots.errors import SurefootError

Format: TypeAlias = Literal["onnx", "torchscript"]
SUFFIXES: dict[Format, str] = {"onnx": ".onnx", "torchscript": ".ts"}

GOLDEN_TICKS = 64
"""1.3 s at 50 Hz: a few commands and two strides; the contract asks for 32."""

PARITY_TICKS = 4000
"""Four robots for 20 s, each way; asked for are 1000."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a policy was made for: the fields of the contract that the module itself does not say."""

    robot: str
    robot_hash: str
    control_dt_s: float
    joint_names: tuple[str, ...]
    observation: tuple[facts.ObservationEntry, ...]
    gains: facts.Gains
    torque_limit_nm: tuple[float, ...]
    default_joint_position_rad: tuple[float, ...]
    joint_target_range_rad: facts.JointRange
    command_range: facts.CommandRange
    trained_with: facts.TrainedWith

    @property
    def observation_size(self) -> int:
        """D."""
        return sum(entry.size for entry in self.observation)


@dataclass(frozen=True, slots=True)
class Source:
    """A policy, and all that is needed to export it."""

    policy: Policy
    description: Description

    make_world: Callable[[], World]
    """The world it was trained for, for comparison over whole episodes."""

    make_first_ticks: Callable[[], World]
    """The same with commands that change often, where nobody begins anew within `GOLDEN_TICKS`: for the golden
    sequence."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and how well it does what the module does."""

    file: Path
    format: Format
    size_bytes: int
    contract: Contract
    """As it is in the file, sealed."""
    parity: Parity
    golden_error_rad: float
    """Largest difference from the golden sequence, played alone."""


def export(
    source: Source,
    file: Path,
    *,
    format: Format = "onnx",  # noqa: A002, the word everybody uses
    ticks: int = PARITY_TICKS,
    report: Callable[[], object] = lambda: None,
) -> Exported:
    """Write `source` to `file`, whole, or raise and leave what was there.

    `report` is called after each step of the comparison, of which there are 2 `steps_of(robots, ticks)`.
    """
    _check_place(file, format)
    flat = Flat(source.policy, source.description.observation_size)
    episode = record_episode(source.policy, source.make_first_ticks(), GOLDEN_TICKS)
    contract = describe(source.description, flat, episode)
    data, sealed, make_player = _made(flat, contract, format)
    golden_error_rad = replay(make_player(1), episode)
    parity = compare(source.policy, make_player, source.make_world, ticks, report)
    _check_same(parity, golden_error_rad, format)
    _write_whole(file, data, lambda written: OnnxPolicy.load(written, None) if format == "onnx" else None)
    return Exported(file, format, len(data), sealed, parity, golden_error_rad)


def describe(description: Description, flat: Flat, episode: Episode) -> Contract:
    """The contract, not sealed yet."""
    entries = tuple(
        StateEntry(name, value.shape, value if value.any() else None) for name, value in flat.initial().items()
    )
    given = {name: getattr(description, name) for name in Description.__slots__}
    golden = Golden(episode.observation, episode.joint_target, TOLERANCE_RAD)
    return Contract(version=facts.VERSION, state=entries, golden=golden, **given)


def to_onnx(flat: Flat, contract: Contract) -> bytes:
    """The contract's file, the same bytes every time."""
    return policy_file(to_graph(flat), contract)


def replay(player: Player, episode: Episode) -> float:
    """The largest difference in rad from what an episode says, played by one robot from reset."""
    targets = [player.tick(seen[None])[0] for seen in episode.observation]
    return float(np.max(np.abs(np.array(targets) - episode.joint_target)))


def _made(flat: Flat, contract: Contract, form: Format) -> tuple[bytes, Contract, Callable[[int], Player]]:
    """The file's bytes, the contract in it, and players that run on just these."""
    initial = flat.initial()
    if form == "onnx":
        data = to_onnx(flat, contract)
        session = open_session(data)
        text = session.get_modelmeta().custom_metadata_map[facts.METADATA_KEY]
        return data, Contract.from_json(text), lambda robots: BatchPolicy(session, initial, robots)
    data = with_contract(to_torchscript(flat), contract)
    module, sealed = read_torchscript(data)
    return data, sealed, lambda robots: ScriptPlayer(module, initial, robots)


def _check_same(parity: Parity, golden_error_rad: float, form: Format) -> None:
    worst_rad = float(np.maximum(parity.worst_rad, golden_error_rad))
    if worst_rad <= TOLERANCE_RAD:
        return
    raise SurefootError(
        f"the {form} policy is not the one that was trained: over {parity.ticks} ticks each way, joint targets differ "
        f"by {worst_rad:.2g} rad > {TOLERANCE_RAD:g} rad; nothing was written",
        hint="networks that hold numbers far from 1 lose digits on the way: train with agent.normalize=true",
    )


def _check_place(file: Path, form: Format) -> None:
    """Before the work, not after."""
    other = next((name for name, suffix in SUFFIXES.items() if file.suffix == suffix and name != form), None)
    if other:
        raise SurefootError(
            f"{file} would not be what it is called: the format is {form}, {file.suffix} files are {other}",
            hint=f"name it {file.with_suffix(SUFFIXES[form]).name}, or choose the format {other}",
        )
    if not file.absolute().parent.is_dir():
        raise SurefootError(f"there is no folder {file.absolute().parent}", hint="make it, or write elsewhere")
    if file.is_dir():
        raise SurefootError(f"{file} is a folder", hint="name a file in it")
    unfinished = _unfinished(file)
    try:
        unfinished.touch()
        unfinished.unlink()
    except OSError as error:
        raise SurefootError(f"{file} cannot be written: {error.strerror}", hint="write elsewhere, with -o") from error


def _write_whole(file: Path, data: bytes, check: Callable[[Path], object]) -> None:
    """Whoever reads `file` sees what was there before or all of the new one, also after a power cut.

    `check` raises if what was written must not be kept.
    """
    unfinished = _unfinished(file)
    try:
        with unfinished.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        check(unfinished)
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _unfinished(file: Path) -> Path:
    return file.with_name(f".{file.name}.unfinished")
