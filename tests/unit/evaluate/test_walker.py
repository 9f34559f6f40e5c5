"""Baselines, and how a policy's memory is kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from surefoot_robots.loader import load_robot
from surefoot_training.bench.motions import trot_targets
from surefoot_training.evaluate.walker import TROT_SPEED_MPS, PolicyWalker, Standing, Trotting


class Counting(nn.Module):
    """Its targets are how often it was asked plus what it sees; it believes what it sees."""

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        return {"asked": torch.full((batch, 1), 10.0), "seen": torch.zeros(batch, 3)}

    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        asked = state["asked"] + 1.0
        return asked + observation[:, :2], {"asked": asked, "seen": observation}, {"velocity_in_base": observation}


def test_a_policy_remembers_until_reset() -> None:
    policy = Counting()
    policy.train()
    walker = PolicyWalker(policy, 3)  # type: ignore[arg-type]
    assert not policy.training
    assert walker.estimated_velocity() is None
    nothing = np.zeros((3, 3), dtype=np.float32)
    for expected in (11.0, 12.0):
        assert walker.joint_targets(nothing).tolist() == [[expected] * 2] * 3
    walker.reset(np.array([0, 2]))
    assert walker.joint_targets(nothing)[:, 0].tolist() == [11.0, 13.0, 11.0]
    walker.reset(np.array([], dtype=np.int64))
    target = walker.joint_targets(nothing + 0.5)
    assert target[:, 0].tolist() == [12.5, 14.5, 12.5]
    estimate = walker.estimated_velocity()
    assert estimate is not None
    assert estimate.tolist() == [[0.5] * 3] * 3


def test_standing_is_the_default_pose() -> None:
    robot = load_robot("go2")
    walker = Standing(robot, 2)
    assert walker.joint_targets(np.zeros((2, 45), dtype=np.float32)) == pytest.approx(
        np.tile(robot.default_joint_position_rad, (2, 1))
    )
    assert walker.estimated_velocity() is None


def test_the_trot_goes_on_for_ever_and_starts_anew() -> None:
    walker = Trotting(load_robot("go2"), 2, 0.02)
    nothing = np.zeros((2, 45), dtype=np.float32)
    targets = np.array([walker.joint_targets(nothing) for _ in range(150)])
    assert np.array_equal(targets[:, 0], targets[:, 1])
    # The whole trot at once, a little longer because the slope at its end is another.
    at_once = trot_targets(load_robot("go2"), np.arange(160) * 0.02, TROT_SPEED_MPS)
    assert targets[:, 0] == pytest.approx(at_once[:150], abs=1e-5)
    walker.reset(np.array([1]))
    again = walker.joint_targets(nothing)
    assert np.array_equal(again[1], targets[0, 1])
    assert not np.array_equal(again[0], targets[0, 0])
