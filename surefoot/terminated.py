"""Commands that have something to clear away: SIGTERM and SIGHUP end them the way Ctrl-C does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALLED = 128
"""Plus the signal's number: the exit status of what a signal has ended, as a shell counts."""


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Within, these signals raise KeyboardInterrupt, so that whatever was begun is ended."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
