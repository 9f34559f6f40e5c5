import math

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.learn.ppo import PPOConfig, adapted_kl_weight, adapted_learning_rate, entropy_weight

TARGET = 0.03


@pytest.mark.parametrize(
    ("kl", "weight"),
    [
        (0.0, 1.0),
        (0.0199, 1.0),  # below 0.03 / 1.5
        (0.0201, 2.0),
        (0.03, 2.0),
        (0.0449, 2.0),
        (0.0451, 4.0),  # above 0.03 × 1.5
        (9.0, 4.0),
    ],
)
def test_the_kl_weight_doubles_and_halves_outside_its_band(kl, weight):
    assert adapted_kl_weight(2.0, kl, TARGET) == weight


def test_the_kl_weight_stays_where_it_can_come_back_from():
    small = large = 1.0
    for _ in range(100):
        small, large = adapted_kl_weight(small, 0.0, TARGET), adapted_kl_weight(large, 9.0, TARGET)
    assert (small, large) == (1e-4, 1e4)


@pytest.mark.parametrize(
    ("kl", "rate"), [(0.0, 1.5e-3), (0.0149, 1.5e-3), (0.0151, 1e-3), (0.0599, 1e-3), (0.0601, 1e-3 / 1.5)]
)
def test_the_learning_rate_follows_the_kl(kl, rate):
    config = PPOConfig(target_kl=TARGET)
    assert adapted_learning_rate(1e-3, kl, config, 0.0) == pytest.approx(rate, rel=1e-9)


def test_the_learning_rate_stays_within_its_bounds():
    config = PPOConfig(target_kl=TARGET, min_learning_rate=9e-4, max_learning_rate=1.2e-3)
    assert adapted_learning_rate(1e-3, 0.0, config, 0.0) == 1.2e-3
    assert adapted_learning_rate(1e-3, 1.0, config, 0.0) == 9e-4


def test_the_learning_rate_aims_at_less_and_less():
    config = PPOConfig(target_kl=0.04, target_kl_end=0.01)
    # Half way the target is 0.025: 0.049 and 0.013 are within twice and half of it, 0.051 and 0.012 are not.
    rates = [adapted_learning_rate(1e-3, kl, config, 0.5) for kl in (0.049, 0.013, 0.051, 0.012)]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3 / 1.5, 1.5e-3], rel=1e-9)


def test_the_entropy_bonus_fades_linearly():
    config = PPOConfig(entropy=0.01, entropy_end=0.002)
    weights = [entropy_weight(config, progress) for progress in (0.0, 0.25, 1.0)]
    assert weights == pytest.approx([0.01, 0.008, 0.002], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("epochs", 0),
        ("minibatches", 0),
        ("gamma", 1.1),
        ("lam", -0.1),
        ("clip", 0.0),
        ("learning_rate", -1e-3),
        ("learning_rate", math.nan),
        ("entropy", -0.1),
        ("min_learning_rate", 1.0),
    ],
)
def test_what_cannot_be_learned_with_is_refused(name, value):
    with pytest.raises(SurefootError, match=rf"ppo: {name}"):
        PPOConfig(**{name: value})
