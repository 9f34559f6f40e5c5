import numpy as np
import pytest
import torch

from surefoot_training.nets.return_norm import ReturnNorm
from surefoot_training.nets.running_norm import RunningNorm


def test_nothing_changes_before_the_first_batch():
    norm = RunningNorm(3)
    x = torch.tensor([[1.0, -2.0, 3.0]])
    assert torch.equal(norm(x), x)


def test_two_batches_by_hand():
    norm = RunningNorm(1)
    norm.update(torch.tensor([[1.0], [3.0]]))
    assert (float(norm.mean), float(norm.std)) == (2.0, 1.0)
    norm.update(torch.tensor([[8.0]]))
    assert float(norm.mean) == 4.0
    assert float(norm.std) == pytest.approx(np.std([1.0, 3.0, 8.0]), rel=1e-6)
    assert float(norm(torch.tensor([8.0]))) == pytest.approx(4.0 / np.std([1.0, 3.0, 8.0]), rel=1e-6)


def test_what_is_far_off_is_held_at_ten_deviations():
    norm = RunningNorm(1)
    norm.update(torch.tensor([[-1.0], [1.0]]))
    assert norm(torch.tensor([[1e30], [-1e30], [float("inf")], [0.5]])).flatten().tolist() == [10.0, -10.0, 10.0, 0.5]


def test_what_never_varies_is_not_blown_up():
    norm = RunningNorm(1)
    norm.update(torch.full((100, 1), 5.0))
    assert float(norm(torch.tensor([5.001]))) == pytest.approx(0.1, rel=1e-2)


def test_all_axes_but_the_last_are_samples():
    batch = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0))
    whole, flat = RunningNorm(3), RunningNorm(3)
    whole.update(batch)
    flat.update(batch.reshape(20, 3))
    assert torch.equal(whole.mean, flat.mean)
    assert float(whole.count) == 20.0


def test_a_small_spread_far_from_zero_is_found_to_float32():
    far = 1e4 + 0.1 * torch.randn(1000, 1, generator=torch.Generator().manual_seed(0))
    norm = RunningNorm(1)
    for part in far.split(10):
        norm.update(part)
    assert float(norm.std) == pytest.approx(far.double().std(correction=0).item(), rel=1e-5)


def test_state_goes_on_to_the_bit():
    batches = torch.randn(6, 9, 2, generator=torch.Generator().manual_seed(0))
    straight, other = RunningNorm(2), RunningNorm(2)
    for batch in batches[:3]:
        straight.update(batch)
    other.load_state_dict(straight.state_dict())
    for norm in (straight, other):
        for batch in batches[3:]:
            norm.update(batch)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_returns_are_normalized_and_restored():
    norm = ReturnNorm(enabled=True)
    returns = torch.tensor([[2.0, 4.0], [6.0, 8.0]])
    norm.update(returns)
    normal = norm.normalize(returns)
    assert float(normal.mean()) == pytest.approx(0.0, abs=1e-6)
    assert float(normal.std(correction=0)) == pytest.approx(1.0, rel=1e-6)
    torch.testing.assert_close(norm.restore(normal), returns)
    # Mean 5, deviation √5: no clamp either, for a value is not a sensor.
    assert float(norm.restore(torch.tensor(100.0))) == pytest.approx(5.0 + 100.0 * 5.0**0.5, rel=1e-6)


def test_returns_stay_as_they_are_when_that_is_off():
    norm = ReturnNorm(enabled=False)
    returns = torch.tensor([2.0, 4.0, 6.0])
    norm.update(returns)
    assert torch.equal(norm.normalize(returns), returns)
    assert torch.equal(norm.restore(returns), returns)


def test_a_saved_state_of_returns_stays_as_it_was():
    norm, other = ReturnNorm(enabled=True), ReturnNorm(enabled=True)
    norm.update(torch.tensor([1.0, 2.0]))
    saved = norm.state_dict()
    norm.update(torch.tensor([50.0]))
    other.load_state_dict(saved)
    assert float(other.restore(torch.tensor(0.0))) == 1.5
