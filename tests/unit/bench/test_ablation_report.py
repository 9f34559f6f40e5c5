"""From single runs to tables, by hand; and curves over seeds."""

import numpy as np
import pytest

from surefoot_training.bench.ablation_chart import curve_of
from surefoot_training.bench.ablation_figures import Figures, Judged, metric_of
from surefoot_training.bench.ablation_plan import Plan, Run, estimator_variant, parse_variant
from surefoot_training.bench.ablation_report import footer, summarize, tables, to_markdown
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.config import RunConfig
from surefoot_training.task.tasks import TASKS

BASE = RunConfig(TASKS["velocity-flat"], robots=8, steps=2_000_000)
VARIANTS = (estimator_variant("none"), estimator_variant("full"), parse_variant("old:agent.history=10"))
PLAN = Plan(BASE, VARIANTS, 2, Protocol(), ("tracking",))
SPEED = {"none": (0.30, 0.34), "full": (0.10, 0.12), "old": (0.13, 0.11)}


def judged(**figures: float | None) -> Judged:
    return Judged(steps=2_000_000, policy_steps=1_900_000, training_s=1.0, judging_s=1.0, figures=figures)


def results() -> dict[Run, Judged]:
    return {
        Run(name, seed): judged(
            speed_error_mps=SPEED[name][seed], falls=float(seed), estimate_error_mps=None if name == "none" else 0.05
        )
        for name in SPEED
        for seed in (0, 1)
    }


def test_means_ranges_and_differences() -> None:
    summary = summarize(PLAN, results())
    none, full, old = summary.variants
    speed = none.figures["speed_error_mps"]
    assert speed.by_seed == (0.30, 0.34)
    assert (speed.mean, speed.lowest, speed.highest) == (pytest.approx(0.32), 0.30, 0.34)
    assert speed.difference is not None
    assert speed.difference.mean == pytest.approx(0.21)
    assert speed.difference.twice_error == pytest.approx(0.04)
    assert speed.difference.is_noise is False
    assert full.figures["speed_error_mps"].difference is None
    assert old.figures["speed_error_mps"].difference is not None
    assert old.figures["speed_error_mps"].difference.is_noise is True
    assert none.figures["estimate_error_mps"].mean is None
    assert summary.spread["speed_error_mps"].deviation == pytest.approx(0.02)
    assert summary.spread["estimate_error_mps"].degrees_of_freedom == 2, "two variants have one"
    assert summary.left == ()
    assert none.policy_steps == (1_900_000, 1_900_000)


def test_tables_for_people() -> None:
    means, differences = tables(summarize(PLAN, results()))
    assert means.columns == ("variant", "speed error m/s", "falls", "velocity estimate error m/s")
    assert means.rows == (
        ("none", "0.320 (0.300 to 0.340)", "0.5 (0.0 to 1.0)", "–"),
        ("full", "0.110 (0.100 to 0.120)", "0.5 (0.0 to 1.0)", "0.050 (0.050 to 0.050)"),
        ("old", "0.120 (0.110 to 0.130)", "0.5 (0.0 to 1.0)", "0.050 (0.050 to 0.050)"),
        ("spread between seeds", "0.020", "0.7", "0.000"),
    )
    assert differences.rows == (
        ("none", "+0.210 ± 0.040", "+0.0 ± 1.4 noise", "–"),
        ("old", "+0.010 ± 0.040 noise", "+0.0 ± 1.4 noise", "+0.000 ± 0.000 noise"),
    )


def test_the_footer_says_how() -> None:
    setting, noise, further = footer(summarize(PLAN, results()))
    assert setting.startswith("6 runs of 2 M steps each: go2 on velocity-flat, 8 robots, from nothing, seeds 0 to 1.")
    assert "oracle" not in setting
    assert "2 s √(2/n)" in noise
    assert "3 degrees of freedom" in noise
    assert "old: agent.history=10." in further
    text = to_markdown(summarize(PLAN, results()))
    assert "| none | +0.210 ± 0.040 | +0.0 ± 1.4 noise | – |" in text
    assert noise in text


def test_what_is_not_done_is_left_out_and_said() -> None:
    some = results()
    del some[Run("full", 1)], some[Run("old", 0)]
    summary = summarize(PLAN, some)
    assert summary.left == ("old-seed0", "full-seed1")
    none, _, old = (variant.figures["speed_error_mps"] for variant in summary.variants)
    assert none.difference is not None
    assert (none.difference.mean, none.difference.pairs) == (pytest.approx(0.20), 1)
    assert old.by_seed == (None, 0.11)
    assert old.difference is None
    assert "**Not finished.** Still to come: old-seed0, full-seed1." in to_markdown(summary)
    assert tables(summarize(PLAN, {})) == []


def test_one_seed_says_nothing_about_noise() -> None:
    one = {run: result for run, result in results().items() if run.seed == 0}
    summary = summarize(Plan(BASE, VARIANTS, 1, Protocol(), ("tracking",)), one)
    assert tables(summary)[1].rows[0] == ("none", "+0.200", "+0.0", "–")
    assert any("cannot be said" in paragraph for paragraph in footer(summary))


def test_terrain_has_tables_of_its_own() -> None:
    figures: Figures = {"success": 0.5, "success/stairs_up": 0.25, "level": 3.5, "level/stairs_up": 2.0}
    summary = summarize(PLAN, {run: judged(**figures) for run in PLAN.runs()})
    main, _, success, _, level, _ = tables(summary)
    assert main.columns == ("variant", "success %", "level reached")
    assert success.title == "Success %: mean over seeds (lowest to highest)"
    assert (success.columns[1], success.rows[0][1]) == ("stairs up", "25.0 (25.0 to 25.0)")
    assert level.title == "Level reached: mean over seeds (lowest to highest)"
    assert (level.columns[1], level.rows[0][1]) == ("stairs up", "2.00 (2.00 to 2.00)")
    assert metric_of("success").text(0.5, "+") == "+50.0"
    assert any("Level reached" in paragraph for paragraph in footer(summary))


def test_a_curve_is_the_mean_over_seeds_between_lowest_and_highest() -> None:
    first = [{"steps": 10.0, "x": 1.0}, {"steps": 20.0, "x": None}, {"steps": 30.0, "x": 5.0}, {"steps": 40.0}]
    second = [{"steps": 10.0, "x": 3.0}, {"steps": 20.0}, {"steps": 30.0, "x": 6.0}, {"steps": 40.0, "x": 2.0}]
    curve = curve_of([first, second], "x", 40)
    assert curve is not None
    np.testing.assert_allclose(curve.steps, [5.0, 25.0, 35.0])
    np.testing.assert_allclose(curve.mean, [2.0, 5.5, 2.0])
    np.testing.assert_allclose(curve.lowest, [1.0, 5.0, 2.0])
    np.testing.assert_allclose(curve.highest, [3.0, 6.0, 2.0])
    assert curve_of([first], "y", 40) is None
    assert curve_of([], "x", 40) is None


def test_many_iterations_are_averaged() -> None:
    run = [{"steps": float(10 * number), "x": float(number)} for number in range(1, 601)]
    curve = curve_of([run], "x", 6000)
    assert curve is not None
    np.testing.assert_allclose(curve.mean, 10.0 * np.arange(60) + 5.5)
