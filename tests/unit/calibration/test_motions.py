"""Shapes of motion: what they are at hand-picked times, and that they stay between -1 and 1."""

import numpy as np
import pytest

from surefoot_calibration.air.motions import chirp, fade, ladder, multisine, triangle

T = np.arange(0.0, 8.0, 0.005)


def test_a_triangle():
    share = np.array([0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.25, 2.5])
    np.testing.assert_allclose(triangle(share), [0.0, 0.5, 1.0, 0.0, -1.0, 0.0, 1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0.2, 10.0), (10.0, 0.2)])
def test_a_chirp_goes_through_its_frequencies_at_bounded_speed(low, high):
    wave = chirp(T, low, high)
    assert np.abs(wave).max() <= 1.0
    crossings = T[1:][np.diff(np.sign(wave)) != 0]
    # Half periods at the ends: the frequency there.
    first, last = 0.5 / np.diff(crossings)[[0, -1]]
    slow, fast = sorted((first, last))
    assert slow < 2.0
    assert fast == pytest.approx(10.0, rel=0.05)
    assert (first < last) == (low < high)
    assert np.abs(np.gradient(wave, T)).max() < 1.05 * 2.0 * np.pi * 1.5


def test_a_multisine_has_its_lines_at_equal_speed_and_peaks_at_one():
    wave = multisine(T, np.array([1.0, 3.0]), np.array([0.0, np.pi / 2.0]))
    assert np.abs(wave).max() == 1.0
    spectrum = np.abs(np.fft.rfft(wave))
    assert set(np.argsort(spectrum)[-2:]) == {8, 24}  # 8 s: 1 and 3 Hz
    assert spectrum[8] / spectrum[24] == pytest.approx(3.0)


def test_a_ladder_has_its_speeds_and_reverses_at_each():
    speeds = [0.1, 0.5, 1.0, 4.0]
    wave = 0.4 * ladder(T, 0.4, speeds)
    assert np.abs(wave).max() <= 0.4 + 1e-9
    for number, speed in enumerate(speeds):
        inside = np.abs(T - 2.0 * number - 1.0) < 0.98
        slope = np.gradient(wave[inside], T[inside])
        # Nearly its speed, whole periods fit: and both ways for as long.
        assert np.median(np.abs(slope)) == pytest.approx(speed, rel=0.25)
        assert abs((slope > 0).mean() - 0.5) < 0.03
        assert (np.diff(np.sign(slope)) != 0).sum() >= 4
    assert wave[0] == 0.0


def test_a_fade_begins_and_ends_at_rest():
    window = fade(T)
    assert (window[0], window[-1], window[len(T) // 2]) == (0.0, 0.0, 1.0)
    assert np.abs(np.gradient(window, T)[[0, -1]]).max() < 0.2
    assert (np.diff(window[: len(T) // 2]) >= 0.0).all()
