"""How much is examined, and what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.arena import columns_of, examined
from surefoot_training.evaluate.candidate import find_candidate
from surefoot_training.evaluate.evaluation import robot_steps
from surefoot_training.evaluate.protocol import AXES, Protocol, axes_for, parse_axes
from surefoot_training.task.tasks import TASKS

FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]


def test_the_protocol_meets_the_bar() -> None:
    protocol = Protocol()
    assert (protocol.tracking_robots, protocol.tracking_s) == (256, 20.0)
    assert {4, 5, 8} <= set(protocol.terrain_levels)
    assert (min(protocol.push_forces_n[1:]), max(protocol.push_forces_n)) == (50.0, 150.0)


def test_what_it_costs() -> None:
    protocol = Protocol()
    assert robot_steps(protocol, ("tracking",), FLAT) == 256 * 1000
    assert robot_steps(protocol, ("terrain",), ROUGH) == (8 * 5 + 1) * 10 * 3000
    assert robot_steps(protocol, ("pushes", "delay"), FLAT) == 48 * 8 * 280 + 5 * 64 * 500


def test_fewer_episodes_in_proportion() -> None:
    small = Protocol().of_size(64)
    assert (small.tracking_robots, small.terrain_robots, small.push_robots, small.sweep_robots) == (64, 2, 2, 16)
    assert Protocol().of_size(1).terrain_robots == 1
    with pytest.raises(SurefootError, match="tracking_robots 0"):
        Protocol().of_size(0)


def test_axes() -> None:
    assert axes_for(ROUGH) == AXES
    assert "terrain" not in axes_for(FLAT)
    assert parse_axes("delay, tracking,delay") == ("delay", "tracking")
    with pytest.raises(SurefootError, match="'speed'") as error:
        parse_axes("tracking,speed")
    assert "payload" in str(error.value.hint)


@pytest.mark.parametrize("task", [FLAT, ROUGH])
def test_an_examined_task_is_flat_unpushed_and_at_full_speed(task) -> None:
    made = examined(task, 12.0, foot_friction=(0.5, 0.5))
    assert (made.terrain, made.curriculum.levels, made.curriculum.speed_bins) == (None, 1, 1)
    assert (made.pushes.kick_mps, made.pushes.force_n) == ((0.0, 0.0), (0.0, 0.0))
    assert [term.name for term in made.terminations] == ["trunk_contact", "tilt", "time_out"]
    assert made.episode_s == 13.0
    assert made.randomization.foot_friction == (0.5, 0.5)
    assert made.randomization.motor_strength == task.randomization.motor_strength
    assert made.sensors == task.sensors


def test_where_the_command_is_seen() -> None:
    assert columns_of("velocity_command", FLAT.observation) == slice(6, 9)
    with pytest.raises(SurefootError, match="does not see wind"):
        columns_of("wind", FLAT.observation)


def test_who_is_examined(tmp_path: Path) -> None:
    assert find_candidate("trot").task == "velocity-flat"
    with pytest.raises(SurefootError, match="no run or policy 'trott'") as error:
        find_candidate("trott")
    assert "stand, trot" in str(error.value.hint)
