"""How a loop keeps its time, for whoever wants to know."""

from __future__ import annotations

import os
import time

from surefoot_safety.channel.records import LoopRecord
from surefoot_safety.process.histogram import Histogram
from surefoot_safety.process.ticker import Ticker

REPORT_S = 0.1
"""Between two reports."""


def loop_record(ticker: Ticker, latencies: Histogram, real_time: str, note: str) -> LoopRecord:
    """How a loop keeps its time, as it goes through the channel."""
    return LoopRecord(
        os.getpid(),
        ticker.rate_hz,
        ticker.ticks,
        ticker.overruns,
        ticker.skipped,
        ticker.periods.longest_us,
        ticker.periods.counts,
        latencies.longest_us,
        latencies.counts,
        time.process_time(),
        real_time,
        note,
    )
