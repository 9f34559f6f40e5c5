"""Against torch.distributions, which nothing else here uses."""

import math

import pytest
import torch
from torch.distributions import Categorical as TorchCategorical
from torch.distributions import Independent, Normal, kl_divergence

from surefoot_training.nets.distributions import Categorical, Gaussian


def parameters_of(seed: int, n: int = 7, actions: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mean = 3.0 * torch.randn(n, actions, generator=generator)
    return torch.cat([mean, torch.randn(n, actions, generator=generator)], dim=-1)


def judge_of(parameters: torch.Tensor) -> Independent:
    mean, log_std = parameters.chunk(2, dim=-1)
    return Independent(Normal(mean, log_std.exp()), 1)


def test_a_gaussian_agrees_with_torch():
    parameters, action = parameters_of(0), parameters_of(1)[:, :3]
    mine, judge = Gaussian(parameters), judge_of(parameters)
    torch.testing.assert_close(mine.log_prob(action), judge.log_prob(action))
    torch.testing.assert_close(mine.entropy(), judge.entropy())
    torch.testing.assert_close(mine.mode(), judge.mean)


def test_the_kl_of_gaussians_is_from_the_old_one_to_this():
    old, new = parameters_of(2), parameters_of(3)
    torch.testing.assert_close(Gaussian(new).kl_from(Gaussian(old)), kl_divergence(judge_of(old), judge_of(new)))
    # One action, N(0, 1) to N(1, 2): log 2 + (1 + 1) / 8 − 1/2; the other way around it is another number.
    new = Gaussian(torch.tensor([[1.0, math.log(2.0)]]))
    assert float(new.kl_from(Gaussian(torch.zeros(1, 2)))) == pytest.approx(math.log(2.0) - 0.25, rel=1e-6)


def test_a_choice_agrees_with_torch():
    logits, other = parameters_of(4), parameters_of(5)
    choice = torch.tensor([0, 5, 2, 3, 1, 4, 0])
    mine, judge = Categorical(logits), TorchCategorical(logits=logits)
    torch.testing.assert_close(mine.log_prob(choice), judge.log_prob(choice))
    torch.testing.assert_close(mine.entropy(), judge.entropy())
    torch.testing.assert_close(
        mine.kl_from(Categorical(other)), kl_divergence(TorchCategorical(logits=other), judge), rtol=1e-5, atol=1e-6
    )
    assert mine.mode().tolist() == logits.argmax(-1).tolist()


@pytest.mark.parametrize("kind", [Gaussian, Categorical])
def test_nothing_lies_between_a_distribution_and_itself(kind):
    parameters = parameters_of(6)
    torch.testing.assert_close(kind(parameters).kl_from(kind(parameters)), torch.zeros(7), rtol=0, atol=1e-6)


def test_samples_of_a_gaussian_have_its_mean_and_deviation():
    parameters = torch.tensor([2.0, -1.0, math.log(0.5), math.log(3.0)]).expand(20_000, 4)
    samples = Gaussian(parameters).sample(torch.Generator().manual_seed(0))
    # Five standard errors.
    torch.testing.assert_close(samples.mean(0), torch.tensor([2.0, -1.0]), rtol=0, atol=5 * 3.0 / math.sqrt(20_000))
    torch.testing.assert_close(samples.std(0), torch.tensor([0.5, 3.0]), rtol=0.03, atol=0)


def test_choices_are_drawn_by_their_probabilities():
    probabilities = torch.tensor([0.5, 0.3, 0.2, 0.0])
    samples = Categorical(probabilities.log().expand(20_000, 4)).sample(torch.Generator().manual_seed(0))
    shares = torch.bincount(samples, minlength=4) / 20_000
    torch.testing.assert_close(shares, probabilities, rtol=0, atol=0.02)
    assert shares[3] == 0.0


@pytest.mark.parametrize("kind", [Gaussian, Categorical])
def test_the_generator_decides_the_sample(kind):
    distribution = kind(parameters_of(7, n=50))
    first, again, other = (distribution.sample(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
