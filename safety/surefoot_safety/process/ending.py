"""How a process is told to end: by a signal, or by the end of the process that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1  # sys/prctl.h
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """Counts the signals that ask this process to end; the second one means at once."""

    def __init__(self) -> None:
        self.asked = 0
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}

    def restore(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1


def end_with(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent ends, however it ends; leave at once if it has already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM))
    if os.getppid() != parent:
        sys.exit(f"process {parent}, which started this one, is gone")
