"""The processes of a demonstration. Each one ends with it, however it ends; what they say goes to files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from surefoot_robots.errors import SurefootError

START = (
    "import sys; from surefoot_safety.process.ending import end_with; end_with(int(sys.argv.pop(1)));"
    "from surefoot.cli import main; sys.exit(main())"
)
"""`surefoot`, ending with whoever started it."""
PATIENCE_S = 20.0
"""The supervisor brings its robot to rest first."""
LOOK_S = 0.02
MOST_LINES = 6


class Children:
    """Started one by one, ended in the reverse order."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: object, stdin: int = subprocess.DEVNULL, shown: bool = False) -> None:
        """`surefoot WORDS`, in the background. `shown`: its progress goes to our stderr."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-c", START, str(os.getpid()), *map(str, words)],
                stdin=stdin,
                stdout=log,
                stderr=None if shown else log,
                start_new_session=True,  # Ctrl-C is ours alone: the order of ends matters
            )

    def run(self, name: str, *words: object, may_fail: bool = False, shown: bool = False) -> str:
        """`surefoot WORDS` to its end; what it printed. `may_fail`: status 1 is an answer, too."""
        self.start(name, *words, shown=shown)
        status = self._running[name].wait()
        del self._running[name]
        if status and not (may_fail and status == 1):
            raise SurefootError(
                f"`surefoot {' '.join(map(str, words))}` ended with status {status}: {self.last_line(name)}",
                hint=f"all it said is in {self._log(name)}",
            )
        return self._said(name)

    def answer(self, name: str, *words: object, may_fail: bool = False) -> Mapping[str, Any]:
        """The object that a command prints with `--json`."""
        said = self.run(name, *words, may_fail=may_fail)
        lines = [line for line in said.splitlines() if line.startswith("{")]
        if not lines:
            raise SurefootError(f"`surefoot {' '.join(map(str, words))}` printed no result: {self.last_line(name)}")
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    def ended(self, name: str) -> int | None:
        """Its status; None while it runs."""
        return self._running[name].poll()

    def end(self, name: str, meanwhile: Callable[[], None] = lambda: None) -> int:
        """Ask it to end, and wait; its status."""
        process = self._running[name]
        process.terminate()
        end_s = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < end_s:
            meanwhile()
            time.sleep(LOOK_S)
        if process.poll() is None:
            process.kill()
        del self._running[name]
        return process.wait()

    def close(self) -> None:
        """End all that still run, the newest first; an interruption meanwhile means at once."""
        try:
            for name in reversed(list(self._running)):
                self.end(name)
        finally:
            for process in self._running.values():
                process.send_signal(signal.SIGKILL)
                process.wait()
            self._running.clear()

    def last_line(self, name: str) -> str:
        """The last that it said which tells something."""
        lines = [line.strip() for line in self._said(name).splitlines()[-MOST_LINES:] if line.strip()]
        errors = [line for line in lines if "error" in line.lower()]
        return (errors or lines or ["it said nothing"])[-1]

    def _said(self, name: str) -> str:
        return self._log(name).read_text(encoding="utf-8", errors="replace")

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"
