"""A long walk with random commands: whether memory or lateness grows, and whether the record is whole."""

from __future__ import annotations

import contextlib
import math
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from surefoot.faults.judging import FALLEN_RAD
from surefoot.faults.log import Log
from surefoot.faults.soak_result import Sample, Soak
from surefoot.faults.stack import Setup, Stack
from surefoot.faults.states import walk
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.place import SHARED_MEMORY
from surefoot_safety.mode import Mode
from surefoot_safety.settings_loader import load_settings

COMMAND_S = (2.0, 6.0)
"""Between two commands."""
STILL_SHARE = 0.15
"""Of commands, which are to stand still."""
SAMPLE_S = 10.0
LEAST_SAMPLES = 10
"""However short the walk is."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses about a soak."""

    seconds: float
    robot: str = "go2"
    policy: str = "go2-velocity-flat"
    seed: int = 0
    has_ros: bool = True
    settings: Path | None = None
    record: Path | None = None
    """The record, kept; else it is examined and thrown away."""


def soaked(choice: Choice, report: Callable[[float], None]) -> Soak:
    """Walk for so long."""
    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="sf-") as root, tempfile.TemporaryDirectory() as disk:
        record = choice.record or Path(disk) / "soak.mcap"
        setup = Setup(
            choice.robot, choice.policy, choice.seed, choice.settings, has_ros=choice.has_ros, record=record.absolute()
        )
        stack, found = Stack(setup, Path(root)), Soak()
        began_s, began_ns = time.monotonic(), time.time_ns()
        try:
            stack.ready()
            walk(stack)
            stack.take_ticks()
            began_s, began_ns = time.monotonic(), time.time_ns()
            _walked(stack, choice, found, report)
        except SurefootError as error:  # what is known by then is worth telling
            found.ended = error.message
        finally:
            found.seconds, ended_ns = time.monotonic() - began_s, time.time_ns()
            found.left_behind = stack.close()
        if choice.has_ros:
            try:
                found.log = Log.of_file(record, (began_ns, ended_ns))
            except SurefootError as error:
                found.ended = found.ended or error.message
    return found


def _walked(stack: Stack, choice: Choice, found: Soak, report: Callable[[float], None]) -> None:
    robot, settings = load_robot(choice.robot), load_settings(choice.robot, choice.settings, release=False)
    rng = random.Random(choice.seed)
    began_s = last_s = sampled_s = time.monotonic()
    try:
        while time.monotonic() - began_s < choice.seconds:
            stack.drive(*_command(rng))
            found.commands += 1
            stack.wait(rng.uniform(*COMMAND_S), lambda: stack.mode is not Mode.WALKING)
            if stack.mode is not Mode.WALKING:
                _brought_back(stack, found)
            if time.monotonic() - sampled_s >= min(SAMPLE_S, choice.seconds / LEAST_SAMPLES):
                sampled_s = time.monotonic()
                found.judge(stack.take_ticks(), robot, settings)
                found.samples.append(_sample(stack, sampled_s - began_s))
            report(time.monotonic() - last_s)
            last_s = time.monotonic()
    finally:
        found.judge(stack.take_ticks(), robot, settings)
        found.samples.append(_sample(stack, time.monotonic() - began_s))


def _command(rng: random.Random) -> tuple[float, float, float]:
    """Within what the tasks train with."""
    if rng.random() < STILL_SHARE:
        return 0.0, 0.0, 0.0
    return rng.uniform(-0.5, 1.0), rng.uniform(-0.4, 0.4), rng.uniform(-0.8, 0.8)


def _brought_back(stack: Stack, found: Soak) -> None:
    """Note why it stopped, and let the operator have it walk again."""
    since_s, status = time.monotonic(), stack.status
    reasons = "" if status is None else status.record.reasons
    found.stops[", ".join(sorted({line.partition(":")[0] for line in reasons.splitlines()})) or "silence"] += 1
    found.falls += stack.up_z() < math.cos(FALLEN_RAD)
    try:
        walk(stack)
    finally:
        found.away_s += time.monotonic() - since_s


def _sample(stack: Stack, at_s: float) -> Sample:
    view = stack.operator.look()
    loops = {name: loop.record for name, loop in (("link", view.link), ("supervisor", view.supervisor)) if loop}
    pids, memory_mib = {}, {}
    for process in stack.processes:
        with contextlib.suppress(SurefootError, OSError):  # it is away
            pid = stack.pid(process)
            memory_mib[process.value] = _own_mib(pid)
            pids[process.value] = pid
    return Sample(
        at_s,
        memory_mib,
        {name: record.overruns for name, record in loops.items()},
        {name: record.ticks for name, record in loops.items()},
        pids,
        tuple(process.value for process in stack.processes if process.value not in pids),
    )


def _own_mib(pid: int) -> float:
    """Memory of a process that no file is behind, MiB: what a leak fills."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024.0
    raise ProcessLookupError(pid)  # a zombie has none
