"""What a run writes down while it learns: every number of every iteration, for TensorBoard and for plain tools."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from torch.utils.tensorboard import SummaryWriter

from surefoot_robots.whole_file import write_text


class Journal:
    """`progress.jsonl`, one JSON object per iteration, and TensorBoard's events over control steps."""

    def __init__(self, folder: Path, *, iteration: int, steps: int) -> None:
        """Goes on after `iteration`; what an earlier session wrote beyond it, before it was cut off, is dropped."""
        self._file = folder / "progress.jsonl"
        if self._file.exists():
            _keep_until(self._file, iteration)
        self._lines: TextIO = self._file.open("a", encoding="utf-8")
        # What it finds beyond, TensorBoard drops too.
        self._events = SummaryWriter(folder, purge_step=steps + 1 if iteration else None)

    def note(self, *, iteration: int, steps: int, elapsed_s: float, progress: float, log: Mapping[str, float]) -> None:
        """One iteration; `progress` is what its schedules were driven by."""
        entry = {"iteration": iteration, "steps": steps, "elapsed_s": elapsed_s, "progress": progress, **log}
        numbers = {name: value if math.isfinite(value) else None for name, value in entry.items()}  # JSON has no NaN
        self._lines.write(json.dumps(numbers) + "\n")
        self._lines.flush()
        for name, value in log.items():
            self._events.add_scalar(name, value, steps)

    def close(self) -> None:
        """Everything is on disk."""
        self._lines.close()
        self._events.close()


def read_journal(file: Path) -> list[dict[str, float | None]]:
    """Every whole line of a `progress.jsonl`; the last may have been cut off."""
    entries = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return entries


def _keep_until(file: Path, iteration: int) -> None:
    kept = [entry for entry in read_journal(file) if (entry["iteration"] or 0) <= iteration]
    write_text(file, "".join(json.dumps(entry) + "\n" for entry in kept))
