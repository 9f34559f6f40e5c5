"""Generalized advantage estimation, by hand: γ = 0.5, λ = 0.5, so that γλ = 0.25."""

import pytest
import torch

from surefoot_training.learn.ppo import compute_gae


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values).unsqueeze(-1)


def gae(reward, value, next_value, ended, *, gamma=0.5, lam=0.5):
    advantage, returns = compute_gae(
        column(*reward),
        column(*value),
        column(*next_value),
        torch.tensor(ended).unsqueeze(-1),
        gamma=gamma,
        lam=lam,
    )
    return advantage.flatten().tolist(), returns.flatten().tolist()


def test_within_an_episode():
    # δ = 1 + .5×4 − 2 = 1;  2 + .5×6 − 4 = 1;  3 + .5×8 − 6 = 1
    # A₂ = 1; A₁ = 1 + .25 × 1 = 1.25; A₀ = 1 + .25 × 1.25 = 1.3125
    advantage, returns = gae([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [4.0, 6.0, 8.0], [False] * 3)
    assert advantage == [1.3125, 1.25, 1.0]
    assert returns == [3.3125, 5.25, 7.0]


def test_nothing_is_to_be_had_after_a_fall():
    # δ₁ = 2 + .5×0 − 4 = −2, and the chain ends there: A₁ = −2, A₀ = 1 − .25×2 = .5; A₂ of the next episode stays out.
    advantage, returns = gae([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [4.0, 0.0, 8.0], [False, True, False])
    assert advantage == [0.5, -2.0, 1.0]
    assert returns == [2.5, 2.0, 7.0]


def test_a_time_out_is_worth_what_was_seen_last():
    # The last sight is worth 10, the new beginning (row 2) 6: δ₁ = 2 + .5×10 − 4 = 3; A₀ = 1 + .25×3 = 1.75.
    advantage, returns = gae([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [4.0, 10.0, 8.0], [False, True, False])
    assert advantage == [1.75, 3.0, 1.0]
    assert returns == [3.75, 7.0, 7.0]


def test_an_end_in_the_last_step_and_in_every_step():
    advantage, _ = gae([1.0, 2.0], [2.0, 4.0], [0.0, 0.0], [True, True])
    assert advantage == [-1.0, -2.0]


def test_lambda_zero_looks_one_step_ahead_and_lambda_one_to_the_end():
    reward, value, next_value, ended = [1.0, 1.0, 1.0], [5.0, 7.0, 9.0], [7.0, 9.0, 0.0], [False, False, True]
    one_step, _ = gae(reward, value, next_value, ended, gamma=1.0, lam=0.0)
    assert one_step == [3.0, 3.0, -8.0]
    _, returns = gae(reward, value, next_value, ended, gamma=1.0, lam=1.0)
    assert returns == [3.0, 2.0, 1.0]


def test_copies_do_not_mix():
    generator = torch.Generator().manual_seed(0)
    reward, value, next_value = torch.randn(3, 5, 4, generator=generator)
    ended = torch.rand(5, 4, generator=generator) < 0.3
    together, _ = compute_gae(reward, value, next_value, ended, gamma=0.9, lam=0.8)
    for copy in range(4):
        part = slice(copy, copy + 1)
        alone, _ = compute_gae(reward[:, part], value[:, part], next_value[:, part], ended[:, part], gamma=0.9, lam=0.8)
        assert torch.equal(alone, together[:, part])


@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_the_edges_of_gamma(gamma):
    advantage, _ = gae([1.0], [2.0], [4.0], [False], gamma=gamma)
    assert advantage == [1.0 + gamma * 4.0 - 2.0]
