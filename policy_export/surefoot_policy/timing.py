"""What a tick costs: our runtime against onnxruntime's plain `run`, in turns, and whether memory grows."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surefoot_policy.checks import load_candidate
from surefoot_policy.contract import NEXT_SUFFIX, OBSERVATION, STATE_PREFIX, Contract
from surefoot_policy.fields import Float32Array
from surefoot_policy.runtime import Policy
from surefoot_policy.session import open_session

BLOCK_TICKS = 100
"""Turns are this long: short against changes of the machine's load, long against the first tick of a turn."""

TENTHS = 10

QUANTILES = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of the time of a tick, µs."""

    p50: float
    p99: float
    p999: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Of one robot's ticks, each measured by itself."""

    ticks: int
    tick_us: Quantiles
    onnxruntime_us: Quantiles
    """`session.run` with a dictionary of arrays, what it remembers fed back by hand."""

    @property
    def ratio(self) -> float:
        """Of the medians."""
        return self.tick_us.p50 / self.onnxruntime_us.p50


@dataclass(frozen=True, slots=True)
class Growth:
    """Memory over many ticks."""

    ticks: int
    resident_bytes: tuple[int, ...]
    """What the process held after each tenth of the ticks."""
    traced_ticks: int
    traced_growth_bytes: int
    """What Python and NumPy allocated and still held, over the last nine tenths of a run of its own (tracemalloc)."""

    @property
    def resident_growth_bytes(self) -> int:
        """Over the last nine tenths."""
        return self.resident_bytes[-1] - self.resident_bytes[0]


def time_ticks(path: Path, ticks: int, report: Callable[[int], object] = lambda _: None) -> Timing:
    """Both ways of running the policy, block by block in turns; `report` is told of ticks of both together."""
    candidate = load_candidate(path, None)
    policy, contract = candidate.known_policy.warm_up(), candidate.known_contract
    bare = BareRun(candidate.data, contract)
    seen = contract.golden.observation
    ours, theirs = [], []
    for start in range(0, ticks, BLOCK_TICKS):
        block = seen[np.arange(start, min(start + BLOCK_TICKS, ticks)) % len(seen)]
        ours += _times_ns(policy.tick, block)
        theirs += _times_ns(bare.tick, block)
        report(2 * len(block))
    return Timing(ticks, _quantiles(ours), _quantiles(theirs))


def measure_growth(
    path: Path, ticks: int, traced_ticks: int, report: Callable[[int], object] = lambda _: None
) -> Growth:
    """Run `ticks` ticks and see what the process holds; then `traced_ticks` under tracemalloc, which is slow."""
    policy = Policy.load(path, None)
    resident = []
    for _ in range(TENTHS):
        _run(policy, ticks // TENTHS, report)
        gc.collect()
        resident.append(resident_bytes())
    tracemalloc.start()
    try:
        _run(policy, traced_ticks // TENTHS, report)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        _run(policy, traced_ticks - traced_ticks // TENTHS, report)
        gc.collect()
        growth = tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()
    return Growth(ticks, tuple(resident), traced_ticks, growth)


def resident_bytes() -> int:
    """What the process holds in memory now, as Linux counts it."""
    import os

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class BareRun:
    """The least that a runner of one's own would do: `run`, and the state carried by hand."""

    def __init__(self, data: bytes, contract: Contract) -> None:
        self._session = open_session(data)
        self._feed = {f"{STATE_PREFIX}{entry.name}": entry.initial_value()[None] for entry in contract.state}
        self._states = tuple(self._feed)
        self._outputs = ["joint_target", *(f"{name}{NEXT_SUFFIX}" for name in self._states)]

    def tick(self, observation: Float32Array) -> Float32Array:
        """Joint targets [J] rad of [D]."""
        self._feed[OBSERVATION] = observation[None]
        target, *following = self._session.run(self._outputs, self._feed)
        self._feed.update(zip(self._states, following, strict=True))
        first: Float32Array = target[0]
        return first


def _times_ns(tick: Callable[[Float32Array], object], observations: Float32Array) -> list[int]:
    clock = time.perf_counter_ns
    times = []
    for observation in observations:
        start = clock()
        tick(observation)
        times.append(clock() - start)
    return times


def _run(policy: Policy, ticks: int, report: Callable[[int], object]) -> None:
    seen = policy.contract.golden.observation
    for start in range(0, ticks, len(seen)):
        block = seen[: ticks - start]
        for observation in block:
            policy.tick(observation)
        report(len(block))


def _quantiles(times_ns: list[int]) -> Quantiles:
    microseconds = np.array(times_ns) / 1000.0
    return Quantiles(**{name: float(np.quantile(microseconds, share)) for name, share in QUANTILES.items()})
