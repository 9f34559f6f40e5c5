"""Lets one thing go wrong in a running stack, and takes it away again."""

from __future__ import annotations

import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surefoot.faults.stack import BUTTON, Stack
from surefoot.faults.table import (
    Answer,
    Button,
    Clock,
    End,
    Estop,
    Hold,
    How,
    Kill,
    Load,
    Policy,
    Process,
    Push,
    Sensor,
)
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel
from surefoot_training.simulated.recording import Ticks

HALF_A_STEP_S = 0.0005
"""Of the simulation: an order is taken between two of them."""
SHORT_S = 0.1
BURN = "while True: pass"
OTHER_KEY = b"somebody else's".ljust(32, b".")


def _nothing() -> None:
    """Nothing is to be taken away."""


@dataclass(slots=True)
class Injected:
    """A fault that is there."""

    at_s: float
    undo: Callable[[], None] = _nothing
    again: Callable[[], None] = _nothing
    """To be done every look while it lasts."""
    is_recorded: bool = False
    """Whether the record tells better when it came: orders to the simulation wait for some milliseconds."""
    from_sample: int | None = None
    """Which of the samples that have it is wrong first; None: it is not one of samples."""


def inject(stack: Stack, how: How, robot: RobotSpec, rng: random.Random) -> Injected:
    """Let it happen now."""
    match how:
        case Kill(process):
            return Injected(stack.kill(process, signal.SIGKILL))
        case End(process):
            return Injected(stack.kill(process, signal.SIGTERM))
        case Hold(process, seconds):
            return _held(stack, process, seconds)
        case Policy(answer, ticks):
            return _policy(stack, answer, ticks, rng)
        case Sensor():
            return _sensor(stack, how, robot, rng)
        case Push(force_n, seconds):
            order = {"order": "push", "force_n": force_n, "duration_s": seconds}
            at_s = time.monotonic()
            stack.order("sim", {**order, "direction_rad": rng.uniform(0.0, 2.0 * math.pi)})
            return Injected(at_s)
        case Button(which):
            return _button(stack, which)
        case Load(per_core):
            return _load(per_core)
        case Clock(step_s):
            at_s = time.monotonic()
            stack.step_clock(step_s)
            return Injected(at_s, lambda: stack.step_clock(0.0))


def began_s(injected: Injected, ticks: Ticks) -> float:
    """When the fault came: with the first sample that is wrong, if it is one of samples."""
    faulty = np.flatnonzero((ticks["now_s"] >= injected.at_s) & (ticks["is_faulty"] > 0.0))
    if not injected.is_recorded or not len(faulty):
        return injected.at_s
    since_s = float(ticks["now_s"][faulty[0]])
    if injected.from_sample is None:
        return since_s
    stamps = ticks["sample_s"]
    arrived = np.append(False, stamps[1:] > stamps[:-1]) & (stamps >= since_s - HALF_A_STEP_S)
    wrong = np.flatnonzero(arrived & (ticks["now_s"] >= since_s))
    return float(ticks["now_s"][wrong[injected.from_sample]]) if len(wrong) > injected.from_sample else injected.at_s


def _held(stack: Stack, process: Process, seconds: float) -> Injected:
    """Short ones to the millisecond; the longer ones while everybody looks on."""
    pid, at_s = stack.pid(process), time.monotonic()
    os.kill(pid, signal.SIGSTOP)

    def let_go() -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def look() -> None:
        if time.monotonic() - at_s >= seconds:
            let_go()

    if seconds <= SHORT_S:
        time.sleep(seconds)
        let_go()
    return Injected(at_s, let_go, look)


def _policy(stack: Stack, answer: Answer, ticks: int, rng: random.Random) -> Injected:
    order = {"answer": answer.value, "ticks": ticks, "seed": rng.randrange(2**31)}
    told = stack.order("walker", order)

    def undo() -> None:
        stack.order("walker", {"answer": None})

    return Injected(float(told["at_s"]), undo)


def _sensor(stack: Stack, how: Sensor, robot: RobotSpec, rng: random.Random) -> Injected:
    joints = [name for name in robot.joint_names if how.joint in name]
    order: dict[str, object] = {"order": "fault", "kind": how.kind, "size": how.size}
    if how.joint:
        order["joint"] = rng.choice(joints)
    at_s = time.monotonic()
    stack.order("sim", order)

    def undo() -> None:
        stack.order("sim", {"order": "clear"})

    return Injected(at_s, undo, is_recorded=True, from_sample=how.from_sample)


def _button(stack: Stack, which: Estop) -> Injected:
    if not stack.setup.has_button:
        raise SurefootError("this stack has no second e-stop endpoint")
    at_s = time.monotonic()
    if which is Estop.STOPPED_BY_STRANGER:
        stack.mail.send(EstopEndpoint("nobody", OTHER_KEY).check_in(EstopLevel.SETTLE_THEN_DAMP))
        return Injected(at_s)
    stack.is_pressing = False
    old = stack.button.check_in(EstopLevel.RELEASED)
    stack.mail.send(old)  # a right one, for the last time
    at_s = time.monotonic()

    def undo() -> None:
        stack.is_pressing = True

    def replay() -> None:
        stack.mail.send(old)

    def forge() -> None:
        stack.mail.send(EstopEndpoint(BUTTON, OTHER_KEY).check_in(EstopLevel.RELEASED))

    repeated = {Estop.SILENT: _nothing, Estop.REPLAYED: replay, Estop.FORGED: forge}
    return Injected(at_s, undo, repeated[which])


def _load(per_core: int) -> Injected:
    words = [sys.executable, "-c", BURN]
    at_s = time.monotonic()
    burners = [subprocess.Popen(words) for _ in range(per_core * (os.cpu_count() or 1))]

    def undo() -> None:
        for burner in burners:
            burner.kill()
            burner.wait()

    return Injected(at_s, undo)
