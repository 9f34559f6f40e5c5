"""Lets one thing go wrong in a running stack, and takes it away again."""

from __future__ import annotations

import contextlib
import math
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from surefoot.faults.kinds import (
    Button,
    Clock,
    Disk,
    End,
    Estop,
    Hold,
    How,
    Kill,
    Load,
    Message,
    Nothing,
    Other,
    Policy,
    Process,
    Push,
    Sensor,
    Swap,
)
from surefoot.faults.stack import BUTTON, MOST_KILLS, ROGUE, SIM, WALKER, Stack
from surefoot_policy.contract import UNSEALED
from surefoot_policy.seal import seal
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel, answer_to, check_in_message, parse_challenge
from surefoot_training.simulated.recording import Ticks

HALF_A_STEP_S = 0.0005
"""Of the simulation: an order is taken between two of them."""
SHORT_S = 0.1
OFTEN_HZ = 200.0
"""More is worth telling: a flood is named after the rate that was meant."""
DIGEST = re.compile(rb'"sha256": ?"([0-9a-f]{64})"')
CREATED = re.compile(rb'("created": ?"\d\d\d)(\d)')
BURN = """\
import sys
from surefoot_safety.process.ending import end_with
end_with(int(sys.argv[1]))
while True: pass
"""
"""Ends with whoever started it."""
OTHER_KEY = b"somebody else's".ljust(32, b".")


def _nothing() -> str:
    """Nothing is to be taken away."""
    return ""


@dataclass(slots=True)
class Injected:
    """A fault that is there."""

    at_s: float
    undo: Callable[[], str | None] = _nothing
    """Takes it away; what there is to say of it then."""
    again: Callable[[], object] = _nothing
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
            return _misdeed(stack, WALKER, {"misdeed": answer.value, "ticks": ticks, "seed": rng.randrange(2**31)})
        case Message(misdeed):
            return _misdeed(stack, ROGUE, {"misdeed": misdeed})
        case Sensor():
            return _sensor(stack, how, robot, rng)
        case Button(which):
            return _button(stack, which)
        case _:
            return _around(stack, how, rng)


def _around(stack: Stack, how: Nothing | Push | Load | Clock | Swap | Disk, rng: random.Random) -> Injected:
    """What comes from outside."""
    at_s = time.monotonic()
    match how:
        case Nothing():
            return Injected(at_s)
        case Push(force_n, seconds):
            order = {"order": "push", "force_n": force_n, "duration_s": seconds}
            stack.order(SIM, {**order, "direction_rad": rng.uniform(0.0, 2.0 * math.pi)})
            return Injected(at_s)
        case Load(per_core):
            return _load(per_core)
        case Swap(other):
            return _swapped(stack, other)
        case Disk():
            return _disk_full(stack)
        case Clock(step_s, process):
            # The other way round it would be the same: the next one is started a second later.
            stack.step_clock(step_s)
            return Injected(stack.kill(process, signal.SIGKILL), lambda: stack.step_clock(0.0))


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


def _misdeed(stack: Stack, who: str, order: Mapping[str, object]) -> Injected:
    told = stack.order(who, order)

    def undo() -> str:
        return told_of(stack.order(who, {"misdeed": None}))

    return Injected(float(told["at_s"]), undo)


def told_of(told: Mapping[str, float | str]) -> str:
    """How often a misdeed was done, if whoever did it says so and it was often."""
    count, seconds = float(told.get("count", 0)), float(told.get("seconds", 0.0))
    rate_hz = count / seconds if seconds > 0.0 else 0.0
    return f"{count:.0f} messages in {seconds:.1f} s, {rate_hz:.0f} a second" if rate_hz > OFTEN_HZ else ""


def another_policy(data: bytes) -> bytes:
    """A sound policy file that is not the same one: it says that it was made in another year."""
    contract = DIGEST.search(data)
    if contract is None:
        raise SurefootError("the policy's file has no digest to be found")
    unsealed = data.replace(contract[1], UNSEALED.encode("ascii"))
    changed = CREATED.sub(lambda found: found[1] + (b"1" if found[2] == b"0" else b"0"), unsealed, count=1)
    return seal(changed)


def _swapped(stack: Stack, other: Other) -> Injected:
    """Another file where the policy's was, and a policy node that is started anew."""
    sound = stack.policy_file.read_bytes()
    stack.policy_file.write_bytes(b"no policy" if other is Other.NO_POLICY else another_policy(sound))
    at_s = stack.kill(Process.POLICY_NODE, signal.SIGKILL)
    stack.kills = MOST_KILLS  # the node that was given up comes back with another `surefoot up` only

    def undo() -> None:
        stack.policy_file.write_bytes(sound)

    return Injected(at_s, undo)


def _disk_full(stack: Stack) -> Injected:
    """The recorder may write no more: a limit of its own process, since a whole disk is not ours to fill."""
    pid, at_s = stack.pid(Process.RECORDER), time.monotonic()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, 1))
    stack.kills = MOST_KILLS  # it is given up, too
    return Injected(at_s)


def _sensor(stack: Stack, how: Sensor, robot: RobotSpec, rng: random.Random) -> Injected:
    joints = [name for name in robot.joint_names if how.joint in name]
    order: dict[str, object] = {"order": "fault", "kind": how.kind, "size": how.size}
    if how.joint:
        order["joint"] = rng.choice(joints)
    at_s = time.monotonic()
    stack.order(SIM, order)

    def undo() -> None:
        stack.order(SIM, {"order": "clear"})

    return Injected(at_s, undo, is_recorded=True, from_sample=how.from_sample)


def forged(challenge: bytes, key: bytes) -> bytes:
    """What the button would say to the newest challenge, by somebody who knows everything but the key."""
    found = parse_challenge(challenge, BUTTON, key)
    return check_in_message(BUTTON, EstopLevel.RELEASED, b"" if found is None else answer_to(found), OTHER_KEY)


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
        stack.mail.send(forged(stack.challenge, stack.key))

    repeated = {Estop.SILENT: _nothing, Estop.REPLAYED: replay, Estop.FORGED: forge}
    return Injected(at_s, undo, repeated[which])


def _load(per_core: int) -> Injected:
    words = [sys.executable, "-c", BURN, str(os.getpid())]
    at_s = time.monotonic()
    burners = [subprocess.Popen(words) for _ in range(per_core * (os.cpu_count() or 1))]

    def undo() -> None:
        for burner in burners:
            burner.kill()
            burner.wait()

    return Injected(at_s, undo)
