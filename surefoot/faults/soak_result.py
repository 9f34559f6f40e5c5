"""What was seen of a long walk, and what it comes to: growth, gaps, the bars that were missed. Pure."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surefoot.faults.judging import COARSE_S
from surefoot.faults.limits import beyond_limits
from surefoot.faults.log import Log
from surefoot.faults.motors import lost
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.settings import Settings
from surefoot_training.simulated.recording import TICK, Ticks

WARM_SHARE = 0.2
"""Of the time, in which memory may still grow: caches fill, buffers reach their size."""
GROWTH_BAR_MIB = 2.0
"""Of each process, over the rest: an allocation per tick, of 16 bytes, is 11 MiB in an hour at 200 Hz."""
SIGMAS = 3.0
HEARD_SHARE = 0.9
"""Of the samples that are to be published at 100 Hz, which a whole record has at least."""
STATE_HZ = 100.0
WALKING_SHARE = 0.95
"""Of the time, which a soak of walking walks at least."""
TAIL = 20
"""Ticks of one part of the record that the first commands of the next were made from."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes cost so far; of those that are there."""

    at_s: float
    memory_mib: Mapping[str, float]
    """Of each process, what is its own."""
    overruns: Mapping[str, int]
    ticks: Mapping[str, int]
    pids: Mapping[str, int]
    missing: tuple[str, ...] = ()


@dataclass(slots=True)
class Soak:
    """What was seen."""

    seconds: float = 0.0
    away_s: float = 0.0
    """Not walking, from when that was noticed until it walked again."""
    commands: int = 0
    beyond_limits: int = 0
    falls: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    """Why it did not walk on."""
    samples: list[Sample] = field(default_factory=list)
    log: Log | None = None
    lost: int = 0
    """Ticks of the link that are not in the record of the motors."""
    silent_s: float = 0.0
    """The longest that the link told the motors nothing."""
    ended: str = ""
    """Why it ended before its time."""
    left_behind: list[str] = field(default_factory=list)
    tail: Ticks = field(default_factory=lambda: np.zeros(0, dtype=TICK))
    """The last of the ticks that were judged."""

    @property
    def walking_share(self) -> float:
        """Of the time."""
        return 1.0 - self.away_s / self.seconds

    def judge(self, taken: Ticks, robot: RobotSpec, settings: Settings) -> None:
        """The next part of the record of the motors."""
        ticks = np.concatenate([self.tail, taken])
        self.beyond_limits += int(beyond_limits(ticks, robot, settings)[len(self.tail) :].sum())
        self.lost += lost(ticks)
        self.silent_s = max(self.silent_s, float(np.diff(ticks["now_s"]).max(initial=0.0)))
        self.tail = ticks[-TAIL:]


def growth_mib(samples: Sequence[Sample]) -> dict[str, float]:
    """Of each process, from the first fifth after warming up to the last."""
    settled = [sample for sample in samples if sample.at_s >= WARM_SHARE * samples[-1].at_s]
    return {
        name: _growth([one.memory_mib[name] for one in settled if name in one.memory_mib]) for name in _all(settled)
    }


def _growth(memory_mib: Sequence[float]) -> float:
    part = max(1, len(memory_mib) // 5)
    return statistics.median(memory_mib[-part:]) - statistics.median(memory_mib[:part])


def _all(samples: Sequence[Sample]) -> list[str]:
    """Names of the processes that were there at some time."""
    return list(dict.fromkeys(name for sample in samples for name in sample.memory_mib))


def halves(samples: Sequence[Sample], name: str) -> tuple[int, int]:
    """Overruns of a loop in each half."""
    counts = [sample.overruns[name] for sample in samples if name in sample.overruns]
    middle = len(counts) // 2
    return counts[middle] - counts[0], counts[-1] - counts[middle]


def grows(first: int, second: int) -> bool:
    """Whether the second half has more than chance explains: counts scatter by about their root."""
    return second > first + SIGMAS * math.sqrt(first + second + 1)


def result_of(found: Soak) -> dict[str, Any]:
    """Everything, and the bars that were missed."""
    samples = found.samples
    if len(samples) < 2 and not found.ended:
        raise SurefootError(
            f"{len(samples)} samples of what the processes cost are too few", hint="soak for longer: --minutes"
        )
    growth = growth_mib(samples) if samples else {}
    names = dict.fromkeys(name for sample in samples for name in sample.overruns)
    loops = {name: halves(samples, name) for name in names}
    return {
        "seconds": found.seconds,
        "walking_share": found.walking_share,
        "commands": found.commands,
        "commands_beyond_limits": found.beyond_limits,
        "falls": found.falls,
        "stops": dict(found.stops.most_common()),
        "memory_mib": {name: {"end": _last(samples, name), "growth": mib} for name, mib in growth.items()},
        "overruns": {
            name: {
                "first_half": first,
                "second_half": second,
                "ticks": next(one.ticks[name] for one in reversed(samples) if name in one.ticks),
            }
            for name, (first, second) in loops.items()
        },
        "restarted": _restarted(samples),
        "ticks_lost": found.lost,
        "link_silent_s": found.silent_s,
        "ended": found.ended,
        "left_behind": found.left_behind,
        "log": None if found.log is None else found.log.told(),
        "bars_missed": _missed(found, growth, loops),
    }


def _last(samples: Sequence[Sample], name: str) -> float:
    return next(one.memory_mib[name] for one in reversed(samples) if name in one.memory_mib)


def _restarted(samples: Sequence[Sample]) -> list[str]:
    pids = {name: {one.pids[name] for one in samples if name in one.pids} for name in _all(samples)}
    return sorted(name for name, found in pids.items() if len(found) > 1)


def _missed(found: Soak, growth: Mapping[str, float], loops: Mapping[str, tuple[int, int]]) -> list[str]:
    away = Counter(name for sample in found.samples for name in sample.missing)
    share = found.walking_share
    wanting = {
        f"ended after {found.seconds:.0f} s: {found.ended}": bool(found.ended),
        f"walked {100.0 * share:.1f} % of the time, must be {100.0 * WALKING_SHARE:g}": not share >= WALKING_SHARE,
        f"{found.falls} falls": found.falls > 0,
        f"{found.beyond_limits} commands beyond limits": found.beyond_limits > 0,
        f"{found.lost} ticks of the link are not known": found.lost > 0,
        f"the link told the motors nothing for {found.silent_s:.2f} s > {COARSE_S:g} s": found.silent_s > COARSE_S,
        f"left behind: {', '.join(found.left_behind)}": bool(found.left_behind),
    }
    missed = [what for what, is_so in wanting.items() if is_so]
    missed += [
        f"{name} grew by {mib:.1f} MiB > {GROWTH_BAR_MIB:g}" for name, mib in growth.items() if mib > GROWTH_BAR_MIB
    ]
    missed += [f"{name} was started again" for name in _restarted(found.samples)]
    missed += [f"{name} was away in {times} of {len(found.samples)} samples" for name, times in away.items()]
    missed += [
        f"{name}: {first} late ticks, then {second}" for name, (first, second) in loops.items() if grows(first, second)
    ]
    if found.log is not None:
        missed += found.log.problems(HEARD_SHARE * STATE_HZ * found.seconds)
    return missed
