"""Link and supervisor at work beside bare loops of the same rates, in one run: what they cost, how late they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surefoot.operating import CONSOLE, Console, Operator
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_safety.channel.records import LoopRecord
    from surefoot_safety.mode import Mode

WARM_UP_S = 2.0
LONGEST_START_S = 60.0
BURN = "while True: pass"


@dataclass(frozen=True, slots=True)
class LoopFigures:
    """How one loop kept its time while it was watched."""

    rate_hz: float
    ticks: int
    overruns: int
    skipped: int
    period_us: dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything of one run."""

    seconds: float
    loaded: bool
    real_time: str
    loops: dict[str, LoopFigures]
    sensor_to_command_us: dict[str, float]
    cpu_share: dict[str, float]
    """Of one core."""
    stopped: str
    """Why the supervisor stopped the robot meanwhile, and there is nothing to answer; empty if it did not."""


def measure(robot: str, seconds: float, *, priority: int, loaded: bool, report: Callable[[], None]) -> Figures:
    """Let a made-up robot stand for so long; `report` is called some ten times a second."""
    with tempfile.TemporaryDirectory(dir=_memory(), prefix="sf-") as root, _stack(robot, Path(root), priority) as stack:
        stack.to_standing()
        stack.wait(WARM_UP_S, lambda: None)
        burners = [_start("-c", BURN) for _ in range(os.cpu_count() or 1)] if loaded else []
        bare = {
            name: _start("-m", "surefoot_safety.process.bare", rate, str(seconds), str(priority), str(os.getpid()))
            for name, rate in (("bare_1000_hz", "1000"), ("bare_200_hz", "200"))
        }
        try:
            before, began_s = stack.records(), time.monotonic()
            stack.wait(seconds, report)
            after, lasted_s, stopped = stack.records(), time.monotonic() - began_s, stack.stopped()
            limits = {
                name: json.loads(process.communicate(timeout=LONGEST_START_S)[0]) for name, process in bare.items()
            }
        finally:
            for process in (*burners, *bare.values()):
                process.kill()
                process.communicate()
    return _figures(before, after, limits, lasted_s, loaded=loaded, stopped=stopped)


class _Stack:
    """The running processes and the operator beside them."""

    def __init__(self, operator: Operator, console: Console, watch: Callable[[float], list[str]]) -> None:
        self._operator, self._console, self._watch = operator, console, watch

    def wait(self, seconds: float, report: Callable[[], None]) -> None:
        """Check in for so long; processes that end are an error."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._console.check_in()
            ended = [line for line in self._watch(time.monotonic()) if " ended " in line]
            if ended:
                raise SurefootError(f"the measurement is void: {'; '.join(ended)}")
            report()

    def to_standing(self) -> None:
        """Arm and stand, again where a busy machine stopped it."""
        from surefoot_safety.mode import Mode, Request

        ways: dict[Mode, Request] = {Mode.OFF: Request.ARM, Mode.DAMPED: Request.STAND, Mode.STOPPED: Request.RESET}
        end_s = time.monotonic() + LONGEST_START_S
        while time.monotonic() < end_s:
            self.wait(0.1, lambda: None)
            status = self._operator.look().status
            if status is not None and status.record.mode is Mode.STANDING:
                return
            if status is not None and status.record.mode in ways and not status.record.estop_reasons:
                self._operator.ask(ways[status.record.mode])
        raise SurefootError(f"the robot does not stand after {LONGEST_START_S:g} s: is this machine too busy?")

    def stopped(self) -> str:
        """Why the robot does not stand any more; empty if it does."""
        from surefoot_safety.mode import Mode

        status = self._operator.look().status
        if status is None:
            return "the supervisor is silent"
        return "" if status.record.mode is Mode.STANDING else status.record.reasons.replace("\n", "; ")

    def records(self) -> dict[str, LoopRecord]:
        """What the loops report now."""
        view = self._operator.look()
        if view.link is None or view.supervisor is None:
            raise SurefootError("the measurement is void: link or supervisor is silent")
        return {"link": view.link.record, "supervisor": view.supervisor.record}


@contextmanager
def _stack(robot: str, root: Path, priority: int) -> Iterator[_Stack]:
    from surefoot_safety.channel.place import KEY, folder_of
    from surefoot_safety.estop_key import read_key, write_new_key
    from surefoot_safety.process.runner import Choice, Runner, describe

    folder = folder_of(robot, root)
    choice = Choice(
        robot=robot,
        driver="pretend",
        run_dir=root,
        priority=priority,
        estop_key=folder / KEY,
        estop_endpoints=(CONSOLE,),
    )
    runner = Runner(describe(choice), folder)
    try:
        write_new_key(folder / KEY)
        operator, console = Operator(folder), Console(folder, read_key(folder / KEY))
        runner.start()
        try:
            yield _Stack(operator, console, runner.watch)
            runner.stop(time.monotonic, console.check_in, lambda _: None, lambda: True)
        finally:
            operator.close()
            console.close()
    finally:
        runner.close()


def _figures(
    before: dict[str, LoopRecord],
    after: dict[str, LoopRecord],
    limits: dict[str, Any],
    seconds: float,
    *,
    loaded: bool,
    stopped: str,
) -> Figures:
    from surefoot_safety.process.histogram import since

    loops, cpu = {}, {}
    for name, record in after.items():
        first = before[name]
        loops[name] = LoopFigures(
            record.rate_hz,
            record.ticks - first.ticks,
            record.overruns - first.overruns,
            record.skipped - first.skipped,
            quantiles(since(record.periods, first.periods)),
        )
        cpu[name] = (record.cpu_s - first.cpu_s) / seconds
    for name, limit in limits.items():
        loops[name] = LoopFigures(
            limit["rate_hz"],
            limit["ticks"],
            limit["overruns"],
            limit["skipped"],
            quantiles(tuple(limit["counts"])),
        )
        cpu[name] = limit["cpu_s"] / seconds
    link = after["link"]
    latency = quantiles(since(link.latencies, before["link"].latencies))
    return Figures(seconds, loaded, link.real_time, loops, latency, cpu, stopped)


def quantiles(counts: tuple[int, ...]) -> dict[str, float]:
    """Median, p99, p99.9 and the longest, each at most 9 % too high."""
    from surefoot_safety.process.histogram import quantile_us

    shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}
    return {name: quantile_us(counts, share) for name, share in shares.items()}


def _start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def _memory() -> Path | None:
    from surefoot_safety.channel.place import SHARED_MEMORY

    return SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
