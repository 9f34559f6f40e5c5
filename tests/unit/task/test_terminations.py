"""Every termination term against cases worked out by hand."""

import inspect
import math

import numpy as np
import pytest

from surefoot_training.task import terminations
from surefoot_training.task.arrays import to_numpy

YES, NO, NAN = True, False, math.nan


def leaning(roll_rad):
    return [0.0, -math.sin(roll_rad), -math.cos(roll_rad)]


# term → (quantities, parameters, ends the episode)
CASES = {
    "trunk_on_ground": [({"trunk_contact": [YES, NO]}, {}, [YES, NO])],
    "tilted": [
        (
            {"gravity_in_base": [leaning(0.0), leaning(0.99), leaning(1.01), leaning(-1.01), leaning(math.pi)]},
            {"limit_rad": 1.0},
            [NO, NO, YES, YES, YES],
        ),
        # A gravity that is not a unit vector leans no more and no less; NaN anywhere has lost the robot.
        (
            {"gravity_in_base": [[0.0, 0.0, -0.1], [NAN, 0.0, -1.0], [0.0, NAN, -1.0], [0.0, 0.0, NAN]]},
            {"limit_rad": 1.0},
            [NO, YES, YES, YES],
        ),
    ],
    "too_low": [({"base_height_m": [0.2, 0.1, 0.09, NAN]}, {"lowest_m": 0.1}, [NO, NO, YES, YES])],
    "out_of_time": [
        # 20 s are reached by summing 1000 steps of 0.02 s in float32, which ends a little beside 20.
        (
            {"episode_time_s": [0.0, 19.98, 20.0, 19.9999, 25.0, NAN], "control_dt_s": 0.02},
            {"limit_s": 20.0},
            [NO, NO, YES, YES, YES, YES],
        )
    ],
    "off_terrain": [
        (
            {"distance_to_edge_m": [1.5, 1.0, 0.9, -2.0, float("inf"), NAN]},
            {"margin_m": 1.0},
            [NO, NO, YES, YES, NO, YES],
        )
    ],
}


def terms():
    return {
        name: function
        for name, function in inspect.getmembers(terminations, inspect.isfunction)
        if function.__module__ == terminations.__name__ and not name.startswith("_")
    }


def test_every_termination_has_a_case_worked_out_by_hand():
    assert sorted(CASES) == sorted(terms())


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_termination(name, case, array, xp):
    inputs, parameters, expected = case
    given = {quantity: array(value) if isinstance(value, list) else value for quantity, value in inputs.items()}
    ends = terms()[name](**given, **parameters)
    assert ends.dtype == xp.bool
    assert to_numpy(ends).tolist() == expected


def test_a_summed_episode_time_ends_on_the_right_step(array):
    time_s = np.float32(0.0)
    for step in range(1, 1001):
        time_s += np.float32(0.02)
        ends = terminations.out_of_time(array([float(time_s)]), 0.02, limit_s=20.0)
        assert bool(ends[0]) == (step == 1000)
