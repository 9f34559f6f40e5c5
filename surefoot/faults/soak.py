"""A long walk with random commands: whether memory or lateness grows, and whether the record is whole."""

from __future__ import annotations

import math
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surefoot.faults.judging import FALLEN_RAD, beyond_limits
from surefoot.faults.log import Log
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
WARM_SHARE = 0.2
"""Of the time, in which memory may still grow: caches fill, buffers reach their size."""
GROWTH_BAR_MIB = 2.0
"""Of each process, over the rest: an allocation per tick, of 16 bytes, is 11 MiB in an hour at 200 Hz."""
SIGMAS = 3.0
HEARD_SHARE = 0.9
"""Of the samples that are to be published at 100 Hz, which a whole record has at least."""
STATE_HZ = 100.0


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


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes cost so far."""

    at_s: float
    memory_mib: Mapping[str, float]
    """Of each process, what is its own."""
    overruns: Mapping[str, int]
    ticks: Mapping[str, int]
    pids: Mapping[str, int]


@dataclass(slots=True)
class Soak:
    """What was seen."""

    seconds: float = 0.0
    walking_s: float = 0.0
    commands: int = 0
    beyond_limits: int = 0
    falls: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    """Why it did not walk on."""
    samples: list[Sample] = field(default_factory=list)
    log: Log | None = None


def soaked(choice: Choice, report: Callable[[float], None]) -> Soak:
    """Walk for so long."""
    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory, prefix="sf-") as root, tempfile.TemporaryDirectory() as disk:
        record = choice.record or Path(disk) / "soak.mcap"
        setup = Setup(
            choice.robot, choice.policy, choice.seed, choice.settings, has_ros=choice.has_ros, record=record.absolute()
        )
        stack = Stack(setup, Path(root))
        try:
            found = _walked(stack, choice, report)
        finally:
            stack.close()
        if choice.has_ros:
            found.log = Log.of_file(record)
    return found


def _walked(stack: Stack, choice: Choice, report: Callable[[float], None]) -> Soak:
    robot, settings = load_robot(choice.robot), load_settings(choice.robot, choice.settings, release=False)
    rng, found = random.Random(choice.seed), Soak()
    stack.ready()
    walk(stack)
    stack.forget_ticks()
    began_s = last_s = sampled_s = time.monotonic()
    while (now_s := time.monotonic()) - began_s < choice.seconds:
        stack.drive(*_command(rng))
        found.commands += 1
        stack.wait(rng.uniform(*COMMAND_S), lambda: stack.mode is not Mode.WALKING)
        found.walking_s += time.monotonic() - now_s
        if stack.mode is not Mode.WALKING:
            _brought_back(stack, found)
        if time.monotonic() - sampled_s >= min(SAMPLE_S, choice.seconds / LEAST_SAMPLES):
            sampled_s = time.monotonic()
            ticks = stack.ticks()
            stack.forget_ticks()
            found.beyond_limits += int(beyond_limits(ticks, robot, settings).sum())
            found.samples.append(_sample(stack, sampled_s - began_s))
        report(time.monotonic() - last_s)
        last_s = time.monotonic()
    found.seconds = time.monotonic() - began_s
    return found


def _command(rng: random.Random) -> tuple[float, float, float]:
    """Within what the tasks train with."""
    if rng.random() < STILL_SHARE:
        return 0.0, 0.0, 0.0
    return rng.uniform(-0.5, 1.0), rng.uniform(-0.4, 0.4), rng.uniform(-0.8, 0.8)


def _brought_back(stack: Stack, found: Soak) -> None:
    """Note why it stopped, and let the operator have it walk again."""
    status = stack.status
    reasons = "" if status is None else status.record.reasons
    found.stops[", ".join(sorted({line.partition(":")[0] for line in reasons.splitlines()})) or "silence"] += 1
    found.falls += stack.up_z() < math.cos(FALLEN_RAD)
    walk(stack)


def _sample(stack: Stack, at_s: float) -> Sample:
    view = stack.operator.look()
    loops = {name: loop.record for name, loop in (("link", view.link), ("supervisor", view.supervisor)) if loop}
    pids = {process.value: stack.pid(process) for process in stack.processes}
    return Sample(
        at_s,
        {name: _own_mib(pid) for name, pid in pids.items()},
        {name: record.overruns for name, record in loops.items()},
        {name: record.ticks for name, record in loops.items()},
        pids,
    )


def _own_mib(pid: int) -> float:
    """Memory of a process that no file is behind, MiB: what a leak fills."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024.0
    except OSError as error:
        raise SurefootError(f"process {pid} is gone") from error
    return math.nan


def growth_mib(samples: Sequence[Sample]) -> dict[str, float]:
    """Of each process, from the first fifth after warming up to the last."""
    end_s = samples[-1].at_s
    settled = [sample for sample in samples if sample.at_s >= WARM_SHARE * end_s]
    part = max(1, len(settled) // 5)
    return {
        name: statistics.median(sample.memory_mib[name] for sample in settled[-part:])
        - statistics.median(sample.memory_mib[name] for sample in settled[:part])
        for name in settled[0].memory_mib
    }


def halves(samples: Sequence[Sample], name: str) -> tuple[int, int]:
    """Overruns of a loop in each half."""
    counts = [sample.overruns[name] for sample in samples]
    middle = len(counts) // 2
    return counts[middle] - counts[0], counts[-1] - counts[middle]


def grows(first: int, second: int) -> bool:
    """Whether the second half has more than chance explains: counts scatter by about their root."""
    return second > first + SIGMAS * math.sqrt(first + second + 1)


def result_of(found: Soak) -> dict[str, Any]:
    """Everything, and the bars that were missed."""
    if len(found.samples) < 2:
        raise SurefootError(
            f"{len(found.samples)} samples of what the processes cost are too few", hint="soak for longer: --minutes"
        )
    growth = growth_mib(found.samples)
    loops = {name: halves(found.samples, name) for name in found.samples[-1].overruns}
    restarted = sorted(
        name for name in found.samples[0].pids if len({sample.pids[name] for sample in found.samples}) > 1
    )
    return {
        "seconds": found.seconds,
        "walking_share": found.walking_s / found.seconds,
        "commands": found.commands,
        "commands_beyond_limits": found.beyond_limits,
        "falls": found.falls,
        "stops": dict(found.stops.most_common()),
        "memory_mib": {
            name: {"end": found.samples[-1].memory_mib[name], "growth": mib} for name, mib in growth.items()
        },
        "overruns": {
            name: {"first_half": first, "second_half": second, "ticks": found.samples[-1].ticks[name]}
            for name, (first, second) in loops.items()
        },
        "restarted": restarted,
        "log": None if found.log is None else found.log.told(),
        "bars_missed": _missed(found, growth, loops, restarted),
    }


def _missed(
    found: Soak, growth: Mapping[str, float], loops: Mapping[str, tuple[int, int]], restarted: Sequence[str]
) -> list[str]:
    missed = [
        f"{name} grew by {mib:.1f} MiB > {GROWTH_BAR_MIB:g}" for name, mib in growth.items() if mib > GROWTH_BAR_MIB
    ]
    missed += [f"{name} was started again" for name in restarted]
    missed += [
        f"{name}: {first} late ticks, then {second}" for name, (first, second) in loops.items() if grows(first, second)
    ]
    if found.beyond_limits:
        missed.append(f"{found.beyond_limits} commands beyond limits")
    if found.log is not None:
        missed += found.log.problems(HEARD_SHARE * STATE_HZ * found.seconds)
    return missed
