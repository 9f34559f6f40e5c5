"""How much is examined, and what is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from surefoot_policy.export_module import one_thread
from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.arena import columns_of, examined
from surefoot_training.evaluate.candidate import find_candidate, judging_task
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
    assert find_candidate("trot").task.name == "velocity-flat"
    with pytest.raises(SurefootError, match="no run or policy 'trott'") as error:
        find_candidate("trott")
    assert "stand, trot" in str(error.value.hint)


def test_a_run_is_judged_by_the_task_as_everybody_knows_it() -> None:
    easy = replace(
        FLAT,
        randomization=replace(FLAT.randomization, foot_friction=(0.8, 0.8)),
        commands=replace(FLAT.commands, vx_mps=(0.0, 0.1)),
        action_scale_rad=0.5,
        observation=(*FLAT.observation, replace(FLAT.observation[0], name="again")),
    )
    candidate = replace(find_candidate("trot"), task=easy)
    judged = judging_task(candidate)
    assert (judged.randomization, judged.commands) == (FLAT.randomization, FLAT.commands)
    assert (judged.action_scale_rad, judged.observation) == (0.5, easy.observation)
    assert judging_task(candidate, "velocity-rough").terrain == ROUGH.terrain
    private = replace(easy, name="my-own")
    assert judging_task(replace(candidate, task=private)) == private
    with pytest.raises(SurefootError, match="no task 'swim'"):
        judging_task(candidate, "swim")


def test_networks_run_on_one_thread_while_examined() -> None:
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
