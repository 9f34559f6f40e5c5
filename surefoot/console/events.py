"""What has happened, as a list for the page: only what changed is noted. Pure, time is given."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from surefoot.console.words import MODES, reasons_of
from surefoot_safety.channel.records import StatusRecord
from surefoot_safety.mode import Mode
from surefoot_safety.table import Trigger

MOST = 200
QUIET_S = 2.0
"""A trigger that was away for less is the same one still, as in the supervisor's own log."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    number: int
    at_s: float
    """By the wall clock."""
    kind: str
    """`mode`, `stop`, `warn`, `said`."""
    text: str


class Events:
    """The newest of them."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=MOST)
        self._number = 0
        self._mode: Mode | None = None
        self._running: bool | None = None
        self._refusals = ""
        self._seen_s: dict[Trigger, float] = {}

    def add(self, kind: str, text: str, at_s: float) -> None:
        """Note one."""
        self._number += 1
        self._events.append(Event(self._number, at_s, kind, text))

    @property
    def newest(self) -> str:
        """What was noted last; empty if nothing was."""
        return self._events[-1].text if self._events else ""

    def after(self, number: int) -> list[Event]:
        """Those that came after this one."""
        return [event for event in self._events if event.number > number]

    def watch(self, status: StatusRecord | None, now_s: float, at_s: float) -> None:
        """Note what is new in the supervisor's status."""
        if (status is not None) is not self._running:
            self._running = status is not None
            self.add("said" if self._running else "warn", _presence(self._running), at_s)
        if status is None:
            self._mode = None
            return
        for reason in reasons_of(status):
            if now_s - self._seen_s.get(reason.trigger, -QUIET_S) >= QUIET_S:
                self.add("stop" if reason.is_severe else "warn", _because(reason.meaning, reason.detail), at_s)
            self._seen_s[reason.trigger] = now_s
        if status.mode is not self._mode:
            self.add("stop" if status.mode is Mode.STOPPED else "mode", MODES[status.mode], at_s)
            self._mode = status.mode
        if status.refusals != self._refusals:
            self._refusals = status.refusals
            self.add("said", status.refusals.replace("\n", "; "), at_s)


def _presence(running: bool) -> str:
    return "the supervisor is there" if running else "the supervisor is not running"


def _because(meaning: str, detail: str) -> str:
    return f"{meaning}: {detail}" if detail else meaning
