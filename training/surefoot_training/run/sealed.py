"""Files of tensors, numbers and text that say what they are and notice when they are damaged.

Plain `torch.save` files with a format, its version and a checksum over everything in them. Whoever reads one need not
trust it: torch unpickles nothing but tensors and plain data. A checksum is no signature, so that what is in a file may
still be anything.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from surefoot_robots.errors import SurefootError
from surefoot_robots.whole_file import write_whole

State: TypeAlias = dict[str, Any]
"""Dicts and lists of tensors, numbers, text and None."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    format: str
    version: int
    called: str
    """In messages, such as `a checkpoint`."""
    where: str
    """Where such files are found."""
    instead: str
    """What to use if one is damaged."""


def write_sealed(kind: Kind, content: State, file: Path) -> None:
    """Whole or not at all."""
    content = {**content, "format": kind.format, "version": kind.version}
    write_whole(file, lambda stream: torch.save(content | {"checksum": checksum(content)}, stream))


def read_sealed(kind: Kind, file: Path) -> State:
    """What was written, or an error that says what is wrong with the file."""
    content = _load(kind, file)
    if not isinstance(content, dict) or content.get("format") != kind.format:
        raise SurefootError(f"{file} is not {kind.called} of surefoot", hint=kind.where)
    if content.get("version") != kind.version:
        raise SurefootError(
            f"{file} has version {content.get('version')!r} of the format, this surefoot reads {kind.version}",
            hint="use the surefoot that wrote it: provenance.yaml in the run folder names it",
        )
    said = content.pop("checksum", None)
    if said != checksum(content):
        raise SurefootError(f"{file} is damaged: its content does not match its checksum", hint=kind.instead)
    del content["format"], content["version"]
    return content


def _load(kind: Kind, file: Path) -> Any:  # noqa: ANN401, whatever is in the file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SurefootError(f"{file}: cannot be read: {error.strerror}") from error
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # half a file or another kind of file fails in torch, pickle or zip, each in many ways
        raise SurefootError(f"{file} is damaged or not {kind.called}", hint=kind.instead) from error


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
