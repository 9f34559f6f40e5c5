"""Real processes in a folder of their own. Every wait is for a condition, with a limit that only a hang reaches."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from surefoot.operating import Operator
from surefoot_safety.channel.place import folder_of
from surefoot_safety.mode import Mode, Request

LONGEST_S = 240.0
PLAIN_GAITS = "surefoot_safety.pose_gait:pose_gaits"
"""They cost nothing, and a robot that is made up needs no balance."""
MILD = """\
robot: go2
command:
  command_age_s: {value: 0.2, source: assumption, note: "a test, on whatever machine"}
timing:
  policy_silent_s: {value: 0.3, source: assumption, note: "a test, on whatever machine"}
  policy_misses: {value: 50, source: assumption, note: "a test, on whatever machine"}
  policy_miss_forgiven_s: {value: 0.05, source: assumption, note: "a test, on whatever machine"}
  state_late_s: {value: 0.05, source: assumption, note: "a test, on whatever machine"}
  state_stale_s: {value: 0.1, source: assumption, note: "a test, on whatever machine"}
  tick_gap_s: {value: 0.1, source: assumption, note: "a test, on whatever machine"}
estop:
  timeout_s: {value: 2.0, source: assumption, note: "a test, on whatever machine"}
"""
"""As patient as settings can be: the machine that runs tests is busy."""


def wait_for(condition, what):
    """The first true value of `condition()`."""
    end_s = time.monotonic() + LONGEST_S
    while time.monotonic() < end_s:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {LONGEST_S:g} s for {what}")


def is_running(process):
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Stack:
    """`surefoot up` with everything below it."""

    def __init__(self, root, *words, output=None):
        (root / "mild.yaml").write_text(MILD)
        self.root = root
        self.folder = folder_of("go2", root / "run")
        self.log = (root / "up.log").open("w+")
        command = [sys.executable, "-m", "surefoot", "up", "--run-dir", str(root / "run"), "--priority", "0"]
        command += ["--gaits", PLAIN_GAITS, "--seconds", "900", *words]  # even if the tests are killed, it ends
        self.process = subprocess.Popen(
            [*command, "--settings", str(root / "mild.yaml"), "--no-release"],
            stdout=output or self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.operator = Operator(self.folder)

    @property
    def said(self):
        return Path(self.log.name).read_text()

    def view(self):
        return self.operator.look()

    def processes(self):
        """Of link and supervisor, once both report."""
        view = wait_for(lambda: (v := self.view()).link and v.supervisor and v.status and v, f"both loops: {self.said}")
        return {"link": view.link.record.process, "supervisor": view.supervisor.record.process}

    def mode(self):
        status = self.view().status
        return status and status.record.mode

    def released(self):
        """Until the sample and the e-stop are there."""
        wait_for(
            lambda: (s := self.view().status) and not s.record.estop_reasons and s.record.state_age_s < 0.1,
            f"e-stop and samples: {self.said}",
        )
        return self

    def to(self, mode):
        """Stand or damp; what a busy machine breaks is begun anew."""
        self.released()
        ways = {Mode.OFF: Request.ARM, Mode.DAMPED: Request.STAND, Mode.STOPPED: Request.RESET}

        def there():
            found = self.mode()
            if found is not mode and found in ways:
                self.operator.ask(ways[found])
            return found is mode

        wait_for(there, f"{mode}: {self.said}")
        return self

    def ended(self):
        wait_for(lambda: self.process.poll() is not None, f"the end: {self.said}")
        return self.process.returncode

    def close(self):
        pids = [self.process.pid]
        view = self.view()
        pids += [loop.record.process for loop in (view.link, view.supervisor) if loop]
        self.operator.close()
        for pid in pids:
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()


def surefoot(*words, root):
    """A command of its own process: status, what it printed as JSON."""
    ended = subprocess.run(
        [sys.executable, "-m", "surefoot", *words, "--run-dir", str(root / "run"), "--json"],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else ended.stderr
