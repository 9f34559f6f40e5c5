"""Which runs there are, and how their scores are put together."""

from __future__ import annotations

import pytest

from surefoot_training.bench.ppo_report import normalized_means, summarize
from surefoot_training.bench.ppo_runs import Result, Run, plan


def result(task: str, surrogate: str, seed: int, score: float) -> Result:
    return Result(task, surrogate, seed, 1000, score, score, None, None, 10.0, {}, [(1000, score)])


RANDOM = {"hopper": 20.0, "reacher": -40.0}
RESULTS = [
    result("hopper", "clip", 0, 2020.0),
    result("hopper", "clip", 1, 1020.0),
    result("hopper", "adaptive_kl", 0, 520.0),
    result("reacher", "clip", 0, -10.0),
    result("reacher", "adaptive_kl", 0, -4.0),
    result("cartpole", "clip", 0, 500.0),
]


def test_one_seed_goes_over_everything_before_the_next():
    runs = plan(["cartpole", "hopper", "reacher"], ["clip", "adaptive_kl"], seeds=2, steps=1_000_000)
    assert [run.name for run in runs[:5]] == [
        "cartpole-clip-seed0",
        "hopper-clip-seed0",
        "reacher-clip-seed0",
        "hopper-adaptive_kl-seed0",
        "reacher-adaptive_kl-seed0",
    ]
    assert [run.seed for run in runs] == 5 * [0] + 5 * [1]
    assert runs[0].steps == 100_000
    assert runs[1].steps == 1_000_000
    assert plan(["cartpole"], ["adaptive_kl"], 1, 5000) == [Run("cartpole", "clip", 0, 5000)]


def test_summaries_are_means_over_seeds():
    hopper, hopper_kl, reacher, _ = summarize(RESULTS, RANDOM)
    assert (hopper.task, hopper.surrogate, hopper.seeds) == ("hopper", "clip", 2)
    assert (hopper.mean, hopper.lowest, hopper.highest) == (1520.0, 1020.0, 2020.0)
    assert hopper.deviation == pytest.approx(707.107, rel=1e-5)
    assert (hopper.random, hopper.steps_per_s) == (20.0, 100.0)
    assert (hopper_kl.mean, hopper_kl.deviation) == (520.0, 0.0)
    assert reacher.published == -6.18


def test_normalized_scores_by_hand():
    """Hopper's best is 2020: 1500/2000 and 500/2000; Reacher's is −4: 30/36 and 36/36."""
    means = normalized_means(summarize(RESULTS, RANDOM))
    assert means == pytest.approx({"clip": (0.75 + 30 / 36) / 2, "adaptive_kl": (0.25 + 1.0) / 2})


def test_tasks_that_lack_a_surrogate_do_not_count():
    means = normalized_means(summarize(RESULTS[:2] + RESULTS[3:5], RANDOM))
    assert means == pytest.approx({"clip": 30 / 36, "adaptive_kl": 1.0})
    assert normalized_means(summarize(RESULTS[:2], RANDOM)) == pytest.approx({"clip": 0.75})
    assert normalized_means([]) == {}


def test_solved_is_by_both_measures():
    cartpole = result("cartpole", "clip", 0, 490.0)
    assert not cartpole.solved
    cartpole.evaluation = 500.0
    assert not cartpole.solved, "never in training"
    cartpole.solved_at_steps = 60_000
    assert cartpole.solved
    cartpole.evaluation = 474.9
    assert not cartpole.solved
