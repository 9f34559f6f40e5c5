"""The death of a process, whosever child it is: an order and, some time later, a fact."""

from __future__ import annotations

import os
import select
import signal
import time

LONGEST_S = 5.0


def killed_s(pid: int) -> float:
    """Kill a process; when it was gone, by the monotonic clock."""
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        select.select([handle], [], [], LONGEST_S)
        return time.monotonic()
    finally:
        os.close(handle)
