"""The mirror column by column; that physics agrees is tested in integration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.learn.mirror import WalkingMirror, joints_in_mirror
from surefoot_training.nets.perception import Perception
from surefoot_training.task.observations import policy_terms
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terms import ObservationTerm
from surefoot_training.task.terrain import ScanGrid

GO2 = load_robot("go2")
FLAT = TASKS["velocity-flat"]
SCAN = ScanGrid(x_m=(-0.2, 0.4), y_m=(-0.3, 0.3), spacing_m=0.1)
SEEING = replace(FLAT, observation=policy_terms(12, SCAN.size), scan=SCAN)


def made(task=FLAT, robot=GO2):
    perception = Perception(task, robot, yaw_memory_s=0.4)
    return perception, WalkingMirror(perception, task, robot)


def seen_with(perception, **columns) -> torch.Tensor:
    seen = torch.zeros(1, 1, perception.size)
    for name, values in columns.items():
        seen[..., perception.where(name)] = torch.as_tensor(values, dtype=torch.float32)
    return seen


def test_legs_change_sides_and_hips_their_sign():
    perception, mirror = made()
    # FL 1 2 3, FR 4 5 6, RL 7 8 9, RR 10 11 12 in the order of go2.
    assert [name[:2] for name in GO2.joint_names[::3]] == ["FL", "FR", "RL", "RR"]
    legs, expected = np.arange(1.0, 13.0), [-4.0, 5, 6, -1, 2, 3, -10, 11, 12, -7, 8, 9]
    assert mirror.action(torch.tensor(legs).float().unsqueeze(0))[0].tolist() == expected
    for name in ("joint_position", "joint_velocity", "last_action"):
        found = mirror.observation(seen_with(perception, **{name: legs}))
        assert found[0, 0, perception.where(name)].tolist() == expected, name


def test_the_default_pose_is_its_own_mirror_and_so_are_the_limits():
    for name in ("go2", "a1", "go1"):
        robot = load_robot(name)
        order, sign = joints_in_mirror(robot)
        pose = torch.tensor(robot.default_joint_position_rad)
        assert torch.equal(pose[order] * sign, pose)
        lower, upper = (torch.tensor(limit) for limit in (robot.joint_lower_rad, robot.joint_upper_rad))
        turned = sign < 0
        torch.testing.assert_close(torch.where(turned, -upper[order], lower[order]), lower)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("angular_velocity_in_base", [1.0, 2, 3], [-1.0, 2, -3]),
        ("gravity_in_base", [1.0, 2, 3], [1.0, -2, 3]),
        ("velocity_command", [1.0, 2, 3], [1.0, -2, -3]),
        ("yaw_error", [1.0], [-1.0]),
    ],
)
def test_vectors_and_turns(name, values, expected):
    perception, mirror = made()
    assert (
        mirror.observation(seen_with(perception, **{name: values}))[0, 0, perception.where(name)].tolist() == expected
    )


def test_velocity_turns_its_sideways_part():
    _, mirror = made()
    assert mirror.velocity(torch.tensor([[1.0, 2.0, 3.0]])).tolist() == [[1.0, -2.0, 3.0]]


def test_the_clock_is_half_a_cycle_off_unless_it_rests():
    perception, mirror = made()
    clock = perception.where("gait_clock")
    walking = mirror.observation(seen_with(perception, gait_clock=[0.6, 0.8], velocity_command=[0.5, 0.0, 0.0]))
    assert walking[0, 0, clock].tolist() == pytest.approx([-0.6, -0.8])
    standing = mirror.observation(seen_with(perception, gait_clock=[0.0, 1.0]))
    assert standing[0, 0, clock].tolist() == [0.0, 1.0]
    turning = mirror.observation(seen_with(perception, gait_clock=[0.0, 1.0], velocity_command=[0.0, 0.0, 0.3]))
    assert turning[0, 0, clock].tolist() == [0.0, -1.0]


def test_the_clock_of_every_observation_in_a_history_has_its_own_command():
    perception, mirror = made()
    moving = seen_with(perception, gait_clock=[0.6, 0.8], velocity_command=[0.5, 0.0, 0.0])
    standing = seen_with(perception, gait_clock=[0.0, 1.0])
    found = mirror.observation(torch.cat([torch.zeros_like(standing), standing, moving], dim=1))
    assert found[0, :, perception.where("gait_clock")].tolist() == [[0, 0], [0, 1], pytest.approx([-0.6, -0.8])]


def test_the_ground_to_the_left_comes_to_the_right():
    perception, mirror = made(SEEING)
    along_x, along_y = SCAN.axes_m
    left = np.array([[100.0 * x + y for y in along_y] for x in along_x])
    right = np.array([[100.0 * x - y for y in along_y] for x in along_x])
    seen = seen_with(perception, height_scan=left.ravel(), height_scan_valid=[1.0])
    found = mirror.observation(seen)
    np.testing.assert_allclose(found[0, 0, perception.where("height_scan")], right.ravel(), rtol=0, atol=1e-5)
    assert found[0, 0, perception.where("height_scan_valid")].tolist() == [1.0]


@pytest.mark.parametrize("task", [FLAT, SEEING], ids=["flat", "seeing"])
@pytest.mark.parametrize("robot", ["go2", "a1", "go1"])
def test_twice_is_nothing(task, robot):
    perception, mirror = made(task, load_robot(robot))
    generator = torch.Generator().manual_seed(0)
    seen = torch.randn(40, 5, perception.size, generator=generator)
    seen[:20, :, perception.where("velocity_command")] *= torch.tensor([0.0, 0.0, 0.0])
    once = mirror.observation(seen)
    assert not torch.equal(once, seen)
    assert torch.equal(mirror.observation(once), seen)
    action, velocity = torch.randn(40, 12, generator=generator), torch.randn(40, 3, generator=generator)
    assert torch.equal(mirror.action(mirror.action(action)), action)
    assert torch.equal(mirror.velocity(mirror.velocity(velocity)), velocity)


def test_nothing_that_was_given_is_changed():
    perception, mirror = made()
    seen = torch.randn(4, 3, perception.size, generator=torch.Generator().manual_seed(0))
    before = seen.clone()
    mirror.observation(seen)
    assert torch.equal(seen, before)


def test_a_column_whose_mirror_is_unknown_is_refused():
    task = replace(FLAT, observation=(*FLAT.observation, ObservationTerm("smell", lambda gravity: gravity, 3, "1")))
    with pytest.raises(SurefootError, match="how smell looks in a mirror") as caught:
        made(task)
    assert "learn.mirror" in str(caught.value.hint)
