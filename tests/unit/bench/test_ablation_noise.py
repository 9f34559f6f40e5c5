"""What is noise, by hand."""

import math

import pytest

from surefoot_training.bench.ablation_noise import Difference, Spread, difference_of, spread_of

FULL, NONE, VELOCITY = (0.10, 0.12), (0.30, 0.34), (0.13, 0.11)
# Squares around the means: 2 × 0.01², 2 × 0.02², 2 × 0.01², over three degrees of freedom.
DEVIATION = math.sqrt((2 * 0.0001 + 2 * 0.0004 + 2 * 0.0001) / 3)


def test_spread_is_pooled_over_variants() -> None:
    spread = spread_of([FULL, NONE, VELOCITY])
    assert spread.deviation == pytest.approx(DEVIATION)
    assert spread.deviation == pytest.approx(0.02)
    assert spread.degrees_of_freedom == 3


def test_variants_with_more_seeds_count_for_more() -> None:
    """4 around a mean of 2, with two degrees of freedom, beside 2 with one: √((8 + 2) / 3)."""
    spread = spread_of([(0.0, 2.0, 4.0), (1.0, 3.0, None), (7.0, None, None), (None, None, None)])
    assert spread == Spread(pytest.approx(math.sqrt(10 / 3)), 3)


def test_one_seed_has_no_spread() -> None:
    assert spread_of([(1.0,), (2.0,), (None,)]) == Spread(None, 0)
    assert difference_of((2.0,), (1.5,), Spread(None, 0)) == Difference(0.5, 1, None, None)


def test_a_difference_is_by_pairs_and_its_error_of_two_means() -> None:
    """(0.20 + 0.22) / 2; 2 × 0.02 × √(2/2)."""
    difference = difference_of(NONE, FULL, Spread(0.02, 3))
    assert difference == Difference(pytest.approx(0.21), 2, pytest.approx(0.04), False)
    other_way = difference_of(FULL, NONE, Spread(0.02, 3))
    assert other_way == Difference(pytest.approx(-0.21), 2, pytest.approx(0.04), False)
    # 0.03 and −0.01: 0.01 on average.
    assert difference_of(VELOCITY, FULL, Spread(0.02, 3)) == Difference(
        pytest.approx(0.01), 2, pytest.approx(0.04), True
    )


def test_more_seeds_see_smaller_differences() -> None:
    """The same 0.03: within 0.04 of two seeds, beyond 2 × 0.02 × √(2/8) = 0.02 of eight."""
    two, eight = (difference_of((0.13,) * n, (0.10,) * n, Spread(0.02, 5)) for n in (2, 8))
    assert two is not None
    assert eight is not None
    assert (two.is_noise, eight.is_noise) == (True, False)
    assert eight.twice_error == pytest.approx(0.02)


def test_only_pairs_count() -> None:
    difference = difference_of((1.0, None, 4.0), (0.0, 5.0, None), Spread(0.1, 2))
    assert difference == Difference(1.0, 1, pytest.approx(0.2 * math.sqrt(2)), False)
    assert difference_of((1.0, None), (None, 1.0), Spread(0.1, 1)) is None


def test_no_difference_is_noise_even_where_there_is_no_spread() -> None:
    """Nobody falls, whatever the variant."""
    spread = spread_of([(0.0, 0.0), (0.0, 0.0)])
    assert spread == Spread(0.0, 2)
    assert difference_of((0.0, 0.0), (0.0, 0.0), spread) == Difference(0.0, 2, 0.0, True)
    assert difference_of((1.0, 1.0), (0.0, 0.0), spread) == Difference(1.0, 2, 0.0, False)
