"""Cell after cell, with as few starts of the processes as their faults allow; rows, and the bars they must keep."""

from __future__ import annotations

import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from surefoot.faults.judging import Verdict
from surefoot.faults.kinds import Button, Cell
from surefoot.faults.stack import MOST_KILLS, Setup, Stack
from surefoot.faults.trial import Judge, Trial, tried
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.place import SHARED_MEMORY
from surefoot_safety.settings import Settings
from surefoot_safety.settings_loader import load_settings

PERIODS_S = 0.005 + 0.001
"""One of the supervisor and one of the link."""
WORSE_SHARE = 0.05
"""Of trials may end with a fall where the robot was to stay on its feet: as many as may when a gait takes over."""
MORE_TRIES = 2
"""Of a trial of which too little is known: over a day a machine that is nobody's alone holds everything up now and
then. How often, and why, is told."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses about a campaign."""

    robot: str = "go2"
    policy: str = "go2-velocity-flat"
    seeds: int = 20
    settings: Path | None = None
    judges_times: bool = True
    """Whether times count as bars: they say nothing on a machine that has other things to do."""


class Campaign:
    """A stack that lives from trial to trial, and is made anew where it has to be."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._robot = load_robot(choice.robot)
        self._settings: Settings = load_settings(choice.robot, choice.settings, release=choice.settings is None)
        self._stack: Stack | None = None
        self._root: tempfile.TemporaryDirectory[str] | None = None
        self._judge = Judge(self._robot, self._settings, judges_times=choice.judges_times)
        self._left: list[str] = []
        """What processes that were ended left behind, for the row that used them last."""

    def row(self, cell: Cell, report: Callable[[], None]) -> Row:
        """All trials of a cell."""
        trials: list[Trial] = []
        left: list[str] = []
        again: list[str] = []
        for seed in range(self._choice.seeds):
            trials.append(self._tried(cell, seed, left))
            for _ in range(MORE_TRIES):
                if trials[-1].is_void:
                    again.append(trials.pop().note)
                    trials.append(self._tried(cell, seed, left))
            report()
        row = row_of(cell, trials, cell.must.longest_s(self._settings)) | {"again": dict(Counter(again))}
        row["left_behind"] = left  # the processes live on: what they leave is known when they are ended
        return row

    def _tried(self, cell: Cell, seed: int, left: list[str]) -> Trial:
        try:
            trial = tried(self._fitting(cell, seed, left), cell, seed, self._judge)
        except SurefootError as error:
            trial = Trial(None, recovered=False, lifted=False, note=error.message)
        if trial.verdict is None or not trial.recovered or not self._stack or not self._stack.is_up:
            self.close()
        return trial

    def _fitting(self, cell: Cell, seed: int, left: list[str]) -> Stack:
        """The stack that is there, or another one; what it leaves behind is for `left` from now on."""
        choice, fault = self._choice, cell.fault
        wanted = Setup(choice.robot, choice.policy, seed, choice.settings, isinstance(fault.how, Button), fault.has_ros)
        stack = self._stack
        if stack is not None and replace(stack.setup, seed=seed) == wanted and stack.kills < MOST_KILLS:
            self._left = left
            stack.ready()
            return stack
        self.close()
        self._left = left
        self._root = tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None, prefix="sf-")
        self._stack = Stack(wanted, Path(self._root.name))
        self._stack.ready()
        return self._stack

    def close(self) -> None:
        """End what runs."""
        if self._stack is not None:
            self._left += self._stack.close()
        if self._root is not None:
            with suppress(OSError):
                self._root.cleanup()
        self._stack = self._root = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def row_of(cell: Cell, trials: Sequence[Trial], longest_s: float | None) -> Row:
    """The row of a cell."""
    found = [trial.verdict for trial in trials if trial.verdict is not None]
    safe_s = [verdict.safe_s for verdict in found if verdict.safe_s is not None]
    what = Counter(verdict.what for verdict in found)
    notes = Counter(trial.note for trial in trials if trial.note)
    return {
        "row": cell.name,
        "fault": cell.fault.name,
        "group": cell.fault.group,
        "state": cell.state.value,
        "must": cell.must.told(),
        "because_of": sorted(trigger.value for trigger in cell.must.triggers),
        "trials": len(found),
        "void": len(trials) - len(found),
        "right": sum(verdict.right for verdict in found),
        "happened": dict(what.most_common()),
        "safe_ms": {"p50": _ms(statistics.median(safe_s)), "max": _ms(max(safe_s))} if safe_s else None,
        "bar_ms": None if longest_s is None else _ms(longest_s + PERIODS_S),
        "late": 0 if longest_s is None else sum(seconds > longest_s + PERIODS_S for seconds in safe_s),
        "link_ticks": sum(verdict.ticks for verdict in found),
        "beyond_limits": sum(v.beyond_limits for v in found) + sum(trial.beyond_limits for trial in trials),
        "joints": {name: max(v.joints[name] for v in found if v.joints) for name in _names(found)},
        "unlatched": sum(verdict.unlatched for verdict in found),
        "falls": sum(verdict.fell for verdict in found),
        "worse": sum(verdict.worse for verdict in found),
        "recovered": sum(trial.recovered for trial in trials if trial.verdict is not None),
        "lifted": sum(trial.lifted for trial in trials),
        "left_behind": [],
        "again": {},
        "remark": cell.fault.remark,
        "notes": dict(notes.most_common()),
    }


def _names(found: Sequence[Verdict]) -> tuple[str, ...]:
    return tuple(next((verdict.joints for verdict in found if verdict.joints), {}))


def missed(row: Row, *, judges_times: bool) -> list[str]:
    """The bars that a row did not keep."""
    trials = row["trials"]
    wanting = {
        f"{row['void']} without a trial": row["void"] > 0,
        f"{trials - row['right']} of {trials} not as must be": row["right"] < trials,
        f"{row['beyond_limits']} commands beyond limits": row["beyond_limits"] > 0,
        f"{row['unlatched']} stops not latched": row["unlatched"] > 0,
        f"{row['late']} later than {row['bar_ms']} ms": judges_times and row["late"] > 0,
        f"{trials - row['recovered']} not recovered by a reset": row["recovered"] < trials,
        f"{row['worse']} of {trials} fell on top": row["worse"] > WORSE_SHARE * trials,
        f"left behind: {', '.join(row['left_behind'])}": bool(row["left_behind"]),
        "nothing was recorded": trials > 0 and row["link_ticks"] == 0,
    }
    return [f"{row['row']}: {what}" for what, is_so in wanting.items() if is_so]


def result_of(rows: Mapping[str, Row], *, judges_times: bool) -> dict[str, Any]:
    """Everything together."""
    every = list(rows.values())
    return {
        "cases": sum(row["trials"] for row in every),
        "void": sum(row["void"] for row in every),
        "commands_beyond_limits": sum(row["beyond_limits"] for row in every),
        "unlatched_stops": sum(row["unlatched"] for row in every),
        "falls": sum(row["falls"] for row in every),
        "left_behind": sum(len(row["left_behind"]) for row in every),
        "bars_missed": [line for row in every for line in missed(row, judges_times=judges_times)],
        "times_judged": judges_times,
        "rows": every,
    }


def _ms(seconds: float) -> float:
    return round(1000.0 * seconds, 2)
