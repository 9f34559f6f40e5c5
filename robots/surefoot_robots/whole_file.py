"""Files that are whole or not there, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_whole(file: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill `file`, which readers see as it was or complete: never half, also after a power cut."""
    # Beside it, since only within one file system is a rename one step.
    unfinished = file.with_name(f".{file.name}.unfinished")
    try:
        with unfinished.open("wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())  # the content before the name, or a power cut leaves a name without content
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    _sync_folder(file.parent)


def write_text(file: Path, text: str) -> None:
    """As `write_whole`, of UTF-8 text."""
    write_whole(file, lambda stream: stream.write(text.encode("utf-8")))


def _sync_folder(folder: Path) -> None:
    """Make renames in `folder` last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
