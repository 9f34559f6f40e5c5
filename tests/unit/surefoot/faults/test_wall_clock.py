import os
import subprocess
import sys
import time

from surefoot.faults.wall_clock import WallClock

LOOK = """
import sys, time
from surefoot_control.clock import Stamps
for _ in sys.stdin:
    print(time.time(), time.time_ns() / 1e9, Stamps.of_now().offset_ns / 1e9, time.monotonic(), flush=True)
"""


def test_processes_see_the_step_and_nobody_else_does(tmp_path):
    clock = WallClock(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", LOOK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clock.environment(os.environ),
    )

    def ahead_s():
        process.stdin.write("\n")
        process.stdin.flush()
        now_s, now_ns, offset, monotonic_s = map(float, process.stdout.readline().split())
        return [round(seen - time.time()) for seen in (now_s, now_ns, offset + monotonic_s)]

    assert ahead_s() == [0, 0, 0]
    clock.step(3600.0)
    assert ahead_s() == [3600] * 3
    clock.step(-3600.0)
    assert ahead_s() == [-3600] * 3
    clock.step(0.0)
    assert ahead_s() == [0, 0, 0]
    process.communicate()
    assert process.returncode == 0
