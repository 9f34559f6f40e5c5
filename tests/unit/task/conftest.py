"""Everything in the task runs on NumPy and on torch: tests that take `xp` or `array` run once on each."""

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import pytest


@pytest.fixture(params=[array_api_compat.numpy, array_api_compat.torch], ids=["numpy", "torch"])
def xp(request):
    """The array library, as a module of the array API."""
    return request.param


@pytest.fixture
def array(xp):
    """Nested lists → an array of the library: bool stays bool, int stays int, float becomes float32."""

    def make(values):
        host = np.asarray(values)
        return xp.asarray(host.astype(np.float32) if host.dtype == np.float64 else host)

    return make
