"""What the supervisor says while a fault lasts: a line of modes with the moments they began, and its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import StatusRecord, triggers_of
from surefoot_safety.mode import Mode
from surefoot_safety.table import Trigger

SAME_S = 0.0025
"""Half a tick: moments that are nearer to each other are one."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A mode, from when on, by which supervisor (one that was started anew has another number)."""

    mode: Mode
    at_s: float
    writer: int


@dataclass(slots=True)
class Timeline:
    """All that was seen. Modes come with when they began, so that looking now and then is enough."""

    modes: list[Entered] = field(default_factory=list)
    triggers: dict[Trigger, float] = field(default_factory=dict)
    """Those that acted, and when that was seen first."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why each acted, as it was said first."""
    latched: frozenset[Trigger] = frozenset()
    """In the newest status."""
    seen_s: float = -float("inf")
    """When the newest status was made."""

    def look(self, status: Received[StatusRecord] | None) -> None:
        """Note the newest status."""
        if status is None or status.stamp_s <= self.seen_s:
            return
        record, self.seen_s = status.record, status.stamp_s
        at_s = status.stamp_s - record.in_mode_s
        last = self.modes[-1] if self.modes else None
        is_new = last is None or (last.mode, last.writer) != (record.mode, status.writer)
        if is_new or (last is not None and at_s > last.at_s + SAME_S):
            self.modes.append(Entered(record.mode, at_s, status.writer))
        for trigger in triggers_of(record.active | record.latched):
            self.triggers.setdefault(trigger, status.stamp_s)
        for line in record.reasons.splitlines():
            self.reasons.setdefault(line.partition(":")[0], line)
        self.latched = frozenset(triggers_of(record.latched))

    def told(self, since_s: float) -> str:
        """The modes that began since, and the reasons that came up."""
        modes = " → ".join(entered.mode.value for entered in self.modes if entered.at_s >= since_s)
        why = ", ".join(trigger.value for trigger, at_s in self.triggers.items() if at_s >= since_s)
        return f"{modes or 'goes on'}{f' ({why})' if why else ''}"
