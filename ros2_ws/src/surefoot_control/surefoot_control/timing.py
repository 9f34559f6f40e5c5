"""How the policy keeps its time: between its answers, and from the sample to the answer."""

from __future__ import annotations

import os
import time

from surefoot_safety.channel.records import LoopRecord
from surefoot_safety.process.histogram import Histogram

LATE_PERIODS = 1.5
"""Samples come twice a period and more: an answer that is later than this was waited for."""


class AnswerTimes:
    """Of a policy that has to answer every so often."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._last_s: float | None = None
        self.periods, self.latencies = Histogram(), Histogram()
        self.ticks = self.overruns = self.skipped = 0

    def pause(self) -> None:
        """What comes next does not count as late."""
        self._last_s = None

    def answered(self, stamp_s: float, now_s: float) -> None:
        """A sample of then was answered now."""
        self.ticks += 1
        self.latencies.add(1e6 * (now_s - stamp_s))
        if self._last_s is not None:
            periods = (now_s - self._last_s) / self._period_s
            self.periods.add(1e6 * (now_s - self._last_s))
            if periods > LATE_PERIODS:
                self.overruns += 1
                self.skipped += round(periods) - 1
        self._last_s = now_s

    def record(self) -> LoopRecord:
        """As it goes through the channel."""
        return LoopRecord(
            os.getpid(),
            1.0 / self._period_s,
            self.ticks,
            self.overruns,
            self.skipped,
            self.periods.longest_us,
            self.periods.counts,
            self.latencies.longest_us,
            self.latencies.counts,
            time.process_time(),
            "",
            "",
        )
