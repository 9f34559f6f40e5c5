"""One trial: into the state, the fault, what follows, an operator's reset."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass

from surefoot.faults.injecting import Injected, began_s, inject
from surefoot.faults.judging import Happened, Verdict, VoidTrialError, judged
from surefoot.faults.kinds import Cell, End, Kill, Process
from surefoot.faults.limits import beyond_limits
from surefoot.faults.motors import lost
from surefoot.faults.stack import MOST_KILLS, Stack
from surefoot.faults.states import NotReachedError, reach, stand
from surefoot.faults.watching import Timeline
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.settings import Settings
from surefoot_training.simulated.recording import Ticks

STILL_S = 0.3
"""After the fault is gone a stop must stay."""
GONE_S = 10.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    verdict: Verdict | None
    """None if there was no trial."""
    recovered: bool
    """Whether an operator's reset, arm and stand had it on its feet again."""
    lifted: bool
    """Whether somebody had to set it up before that."""
    note: str
    """Why there was none, why it did not recover, or the supervisor's reasons if what followed was not right."""
    beyond_limits: int = 0
    """Ticks on the way into the state, and back onto its feet, that ask for what the robot must not do."""
    is_void: bool = False
    """Whether it took place, but what is known of it says nothing."""


class Judge:
    """Of one campaign's robot."""

    def __init__(self, robot: RobotSpec, settings: Settings, *, judges_times: bool) -> None:
        self.robot, self.settings, self.judges_times = robot, settings, judges_times

    def verdict(self, happened: Happened, cell: Cell) -> Verdict:
        """Of what followed a fault."""
        return judged(happened, cell, self.robot, self.settings, judges_times=self.judges_times)

    def beyond_limits(self, ticks: Ticks) -> int:
        """Of what came before the fault or after it."""
        if missing := lost(ticks):
            raise VoidTrialError(f"{missing} records of the motors are missing before or after the fault")
        return int(beyond_limits(ticks, self.robot, self.settings).sum())


def tried(stack: Stack, cell: Cell, seed: int, judge: Judge) -> Trial:
    """Do it once. The seed decides when in the stride, which joint, from which side."""
    rng = random.Random(f"{cell.name} {seed}")
    try:
        reach(stack, cell.state, rng)
        before = stack.take_ticks()  # to be judged later: the state does not wait
        happened, said = _happened(stack, cell, judge.robot, rng)
        verdict = judge.verdict(happened, cell)
        recovered, lifted, note = _recovered(stack, cell)
        beyond = judge.beyond_limits(before) + judge.beyond_limits(stack.take_ticks())
    except (NotReachedError, VoidTrialError) as error:
        is_void = isinstance(error, VoidTrialError)
        return Trial(None, recovered=False, lifted=False, note=error.message, is_void=is_void)
    why = "; ".join([*verdict.wrong, *happened.timeline.reasons.values()]) if verdict.wrong else ""
    return Trial(verdict, recovered, lifted, "; ".join(part for part in (note, why, said) if part), beyond)


def _happened(stack: Stack, cell: Cell, robot: RobotSpec, rng: random.Random) -> tuple[Happened, str]:
    """Let it happen and watch; whatever becomes of us, it is taken away again. And what there is to say of that."""
    line = Timeline()
    line.look(stack.status)
    stack.wait(0.05, lambda: _looked(stack, line))  # some samples for whoever judges the first command
    injected = inject(stack, cell.fault.how, robot, rng)
    try:
        _watch(stack, line, injected, injected.at_s + cell.fault.watch_s)
    finally:
        undone_s = time.monotonic()
        said = injected.undo()
    stack.wait(STILL_S, lambda: _looked(stack, line))
    end_s = time.monotonic()
    line.look(stack.status)
    ticks = stack.take_ticks()
    return Happened(ticks, line, began_s(injected, ticks), undone_s, end_s), said or ""


def _watch(stack: Stack, line: Timeline, injected: Injected, end_s: float) -> None:
    def look() -> bool:
        injected.again()
        return _looked(stack, line)

    stack.wait(end_s - time.monotonic(), look)


def _looked(stack: Stack, line: Timeline) -> bool:
    line.look(stack.status)
    return False


def _recovered(stack: Stack, cell: Cell) -> tuple[bool, bool, str]:
    """Whether, whether it was lifted, why not. Whoever killed `surefoot up` has to start another one, elsewhere."""
    how = cell.fault.how
    if isinstance(how, Kill | End) and how.process is Process.UP:
        stack.end_helpers()
        stack.wait(GONE_S, lambda: not stack.left_behind())
        left = ", ".join(stack.left_behind())
        return not left, False, f"left behind: {left}" if left else ""
    try:
        with suppress(SurefootError):  # whoever walks it may be what is gone: standing takes none
            stack.drive(0.0)
        lifted = stand(stack)
        if stack.setup.has_ros and stack.kills < MOST_KILLS:  # whoever was killed must have come back, and be heard
            stack.ready()
    except SurefootError as error:
        return False, False, error.message
    return True, lifted, ""
