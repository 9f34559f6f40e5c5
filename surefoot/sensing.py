"""What a running robot's sensors say, and what its motors were told last: read from its channels, by anybody."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from surefoot.operating import ALIVE_S
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.channels import COMMAND, LINK, STATE, read_channel
from surefoot_safety.channel.layout import Record
from surefoot_safety.channel.memory import Reader
from surefoot_safety.channel.records import CommandRecord, LoopRecord, StateRecord

RATE_OVER_S = 2.0
"""Long enough for a steady number, short enough to show that samples fail to come."""


@dataclass(frozen=True, slots=True)
class Sensed:
    """One look."""

    state: StateRecord | None
    """None if no link runs, or if it has no sample yet."""
    age_s: float
    """Of the sample."""
    rate_hz: float | None
    """Of samples lately; None with the first look."""
    command: CommandRecord | None
    """What the supervisor decided last; None if it does not run."""
    link_note: str
    """Why the link does something else; empty if it does not."""
    moved_rad: tuple[float, ...] | None
    """Each joint since the first look; None with that."""


class Sensing:
    """Looks at one robot's channels again and again."""

    def __init__(self, folder: Path) -> None:
        self._states: Reader[StateRecord] = read_channel(folder, STATE, StateRecord)
        self._commands: Reader[CommandRecord] = read_channel(folder, COMMAND, CommandRecord)
        self._links: Reader[LoopRecord] = read_channel(folder, LINK, LoopRecord)
        self._pace = Pace()
        self._first: tuple[float, ...] | None = None

    def look(self) -> Sensed:
        """What there is now."""
        now_s = time.monotonic()
        state = _fresh(self._states, now_s)
        link = _fresh(self._links, now_s)
        return Sensed(
            state,
            float("inf") if state is None else now_s - state.stamp_s,
            None if state is None else self._pace.hz(state.sequence, state.stamp_s),
            _fresh(self._commands, now_s),
            "" if link is None else link.note,
            None if state is None else self._moved_rad(state),
        )

    def _moved_rad(self, state: StateRecord) -> tuple[float, ...] | None:
        if self._first is None:
            self._first = state.joint_position_rad
            return None
        return tuple(now - then for now, then in zip(state.joint_position_rad, self._first, strict=True))

    def close(self) -> None:
        """Look no more."""
        for reader in (self._states, self._commands, self._links):
            reader.close()

    def __enter__(self) -> Sensing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Pace:
    """How many samples come in a second, from their own numbers and stamps."""

    def __init__(self) -> None:
        self._past: deque[tuple[int, float]] = deque()

    def hz(self, sequence: int, stamp_s: float) -> float | None:
        """With this sample; None if there is none to compare it with."""
        if self._past and sequence < self._past[-1][0]:
            self._past.clear()  # another link has begun to count
        self._past.append((sequence, stamp_s))
        while len(self._past) > 2 and stamp_s - self._past[1][1] > RATE_OVER_S:
            self._past.popleft()
        first_sequence, first_s = self._past[0]
        return (sequence - first_sequence) / (stamp_s - first_s) if stamp_s > first_s else None


def _fresh(reader: Reader[Record], now_s: float) -> Record | None:
    found = reader.read(now_s)
    if reader.refusal:
        raise SurefootError(reader.refusal)
    return None if found is None or now_s - found.stamp_s > ALIVE_S else found.record
