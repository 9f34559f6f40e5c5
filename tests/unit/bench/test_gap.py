"""Hidden robots, and how much of a gap is closed."""

from dataclasses import replace

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.bench.gap import Judged, Row, closed_share
from surefoot_training.bench.gap_plan import Plan, Run, hidden_truth, load_plan, runs, save_plan
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.config import RunConfig
from surefoot_training.simulated.config import parse_world
from surefoot_training.task.tasks import TASKS

GO2 = load_robot("go2")
BASE = RunConfig(TASKS["velocity-flat"], steps=100, begun_from="0" * 64)
PLAN = Plan(BASE, robots=2, seed=3, safety_factor=2.0, protocol=Protocol())


def row(nominal: float, own: float, identified: float) -> Row:
    judged = {"nominal": nominal, "own": own, "identified": identified}
    return Row(0, 9.0, 0.7, 0.02, {kind: Judged(error, 0.1, 0) for kind, error in judged.items()})


def test_what_is_closed_of_all_gaps():
    assert closed_share([row(0.30, 0.10, 0.15)]) == pytest.approx(0.75)
    # 0.05 and 0.04 are left of 0.20 and 0.10.
    assert closed_share([row(0.30, 0.10, 0.15), row(0.20, 0.10, 0.14)]) == pytest.approx(0.7)
    assert closed_share([row(0.30, 0.10, 0.35)]) == pytest.approx(-0.25)
    assert closed_share([row(0.10, 0.10, 0.10)]) is None
    assert closed_share([]) is None


def test_hidden_robots_are_heavier_weaker_and_later():
    for seed in range(20):
        given = hidden_truth(GO2, seed)
        assert given == hidden_truth(GO2, seed)
        truth = parse_world({"truth": given}, GO2, "world.yaml").truth  # within what a robot can have
        assert 0.15 <= (truth.base_mass_kg - GO2.trunk.inertial.mass_kg) / GO2.total_mass_kg <= 0.35
        assert 0.015 <= truth.action_delay_s <= 0.025
        assert 0.65 * 0.95 <= min(truth.motor_strength) <= max(truth.motor_strength) <= 0.85 * 1.05
        share = np.array(truth.armature_kgm2) / GO2.armature_kgm2
        assert 0.49 <= share.min() <= share.max() <= 1.51
    assert hidden_truth(GO2, 0) != hidden_truth(GO2, 1)


def test_the_nominal_policy_comes_first_and_then_robot_by_robot():
    names = [run.name for run in runs(PLAN)]
    assert names == ["nominal", "robot-0/own", "robot-0/identified", "robot-1/own", "robot-1/identified"]
    assert Run("nominal", None).name == "nominal"


def test_a_plan_is_kept(tmp_path):
    save_plan(PLAN, tmp_path / "gap.yaml")
    assert load_plan(tmp_path / "gap.yaml") == PLAN


@pytest.mark.parametrize(
    "changes", [{"robots": 0}, {"base": replace(BASE, begun_from=None)}, {"base": BASE.with_budget(1.0, None)}]
)
def test_plans_that_compare_nothing(changes):
    with pytest.raises(SurefootError):
        replace(PLAN, **changes)
