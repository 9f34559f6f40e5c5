"""The losses by hand, and where their gradients are exactly zero. Clip 0.2 throughout."""

import pytest
import torch

from surefoot_training.learn.ppo import penalized_loss, ppo_loss, standardized, value_loss


def loss_and_gradient(ratio: float, advantage: float) -> tuple[float, float]:
    r = torch.tensor([ratio], requires_grad=True)
    loss = ppo_loss(r, torch.tensor([advantage]), 0.2).loss
    loss.backward()
    assert r.grad is not None
    return float(loss.detach()), float(r.grad)


@pytest.mark.parametrize(("ratio", "advantage", "loss"), [(1.5, 2.0, -2.4), (0.5, -2.0, 1.6), (1.21, 1.0, -1.2)])
def test_a_clipped_sample_has_no_gradient_at_all(ratio, advantage, loss):
    value, gradient = loss_and_gradient(ratio, advantage)
    assert value == pytest.approx(loss, rel=1e-6)
    assert gradient == 0.0


@pytest.mark.parametrize(("ratio", "advantage"), [(0.5, 2.0), (1.5, -2.0)])
def test_on_the_other_side_the_way_back_is_open(ratio, advantage):
    value, gradient = loss_and_gradient(ratio, advantage)
    assert value == pytest.approx(-ratio * advantage, rel=1e-6)
    assert gradient == pytest.approx(-advantage, rel=1e-6)


@pytest.mark.parametrize("ratio", [0.81, 1.0, 1.19])
@pytest.mark.parametrize("advantage", [-2.0, 2.0])
def test_within_the_clip_it_is_the_plain_surrogate(ratio, advantage):
    value, gradient = loss_and_gradient(ratio, advantage)
    assert value == pytest.approx(-ratio * advantage, rel=1e-6)
    assert gradient == pytest.approx(-advantage, rel=1e-6)


def test_the_loss_is_a_mean_and_says_how_many_were_clipped():
    found = ppo_loss(torch.tensor([1.0, 1.5, 0.5, 1.1]), torch.tensor([1.0, 1.0, 1.0, -1.0]), 0.2)
    # −(1 + 1.2 + 0.5 − 1.1) / 4; ratios 1.5 and 0.5 are outside.
    assert float(found.loss) == pytest.approx(-0.4, rel=1e-6)
    assert float(found.clipped_share) == 0.5


def test_the_penalized_surrogate():
    ratio = torch.tensor([1.5, 0.5], requires_grad=True)
    loss = penalized_loss(ratio, torch.tensor([2.0, -1.0]), torch.tensor([0.1, 0.3]), 2.0)
    # −((3 − 0.2) + (−0.5 − 0.6)) / 2
    assert float(loss.detach()) == pytest.approx(-0.85, rel=1e-6)
    loss.backward()
    assert ratio.grad is not None
    assert ratio.grad.tolist() == [-1.0, 0.5]  # nothing is clipped


def value_gradient(value: float, target: float, old: float, clip: float) -> tuple[float, float]:
    v = torch.tensor([value], requires_grad=True)
    loss = value_loss(v, torch.tensor([target]), torch.tensor([old]), clip)
    loss.backward()
    assert v.grad is not None
    return float(loss.detach()), float(v.grad)


def test_the_value_loss_is_half_the_mean_square():
    loss = value_loss(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]), torch.zeros(2), 0.0)
    assert float(loss) == 0.5 * (4.0 + 1.0) / 2.0


def test_a_value_beyond_its_clip_is_pulled_no_farther():
    # From 0 to 0.5 with clip 0.2 on the way to 2: held at 0.2, where the error is the larger one.
    loss, gradient = value_gradient(0.5, 2.0, 0.0, 0.2)
    assert loss == pytest.approx(0.5 * 1.8**2, rel=1e-6)
    assert gradient == 0.0


def test_a_value_that_went_the_wrong_way_comes_back():
    loss, gradient = value_gradient(-0.5, 2.0, 0.0, 0.2)
    assert loss == pytest.approx(0.5 * 2.5**2, rel=1e-6)
    assert gradient == pytest.approx(-2.5, rel=1e-6)


def test_a_value_within_its_clip_is_not_clipped():
    loss, gradient = value_gradient(0.1, 2.0, 0.0, 0.2)
    assert loss == pytest.approx(0.5 * 1.9**2, rel=1e-6)
    assert gradient == pytest.approx(-1.9, rel=1e-6)


def test_standardized_by_hand():
    # Mean 2, deviation √(2/3).
    expected = [-(1.5**0.5), 0.0, 1.5**0.5]
    assert standardized(torch.tensor([1.0, 2.0, 3.0])).tolist() == pytest.approx(expected, rel=1e-6)


def test_equal_advantages_are_no_advantages():
    assert standardized(torch.full((5,), 3.0)).tolist() == [0.0] * 5
