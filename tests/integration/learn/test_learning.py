"""That it learns at all: seconds suffice for problems this small."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch


@pytest.mark.parametrize("surrogate", ["clip", "adaptive_kl"])
def test_choices_find_the_arm_that_pays_best(toys, surrogate):
    problem = toys.Bandit(32)
    settings = replace(toys.QUICK, steps=8, surrogate=surrogate, schedule="constant", learning_rate=3e-3)
    ppo = toys.PPO(settings, toys.agent_for(toys.SMALL, problem), problem, 0)
    for iteration in range(25):
        log = ppo.iteration(iteration / 25)
    with torch.no_grad():
        chances = ppo.agent.act_on(ppo.agent.inputs_of(torch.ones(1, 1, 1), torch.zeros(1, 0))).log_probs.exp()[0]
    assert float(chances[1]) > 0.9
    assert log["reward/step"] > 0.9


def score(ppo, steps: int = 50) -> float:
    """Mean reward per step of the likeliest actions, with what the robot itself would know."""
    problem, agent = ppo.problem, ppo.agent
    total, hidden = 0.0, torch.zeros(problem.copies, agent.memory_size)
    for _ in range(steps):
        seen = problem.seen()
        with torch.no_grad():
            guess = agent.guess(seen.actor, seen.velocity, torch.ones(problem.copies, dtype=torch.bool))
            inputs = agent.inputs_of(seen.actor, guess)
            hidden = agent.remember(inputs, hidden)
            action = agent.act_on(hidden if agent.memory_size else inputs).mode()
        outcome = problem.step(action)
        hidden = hidden * ~(outcome.terminated | outcome.timed_out).unsqueeze(-1)
        total += float(outcome.reward.mean())
    return total / steps


def learn(toys, ppo) -> tuple[float, float]:
    """Scores before and after a few iterations; the best controller there is gets 0.67."""
    untrained = score(ppo)
    for iteration in range(15):
        ppo.iteration(iteration / 15)
    return untrained, score(ppo)


def eager(toys):
    return replace(toys.QUICK, steps=16, epochs=4, minibatches=4, learning_rate=5e-3, schedule="constant", entropy=0.0)


@pytest.mark.parametrize("name", ["mlp", "mlp-state", "mlp-shared", "gru", "cenet-full"])
def test_points_come_to_their_goals(toys, name):
    untrained, trained = learn(toys, toys.make(toys.KINDS[name], eager(toys), copies=32))
    assert untrained < 0.25
    assert trained > 0.55


def test_choices_bring_points_to_their_goals_too(toys):
    untrained, trained = learn(toys, toys.make(toys.SMALL, eager(toys), copies=32, discrete=True))
    assert untrained < 0.25
    assert trained > 0.55
