"""When a killed process is gone, asked of real ones."""

import os
import subprocess
import sys
import time

import pytest

from surefoot.faults.dying import killed_s


def test_a_killed_process_is_gone_when_its_death_is_told():
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    before_s = time.monotonic()

    gone_s = killed_s(process.pid)

    # Not waited for: it must have ended by now.
    assert os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    assert before_s <= gone_s <= time.monotonic()
    assert process.wait() == -9
    process.stdin.close()


def test_nobody_is_killed_where_nobody_is():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(ProcessLookupError):
        killed_s(process.pid)
