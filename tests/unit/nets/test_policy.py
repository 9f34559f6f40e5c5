"""The policy as it is exported."""

import pytest
import torch
from untrained import FLAT, untrained

LIMIT = (0.05, 0.05, 0.064)
"""2.5 m/s² and 3.2 rad/s² in 20 ms."""


def play(policy, observations):
    state = policy.initial_state(1)
    targets = []
    with torch.no_grad():
        for observation in observations:
            target, state, _ = policy(observation[None], state)
            targets.append(target[0])
    return torch.stack(targets)


@pytest.mark.parametrize("name", ["mlp", "full"])
def test_a_command_given_at_once_is_the_same_as_one_that_is_ramped(name):
    """To the bit; so that training, whose commands are ramped, and a person with a joystick mean the same."""
    policy, steps = untrained(name), 40
    command = policy.perception.where("velocity_command")
    torch.manual_seed(3)
    observations = 0.3 * torch.randn(steps, policy.perception.observation_size)
    wanted = torch.tensor([[1.0, -0.5, 1.0]] * 20 + [[-0.6, 0.0, -1.0]] * 20)
    ramped, now = [], torch.zeros(3)
    for goal in wanted:
        now = torch.minimum(torch.maximum(goal, now - torch.tensor(LIMIT)), now + torch.tensor(LIMIT))
        ramped.append(now)
    at_once, gently, other = observations.clone(), observations.clone(), observations.clone()
    at_once[:, command], gently[:, command], other[:, command] = wanted, torch.stack(ramped), 0.0
    assert FLAT.commands.change_limit(FLAT.control_dt_s) == pytest.approx(LIMIT)
    assert torch.equal(play(policy, at_once), play(policy, gently))
    assert not torch.allclose(play(policy, at_once), play(policy, other), atol=1e-3)
