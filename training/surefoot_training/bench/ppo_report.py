"""What runs of the PPO bench come to: kept as JSON lines, compared with what was published, drawn as curves.

Published scores are of the environments' first versions (-v1, 2017: MuJoCo 1.31 to 1.5), ours of -v5 on today's MuJoCo.
Since then contacts are solved differently, Walker2d got equal feet, Reacher is paid for where it is instead of where it
was, the pendulums no longer for having fallen, and some observations lost constant parts. Scores are of the same
size, not of the same task: a tenth more or less says nothing.
"""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from surefoot_robots.errors import SurefootError
from surefoot_training.bench.ppo_presets import CARTPOLE, MUJOCO_TASKS, Surrogate
from surefoot_training.bench.ppo_runs import Result

PUBLISHED: Mapping[str, float | None] = MappingProxyType(
    {
        "half_cheetah": 1795.43,
        "hopper": 2164.70,
        "inverted_double_pendulum": 8977.94,
        "inverted_pendulum": 1000.0,
        "reacher": -6.18,
        "swimmer": None,
        "walker2d": 3317.69,
    }
)
"""PPO on the -v1 tasks, 1 M steps: arXiv 1802.09477 (TD3), table 1, the highest mean of 10 runs' evaluations. The PPO
paper itself gives curves for each task, and numbers over all of them only."""

PAPER_MEAN: Mapping[Surrogate, float] = MappingProxyType({"clip": 0.82, "adaptive_kl": 0.74})
"""arXiv 1707.06347, table 1: clip 0.2, and adaptive KL with target 0.01."""

_COLORS: Mapping[Surrogate, str] = MappingProxyType({"clip": "#2f6db3", "adaptive_kl": "#e07b39"})
_GREY = "#9aa0a6"


@dataclass(frozen=True, slots=True)
class TaskSummary:
    """All finished runs of a task with one surrogate."""

    task: str
    surrogate: Surrogate
    seeds: int
    mean: float  # of the scores: mean return of the last 100 episodes
    deviation: float  # over seeds; 0 of one
    lowest: float
    highest: float
    random: float  # what random actions earn
    published: float | None
    steps_per_s: float


class Results:
    """A folder's results, one JSON object per line; the last line may be torn, if the machine went down."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "results.jsonl"

    def add(self, result: Result) -> None:
        """Append, on the disk before this returns."""
        self._mend()
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(result)) + "\n")
            lines.flush()
            os.fsync(lines.fileno())

    def read(self) -> list[Result]:
        """All whole lines."""
        if not self.file.exists():
            return []
        whole = [line for line in self.file.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]
        try:
            return [_result_of(json.loads(line)) for line in whole]
        except (TypeError, ValueError) as error:
            raise SurefootError(
                f"{self.file} holds other lines than results: {error}", hint="give another --out"
            ) from error

    def _mend(self) -> None:
        if self.file.exists() and not (text := self.file.read_text(encoding="utf-8")).endswith("\n"):
            self.file.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")


def _result_of(line: Mapping[str, object]) -> Result:
    result = Result(**line)  # type: ignore[arg-type]
    result.curve = [(steps, score) for steps, score in result.curve]
    return result


def summarize(results: Sequence[Result], random: Mapping[str, float]) -> list[TaskSummary]:
    """The MuJoCo tasks' runs, by task and surrogate."""
    summaries = []
    for task in MUJOCO_TASKS:
        for surrogate in _COLORS:
            runs = [result for result in results if (result.task, result.surrogate) == (task, surrogate)]
            if runs:
                scores = [result.score for result in runs]
                summaries.append(
                    TaskSummary(
                        task=task,
                        surrogate=surrogate,
                        seeds=len(runs),
                        mean=statistics.fmean(scores),
                        deviation=statistics.stdev(scores) if len(scores) > 1 else 0.0,
                        lowest=min(scores),
                        highest=max(scores),
                        random=random[task],
                        published=PUBLISHED[task],
                        steps_per_s=sum(run.steps for run in runs) / sum(run.training_s for run in runs),
                    )
                )
    return summaries


def normalized_means(summaries: Iterable[TaskSummary]) -> dict[Surrogate, float]:
    """The paper's figure of merit by surrogate: random actions 0, the best run of a task 1, mean over tasks and seeds.

    Only of tasks that ran with every surrogate that ran at all. The paper's best is out of many more runs, of more
    variants, than are run here, which makes its numbers lower for the same policies.
    """
    summaries = list(summaries)
    used = {summary.surrogate for summary in summaries}
    means: dict[Surrogate, list[float]] = {surrogate: [] for surrogate in _COLORS if surrogate in used}
    for task in MUJOCO_TASKS:
        of_task = [summary for summary in summaries if summary.task == task]
        if not of_task or {summary.surrogate for summary in of_task} != used:
            continue
        best = max(summary.highest for summary in of_task)
        for summary in of_task:
            if best > summary.random:
                means[summary.surrogate].append((summary.mean - summary.random) / (best - summary.random))
    return {surrogate: statistics.fmean(values) for surrogate, values in means.items() if values}


def draw_curves(results: Sequence[Result], file: Path) -> None:
    """Score over steps, a panel per task, a line per run."""
    tasks = [task for task in (CARTPOLE, *MUJOCO_TASKS) if any(result.task == task for result in results)]
    figure = Figure(figsize=(13, 3.1 * -(-len(tasks) // 4)), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(-(-len(tasks) // 4), 4, squeeze=False).ravel()
    for axis, task in zip(panels, tasks, strict=False):
        _draw_task(axis, task, [result for result in results if result.task == task])
    for axis in panels[len(tasks) :]:
        axis.set_visible(False)
    figure.savefig(file)


def _draw_task(axis: Axes, task: str, results: Sequence[Result]) -> None:
    named = set[Surrogate]()
    for result in results:
        label = None if result.surrogate in named else result.surrogate.replace("_", " ")
        named.add(result.surrogate)
        steps, scores = zip(*result.curve, strict=True) if result.curve else ((), ())
        axis.plot(steps, scores, color=_COLORS[result.surrogate], linewidth=1, alpha=0.8, label=label)
    published = PUBLISHED.get(task)
    if published is not None:
        axis.axhline(published, color=_GREY, linestyle="--", linewidth=1, label="published, -v1")
    axis.set_title(task.replace("_", " "), fontsize=10)
    axis.set_xlabel("steps", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.legend(fontsize=7, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
