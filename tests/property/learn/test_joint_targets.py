"""Whatever a network says and whatever the sensors tell it, joints are never sent beyond their limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surefoot_robots.loader import load_robot
from surefoot_training.learn.problem import Actions
from surefoot_training.nets.agent import Agent, AgentConfig
from surefoot_training.nets.cenet import CENetConfig
from surefoot_training.nets.perception import Perception
from surefoot_training.nets.policy import Policy
from surefoot_training.task.tasks import TASKS

ROBOTS = {name: load_robot(name) for name in ("go2", "a1", "go1")}
ANYTHING = st.floats(width=32, allow_nan=False)


def assert_within(robot, target: torch.Tensor) -> None:
    exact = target.detach().double().numpy()
    assert (exact >= robot.joint_lower_rad).all()
    assert (exact <= robot.joint_upper_rad).all()


@pytest.mark.parametrize("name", ROBOTS)
@given(actions=arrays(np.float32, (2, 12), elements=ANYTHING))
@settings(max_examples=50)
def test_targets_of_any_action_are_within_the_limits(name, actions):
    perception = Perception(TASKS["velocity-flat"], ROBOTS[name])
    clipped = perception.clipped(torch.from_numpy(actions))
    assert torch.equal(perception.clipped(clipped), clipped)
    assert_within(ROBOTS[name], perception.joint_target(clipped))


@pytest.mark.parametrize("name", ROBOTS)
def test_the_limits_themselves_can_be_reached(name):
    robot = ROBOTS[name]
    perception = Perception(TASKS["velocity-flat"], robot)
    for action, limit in ((-1e9, robot.joint_lower_rad), (1e9, robot.joint_upper_rad)):
        target = perception.joint_target(perception.clipped(torch.full((1, 12), action)))
        assert_within(robot, target)
        np.testing.assert_allclose(target[0], limit, rtol=1e-6)


def policies() -> dict[str, Policy]:
    perception = Perception(TASKS["velocity-flat"], ROBOTS["go2"])
    made = {}
    generator = torch.Generator().manual_seed(0)
    for actor in ("mlp", "history", "gru", "cenet"):
        config = AgentConfig(
            actor=actor, hidden=(8,), critic_hidden=(8,), gru_size=5, last_gain=100.0, cenet=CENetConfig(encoder=(8,))
        )
        agent = Agent(config, Actions(12), (config.history_length, perception.size), 4, 3)
        agent.norm.update(torch.randn(50, perception.size, generator=generator))
        made[actor] = Policy(perception, agent)
    return made


POLICIES = policies()


@pytest.mark.parametrize("actor", POLICIES)
@given(observations=arrays(np.float32, (3, 33), elements=ANYTHING))
@settings(max_examples=25)
def test_policies_stay_within_the_limits_whatever_they_see(actor, observations):
    policy = POLICIES[actor]
    state = policy.initial_state(1)
    for observation in torch.from_numpy(observations):
        with torch.no_grad():
            target, state, _ = policy(observation.unsqueeze(0), state)
        assert torch.isfinite(target).all()
        assert_within(ROBOTS["go2"], target)
        assert 0.0 <= float(state["gait_clock"]) < 1.0


def test_what_is_no_number_is_not_made_one():
    """The supervisor has to see that something is wrong."""
    perception = Perception(TASKS["velocity-flat"], ROBOTS["go2"])
    target = perception.joint_target(perception.clipped(torch.full((1, 12), float("nan"))))
    assert torch.isnan(target).all()
