"""Ctrl-C and SIGTERM as a wish to stop: the iteration is finished and saved first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether somebody wants to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None
        """The signal that said so."""


@contextmanager
def caught(*, once_only: bool) -> Iterator[Interrupt]:
    """Note SIGINT and SIGTERM instead of dying of them.

    Ctrl-C a second time is meant at once, unless `once_only`: torchrun passes on what the terminal has sent already.
    """
    interrupt = Interrupt()

    def note(number: int, _: FrameType | None) -> None:
        if interrupt.signal == number == signal.SIGINT and not once_only:
            raise KeyboardInterrupt
        interrupt.signal = number

    if threading.current_thread() is not threading.main_thread():  # where Python allows no handlers
        yield interrupt
        return
    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
