"""Windows begin somewhere between what was measured: what a better beginning would mend is no error of parameters.

To first order, a change of a window's first angles and speeds adds a combination of a few known columns to its errors.
Errors and slopes are both freed of those columns (variable projection), so that the best beginning counts for whatever
parameters are tried, without being a parameter itself.
"""

from __future__ import annotations

import numpy as np

from surefoot_calibration.air.model import ROLES
from surefoot_calibration.log.joint_log import FloatArray

NEGLIGIBLE = 1e-8
"""Of the largest singular value: directions of beginnings that change nothing."""


class Projection:
    """Onto what no beginning can mend, window by window and leg by leg."""

    def __init__(self, starts: FloatArray, window_of: FloatArray) -> None:
        """`starts` [S, J, columns]: see `AirModel.start_slopes`; in the units of the errors that will be projected."""
        windows = np.unique(window_of)
        self._rows = [np.flatnonzero(window_of == window) for window in windows]
        self._bases = [
            [_basis(starts[rows, leg : leg + ROLES].reshape(-1, starts.shape[2])) for leg in self._legs(starts)]
            for rows in self._rows
        ]

    def of(self, values: FloatArray) -> FloatArray:
        """[S, J, …] without what beginnings can mend."""
        left = values.copy()
        for rows, bases in zip(self._rows, self._bases, strict=True):
            for leg, basis in zip(self._legs(values), bases, strict=True):
                part = values[rows, leg : leg + ROLES]
                flat = part.reshape(len(basis), -1)
                left[rows, leg : leg + ROLES] = (flat - basis @ (basis.T @ flat)).reshape(part.shape)
        return left

    @staticmethod
    def _legs(values: FloatArray) -> range:
        return range(0, values.shape[1], ROLES)


def _basis(columns: FloatArray) -> FloatArray:
    """Orthonormal, of the same span."""
    left, sizes, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0).clip(1e-300), full_matrices=False)
    basis: FloatArray = left[:, sizes > NEGLIGIBLE * sizes[0]]
    return basis
