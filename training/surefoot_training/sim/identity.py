"""What a saved state belongs to, as short texts that two sides can compare.

Two robots, two seeds of terrain or two tables of rewards have states of the same names and shapes: a state of the one
would load into the other and make a chimera of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.task.settings import is_left_out

IDENTITY = "identity."
"""Names of a saved state that begin so hold a digest each, of what the rest of the name says."""


def digest(*values: object) -> str:
    """SHA-256 (hex) of configuration: dataclasses, tables, numbers, texts, arrays, and functions by their names."""
    hashed = hashlib.sha256()
    for value in values:
        hashed.update(value.tobytes() if isinstance(value, np.ndarray) else _text(value).encode())
        hashed.update(b"\0")
    return hashed.hexdigest()


def _text(value: object) -> str:
    if is_dataclass(value) and not isinstance(value, type):
        found = {field: getattr(value, field.name) for field in fields(value)}
        inside = (f"{field.name}={_text(its)}" for field, its in found.items() if not is_left_out(field, its))
        return f"{type(value).__name__}({', '.join(inside)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_text, value)) + ")"
    if callable(value):  # its repr holds an address
        return f"{value.__module__}.{getattr(value, '__qualname__', type(value).__name__)}"
    return repr(value)


def as_arrays(digests: Mapping[str, str]) -> dict[str, np.ndarray]:
    """For a saved state."""
    return {IDENTITY + what: np.array(text) for what, text in digests.items()}


def check_identity(saved: Mapping[str, np.ndarray], ours: Mapping[str, np.ndarray], whose: str) -> None:
    """Refuse a state of another robot, on other ground or the like; `ours` has our digests among its names."""
    for name, text in ours.items():
        _, is_identity, what = name.rpartition(IDENTITY)
        if is_identity and str(saved.get(name)) != str(text):
            problem = "is of another" if name in saved else "does not say of which"
            raise SurefootError(
                f"saved state does not fit {whose}: it {problem} {what}",
                hint="resume with the robot, terrain, physics and task that were saved, or begin anew",
            )
