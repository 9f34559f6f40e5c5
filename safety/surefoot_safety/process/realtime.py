"""What helps a Python loop to be on time, as far as it is permitted, and what was not.

SCHED_FIFO, memory locked, one core, the kernel's timer slack, no garbage collection: docs/runtime.md says what each is
worth. Nothing here is needed for the loops to work.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable, Collection

MCL_CURRENT, MCL_FUTURE = 1, 2  # sys/mman.h
PR_SET_TIMERSLACK = 29  # sys/prctl.h


def freeze_garbage() -> str:
    """No collection from now on: a loop that makes no cycles needs none, and one takes milliseconds."""
    gc.collect()
    gc.freeze()
    gc.disable()
    return "no garbage collection"


def prepare(priority: int, cores: Collection[int] = ()) -> str:
    """Ask for everything; one line that says what was given. Priority 0 asks for none."""
    said = [freeze_garbage(), _tried("timer slack of 1 ns", lambda: _call("prctl", PR_SET_TIMERSLACK, 1, 0, 0, 0))]
    if cores:
        names = ", ".join(map(str, sorted(cores)))
        said.append(_tried(f"core {names}", lambda: os.sched_setaffinity(0, cores)))
    if priority > 0:
        said.append(
            _tried(
                f"SCHED_FIFO {priority}",
                lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority)),
            )
        )
        said.append(_tried("memory locked", lambda: _call("mlockall", MCL_CURRENT | MCL_FUTURE)))
    else:
        said.append("neither SCHED_FIFO nor locked memory: not asked for")
    return "; ".join(said)


def _tried(what: str, do: Callable[[], object]) -> str:
    try:
        do()
    except (OSError, AttributeError, ValueError) as error:
        return f"no {what}: {getattr(error, 'strerror', None) or error}"
    return what


def _call(name: str, *numbers: int) -> None:
    """A function of libc that returns 0 or sets errno."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*(ctypes.c_ulong(number) for number in numbers)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
