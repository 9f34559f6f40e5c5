"""A session with a learner that only counts, and a clock that goes by what the learner does."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.ppo import NotFiniteError
from surefoot_training.run.average import ITERATIONS
from surefoot_training.run.checkpoint import read_checkpoint
from surefoot_training.run.config import RunConfig
from surefoot_training.run.folder import RunFolder
from surefoot_training.run.interrupt import Interrupt
from surefoot_training.run.not_finite import read_dump
from surefoot_training.run.score import Score
from surefoot_training.run.team import Team
from surefoot_training.train import Position, Session

STEPS, ITERATION_S = 100, 3.0
TWENTY_SECONDS = 25.0 / 60.0  # minutes: a fifth is kept for the end


class Counter:
    """An iteration takes three seconds and adds one, or the tracking score that is due."""

    steps_per_iteration = STEPS

    def __init__(self, clock: SimpleNamespace, interrupt: Interrupt) -> None:
        self.clock, self.interrupt = clock, interrupt
        self.count, self.progress, self.scores = 0, [], {}
        self.stop_at = self.fail_at = -1
        self.save_s = 0.0

    def iteration(self, progress: float) -> dict[str, float]:
        self.clock.now_s += ITERATION_S
        self.progress.append(progress)
        self.count += 1
        if self.count == self.stop_at:
            self.interrupt.signal = 2
        if self.count == self.fail_at:
            raise NotFiniteError("loss value", {"samples": {"action": torch.ones(2)}})
        log = {"reward/step": 0.1}
        if self.count in self.scores:
            log |= {"episode/count": 8.0, "episode/falls": 0.0, "episode/tracking_score": self.scores[self.count]}
        return log

    def policy_state(self):
        return {"count": torch.tensor(self.count)}

    def state_dict(self):
        self.clock.now_s += self.save_s
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


class Run:
    """One session of a run in `folder`, from `position`."""

    def __init__(self, config: RunConfig, folder: Path, position: Position | None = None, rank: int = 0) -> None:
        self.clock, self.interrupt = SimpleNamespace(now_s=1000.0), Interrupt()
        self.learner = Counter(self.clock, self.interrupt)
        self.folder, self.statuses = RunFolder(folder), []
        position = position or Position(score=Score(memory=8.0))
        self.session = Session(
            config,
            self.folder,
            Team(rank, 1, None),
            self.learner,
            position,
            report=self.statuses.append,
            clock_s=lambda: self.clock.now_s,
            zero_s=self.clock.now_s - position.elapsed_s,
        )

    def go(self):
        return self.session.run(self.interrupt)


def test_a_budget_in_steps_ends_after_so_many_and_drives_progress(config, tmp_path):
    run = Run(config, tmp_path)
    ending = run.go()
    assert run.learner.progress == [pytest.approx(k / 10) for k in range(10)]
    assert (ending.iteration, ending.steps, ending.finished, ending.signal) == (10, 1000, True, None)
    last = read_checkpoint(run.folder.checkpoints.last)
    assert (last.iteration, last.steps, last.finished, last.parts) == (10, 1000, True, [{"count": 10}])
    assert run.folder.curves.exists()


def test_a_budget_in_time_is_not_exceeded(config, tmp_path):
    run = Run(config.with_budget(TWENTY_SECONDS, None), tmp_path)
    ending = run.go()
    assert ending.iteration == 6  # the seventh would end after 21 of 20 s
    assert ending.finished
    assert run.learner.progress == [pytest.approx(ITERATION_S * k / 20.0) for k in range(6)]


def test_time_used_before_counts(config, tmp_path):
    run = Run(config.with_budget(TWENTY_SECONDS, None), tmp_path, Position(4, 400, 12.0, Score(8.0)))
    ending = run.go()
    assert run.learner.progress == [pytest.approx(12.0 / 20.0), pytest.approx(15.0 / 20.0)]
    assert (ending.iteration, ending.elapsed_s) == (6, 18.0)


@pytest.mark.parametrize(("save_s", "iterations", "elapsed_s"), [(0.0, 21, 63.0), (2.0, 18, 62.0), (7.0, 14, 63.0)])
def test_time_is_kept_for_the_last_save_as_long_as_the_longest(config, tmp_path, save_s, iterations, elapsed_s):
    run = Run(config.with_budget(80.0 / 60.0, None).with_settings(["save_minutes=0.25"]), tmp_path)  # 64 s to learn
    run.learner.save_s = save_s
    ending = run.go()
    assert (ending.iteration, ending.finished) == (iterations, True)
    assert run.clock.now_s - 1000.0 == ending.elapsed_s == elapsed_s
    assert elapsed_s <= 64.0


def test_the_progress_used_is_written_down(config, tmp_path):
    run = Run(config, tmp_path)
    run.go()
    entries = [json.loads(line) for line in run.folder.journal.read_text().splitlines()]
    assert [entry["progress"] for entry in entries] == run.learner.progress
    assert [entry["elapsed_s"] for entry in entries] == [ITERATION_S * k for k in range(1, 11)]


def test_a_signal_stops_after_the_iteration_and_saves(config, tmp_path):
    run = Run(config, tmp_path)
    run.learner.stop_at = 4
    ending = run.go()
    assert (ending.iteration, ending.finished, ending.signal) == (4, False, 2)
    last = read_checkpoint(run.folder.checkpoints.last)
    assert (last.iteration, last.finished, last.parts) == (4, False, [{"count": 4}])


def test_it_is_saved_as_often_as_asked(config, tmp_path):
    run = Run(config.with_settings(["save_minutes=0.1"]), tmp_path)  # 6 s: two iterations
    saved = []
    save = run.folder.checkpoints.save
    run.folder.checkpoints.save = lambda checkpoint: (saved.append(checkpoint.iteration), save(checkpoint))
    run.go()
    assert saved == [2, 4, 6, 8, 10]


def test_the_best_policy_is_that_of_the_highest_mean(config, tmp_path):
    run = Run(config, tmp_path)
    run.learner.scores = {2: 0.5, 4: 0.9, 6: 0.3, 8: 0.2}
    run.go()
    best = read_checkpoint(run.folder.checkpoints.best)
    assert best.kind == "policy"
    assert best.parts == [{"agent": {"count": torch.tensor(4)}}]


def test_a_later_best_replaces_an_earlier_one_also_across_saves(config, tmp_path):
    run = Run(config.with_settings(["save_minutes=0.1"]), tmp_path)
    run.learner.scores = {1: 0.5, 3: 0.1, 5: 0.2, 7: 0.95, 9: 0.2}
    run.go()
    assert read_checkpoint(run.folder.checkpoints.best).parts == [{"agent": {"count": torch.tensor(7)}}]


def test_the_last_policy_is_the_best_if_it_is_worse_by_chance_at_most(config, tmp_path):
    run = Run(config, tmp_path)
    run.learner.scores = {2: 0.5, 4: 0.9, 6: 0.85}  # means of 0.5, 0.79, 0.83
    run.learner.scores[8] = 0.8  # 0.81
    run.go()
    assert read_checkpoint(run.folder.checkpoints.best).parts == [{"agent": {"count": torch.tensor(10)}}]


def test_a_run_that_was_stopped_keeps_its_highest(config, tmp_path):
    run = Run(config, tmp_path)
    run.learner.scores = {2: 0.5, 4: 0.9, 6: 0.85, 8: 0.8}
    run.learner.stop_at = 9
    run.go()
    assert read_checkpoint(run.folder.checkpoints.best).parts == [{"agent": {"count": torch.tensor(6)}}]


def test_the_best_policy_is_an_average(config, tmp_path):
    run = Run(config, tmp_path)
    run.learner.policy_state = lambda: {"weight": torch.tensor(float(run.learner.count))}
    run.learner.scores = {2: 0.5}
    run.go()
    expected = 1.0
    for weight in range(2, 11):
        expected += (weight - expected) * (1.0 - math.exp(-1.0 / ITERATIONS))
    (best,) = read_checkpoint(run.folder.checkpoints.best).parts
    assert float(best["agent"]["weight"]) == pytest.approx(expected)
    assert read_checkpoint(run.folder.checkpoints.last).average == best["agent"]


def test_what_is_not_finite_stops_the_run_and_leaves_a_dump(config, tmp_path):
    run = Run(config.with_settings(["save_minutes=0.1"]), tmp_path)
    run.learner.fail_at = 6
    with pytest.raises(SurefootError, match=r"iteration 6: loss value is not finite; .*not-finite\.pt"):
        run.go()
    dump = read_dump(tmp_path / "not-finite.pt")
    assert (dump.culprit, dump.iteration, dump.process) == ("loss value", 5, 0)
    assert dump.batch["samples"]["action"].tolist() == [1.0, 1.0]
    assert read_checkpoint(run.folder.checkpoints.last).iteration == 4


def test_every_process_leaves_the_dump_that_it_names(config, tmp_path):
    folder = tmp_path / "run"  # on another machine there is none yet
    run = Run(config, folder, rank=1)
    run.learner.fail_at = 1
    with pytest.raises(SurefootError, match=rf"what led to it is in {folder}/not-finite-1\.pt") as stopped:
        run.go()
    assert f"surefoot task replay {folder}/not-finite-1.pt" in stopped.value.hint
    assert read_dump(folder / "not-finite-1.pt").process == 1
    assert [file.name for file in folder.iterdir()] == ["not-finite-1.pt"]


def test_statuses_tell_the_time_left(config, tmp_path):
    run = Run(config, tmp_path)
    run.go()
    assert [status.left_s for status in run.statuses] == [pytest.approx(ITERATION_S * k) for k in range(9, -1, -1)]
    in_time = Run(config.with_budget(TWENTY_SECONDS, None), tmp_path / "other")
    in_time.folder.path.mkdir()
    in_time.go()
    assert [status.left_s for status in in_time.statuses] == [22.0, 19.0, 16.0, 13.0, 10.0, 7.0]


def test_a_readable_line_is_logged_every_ten_seconds(config, tmp_path, caplog):
    caplog.set_level("INFO", logger="surefoot_training")
    Run(config, tmp_path).go()
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("iteration")]
    assert [line.split(",")[0] for line in lines] == ["iteration 4", "iteration 8"]
