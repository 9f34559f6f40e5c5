from __future__ import annotations

import math
from dataclasses import replace

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task import terminations
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terms import TerminationTerm
from surefoot_training.task.terrain import TerrainConfig

FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]


def time_out(limit_s: float, name: str = "time_out") -> TerminationTerm:
    return TerminationTerm(name, terminations.out_of_time, {"limit_s": limit_s}, is_timeout=True)


def without_time_out(task: TaskConfig) -> tuple[TerminationTerm, ...]:
    return tuple(term for term in task.terminations if term.name != "time_out")


def test_the_shortest_time_limit_ends_the_episode():
    tilt = TerminationTerm("tilt", terminations.tilted, {"limit_rad": 1.0})
    late = TerminationTerm("stuck", terminations.out_of_time, {"limit_s": 3.0})  # a failure, not a time-out
    task = replace(FLAT, terminations=(tilt, late, time_out(20.0), time_out(5.0, "soon")))
    assert task.episode_s == 5.0
    assert (FLAT.episode_s, ROUGH.episode_s) == (10.0, 20.0)


def test_a_task_that_never_ends_is_refused():
    with pytest.raises(SurefootError, match="velocity-flat has no time-out") as refused:
        replace(FLAT, terminations=without_time_out(FLAT))
    assert "is_timeout=True" in refused.value.hint
    # One that fails whoever is late is no time-out.
    failure = replace(time_out(20.0), is_timeout=False)
    with pytest.raises(SurefootError, match="no time-out"):
        replace(FLAT, terminations=(*without_time_out(FLAT), failure))


@pytest.mark.parametrize("limit_s", [math.inf, math.nan, 0.0, -1.0, 0.01])
def test_a_time_limit_that_is_none_is_refused(limit_s):
    with pytest.raises(SurefootError, match="time-out limit_s") as refused:
        replace(FLAT, terminations=(*without_time_out(FLAT), time_out(limit_s)))
    assert "at least one control step, 0.02 s" in refused.value.hint


@pytest.mark.parametrize("field", ["control_dt_s", "action_scale_rad"])
@pytest.mark.parametrize("value", [0.0, -0.02, math.nan, math.inf, 10.0])
def test_numbers_that_cannot_be_are_refused(field, value):
    with pytest.raises(SurefootError, match=f"velocity-flat: {field}"):
        replace(FLAT, **{field: value})


def test_terrain_and_curriculum_have_the_same_levels():
    with pytest.raises(SurefootError, match="curriculum has 10 levels, the terrain 3"):
        replace(ROUGH, terrain=TerrainConfig(level_count=3))
    with pytest.raises(SurefootError, match="curriculum has 10 levels, the terrain 1"):
        replace(FLAT, curriculum=ROUGH.curriculum)


def test_the_simulator_gets_room_for_the_longest_delay():
    assert FLAT.max_action_delay_s == 0.04
    assert replace(FLAT, randomization=RandomizationConfig(action_delay_s=(0.0, 0.1))).max_action_delay_s == 0.1
