"""Reading a file that may be anything: once, whole, not more than a policy can be, and nothing but a regular file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from surefoot_policy.refusal import PolicyError

MOST_BYTES = 100_000_000
"""One thread reads some 5 GB/s from memory: weights beyond this could not be gone through within a tick of 20 ms."""

_HINT = "give the path of a policy.onnx, as `surefoot export` writes it"


def read_policy_file(path: Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The bytes of a regular file; its size is judged before anything is read, and again while it is read."""
    # Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except ValueError:  # a null character in the path
        raise PolicyError("file", found=repr(str(path)), expected="a path", hint=_HINT) from None
    except OSError as error:
        raise PolicyError("file", found=f"{error.strerror}", expected="a file that can be read", hint=_HINT) from error
    try:
        _check_kind(descriptor, most_bytes)
    except PolicyError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:  # it grew meanwhile
        raise _too_large(len(data), most_bytes)
    return data


def _check_kind(descriptor: int, most_bytes: int) -> None:
    """By what is open, not by the path, which may mean something else by now."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise PolicyError("file", found=_kind(status.st_mode), expected="a regular file", hint=_HINT)
    if status.st_size > most_bytes:
        raise _too_large(status.st_size, most_bytes)


def _too_large(size: int, most_bytes: int) -> PolicyError:
    return PolicyError(
        "file",
        found=f"{size:,} bytes",
        expected=f"at most {most_bytes:,}",
        hint="a larger network could not be run within a tick: train a smaller one",
    )


def _kind(mode: int) -> str:
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISFIFO: "a FIFO",
        stat.S_ISSOCK: "a socket",
        stat.S_ISCHR: "a device",
        stat.S_ISBLK: "a device",
    }
    return next((name for check, name in kinds.items() if check(mode)), "something else")
