"""One trial: into the state, the fault, what follows, an operator's reset."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass

from surefoot.faults.injecting import Injected, began_s, inject
from surefoot.faults.judging import Happened, Verdict, judged
from surefoot.faults.stack import Stack
from surefoot.faults.states import NotReachedError, reach, stand
from surefoot.faults.table import Cell, End, Kill, Process
from surefoot.faults.watching import Timeline
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.settings import Settings

STILL_S = 0.3
"""After the fault is gone a stop must stay."""


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


def tried(stack: Stack, cell: Cell, seed: int, robot: RobotSpec, settings: Settings) -> Trial:
    """Do it once. The seed decides when in the stride, which joint, from which side."""
    rng = random.Random(f"{cell.name} {seed}")
    try:
        reach(stack, cell.state, rng)
    except NotReachedError as error:
        return Trial(None, recovered=False, lifted=False, note=error.message)
    stack.forget_ticks()
    line = Timeline()
    line.look(stack.status)
    stack.wait(0.05, lambda: _looked(stack, line))  # some samples for whoever judges the first command
    injected = inject(stack, cell.fault.how, robot, rng)
    _watch(stack, line, injected, injected.at_s + cell.fault.watch_s)
    injected.undo()
    undone_s = time.monotonic()
    stack.wait(STILL_S, lambda: _looked(stack, line))
    ticks = stack.ticks()
    at_s = began_s(injected, ticks)
    happened = Happened(ticks, line, at_s, undone_s, time.monotonic())
    verdict = judged(happened, cell.state, cell.must, robot, settings)
    recovered, lifted, note = _recovered(stack, cell)
    why = note or ("" if verdict.right else "; ".join(line.reasons.values()))
    return Trial(verdict, recovered, lifted, why)


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
        gone = stack.wait(10.0, stack.is_all_gone)
        return gone, False, "" if gone else "something is left behind"
    try:
        with suppress(SurefootError):  # whoever walks it may be what is gone: standing takes none
            stack.drive(0.0)
        lifted = stand(stack)
    except SurefootError as error:
        return False, False, error.message
    return True, lifted, ""
