"""Allan deviations beside published ones, and their intervals beside chance."""

import numpy as np
import pytest

from surefoot_calibration.sensors.allan import _variance, allan, degrees_of_freedom, freedom_of_parts, interval

RIELY_9 = [892.0, 809.0, 823.0, 798.0, 671.0, 644.0, 883.0, 903.0, 677.0]
"""NIST SP 1065, table 31."""


def deviation(values, steps):
    table = np.asarray(values, dtype=float)[:, None]
    return float(np.sqrt(_variance([np.concatenate(([[0.0]], np.cumsum(table, axis=0)))], steps)[0]))


@pytest.mark.parametrize(("steps", "published"), [(1, 91.22945), (2, 85.95287)])
def test_the_handbooks_nine_points(steps, published):
    assert deviation(RIELY_9, steps) == pytest.approx(published, abs=1e-5)


@pytest.mark.parametrize(("steps", "published"), [(1, 2.922319e-01), (10, 9.159953e-02), (100, 3.241343e-02)])
def test_the_handbooks_thousand_points(steps, published):
    """The generator is its own, too: 16807 n modulo 2^31 - 1."""
    number, values = 1234567890, []
    for _ in range(1000):
        values.append(number / 2147483647)
        number = 16807 * number % 2147483647
    assert deviation(values, steps) == pytest.approx(published, rel=1e-6)


def test_axes_and_parts_count_together():
    """Differences across a gap are none: [1 2 4 | 9 9 9] has 1, 2, 0, 0 and no 5."""
    curve = allan([np.array([[1.0], [2.0], [4.0]]), np.array([[9.0], [9.0], [9.0]])], 0.5)
    assert curve.tau_s.tolist() == [0.5]
    assert curve.deviation[0, 0] == pytest.approx(np.sqrt(0.5 * (1 + 4) / 4))


def test_white_noise_falls_and_a_walk_rises():
    rng = np.random.default_rng(0)
    white = rng.standard_normal((20_000, 1))
    both = np.concatenate((0.3 * white, np.cumsum(0.1 * rng.standard_normal((20_000, 1)), axis=0)), axis=1)
    curve = allan([both], 0.01)
    at = int(np.argmin(np.abs(curve.tau_s - 1.0)))
    steps = curve.steps(at)
    assert curve.deviation[at, 0] == pytest.approx(0.3 / np.sqrt(steps), rel=0.1)
    # K sqrt(tau / 3), with K² tau the variance that the walk gains.
    assert curve.deviation[at, 1] == pytest.approx(0.1 * np.sqrt(steps / 3.0), rel=0.15)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of white noise, of which half a thousand stretches of 16 have deviation 1/4."""
    rng, inside = np.random.default_rng(1), 0
    freedom = degrees_of_freedom(2001, 16, "white")
    for _ in range(400):
        low, high = interval(deviation(rng.standard_normal(2000), 16), freedom)
        inside += low <= 0.25 <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_parts_too_short_for_a_stretch_do_not_make_it_surer():
    """Of one part of 2000 samples and 40 of 300, the longest stretches are seen in the first alone."""
    rng, inside, runs = np.random.default_rng(2), 0, 200
    for _ in range(runs):
        curve = allan([rng.standard_normal((size, 1)) for size in (2000, *[300] * 40)], 0.01)
        steps = curve.steps(-1)
        assert 300 < 2 * steps <= 2000
        inside += curve.low[-1, 0] <= 1.0 / np.sqrt(steps) <= curve.high[-1, 0]
    assert inside / runs >= 0.88
    assert freedom_of_parts((2000, *[300] * 40), 256, "white") == degrees_of_freedom(2001, 256, "white")
    both = degrees_of_freedom(2001, 10, "white") + 40 * degrees_of_freedom(301, 10, "white")
    assert freedom_of_parts((2000, *[300] * 40), 10, "white") == pytest.approx(both)
    # Two stretches, and one sample less.
    assert freedom_of_parts((20, 20, 19), 10, "walk") == 2.0


def test_two_samples_between_gaps_are_one_difference():
    assert freedom_of_parts((2, 2, 1), 1, "walk") == 2.0


@pytest.mark.parametrize(("noise", "share"), [("white", 2.0 / 3.0), ("flicker", 2.0 / 2.3), ("walk", 1.0)])
def test_neighbouring_samples_are_nearly_free(noise, share):
    """Table 5 of the handbook, for many points and stretches of one sample."""
    assert degrees_of_freedom(100_001, 1, noise) / 100_000 == pytest.approx(share, rel=0.01)
