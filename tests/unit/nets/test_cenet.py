"""Losses by hand, and contexts made to be well or dead."""

import logging
import math

import pytest
import torch
from torch import nn

from surefoot_training.nets.cenet import CENet, CENetConfig, CollapseWatch, ContextHealth

# Two histories of two numbers, one velocity, two context components, two numbers to predict.
HISTORY = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 2.0]])


def linear_estimator(encoder_weight, encoder_bias, decoder_weight, decoder_bias) -> CENet:
    """An estimator of single layers: velocity, two means, two log variances from two inputs."""
    estimator = CENet(CENetConfig(context_size=2, encoder=(), decoder=()), inputs=2, velocity=1, predicted=2)
    for net, weight, bias in (
        (estimator.encoder, encoder_weight, encoder_bias),
        (estimator.decoder, decoder_weight, decoder_bias),
    ):
        layer = net[0]
        assert isinstance(layer, nn.Linear)
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))
    return estimator


def constant_estimator() -> CENet:
    """Always velocity 0.5, means 1 and −2, log variances 0 and log 4; predicts (z₁, 3)."""
    return linear_estimator(
        [[0.0, 0.0]] * 5,
        [0.5, 1.0, -2.0, 0.0, math.log(4.0)],
        [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]],
        [0.0, 3.0],
    )


def test_losses_by_hand():
    velocity = torch.tensor([[0.5], [1.5], [-0.5]])
    following = torch.tensor([[1.0, 3.0], [3.0, 5.0], [100.0, 100.0]])
    losses = constant_estimator().losses(
        HISTORY, velocity, following, goes_on=torch.tensor([1.0, 1.0, 0.0]), noise=torch.zeros(3, 2)
    )
    # (0 + 1 + 1) / 3
    assert float(losses.velocity.detach()) == pytest.approx(2.0 / 3.0, rel=1e-6)
    # Predicted (1, 3): errors 0, 0 | 4, 4, over two samples and two components; the third sample has ended.
    assert float(losses.prediction.detach()) == pytest.approx(2.0, rel=1e-6)
    # ½ (1 + 1 − 0 − 1) and ½ (4 + 4 − log 4 − 1), averaged over components and samples.
    assert float(losses.kl.detach()) == pytest.approx((0.5 + 0.5 * (7.0 - math.log(4.0))) / 2.0, rel=1e-6)


def test_the_decoder_gets_a_sample_of_the_context():
    following = torch.tensor([[1.0, 3.0]])
    losses = constant_estimator().losses(
        HISTORY[:1], torch.zeros(1, 1), following, torch.ones(1), noise=torch.tensor([[0.5, 9.0]])
    )
    # z₁ = 1 + 1 × 0.5 instead of 1: an error of 0.25 over two components.
    assert float(losses.prediction.detach()) == pytest.approx(0.125, rel=1e-6)


def test_losses_do_not_depend_on_how_many_components_there_are():
    for size in (1, 4, 32):
        estimator = CENet(CENetConfig(context_size=size, encoder=()), inputs=2, velocity=1, predicted=2)
        layer = estimator.encoder[0]
        assert isinstance(layer, nn.Linear)
        nn.init.zeros_(layer.weight)
        with torch.no_grad():
            layer.bias[1 : 1 + size] = 2.0
        losses = estimator.losses(HISTORY, torch.zeros(3, 1), HISTORY, torch.ones(3), torch.zeros(3, size))
        assert float(losses.kl.detach()) == pytest.approx(2.0, rel=1e-6)


def test_episodes_that_all_ended_predict_nothing():
    losses = constant_estimator().losses(HISTORY, torch.zeros(3, 1), HISTORY, torch.zeros(3), torch.zeros(3, 2))
    assert float(losses.prediction.detach()) == 0.0


def test_what_the_actor_gets_has_no_noise():
    estimator = CENet(CENetConfig(context_size=2), inputs=2, velocity=1, predicted=2)
    first, again = estimator(HISTORY), estimator(HISTORY)
    assert torch.equal(first.mean, again.mean)
    assert torch.equal(first.velocity, again.velocity)


def health(encoder_weight, encoder_bias, decoder_weight) -> ContextHealth:
    estimator = linear_estimator(encoder_weight, encoder_bias, decoder_weight, [0.0, 0.0])
    return estimator.health(HISTORY, HISTORY + 0.1, torch.ones(3))


_COPY = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
_DEAD = [[0.0, 0.0]] * 5
_DECODE = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
_IGNORE = [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]


def test_a_context_that_carries_the_history_is_well():
    found = health(_COPY, [0.0] * 5, _DECODE)
    assert found.size == pytest.approx(HISTORY.abs().mean().item(), rel=1e-6)
    assert found.active_share == 1.0
    # Each sample predicted with its neighbour's context: errors (1.1, −.9), (−.9, 1.1) and (.9, −1.9)… against 0.1.
    shifted = (HISTORY.roll(1, 0) - HISTORY - 0.1).square().mean().item()
    assert found.use == pytest.approx(shifted / 0.01 - 1.0, rel=1e-4)
    assert not found.collapsed


def test_a_context_that_is_always_zero_has_collapsed():
    found = health(_DEAD, [0.0] * 5, _DECODE)
    assert found == ContextHealth(size=0.0, active_share=0.0, use=0.0)
    assert found.collapsed


def test_a_large_context_that_never_varies_has_collapsed():
    found = health(_DEAD, [0.0, 5.0, -5.0, 0.0, 0.0], _DECODE)
    assert found.size == 5.0
    assert found.collapsed


def test_a_lively_context_that_the_decoder_ignores_has_collapsed():
    found = health(_COPY, [0.0] * 5, _IGNORE)
    assert found.active_share == 1.0
    assert found.use == 0.0
    assert found.collapsed


def test_half_a_context_may_vary():
    found = health([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [0.0] * 5, _DECODE)
    assert found.active_share == 0.5
    assert not found.collapsed


def test_health_that_is_not_a_number_is_no_health():
    assert ContextHealth(size=math.nan, active_share=1.0, use=math.nan).collapsed


def test_collapse_is_warned_about_once_it_lasts_and_seldom_from_then_on(caplog):
    dead, well = ContextHealth(0.0, 0.0, 0.0), ContextHealth(1.0, 1.0, 1.0)
    watch, warned_at = CollapseWatch(), []
    with caplog.at_level(logging.WARNING):
        for iteration in range(1, 301):
            watch.note(dead)
            if caplog.records:
                warned_at.append(iteration)
                assert "posterior collapse" in caplog.text
                assert f"for {iteration} iterations" in caplog.text
                assert "agent.cenet.kl_weight" in caplog.text
                caplog.clear()
    assert warned_at == [20, 120, 220]
    watch.note(well)
    with caplog.at_level(logging.WARNING):
        for _ in range(19):
            watch.note(dead)
        assert not caplog.records
        watch.note(dead)
    assert len(caplog.records) == 1
