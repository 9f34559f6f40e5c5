"""What one run of an ablation came to: its figures, as its folder keeps them beside the whole evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeAlias

from surefoot_robots.errors import SurefootError
from surefoot_robots.whole_file import write_text
from surefoot_training.evaluate.evaluation import Evaluation
from surefoot_training.evaluate.terrain import LaneResult

Figures: TypeAlias = dict[str, float | None]
"""By the metric's key; None of what a variant does not have."""

SUCCESS, LEVEL = "success", "level"


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of the tables."""

    key: str
    title: str
    digits: int = 3
    scale: float = 1.0
    """From the figure, in SI units or as a share, to what is shown."""

    def text(self, value: float, sign: str = "") -> str:
        """`value` as it is shown."""
        return f"{self.scale * value:{sign}.{self.digits}f}"


_METRICS = (
    Metric("speed_error_mps", "speed error m/s"),
    Metric("yaw_rate_error_radps", "yaw rate error rad/s"),
    Metric("falls", "falls", digits=1),
    Metric("estimate_error_mps", "velocity estimate error m/s"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A run that is done."""

    steps: int
    """Trained for."""

    policy_steps: int
    """After so many was the policy made that was examined, the run's best by its running score."""

    training_s: float
    judging_s: float
    figures: Figures


def metric_of(key: str) -> Metric:
    """Of any key of `figures_of`."""
    group, _, kind = key.partition("/")
    if group == SUCCESS:
        return Metric(key, kind.replace("_", " ") or "success %", digits=1, scale=100.0)
    if group == LEVEL:
        return Metric(key, kind.replace("_", " ") or "level reached", digits=2)
    return next(metric for metric in _METRICS if metric.key == key)


def figures_of(evaluation: Evaluation, journal: Sequence[Mapping[str, float | None]], *, has_levels: bool) -> Figures:
    """Of a policy's evaluation and what its training wrote down; on terrain by kind, too."""
    assert evaluation.tracking is not None
    found = evaluation.tracking.figures
    figures: Figures = {
        "speed_error_mps": found.speed_error_mean_mps,
        "yaw_rate_error_radps": found.yaw_rate_error_mean_radps,
        "falls": float(found.falls),
        "estimate_error_mps": found.estimate_error_mean_mps,
    }
    if evaluation.terrain is not None:
        figures |= _success([result for result in evaluation.terrain if result.is_bar])
        if has_levels:
            figures |= _levels(journal[-1])
    return figures


def _success(bar: Sequence[LaneResult]) -> Figures:
    """Share that got 20 m far, mean over the bar's cells and each."""
    if not bar:
        return {}
    each = {f"{SUCCESS}/{result.lane.kind}": result.success_share for result in bar}
    return {SUCCESS: sum(each.values()) / len(each), **each}


def _levels(last: Mapping[str, float | None]) -> Figures:
    """Where the robots of training were at its end, mean over all and by kind of terrain."""
    head, tail = "curriculum/", "/level_mean"
    kinds = {
        f"{LEVEL}/{name.removeprefix(head).removesuffix(tail)}": value
        for name, value in last.items()
        if name.startswith(head) and name.endswith(tail) and name.count("/") == 2
    }
    return {LEVEL: last.get("curriculum/level_mean"), **kinds}


def save_judged(judged: Judged, evaluation: Evaluation, file: Path) -> None:
    """With the evaluation, as `surefoot evaluate --json` has it."""
    content = asdict(judged) | {"evaluation": asdict(evaluation)}
    write_text(file, json.dumps(content, allow_nan=False, indent=1) + "\n")


def load_judged(file: Path) -> Judged:
    """Without the evaluation."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Judged(**{field.name: content[field.name] for field in fields(Judged)})
    except (ValueError, KeyError, TypeError) as error:
        raise SurefootError(
            f"{file} is not an evaluation of this bench", hint="delete it: the run is examined again"
        ) from error
