"""The key that e-stop endpoints and the robot share: a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from surefoot_robots.errors import SurefootError

KEY_BYTES = 32
"""As long as the output of SHA-256, the shortest that RFC 2104 recommends."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_key(path: Path) -> bytes:
    """The key in a file; one that others may read, or that is too short, is refused."""
    try:
        with path.open("rb") as file:
            others = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & OTHERS
            text = file.read(4 * KEY_BYTES)
    except OSError as error:
        hint = "make one with `surefoot safety key FILE` and copy it to every endpoint"
        raise SurefootError(f"{path}: the e-stop key cannot be read: {error.strerror}", hint=hint) from error
    if others:
        raise SurefootError(f"{path}: others may read the e-stop key or write it", hint=f"chmod 600 {path}")
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SurefootError(f"{path}: is no e-stop key: must be {2 * KEY_BYTES} hexadecimal digits")
    return key


def write_new_key(path: Path) -> None:
    """Make a key; a file that exists is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SurefootError(f"{path}: the e-stop key cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{secrets.token_hex(KEY_BYTES)}\n")
