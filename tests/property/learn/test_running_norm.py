"""However samples arrive, their statistics are those of all of them together."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surefoot_training.nets.running_norm import RunningNorm

SAMPLES = arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-1000.0, 1000.0, width=32))


@given(SAMPLES, st.lists(st.integers(0, 40), max_size=6))
def test_any_split_into_batches_gives_numpys_mean_and_variance(samples, cuts):
    norm = RunningNorm(3)
    for batch in np.split(samples, sorted(min(cut, len(samples)) for cut in cuts)):
        norm.update(torch.from_numpy(batch))
    exact = samples.astype(np.float64)
    assert float(norm.count) == len(samples)
    np.testing.assert_allclose(norm.mean, exact.mean(0), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(norm.variance, exact.var(0), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(norm.std, exact.std(0).clip(1e-2), rtol=1e-5, atol=1e-6)
    assert bool((norm(torch.from_numpy(samples)).abs() <= 10.0).all())
