"""A channel under hammers: one writer or reader as fast as it can, to find out whether a record is ever torn.

`python -m surefoot_safety.process.hammer write|read FILE SECONDS`; `surefoot bench channel` runs one and several.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from surefoot_safety.channel.memory import Reader, Writer

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Blow:
    """A record of the size of the largest, every number of which follows from the first."""

    number: int
    values: Annotated[tuple[float, ...], 200]
    last: int


def blow(number: int) -> Blow:
    """The record with this number."""
    return Blow(number, tuple(float(number + index) for index in range(200)), -number)


def write(path: Path, seconds: float) -> dict[str, int]:
    """Write for so long."""
    writer = Writer(path, Blow)
    end_s, number = time.monotonic() + seconds, 0
    while time.monotonic() < end_s:
        for _ in range(AT_ONCE):
            number += 1
            writer.write(blow(number), time.monotonic())
    writer.close(remove=False)
    return {"written": number}


def read(path: Path, seconds: float) -> dict[str, int]:
    """Read for so long; how many records came, were wrong, came in the wrong order, were copied again."""
    reader = Reader(path, Blow)
    end_s, reads, wrong, backward, last = time.monotonic() + seconds, 0, 0, 0, 0
    while time.monotonic() < end_s:
        received = reader.read(time.monotonic())
        if received is None or received.sequence == last:
            continue
        reads += 1
        wrong += received.record != blow(received.record.number)
        backward += received.sequence < last
        last = received.sequence
    found = {"reads": reads, "wrong": wrong, "backward": backward, "copied_again": reader.torn}
    reader.close()
    return found


if __name__ == "__main__":
    what, file, lasting = sys.argv[1:]
    sys.stdout.write(json.dumps({"write": write, "read": read}[what](Path(file), float(lasting))))
