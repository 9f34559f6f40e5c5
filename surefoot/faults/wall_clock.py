"""The wall clock as our own processes see it, stepped by whoever likes.

Nobody may set the machine's own here, and everybody else on it would suffer. Python's clock is enough: the nodes look
at it once, when they are made, and everything else they do is on the monotonic clock.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SHIM = """\
import time
def _stepped(real, scale):
    def now():
        try:
            with open({path!r}) as file:
                return real() + type(real())(float(file.read()) * scale)
        except (OSError, ValueError):
            return real()
    return now
time.time, time.time_ns = _stepped(time.time, 1.0), _stepped(time.time_ns, 1e9)
"""
"""Read by Python before anything else."""


class WallClock:
    """One for all processes that are started with its environment."""

    def __init__(self, root: Path) -> None:
        self._file, self._shim = root / "clock", root / "shim"
        self._shim.mkdir()
        (self._shim / "sitecustomize.py").write_text(SHIM.format(path=str(self._file)), encoding="utf-8")

    def environment(self, before: Mapping[str, str]) -> dict[str, str]:
        """What a process has to be started with."""
        path = before.get("PYTHONPATH")
        return {**before, "PYTHONPATH": f"{self._shim}{os.pathsep + path if path else ''}"}

    def step(self, seconds: float) -> None:
        """From now on it is ahead by so much."""
        text = self._file.with_suffix(".new")
        text.write_text(f"{seconds}\n", encoding="ascii")
        text.replace(self._file)
