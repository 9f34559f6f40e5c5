"""A loop on absolute deadlines: lateness of one tick never shifts the next, and what was missed is counted."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import TypeAlias

from surefoot_safety.process.histogram import Histogram

ClockNs: TypeAlias = Callable[[], int]
SleepUntilNs: TypeAlias = Callable[[int], None]
CLOCK_MONOTONIC, TIMER_ABSTIME = 1, 1  # time.h of Linux


class Ticker:
    """`wait()` returns when the next tick is due. Time and sleep can be injected.

    Ticks are due at whole periods of the clock, a phase later: all processes of a machine, whenever each was started,
    keep the same places to each other (`phases`).
    """

    def __init__(
        self,
        rate_hz: float,
        clock_ns: ClockNs = time.monotonic_ns,
        sleep_until_ns: SleepUntilNs | None = None,
        *,
        phase_s: float = 0.0,
    ) -> None:
        self.rate_hz = rate_hz
        self._period_ns = round(1e9 / rate_hz)
        self._clock_ns = clock_ns
        self._sleep_until_ns = sleep_until_ns or best_sleep()
        phase_ns = round(1e9 * phase_s)
        self._due_ns = ((clock_ns() - phase_ns) // self._period_ns + 1) * self._period_ns + phase_ns
        self._last_ns: int | None = None
        self.periods = Histogram()
        self.ticks = self.overruns = self.skipped = 0

    def wait(self) -> float:
        """Sleep until the next tick is due; the time it really is, s. Late ticks run at once, missed ones never."""
        now_ns = self._clock_ns()
        late_ns = now_ns - self._due_ns
        if late_ns >= 0 and self._last_ns is not None:
            self.overruns += 1
            missed = late_ns // self._period_ns
            self.skipped += missed
            self._due_ns += missed * self._period_ns
        while now_ns < self._due_ns:  # a signal ends a sleep early
            self._sleep_until_ns(self._due_ns)
            now_ns = self._clock_ns()
        self._due_ns += self._period_ns
        if self._last_ns is not None:
            self.periods.add((now_ns - self._last_ns) / 1000.0)
        self._last_ns = now_ns
        self.ticks += 1
        return now_ns / 1e9


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


def best_sleep() -> SleepUntilNs:
    """`clock_nanosleep` to an absolute time; `time.sleep` for what is left where libc has none."""
    try:
        clock_nanosleep = ctypes.CDLL(None).clock_nanosleep
    except (OSError, AttributeError):
        return sleep_relative
    until = _Timespec()
    pointer = ctypes.byref(until)

    def sleep(due_ns: int) -> None:
        until.tv_sec, until.tv_nsec = divmod(due_ns, 1_000_000_000)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, pointer, None)

    return sleep


def sleep_relative(due_ns: int) -> None:
    """Sleep for what is left until then."""
    time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
