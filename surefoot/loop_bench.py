"""A robot's processes at work beside bare loops of the same rates, in one run: what they cost, how late they are.

The robot is made up: its joints go where they are told and it stands level whatever they do, so that physics costs
nothing. With ROS 2 a policy walks it on the spot, and its targets take the whole way: sample, ROS, policy, ROS,
supervisor, link.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
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
OWN_ROS = {
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "ROS_DOMAIN_ID": str(1 + os.getpid() % 100),
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
}
"""A domain of its own on this machine alone: a robot that is made up is nobody else's business."""


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
    policy: str = ""
    """Which one; empty if none was measured."""
    sample_to_target_us: dict[str, float] = field(default_factory=dict)
    """From the sensor's stamp to the policy's answer leaving its node."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What is measured."""

    robot: str
    priority: int
    policy: Path | None = None
    """With robot node and policy node; None: without ROS, the robot stands."""


def measure(setup: Setup, seconds: float, *, loaded: bool, report: Callable[[], None]) -> Figures:
    """Let a made-up robot stand or walk for so long; `report` is called some ten times a second."""
    with tempfile.TemporaryDirectory(dir=_memory(), prefix="sf-") as root, _stack(setup, Path(root)) as stack:
        stack.to_work()
        stack.wait(WARM_UP_S, lambda: None)
        burners = [_start("-c", BURN) for _ in range(os.cpu_count() or 1)] if loaded else []
        bare = {
            name: _start(
                "-m", "surefoot_safety.process.bare", rate, str(seconds), str(setup.priority), str(os.getpid())
            )
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
    figures = _figures(before, after, limits, lasted_s)
    return replace(figures, loaded=loaded, stopped=stopped, policy="" if setup.policy is None else setup.policy.name)


class _Stack:
    """The running processes and the operator beside them."""

    def __init__(
        self, operator: Operator, console: Console, watch: Callable[[float], list[str]], *, walks: bool
    ) -> None:
        self._operator, self._console, self._watch, self._walks = operator, console, watch, walks

    def wait(self, seconds: float, report: Callable[[], None]) -> None:
        """Check in for so long; processes that end are an error."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._console.check_in()
            ended = [line for line in self._watch(time.monotonic()) if " ended " in line]
            if ended:
                raise SurefootError(f"the measurement is void: {'; '.join(ended)}")
            report()

    def to_work(self) -> None:
        """Arm, stand, walk; again where a busy machine stopped it."""
        from surefoot_safety.mode import Mode, Request

        ways: dict[Mode, Request] = {Mode.OFF: Request.ARM, Mode.DAMPED: Request.STAND, Mode.STOPPED: Request.RESET}
        if self._walks:
            ways |= {Mode.STANDING: Request.WALK, Mode.FALLBACK: Request.STAND}
        end_s = time.monotonic() + LONGEST_START_S
        while time.monotonic() < end_s:
            self.wait(0.1, lambda: None)
            status = self._operator.look().status
            if status is not None and status.record.mode is self._goal:
                return
            if status is not None and status.record.mode in ways and not status.record.estop_reasons:
                self._operator.ask(ways[status.record.mode])
        raise SurefootError(
            f"the robot is not {self._goal.value} after {LONGEST_START_S:g} s: is this machine too busy?"
        )

    @property
    def _goal(self) -> Mode:
        from surefoot_safety.mode import Mode

        return Mode.WALKING if self._walks else Mode.STANDING

    def stopped(self) -> str:
        """Why the robot does not stand or walk any more; empty if it does."""
        status = self._operator.look().status
        if status is None:
            return "the supervisor is silent"
        return "" if status.record.mode is self._goal else status.record.reasons.replace("\n", "; ")

    def records(self) -> dict[str, LoopRecord]:
        """What the loops report now."""
        view = self._operator.look()
        loops = {"link": view.link, "supervisor": view.supervisor}
        if self._walks:
            loops |= {"robot_node": view.robot_node, "policy": view.policy_node}
        silent = [name for name, loop in loops.items() if loop is None]
        if silent:
            raise SurefootError(f"the measurement is void: {' and '.join(silent)} silent")
        return {name: loop.record for name, loop in loops.items() if loop is not None}


@contextmanager
def _steering(policy: Path | None) -> Iterator[None]:
    """Somebody on ROS who wants the robot to step on the spot."""
    if policy is None:
        yield
        return
    from surefoot_control.ros import check_ros
    from surefoot_control.segments import Segments

    check_ros()
    segments = Segments()  # what is killed here leaves its shared memory behind
    os.environ.update(OWN_ROS)
    driver = _start("-m", "surefoot", "drive", "--velocity", "0", "0", "0", "--seconds", "1e6")
    try:
        yield
    finally:
        driver.kill()
        driver.communicate()
        segments.clear()


@contextmanager
def _stack(setup: Setup, root: Path) -> Iterator[_Stack]:
    from surefoot_safety.channel.place import KEY, folder_of
    from surefoot_safety.estop_key import read_key, write_new_key
    from surefoot_safety.process.runner import Choice, Runner, describe

    folder = folder_of(setup.robot, root)
    choice = Choice(
        robot=setup.robot,
        driver="pretend",
        run_dir=root,
        priority=setup.priority,
        policy=setup.policy,
        estop_key=folder / KEY,
        estop_endpoints=(CONSOLE,),
    )
    runner = Runner(describe(choice), folder)
    try:
        write_new_key(folder / KEY)
        operator, console = Operator(folder), Console(folder, read_key(folder / KEY))
        with _steering(setup.policy):
            runner.start()
            try:
                yield _Stack(operator, console, runner.watch, walks=setup.policy is not None)
                runner.stop(time.monotonic, console.check_in, lambda _: None, lambda: True)
            finally:
                operator.close()
                console.close()
                runner.close()
    finally:
        runner.close()


def _figures(
    before: dict[str, LoopRecord],
    after: dict[str, LoopRecord],
    limits: dict[str, Any],
    seconds: float,
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
    answers = {}
    if "policy" in after:
        answers = quantiles(since(after["policy"].latencies, before["policy"].latencies))
    return Figures(seconds, False, link.real_time, loops, latency, cpu, "", sample_to_target_us=answers)


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
