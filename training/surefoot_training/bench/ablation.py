"""An ablation in its folder: run after run, each trained and then examined, stopped and taken up again at will.

In the folder: `ablation.yaml`, the plan; `start.pt`, what all runs begin with, if they do not begin from nothing; a run
folder `VARIANT-seedN` each, as `surefoot train` makes them, with `evaluation.json` when it has been examined; and, of
the runs that are done, `summary.json`, `table.md` and `curves.png`.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.whole_file import write_text
from surefoot_training.bench.ablation_chart import Entries, draw_curves
from surefoot_training.bench.ablation_figures import Judged, figures_of, load_judged, save_judged
from surefoot_training.bench.ablation_pace import Measured, Work, left_text
from surefoot_training.bench.ablation_plan import Plan, Run, load_plan, save_plan
from surefoot_training.bench.ablation_report import Summary, summarize, to_markdown
from surefoot_training.evaluate.candidate import find_candidate, judging_task
from surefoot_training.evaluate.evaluation import evaluate, robot_steps
from surefoot_training.run.checkpoint import Checkpoint, Networks, load_networks, policy_file, read_checkpoint
from surefoot_training.run.config import load_config
from surefoot_training.run.folder import RunFolder
from surefoot_training.run.journal import read_journal
from surefoot_training.train import Clock, Ending, Order, Report, WalkingLearner, train

_PLAN, _START = "ablation.yaml", "start.pt"
_EVALUATION = "evaluation.json"


class Bench:
    """The runs of a plan in a folder, which nobody else writes to."""

    def __init__(self, folder: Path, plan: Plan, clock_s: Clock = time.monotonic) -> None:
        self.folder, self.plan, self._clock_s = folder, plan, clock_s
        self.results: dict[Run, Judged] = {}
        """Of the runs that are done."""
        self._checkpoints: dict[Run, Checkpoint | None] = {}  # of the others
        for run in plan.runs():
            self._check(run)
            if self._evaluation(run).exists():
                self.results[run] = load_judged(self._evaluation(run))
            else:
                self._checkpoints[run] = self._newest(run)

    def left(self) -> list[Run]:
        """Runs that are not done, in order."""
        return [run for run in self.plan.runs() if run not in self.results]

    def steps_left(self, run: Run) -> int:
        """For a run to train; 0 if it is to be examined only."""
        checkpoint, budget = self._checkpoints[run], self.plan.base.steps
        assert budget is not None
        return max(0, budget - checkpoint.steps) if checkpoint else budget

    @property
    def judging_steps(self) -> int:
        """Robot steps of an evaluation, at most."""
        return robot_steps(self.plan.protocol, self.plan.axes, self.plan.base.task)

    def left_text(self) -> str:
        """What is left and how long it takes, for people."""
        works = [Work(run.variant, self.steps_left(run)) for run in self.left()]
        return left_text(works, self._measured(), len(self.plan.runs()))

    def train(self, run: Run, report: Report = lambda _: None) -> Ending:
        """Begin `run`, or go on with it from its last checkpoint, until it has trained or a signal comes."""
        try:
            return train(self._order(run), report, clock_s=self._clock_s)
        finally:
            self._checkpoints[run] = self._newest(run)

    def judge(self, run: Run, report: Callable[[int], None] = lambda _: None) -> Judged:
        """Examine the policy of a run that has trained."""
        begun_s = self._clock_s()
        folder, plan, config = self.folder / run.name, self.plan, self.plan.config(run)
        candidate = find_candidate(str(folder))
        task = judging_task(candidate)
        evaluation = evaluate(candidate, plan.protocol, plan.axes, task=task, threads=config.threads, report=report)
        trained = self._checkpoints[run]
        assert trained is not None
        journal = read_journal(RunFolder(folder).journal)
        judged = Judged(
            steps=trained.steps,
            policy_steps=read_checkpoint(policy_file(folder)).steps,
            training_s=trained.elapsed_s,
            judging_s=self._clock_s() - begun_s,
            figures=figures_of(evaluation, journal, has_levels=config.task.terrain is not None),
        )
        save_judged(judged, replace(evaluation, candidate=run.name), self._evaluation(run))
        self.results[run] = judged
        return judged

    def conclude(self) -> Summary:
        """Write down what the runs that are done come to."""
        summary = summarize(self.plan, self.results)
        if not self.results:
            return summary
        write_text(self.folder / "summary.json", json.dumps(asdict(summary), allow_nan=False, indent=1) + "\n")
        write_text(self.folder / "table.md", to_markdown(summary))
        journals: dict[str, list[Entries]] = {variant.name: [] for variant in self.plan.variants}
        for run in self.results:
            journals[run.variant].append(read_journal(RunFolder(self.folder / run.name).journal))
        title = f"{summary.robot} on {summary.task}: mean over seeds, from lowest to highest; episodes of training"
        draw_curves(journals, summary.steps, self.folder / "curves.png", title)
        return summary

    # Parts

    def _evaluation(self, run: Run) -> Path:
        return self.folder / run.name / _EVALUATION

    def _check(self, run: Run) -> None:
        """Refuse a run that somebody has trained otherwise."""
        file = RunFolder(self.folder / run.name).config
        if file.exists() and load_config(file) != self.plan.config(run):
            raise SurefootError(
                f"the run in {file.parent} is of other settings or another budget than the bench",
                hint=f"move it away, and `surefoot bench ablation --resume --out {self.folder}` trains it anew",
            )

    def _newest(self, run: Run) -> Checkpoint | None:
        """A run's newest checkpoint, without the large part."""
        checkpoint = RunFolder(self.folder / run.name).checkpoints.newest(self.plan.config(run))
        return replace(checkpoint, parts=[]) if checkpoint else None

    def _order(self, run: Run) -> Order:
        folder = RunFolder(self.folder / run.name)
        is_there, begins_with = folder.config.exists(), self.plan.base.begun_from
        if is_there and (begins_with is None or self._checkpoints[run] is not None):
            return Order(folder.path, None)
        if is_there:
            _clear(folder)  # nothing that a run could go on from, and its networks were not kept in it
        return Order(folder.path, self.plan.config(run), networks=self._start() if begins_with else None)

    def _start(self) -> Networks:
        file = self.folder / _START
        networks, _, sha256 = load_networks(file)
        if sha256 != self.plan.base.begun_from:
            raise SurefootError(f"{file} is not what the bench began with", hint="begin anew in another --out")
        return networks

    def _measured(self) -> list[Measured]:
        done = [Measured(run.variant, of.steps, of.training_s, of.judging_s) for run, of in self.results.items()]
        begun = {run: checkpoint for run, checkpoint in self._checkpoints.items() if run not in self.results}
        return done + [Measured(run.variant, of.steps, of.elapsed_s, None) for run, of in begun.items() if of]


@contextmanager
def begun(folder: Path, plan: Plan, start: Path | None = None) -> Iterator[Bench]:
    """A new bench; `start` is the run or checkpoint all runs begin with, see `RunConfig.begun_from`.

    Everything is tried out that could fail after hours only because of how it is configured.
    """
    if (folder / _PLAN).exists():
        raise SurefootError(
            f"{folder} holds an earlier bench",
            hint=f"go on in it: surefoot bench ablation --resume --out {folder}; or give another --out",
        )
    place = RunFolder(folder)
    with place.locked():
        place.check_is_free()
        _try_out(plan, folder, load_networks(start)[0] if start else None)
        if start:
            shutil.copyfile(policy_file(start), folder / _START)
        save_plan(plan, folder / _PLAN)  # last: with it, there is a bench
        yield Bench(folder, plan)


@contextmanager
def resumed(folder: Path, seeds: int | None = None) -> Iterator[Bench]:
    """The bench in `folder`, with more seeds if they are given."""
    if not (folder / _PLAN).exists():
        raise SurefootError(f"there is no ablation in {folder}", hint="give the folder of one with --out")
    with RunFolder(folder).locked():
        plan = load_plan(folder / _PLAN)
        if seeds is not None and seeds != plan.seeds:
            plan = plan.with_seeds(seeds)
            save_plan(plan, folder / _PLAN)
        yield Bench(folder, plan)


def _try_out(plan: Plan, folder: Path, networks: Networks | None) -> None:
    """That every variant can be built, and takes the networks to begin with."""
    fitting: list[str] = []
    misfits: list[tuple[str, SurefootError]] = []
    for variant in plan.variants:
        learner = WalkingLearner(plan.config(Run(variant.name, 0)), 0, folder / "blow-ups")
        try:
            if networks is not None:
                learner.begin_with(networks)
            fitting.append(variant.name)
        except SurefootError as error:
            misfits.append((variant.name, error))
    if misfits:
        name, first = misfits[0]
        fits = f"only {', '.join(fitting)} can begin with them" if fitting else "no variant can begin with them"
        raise SurefootError(f"variant {name}: {first.message}", hint=f"{fits}; or begin from nothing, without --from")


def _clear(folder: RunFolder) -> None:
    """Empty a run's folder."""
    with folder.locked(is_new=False):
        for found in folder.path.iterdir():
            if found.is_dir():
                shutil.rmtree(found)
            elif found.name != ".lock":
                found.unlink()
