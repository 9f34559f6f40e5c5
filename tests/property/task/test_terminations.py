"""What holds for every termination, whatever the robots do."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task import terminations
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.terms import arguments_of

TERMS = {
    name: function
    for name, function in inspect.getmembers(terminations, inspect.isfunction)
    if function.__module__ == terminations.__name__ and not name.startswith("_")
}
PARAMETERS = {
    "limit_rad": 0.8,
    "lowest_m": 0.1,
    "limit_s": 2.0,
    "margin_m": 1.0,
}

seeds = st.integers(0, 2**32 - 1)


def ends_of(name, quantities, xp):
    arguments = arguments_of(TERMS[name])
    given_quantities = {each: xp.asarray(quantities[each]) for each in arguments.quantities if each != "control_dt_s"}
    if "control_dt_s" in arguments.quantities:
        given_quantities["control_dt_s"] = 0.02
    ends = TERMS[name](**given_quantities, **{each: PARAMETERS[each] for each in arguments.required_parameters})
    assert ends.dtype == xp.bool
    return to_numpy(ends).tolist()


@pytest.mark.parametrize("name", TERMS)
@given(seed=seeds, scale=st.sampled_from([0.1, 1.0, 10.0]))
@settings(max_examples=25)
def test_of_a_robot_depends_on_no_other_robot(name, xp, quantities_of, seed, scale):
    quantities = quantities_of(seed, scale)
    turned_round = {each: value[::-1].copy() for each, value in quantities.items()}
    assert ends_of(name, turned_round, xp) == ends_of(name, quantities, xp)[::-1]


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("tilted", "gravity_in_base"),
        ("too_low", "base_height_m"),
        ("out_of_time", "episode_time_s"),
        ("off_terrain", "distance_to_edge_m"),
    ],
)
@given(seed=seeds)
@settings(max_examples=15)
def test_lost_numbers_end_the_episode_of_that_robot_only(name, quantity, xp, quantities_of, seed):
    quantities = quantities_of(seed, 1.0)
    before = ends_of(name, quantities, xp)
    quantities[quantity][1] = np.nan
    assert ends_of(name, quantities, xp) == [before[0], True, before[2]]


@given(seed=seeds, limit_rad=st.floats(0.05, 3.0))
def test_tilted_compares_the_angle_to_the_vertical(xp, quantities_of, seed, limit_rad):
    gravity = quantities_of(seed, 1.0)["gravity_in_base"]
    angle = np.arccos(np.clip(-gravity[:, 2], -1, 1))
    clear = abs(angle - limit_rad) > 1e-3
    ends = to_numpy(terminations.tilted(xp.asarray(gravity), limit_rad=limit_rad))
    assert (ends == (angle > limit_rad))[clear].all()
