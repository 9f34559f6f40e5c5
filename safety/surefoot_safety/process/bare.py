"""A loop that does nothing, as the limit of what this machine and Python allow: what other loops are measured against.

`python -m surefoot_safety.process.bare RATE SECONDS` prints its histogram as JSON.
"""

from __future__ import annotations

import json
import sys
import time

from surefoot_safety.process.ending import end_with
from surefoot_safety.process.phases import BARE_S
from surefoot_safety.process.realtime import prepare
from surefoot_safety.process.ticker import Ticker


def run(rate_hz: float, seconds: float, priority: int, parent: int) -> dict[str, object]:
    """Tick for so long."""
    end_with(parent)
    prepare(priority)
    ticker = Ticker(rate_hz, phase_s=BARE_S)
    end_s = time.monotonic() + seconds
    while ticker.wait() < end_s:
        pass
    return {
        "rate_hz": rate_hz,
        "ticks": ticker.ticks,
        "overruns": ticker.overruns,
        "skipped": ticker.skipped,
        "longest_us": ticker.periods.longest_us,
        "counts": ticker.periods.counts,
        "cpu_s": time.process_time(),
    }


if __name__ == "__main__":
    rate, lasting, urgency, starter = sys.argv[1:]
    sys.stdout.write(json.dumps(run(float(rate), float(lasting), int(urgency), int(starter))))
