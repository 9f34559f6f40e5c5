"""Brings a robot into a state, the way an operator does, and back onto its feet after whatever has happened."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence

from surefoot.faults.kinds import BEGINS, GOING_ON, SPEED_MPS, WALKING, State
from surefoot.faults.stack import SIM, Stack
from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Mode, Request

LONGEST_S = 40.0
AGAIN_S = 0.1
"""Between two requests."""
TRIES = 3
SPEED_OVER_S, SPEED_SHARE = 0.5, 0.5
"""What walks must, over the last stretch before the fault, go at this share of what it was told at least."""
FALLEN_UP_Z = 0.54
"""Cosine of 1 rad: the tilt at which training and supervisor take a robot for fallen."""
WAYS = {
    Mode.OFF: Request.ARM,
    Mode.DAMPED: Request.STAND,
    Mode.SITTING: Request.STAND,
    Mode.WALKING: Request.STAND,
    Mode.FALLBACK: Request.STAND,
    Mode.STOPPED: Request.RESET,
}
"""What leads towards standing."""
ON_THE_FLOOR = frozenset({Mode.OFF, Mode.DAMPED, Mode.STOPPED})
INTO_IT_S = {
    State.STANDING_UP: (0.1, 1.2),  # of about 2.5 s
    State.STANDING: (0.3, 0.8),
    State.SLOW: (1.8, 2.8),  # up to speed, and anywhere in the stride
    State.FAST: (1.8, 2.8),
    State.FALLBACK: (0.3, 1.5),
    State.SETTLING: (0.05, 0.8),  # of about 1.5 s
}
"""How long in a state the fault comes: anywhere within."""


class NotReachedError(SurefootError):
    """The robot could not be brought where the fault was to meet it."""


def stand(stack: Stack) -> bool:
    """To standing from wherever it is; whether somebody had to lift it up."""
    end_s, lifted, failures = time.monotonic() + LONGEST_S, False, 0
    refusal = ""
    while time.monotonic() < end_s:
        mode = stack.mode
        if mode is Mode.STANDING:
            return lifted
        if mode in ON_THE_FLOOR and (stack.up_z() < FALLEN_UP_Z or failures >= TRIES):
            stack.order(SIM, {"order": "place"})
            lifted, failures = True, 0
            stack.wait(0.5)  # what was measured meanwhile jumped
        if mode is not None and mode in WAYS:
            refusal = stack.ask(WAYS[mode]) or refusal
            failures += mode is Mode.DAMPED
        stack.wait(AGAIN_S)
    raise NotReachedError(f"does not stand after {LONGEST_S:g} s, but is {_said(stack)}; {refusal}")


def reach(stack: Stack, state: State, rng: random.Random) -> None:
    """To a state, and some way into it; what goes wrong on the way is tried again."""
    for left in reversed(range(TRIES)):
        try:
            _reach(stack, state)
            _go_on(stack, state, rng.uniform(*INTO_IT_S[state]))
            return
        except NotReachedError:
            if not left:
                raise


def walk(stack: Stack) -> None:
    """To its feet and off, on the spot; what a busy machine breaks is tried again."""
    for left in reversed(range(TRIES)):
        try:
            stack.drive(0.0)
            stand(stack)
            _to(stack, Request.WALK, Mode.WALKING)
        except NotReachedError:
            if not left:
                raise
        else:
            return


def _reach(stack: Stack, state: State) -> None:
    stack.drive(0.0)
    stand(stack)
    if state in {State.STANDING_UP, State.SETTLING}:
        _to(stack, Request.SIT, Mode.SETTLING)
    if state is State.STANDING_UP:
        _arrive(stack, Mode.SITTING)
        _to(stack, Request.STAND, Mode.STANDING_UP)
    if state in SPEED_MPS:
        stack.drive(SPEED_MPS[state])
        _to(stack, Request.WALK, Mode.WALKING)
    if state is State.FALLBACK:
        stack.wait(INTO_IT_S[State.SLOW][0], lambda: stack.mode is not Mode.WALKING)
        _to(stack, Request.CRAWL, Mode.FALLBACK)


def _go_on(stack: Stack, state: State, seconds: float) -> None:
    """Some way into it, where it must still be, and walk if that is what it is to do."""
    stack.wait(seconds - SPEED_OVER_S, lambda: stack.mode not in GOING_ON[state])
    before = stack.truth
    stack.wait(min(seconds, SPEED_OVER_S), lambda: stack.mode not in GOING_ON[state])
    if stack.mode is not BEGINS[state]:
        raise NotReachedError(f"{state.value} ended by itself: {_said(stack)}")
    after = stack.truth
    if state in WALKING and before is not None and after is not None:
        speed_mps = forward_mps(before.qpos, after.qpos, after.time_s - before.time_s)
        if not speed_mps >= SPEED_SHARE * SPEED_MPS[state]:
            raise NotReachedError(f"{state.value} is {speed_mps:.2f} m/s in truth")


def forward_mps(before: Sequence[float], after: Sequence[float], seconds: float) -> float:
    """Mean speed from one place to another (MuJoCo's x, y, z, then w, x, y, z), ahead as the robot faced at first."""
    w, x, y, z = before[3:7]
    yaw_rad = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    ahead_m = (after[0] - before[0]) * math.cos(yaw_rad) + (after[1] - before[1]) * math.sin(yaw_rad)
    return ahead_m / seconds if seconds > 0.0 else 0.0


def _to(stack: Stack, request: Request, mode: Mode) -> None:
    """Ask until it is so."""
    end_s, refusal = time.monotonic() + LONGEST_S, ""
    before = stack.mode
    while time.monotonic() < end_s:
        if stack.mode is mode:
            return
        if stack.mode is not before:
            break
        refusal = stack.ask(request) or refusal
        _arrive(stack, mode, AGAIN_S)
    if stack.mode is not mode:
        raise NotReachedError(f"{request.value} did not lead to {mode.value}: {_said(stack)}; {refusal}")


def _arrive(stack: Stack, mode: Mode, seconds: float = LONGEST_S) -> None:
    before = stack.mode
    stack.wait(seconds, lambda: stack.mode is mode or stack.mode is not before)


def _said(stack: Stack) -> str:
    status = stack.status
    if status is None:
        return "silent"
    why = status.record.reasons.replace("\n", "; ") or status.record.estop_reasons
    return f"{status.record.mode.value} ({why})" if why else status.record.mode.value
