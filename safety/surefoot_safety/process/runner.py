"""Starts the processes of one robot, watches them, and ends them together: one description for all who start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import (
    LOG_SUFFIX,
    RunLock,
    make_folder,
    remove_folder,
    remove_leftovers,
)

RESTART_AFTER_S = 1.0
MOST_RESTARTS, WITHIN_S = 5, 60.0
WRONG_INPUT = 2
"""Status of a process that was told something wrong: starting it again would change nothing."""
KILL_AFTER_S = 3.0
MOST_LOG_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ProcessDescription:
    """One process: its name, and what follows `python`."""

    name: str
    words: tuple[str, ...]
    patience_s: float = 12.0
    """How long it may take to end once it was asked to."""
    is_needed: bool = True
    """Whether the others end too when it cannot be kept running."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses about a run."""

    robot: str
    driver: str
    driver_file: Path | None = None
    run_dir: Path | None = None
    settings: Path | None = None
    release: bool = True
    priority: int = 0
    """Of SCHED_FIFO for the link; the supervisor's is one lower. 0: not asked for."""
    cores: tuple[int, ...] = ()
    estop_key: Path | None = None
    estop_endpoints: tuple[str, ...] = ()
    gaits: str | None = None
    ros: bool = False
    """The robot node too."""
    policy: Path | None = None
    """Its file. The policy node too, and with it the robot node; the supervisor holds it to its contract."""
    record: Path | None = None
    """The recorder too: the file to write."""
    ros_parameters: Path | None = None
    """Of the nodes, in ROS's own format."""


def describe(choice: Choice) -> tuple[ProcessDescription, ...]:
    """The processes of a run. They may be started in any order and end in this one."""
    common = [
        "--robot",
        choice.robot,
        *_option("--run-dir", choice.run_dir),
        *_option("--settings", choice.settings),
        *(() if choice.release else ("--no-release",)),
        *(("--cores", *map(str, choice.cores)) if choice.cores else ()),
    ]
    endpoints = [word for name in choice.estop_endpoints for word in ("--estop-endpoint", name)]
    supervisor = (
        *("-m", "surefoot_safety.process.supervise", *common),
        *("--priority", str(max(0, choice.priority - 1))),
        *_option("--estop-key", choice.estop_key),
        *endpoints,
        *_option("--gaits", choice.gaits),
        *_option("--policy", choice.policy),
    )
    link = (
        *("-m", "surefoot_safety.link", *common),
        *("--priority", str(choice.priority)),
        *("--driver", choice.driver),
        *_option("--driver-file", choice.driver_file),
    )
    return ProcessDescription("supervisor", supervisor), ProcessDescription("link", link), *_nodes(choice)


def _nodes(choice: Choice) -> tuple[ProcessDescription, ...]:
    """What needs ROS. The robot can do without: if one cannot be kept running the supervisor goes on alone."""
    if not (choice.ros or choice.policy or choice.record):
        return ()
    common = (
        *("--robot", choice.robot),
        *_option("--run-dir", choice.run_dir),
        *_option("--settings", choice.settings),
        *(() if choice.release else ("--no-release",)),
    )
    policy = _option("--policy", choice.policy)
    parameters = ("--ros-args", "--params-file", str(choice.ros_parameters), "--") if choice.ros_parameters else ()
    nodes = {"robot": policy}
    if choice.policy is not None:
        nodes["policy"] = policy
    if choice.record is not None:
        nodes["record"] = ("--out", str(choice.record))
    return tuple(
        ProcessDescription(name, ("-m", f"surefoot_control.{name}_node", *common, *words, *parameters), is_needed=False)
        for name, words in nodes.items()
    )


def _option(name: str, value: Path | str | None) -> tuple[str, ...]:
    return () if value is None else (name, str(value))


@dataclass(slots=True)
class _Child:
    description: ProcessDescription
    process: subprocess.Popen[bytes] | None = None
    log: BinaryIO | None = None
    log_read: int = 0
    ended_s: float = 0.0
    restarts: list[float] = field(default_factory=list)
    is_over: bool = False
    """Whether it is not started again."""


class Runner:
    """One robot's processes. Holds the robot's lock from the start to the end."""

    def __init__(self, descriptions: Sequence[ProcessDescription], folder: Path) -> None:
        """Refused if somebody else runs the robot, or if processes of an earlier run are still there."""
        make_folder(folder)
        self._folder = folder
        self._lock = RunLock(folder)
        used = remove_leftovers(folder)
        if used:
            self._lock.release()
            raise SurefootError(
                f"{folder.name}: processes of an earlier run are still there: {', '.join(used)}",
                hint=f"end those that `fuser {folder}/*` names",
            )
        self._children = [_Child(description) for description in descriptions]
        self._is_closed = False
        self.failed: str | None = None
        """The process that could not be kept running."""
        self.wrong_input = False

    @property
    def processes(self) -> dict[str, int]:
        """Those that run, by name."""
        return {child.description.name: child.process.pid for child in self._children if child.process is not None}

    def start(self) -> None:
        """Start all of them."""
        for child in self._children:
            self._spawn(child)

    def watch(self, now_s: float) -> list[str]:
        """What has happened since: lines from the processes' logs, ends, restarts."""
        lines = []
        for child in self._children:
            name = child.description.name
            lines += [f"{name}: {line}" for line in _new_lines(child)]
            status = None if child.process is None else child.process.poll()
            if status is not None:
                child.process, child.ended_s = None, now_s
                lines += [f"{name}: {line}" for line in _new_lines(child)]
                lines.append(f"{name} ended {_how(status)}")
                self._judge(child, status, now_s)
                if child.is_over and not child.description.is_needed:
                    lines.append(f"{name} is not started again: the robot goes on without it")
            if child.process is None and not child.is_over and now_s - child.ended_s >= RESTART_AFTER_S:
                child.restarts.append(now_s)
                lines.append(f"{name} is started again")
                self._spawn(child)
        return lines

    def stop(
        self,
        now_s: Callable[[], float],
        wait: Callable[[], None],
        tell: Callable[[str], None],
        hurry: Callable[[], bool],
    ) -> None:
        """End all of them, each when the one before it has ended: the supervisor brings the robot to rest first.

        `wait` is called between looks; it may check in with the e-stop. `hurry` says that somebody has lost patience.
        """
        for child in self._children:
            child.is_over = True
        try:
            for child in self._children:
                self._end(child, now_s, wait, tell, hurry)
        finally:
            self.close()

    def close(self) -> None:
        """Kill what is left, and leave nothing behind. Once more does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        for child in self._children:
            if child.process is not None:
                child.process.kill()
                child.process.wait()
                child.process = None
            if child.log is not None:
                child.log.close()
        remove_folder(self._folder)
        self._lock.release()

    def _judge(self, child: _Child, status: int, now_s: float) -> None:
        recent = [when for when in child.restarts if now_s - when < WITHIN_S]
        if status == WRONG_INPUT or len(recent) >= MOST_RESTARTS:
            child.is_over = True
            if child.description.is_needed:
                self.failed = self.failed or child.description.name
                self.wrong_input = self.wrong_input or status == WRONG_INPUT

    def _end(
        self,
        child: _Child,
        now_s: Callable[[], float],
        wait: Callable[[], None],
        tell: Callable[[str], None],
        hurry: Callable[[], bool],
    ) -> None:
        """SIGTERM, patience, SIGTERM again, which means at once, SIGKILL."""
        name, process = child.description.name, child.process
        if process is None:
            return
        began_s, signals = now_s(), 0
        while process.poll() is None:
            waited_s = now_s() - began_s
            impatient = hurry() or waited_s > child.description.patience_s
            if signals == 0 or (signals == 1 and impatient):
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGCONT)  # a stopped process takes no other signal
                signals += 1
                hurried_s = now_s()
            elif signals == 2 and now_s() - hurried_s > KILL_AFTER_S:
                process.kill()
                signals += 1
            wait()
            for line in _new_lines(child):
                tell(f"{name}: {line}")
        for line in _new_lines(child):
            tell(f"{name}: {line}")
        tell(f"{name} ended {_how(process.poll() or 0)}")
        child.process = None

    def _spawn(self, child: _Child) -> None:
        """A session of its own, so that Ctrl-C reaches only us; it learns of our end from the kernel."""
        path = self._folder / f"{child.description.name}{LOG_SUFFIX}"
        if child.log is None:
            child.log = path.open("ab+")
        words = [sys.executable, *child.description.words, "--parent", str(os.getpid())]
        child.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=child.log, stderr=child.log, start_new_session=True
        )


def _new_lines(child: _Child) -> list[str]:
    """Whole lines that were written to a log since the last look. A file, since a full pipe would stop its writer."""
    if child.log is None:
        return []
    data = os.pread(child.log.fileno(), MOST_LOG_BYTES, child.log_read)
    end = data.rfind(b"\n") + 1
    child.log_read += end
    if child.log_read > MOST_LOG_BYTES and end == len(data):
        os.ftruncate(child.log.fileno(), 0)  # it lies in memory; its writers append
        child.log_read = 0
    return data[:end].decode("utf-8", "replace").splitlines()


def _how(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"
