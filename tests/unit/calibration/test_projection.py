"""What beginnings can mend is taken out, and nothing else."""

import numpy as np

from surefoot_calibration.air.projection import Projection

RNG = np.random.default_rng(0)
WINDOW_OF = np.repeat([0.0, 1.0], [20, 30])
STARTS = RNG.standard_normal((50, 6, 4))


def test_what_a_beginning_can_mend_is_nothing():
    projection = Projection(STARTS, WINDOW_OF)
    # Another combination in each window and for each leg.
    mended = np.zeros((50, 6))
    for window in range(2):
        for leg in range(2):
            rows, joints = window == WINDOW_OF, slice(3 * leg, 3 * leg + 3)
            mended[rows, joints] = STARTS[rows, joints] @ RNG.standard_normal(4)
    np.testing.assert_allclose(projection.of(mended), 0.0, atol=1e-12)


def test_what_is_left_is_orthogonal_to_it_and_stays():
    projection = Projection(STARTS, WINDOW_OF)
    values = RNG.standard_normal((50, 6, 3))
    left = projection.of(values)
    np.testing.assert_allclose(projection.of(left), left, atol=1e-12)
    rows = WINDOW_OF == 1.0
    np.testing.assert_allclose(np.einsum("sjc,sjv->cv", STARTS[rows, :3], left[rows, :3]), 0.0, atol=1e-12)
    np.testing.assert_allclose(projection.of(values[:, :, 1]), left[:, :, 1], atol=1e-12)


def test_beginnings_that_change_nothing_take_nothing():
    starts = STARTS.copy()
    starts[:, :, 2:] = 0.0
    starts[:, :, 1] = starts[:, :, 0]
    left = Projection(starts, WINDOW_OF).of(STARTS)
    # One direction for each window and leg.
    assert np.linalg.matrix_rank((STARTS - left)[WINDOW_OF == 0.0, :3].reshape(60, 4)) == 1
