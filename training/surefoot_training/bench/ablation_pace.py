"""How long the rest of an ablation takes, from what was measured; what was not is said, not made up."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from surefoot_training.run.status import count_text, time_text


@dataclass(frozen=True, slots=True)
class Work:
    """What is left of one run: an evaluation, and so many steps before."""

    variant: str
    steps: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run has taken."""

    variant: str
    steps: int
    training_s: float
    judging_s: float | None
    """Of its evaluation; None if it is still to come."""


def training_s(works: Sequence[Work], measured: Sequence[Measured]) -> float | None:
    """Each at its own variant's pace, or at that of all where that one is not known; None before anything is."""
    left = [work for work in works if work.steps]
    paces_s = [_pace_s([one for one in measured if one.variant == work.variant] or measured) for work in left]
    known = [pace_s for pace_s in paces_s if pace_s is not None]
    if len(known) < len(left):
        return None
    return sum(work.steps * pace_s for work, pace_s in zip(left, known, strict=True))


def judging_s(works: Sequence[Work], measured: Sequence[Measured]) -> float | None:
    """Each evaluation like the mean of those that are done; None before the first."""
    took_s = [one.judging_s for one in measured if one.judging_s is not None]
    return len(works) * statistics.fmean(took_s) if took_s else None


def left_text(works: Sequence[Work], measured: Sequence[Measured], runs: int) -> str:
    """One line for people, of an ablation of so many runs."""
    steps = sum(work.steps for work in works)
    head = f"{len(works)} of {runs} runs left, {count_text(steps)} steps"
    train_s, judge_s = training_s(works, measured), judging_s(works, measured)
    if train_s is None:
        return f"{head}: how long they take is not known before the first has trained"
    if judge_s is None:
        training = f"about {time_text(train_s)} at the pace so far, and " if steps else ""
        return f"{head}: {training}{len(works)} evaluation(s), none timed yet"
    return f"{head}: about {time_text(train_s + judge_s)} at the pace so far"


def _pace_s(measured: Sequence[Measured]) -> float | None:
    """Per step."""
    steps = sum(one.steps for one in measured)
    return sum(one.training_s for one in measured) / steps if steps else None
