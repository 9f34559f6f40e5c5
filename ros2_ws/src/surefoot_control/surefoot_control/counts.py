"""What was dropped, how often, and why the last time: for diagnostics, and for a line in the log now and then."""

from __future__ import annotations

import math
from collections.abc import Callable

BETWEEN_LINES_S = 2.0


class Counts:
    """Counts by kind. The first of a kind is told at once, more of them no oftener than every two seconds."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told_s: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.last: dict[str, str] = {}
        """By kind, what was wrong with the newest."""

    def note(self, kind: str, why: str, now_s: float) -> None:
        """Count one."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.last[kind] = why
        if now_s - self._told_s.get(kind, -math.inf) >= BETWEEN_LINES_S:
            self._told_s[kind] = now_s
            self._tell(f"{kind} dropped ({self.counts[kind]} so far): {why}")
