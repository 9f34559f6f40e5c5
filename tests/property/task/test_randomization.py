"""What holds for every sample of every configuration."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import Rng
from surefoot_training.task.randomization import RandomizationConfig, normalised, sample, sample_start
from surefoot_training.task.settings import rows

DEFAULT = RandomizationConfig()
SPANS = [row for row in rows(DEFAULT) if row.name != "payload_change_share"]


@st.composite
def configurations(draw):
    """Any part of every default range: still physical, possibly of no width."""
    narrowed = {}
    for row in SPANS:
        shares = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
        narrowed[row.name] = tuple(row.low + share * (row.high - row.low) for share in shares)
    return dataclasses.replace(DEFAULT, **narrowed)


@given(config=configurations(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_samples_are_finite_within_range_and_normalised_to_one(config, seed):
    rng = Rng(seed, np)
    parameters, start = sample(config, 4, rng), sample_start(config, 4, rng)
    for name, values in (parameters | start).items():
        assert values.dtype == np.float32
        assert np.isfinite(values).all(), name
        if hasattr(config, name):
            low, high = getattr(config, name)
            assert (values >= np.float32(low)).all(), name
            assert (values <= np.float32(high)).all(), name
    shown = normalised(parameters, config, tuple(parameters))
    assert (abs(shown) <= 1).all()  # not NaN either


@given(config=configurations(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_same_seed_same_robots(config, seed):
    first, second = (sample(config, 3, Rng(seed, np)) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)
