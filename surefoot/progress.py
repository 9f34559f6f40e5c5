"""Progress of long work, on stderr: a bar on a terminal, a line now and then in a log, nothing with `--json`."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Protocol, TextIO, TypeVar

Item = TypeVar("Item")

LINE_INTERVAL_S = 10.0  # seldom enough for a log, often enough to see that it lives


class Advance(Protocol):
    """Tells how far the work has come."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Count `steps` more as done; `note` (a reward, a speed) is shown beside the count."""


def progress(items: Iterable[Item], label: str, *, total: int | None = None, quiet: bool = False) -> Iterator[Item]:
    """Go through `items` and show how far it is; `quiet` is the command's `--json`."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress_bar(total, label, quiet=quiet) as advance:
        for item in items:
            yield item
            advance()


@contextmanager
def progress_bar(total: int | None, label: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show work that advances in uneven steps.

    `with progress_bar(n, "simulate") as advance:` and then `advance(256)` as often as it takes; `total` is None when
    nobody can know it.
    """
    if quiet:
        yield _say_nothing
    elif sys.stderr.isatty():
        with _rich_bar(total, label) as advance:
            yield advance
    else:
        lines = PlainProgress(total, label)
        yield lines
        lines.finish()


def _say_nothing(steps: int = 1, note: str = "") -> None:
    """Count nothing, show nothing."""


@contextmanager
def _rich_bar(total: int | None, label: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(label), total=total, note="")

        def advance(steps: int = 1, note: str = "") -> None:
            bar.update(task, advance=steps, note=escape(note))

        yield advance


class PlainProgress:
    """Progress where no bar can be drawn: a line every ten seconds, none for work that is over before."""

    def __init__(
        self,
        total: int | None,
        label: str,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        stream: TextIO | None = None,
    ) -> None:
        self._total = total
        self._label = label
        self._clock_s = clock_s
        self._stream = stream or sys.stderr
        self._done = 0
        self._start_s = self._last_line_s = clock_s()

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Count, and print a line when the last one is long ago."""
        self._done += steps
        now_s = self._clock_s()
        if now_s - self._last_line_s >= LINE_INTERVAL_S:
            self._last_line_s = now_s
            self._print(f"{self._count()}, {self._time(now_s)}", note)

    def finish(self) -> None:
        """Say how long it took, if it took long enough to have been spoken of."""
        if self._last_line_s > self._start_s:
            self._print(f"{self._done} done in {self._clock_s() - self._start_s:.0f} s", "")

    def _count(self) -> str:
        if not self._total:
            return str(self._done)
        return f"{self._done} of {self._total} ({100 * self._done // self._total} %)"

    def _time(self, now_s: float) -> str:
        elapsed_s = now_s - self._start_s
        if not self._total or not 0 < self._done < self._total:
            return f"{elapsed_s:.0f} s so far"
        return f"about {elapsed_s * (self._total - self._done) / self._done:.0f} s left"

    def _print(self, text: str, note: str) -> None:
        print(f"{self._label}: {text}{', ' + note if note else ''}", file=self._stream, flush=True)
