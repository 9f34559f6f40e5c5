"""What one look came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Health(Enum):
    """How it is. Only `BAD` makes the command fail."""

    GOOD = "ok"
    NOTE = "note"
    """Not there, and only needed by those who want it."""
    WARN = "warn"
    """It works, and something will be slower, later or less safe."""
    BAD = "BAD"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do unless it is well."""

    topic: str
    health: Health
    what: str
    hint: str = ""


def good(topic: str, what: str) -> Finding:
    """All is well."""
    return Finding(topic, Health.GOOD, what)


def note(topic: str, what: str, hint: str = "") -> Finding:
    """Something that only some need."""
    return Finding(topic, Health.NOTE, what, hint)


def warn(topic: str, what: str, hint: str) -> Finding:
    """Something that could be better."""
    return Finding(topic, Health.WARN, what, hint)


def bad(topic: str, what: str, hint: str) -> Finding:
    """Something that must be mended."""
    return Finding(topic, Health.BAD, what, hint)
