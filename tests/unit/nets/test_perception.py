from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.nets.perception import Perception
from surefoot_training.task.tasks import TASKS

GO2, FLAT = load_robot("go2"), TASKS["velocity-flat"]
STANDING, WALKING, CREEPING, TURNING = [0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.05, 0.0, 0.05], [0.05, 0.0, 0.5]


@pytest.fixture
def perception() -> Perception:
    return Perception(FLAT, GO2)


def observation(perception: Perception, *commands: list[float]) -> torch.Tensor:
    rows = torch.arange(33.0).repeat(len(commands), 1)
    rows[:, perception.where("velocity_command")] = torch.tensor(commands)
    return rows


def test_what_the_actor_sees(perception):
    last_action = torch.arange(100.0, 112.0).unsqueeze(0)
    seen = perception(observation(perception, WALKING), last_action, torch.tensor([0.25]), torch.zeros(1, 0))[0]
    assert seen.shape == (perception.size,) == (33 + 2 + 12,)
    assert seen[:6].tolist() == [0.0, 1, 2, 3, 4, 5]
    assert seen[perception.where("velocity_command")].tolist() == WALKING
    pose = torch.tensor(GO2.default_joint_position_rad, dtype=torch.float32)
    torch.testing.assert_close(seen[perception.where("joint_position")], torch.arange(9.0, 21.0) - pose)
    assert seen[perception.where("joint_velocity")].tolist() == list(range(21, 33))
    assert seen[perception.where("gait_clock")].tolist() == pytest.approx([1.0, 0.0], abs=1e-6)
    assert seen[perception.where("last_action")].tolist() == last_action[0].tolist()


def test_commands_too_slow_to_walk_by_are_zero(perception):
    commands = (STANDING, WALKING, CREEPING, TURNING)
    found, standing = perception.command_of(observation(perception, *commands))
    torch.testing.assert_close(found, torch.tensor([STANDING, WALKING, STANDING, [0.0, 0.0, 0.5]]))
    assert standing.tolist() == [True, False, True, False]
    seen = perception(observation(perception, *commands), torch.zeros(4, 12), torch.zeros(4), torch.zeros(4, 0))
    assert torch.equal(seen[:, perception.where("velocity_command")], found)


def test_the_clock_runs_at_three_and_a_half_hertz_and_rests_while_standing(perception):
    phase = torch.zeros(2)
    for tick in range(1, 60):
        phase = perception.next_phase(observation(perception, WALKING, CREEPING), phase)
        off = abs(float(phase[0]) - 0.07 * tick % 1.0)
        assert min(off, 1.0 - off) < 1e-4
        assert float(phase[1]) == 0.0


def test_the_yaw_error_is_averaged_with_weights_that_fade():
    perception = Perception(FLAT, GO2, yaw_memory_s=0.4)
    yaw_rate = perception.where("angular_velocity_in_base").stop - 1
    rows = observation(perception, [0.5, 0.0, 0.3], CREEPING, TURNING)
    rows[:, yaw_rate] = torch.tensor([0.3, 0.2, 0.0])
    assert perception.no_yaw_error(3).tolist() == [[0.0]] * 3
    error = perception.no_yaw_error(3)
    for tick in range(1, 41):
        seen = perception(rows, torch.zeros(3, 12), torch.zeros(3), error)
        error = perception.next_yaw_error(rows, error)
        risen = 1.0 - math.exp(-0.02 * tick / 0.4)
        # Whoever creeps is asked to stand, and turns by 0.2 rad/s all the same.
        assert error[:, 0].tolist() == pytest.approx([0.0, 0.2 * risen, -0.5 * risen], abs=1e-6)
        assert torch.equal(seen[:, perception.where("yaw_error")], error)


def test_without_memory_there_is_no_yaw_error(perception):
    assert perception.no_yaw_error(2).shape == (2, 0)
    assert "yaw_error" not in [column.name for column in perception.columns]


def test_an_action_is_a_quarter_radian_from_the_default_pose(perception):
    target = perception.joint_target(torch.ones(1, 12))
    torch.testing.assert_close(
        target[0], torch.tensor(GO2.default_joint_position_rad, dtype=torch.float32) + 0.25, rtol=1e-6, atol=0
    )


def test_columns_are_found_by_name_or_those_there_are_named(perception):
    at = 0
    for column in perception.columns:
        assert perception.where(column.name) == slice(at, at + column.size)
        at += column.size
    with pytest.raises(SurefootError, match="no column 'smell'") as caught:
        perception.where("smell")
    assert "gait_clock" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["velocity_command", "joint_position", "angular_velocity_in_base"])
def test_what_it_cannot_do_without_is_asked_for(name):
    task = replace(FLAT, observation=tuple(term for term in FLAT.observation if term.name != name))
    with pytest.raises(SurefootError, match=f"does not observe {name}"):
        Perception(task, GO2, yaw_memory_s=0.4)


def test_what_is_exported_carries_its_numbers(perception):
    saved = perception.state_dict()
    assert {"default_joint_position", "action_low", "action_high", "joint_lower", "joint_upper"} <= set(saved)
    assert math.isclose(float(saved["joint_upper"][0]), GO2.joint_upper_rad[0], rel_tol=1e-6)


def test_commands_are_ramped_from_those_of_before(perception):
    """2.5 m/s² and 3.2 rad/s² in steps of 20 ms; all other columns as they were."""
    before = torch.tensor([[0.0, 0.0, 0.0], [0.48, 0.0, 0.5]])
    seen = observation(perception, [1.0, -0.5, 1.0], [0.5, 0.02, 0.0])
    ramped = perception.with_ramped_command(seen, before)
    torch.testing.assert_close(perception.asked(ramped), torch.tensor([[0.05, -0.05, 0.064], [0.5, 0.02, 0.436]]))
    command = perception.where("velocity_command")
    ramped[:, command] = seen[:, command]
    assert torch.equal(ramped, seen)
