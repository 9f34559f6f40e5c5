"""Begins and ends recordings: each is a process that hears everything on ROS 2."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from surefoot.console.sending import ROBOT_LOG
from surefoot_safety.channel.channels import ROBOT_NODE, channel_path
from surefoot_safety.channel.place import LOG_SUFFIX

UP_RECORDS = f"record{LOG_SUFFIX}"
NO_ROS = "ROS 2 is not installed where the console runs: pip install 'surefoot[ros]'"
NO_NODE = "nothing goes over ROS 2: start the robot with surefoot up --ros, or --policy"
KILL_AFTER_S = 10.0
STAMPED = ("--ros-args", "-p", "cmd_vel_stamped:=true", "--")


@dataclass(frozen=True, slots=True)
class Recording:
    """What the page shows of it."""

    on: bool
    file: str
    bytes: int
    why_not: str
    """Why it cannot be begun; empty if it can."""
    by_up: bool
    """Whether `surefoot up` records already."""


class Recorder:
    """One recording at a time."""

    def __init__(self, folder: Path, root: Path, into: Path, *, robot: str, stamped: bool) -> None:
        self._folder, self._root, self._into, self._robot = folder, root, into, robot
        self._words = STAMPED if stamped else ()
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._file = Path()
        self._asked_s: float | None = None

    def why_not(self) -> str:
        """Why there can be no recording now; empty if there can."""
        if importlib.util.find_spec("rclpy") is None:
            return NO_ROS
        has_node = (self._folder / ROBOT_LOG).exists() or channel_path(self._folder, ROBOT_NODE).exists()
        return "" if has_node else NO_NODE

    def begin(self, now: datetime) -> str:
        """Begin; what to tell."""
        why = self.why_not()
        if why or self._process is not None:
            return f"not recording: {why}" if why else "recording already"
        self._file = self._into / f"{self._robot}-{now:%Y%m%d-%H%M%S}.mcap"
        words = ["--out", str(self._file), "--robot", self._robot, "--run-dir", str(self._root)]
        try:
            self._said = tempfile.TemporaryFile()  # noqa: SIM115  # read when the process has ended
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "surefoot_control.record_node", *words),
                    *("--parent", str(os.getpid()), *self._words),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
            )
        except OSError as error:  # a full disk, too many processes: no reason to lose the page that asked for it
            self._last_words()
            return f"not recording: {error.strerror or error}"
        return f"recording to {self._file}"

    def end(self, now_s: float) -> str:
        """Ask it to end; `poll` tells when it has."""
        if self._process is None:
            return "nothing is being recorded"
        if self._asked_s is None:
            self._asked_s = now_s
            self._process.terminate()
        return "ending the recording"

    def poll(self, now_s: float) -> str:
        """What to tell of a recording that has ended; empty if there is nothing."""
        if self._process is None:
            return ""
        status = self._process.poll()
        if status is None:
            if self._asked_s is not None and now_s - self._asked_s > KILL_AFTER_S:
                self._process.kill()
            return ""
        lines = self._last_words()
        self._process, self._asked_s = None, None
        if status == 0 and self._file.exists():
            return f"recorded {self._file} ({_size(self._file) / 1e6:.1f} MB); surefoot report {self._file.name}"
        return f"the recorder ended with status {status}: {lines}"

    @property
    def state(self) -> Recording:
        """What the page shows."""
        on = self._process is not None
        by_up = (self._folder / UP_RECORDS).exists()
        return Recording(on, str(self._file) if on else "", _size(self._file) if on else 0, self.why_not(), by_up)

    def close(self) -> None:
        """End the recording, and wait until the file is whole."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(KILL_AFTER_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._last_words()
        self._process = None

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").splitlines()
        self._said.close()
        self._said = None
        return "; ".join(lines[-2:])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
