"""How a process is told to end: by a signal, or by the end of the process that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1  # sys/prctl.h
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PARENT_ENDED = signal.SIGHUP
"""Also what a terminal says when it is closed. The kernel says it for each thread of the parent (forget_original_parent
in its exit.c hands children from one to the next), so that it asks to end once, however often it comes: a second
SIGTERM would let the robot drop where `surefoot up` was killed."""


class Ending:
    """Counts the signals that ask this process to end; the second one means at once."""

    def __init__(self) -> None:
        self.asked = 0
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}

    def restore(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.asked = max(1, self.asked) if number == PARENT_ENDED else self.asked + 1


def end_with(parent: int) -> None:
    """Have the kernel send SIGHUP when the parent ends, however it ends; leave at once if it has already."""
    if signal.getsignal(PARENT_ENDED) is signal.SIG_IGN:  # as nohup has it, for all that it starts
        signal.signal(PARENT_ENDED, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(PARENT_ENDED))
    if os.getppid() != parent:
        sys.exit(f"process {parent}, which started this one, is gone")
