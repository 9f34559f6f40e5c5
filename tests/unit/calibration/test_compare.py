"""Two simulations beside a log: how far off each is, window by window, and what may be said of it."""

import numpy as np
import pytest

from surefoot_calibration.air.compare import judged
from surefoot_calibration.air.play import Played, rms_rad

JOINTS = ("a", "b")


def both(before, after, samples=10):
    """Windows of so many samples; errors [W][J] of either robot, constant over each window."""
    before, after = (np.repeat(np.array(one, dtype=float), samples, axis=0) for one in (before, after))
    count = len(before)
    measured = np.linspace(0.0, 1.0, 2 * count).reshape(count, 2)
    windows = np.repeat(np.arange(count // samples), samples)
    stamps = np.arange(count) / 200.0
    return Played("x.csv", JOINTS, stamps, windows, measured, measured, measured + before, measured + after)


def test_errors_are_root_mean_squares():
    found = both([[0.003, 0.1], [-0.004, 0.1]], [[0.0, 0.2], [0.002, 0.2]])
    before, after = rms_rad([found])
    # √((3² + 4²) / 2), √(2² / 2)
    np.testing.assert_allclose(before, [0.0035355339, 0.1])
    np.testing.assert_allclose(after, [0.0014142136, 0.2])
    in_windows = found.window_rms_rad()
    np.testing.assert_allclose(in_windows[0], [[0.003, 0.1], [0.004, 0.1]], rtol=1e-6)
    np.testing.assert_allclose(in_windows[1], [[0.0, 0.2], [0.002, 0.2]], atol=1e-12)
    np.testing.assert_allclose(rms_rad([found, found])[0], before)
    np.testing.assert_array_equal(found.rows(1), np.arange(10, 20))


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        # Logarithms of the ratios 2, 3, 4: mean 1.059, deviation 0.3500, times 4.303 / √3 is 0.8696 < 1.059.
        ([2.0, 3.0, 4.0], [1.0, 1.0, 1.0], "better"),
        # Of 1.1, 3, 4: mean 0.8600, deviation 0.6785, reach 1.686.
        ([1.1, 3.0, 4.0], [1.0, 1.0, 1.0], "no different"),
        ([1.0, 1.0, 1.0], [2.0, 3.0, 4.0], "worse"),
        # Smaller by half in nine windows, ten times as large in the tenth: not better over the log.
        ([1.0] * 10, [0.5] * 9 + [10.0], "no different"),
        ([0.0] * 3, [0.0] * 3, "no different"),
    ],
)
def test_what_is_said_must_be_so_from_window_to_window(before, after, verdict):
    found = judged(both([[one, 1.0] for one in before], [[one, 1.0] for one in after]))
    assert [row.verdict for row in found.rows] == [verdict, "no different"]
    assert (found.windows, found.rows[0].joint) == (len(before), "a")


def test_all_joints_are_judged_together():
    found = judged(both([[2.0, 2.0]] * 4, [[1.0, 0.5]] * 4))
    assert found.verdict == "better"
    assert (found.before_rad, found.after_rad) == (pytest.approx(2.0), pytest.approx(np.sqrt(0.625)))
