"""How much is examined, and what is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from surefoot_policy.export_module import one_thread
from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.arena import columns_of, examined, starts_of
from surefoot_training.evaluate.candidate import find_candidate, judging_task
from surefoot_training.evaluate.evaluation import robot_steps
from surefoot_training.evaluate.lanes import lanes_of
from surefoot_training.evaluate.metrics import wilson_interval
from surefoot_training.evaluate.protocol import AXES, Protocol, axes_for, parse_axes
from surefoot_training.evaluate.terrain import cells_of
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terrain import TerrainConfig

FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]


def test_the_protocol_meets_the_bar() -> None:
    protocol = Protocol()
    assert (protocol.tracking_robots, protocol.tracking_s) == (256, 20.0)
    assert (min(protocol.push_forces_n[1:]), max(protocol.push_forces_n)) == (50.0, 150.0)


def test_the_bars_cells_have_its_geometry_and_robots_enough_to_tell() -> None:
    """Steps of 0.10 m and slopes of 15° up and down, rough ground of ±5 cm: 90 % success."""
    assert ROUGH.terrain is not None
    protocol = Protocol()
    cells = cells_of(ROUGH.terrain, protocol)
    bar = {(cell.lane.kind, cell.lane.level): next(iter(cell.lane.measures.items())) for cell in cells if cell.is_bar}
    assert bar == {
        ("rough", 8): ("amplitude_m", pytest.approx(0.0544, abs=1e-4)),
        ("slope_up", 5): ("slope_deg", pytest.approx(15.0)),
        ("slope_down", 5): ("slope_deg", pytest.approx(15.0)),
        ("stairs_up", 6): ("step_height_m", pytest.approx(0.10)),
        ("stairs_down", 6): ("step_height_m", pytest.approx(0.10)),
    }
    (easier,) = lanes_of(ROUGH.terrain, (7,), ("rough",))
    assert easier.measures["amplitude_m"] < 0.05
    assert {(cell.robots, cell.is_bar) for cell in cells} == {(150, True), (10, False)}
    assert len(cells) == 6 * 5 + 1
    assert wilson_interval(143, protocol.terrain_bar_robots)[0] > 0.9 > wilson_interval(10, 10)[0]


def test_the_bar_is_found_on_other_ground_too() -> None:
    """By its geometry, and only where there is such ground."""
    steep = TerrainConfig(
        columns=("flat", "stairs_up", "rough"), step_height_m=(0.05, 0.14), rough_amplitude_m=(0.0, 0.02)
    )
    (cell,) = (cell for cell in cells_of(steep, Protocol(terrain_levels=(2,))) if cell.is_bar)
    assert (cell.lane.kind, cell.lane.level) == ("stairs_up", 5)
    kinds = [(cell.lane.kind, cell.lane.level) for cell in cells_of(steep, Protocol(terrain_levels=(2,)))]
    assert kinds == [("flat", 2), ("stairs_up", 2), ("stairs_up", 5), ("rough", 2)]


def test_what_it_costs() -> None:
    protocol = Protocol()
    assert robot_steps(protocol, ("tracking",), FLAT) == 256 * 1000
    assert robot_steps(protocol, ("terrain",), ROUGH) == ((6 * 5 + 1 - 5) * 10 + 5 * 150) * 3000
    assert robot_steps(protocol, ("starts",), FLAT) == 3 * 256 * 150
    assert robot_steps(protocol, ("pushes", "delay"), FLAT) == 48 * 8 * 280 + 5 * 64 * 500


def test_fewer_episodes_in_proportion() -> None:
    small = Protocol().of_size(64)
    assert (small.tracking_robots, small.terrain_robots, small.push_robots, small.sweep_robots) == (64, 2, 2, 16)
    assert (small.terrain_bar_robots, small.start_robots) == (38, 64)
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
    assert made.randomization.initial_velocity_mps == (0.0, 0.0)
    assert made.randomization.initial_yaw_rad == task.randomization.initial_yaw_rad


def test_how_violently_robots_start() -> None:
    """From standing to what training throws them into; where and whereto is always drawn."""
    half = examined(FLAT, 3.0, **starts_of(FLAT, 0.5)).randomization
    assert half.initial_joint_offset_rad == (-0.125, 0.125)
    assert half.initial_height_added_m == (0.0, 0.025)
    assert examined(FLAT, 3.0, **starts_of(FLAT, 1.0)).randomization == FLAT.randomization
    still = examined(FLAT, 3.0).randomization
    left = {"initial_position_m", "initial_yaw_rad"}
    names = {name for name in still.__dataclass_fields__ if name.startswith("initial_")} - left
    assert len(names) == 6
    assert all(getattr(still, name) == (0.0, 0.0) for name in names)


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
