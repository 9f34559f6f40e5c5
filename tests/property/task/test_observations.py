"""What holds for every observation: one float32 row per robot, of that robot alone; nothing lost is hidden."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import rotation_of, to_numpy
from surefoot_training.task.observations import policy_terms, privileged_terms
from surefoot_training.task.terms import arguments_of

TERMS = {term.name: term for term in (*policy_terms(12, 5), *privileged_terms(6, 5))}
seeds = st.integers(0, 2**32 - 1)


def value_of(name, quantities, xp):
    wanted = arguments_of(TERMS[name].function).quantities
    return TERMS[name].function(**{each: xp.asarray(quantities[each]) for each in wanted})


@pytest.mark.parametrize("name", TERMS)
@given(seed=seeds, scale=st.sampled_from([1e-2, 1.0, 1e3]))
@settings(max_examples=20)
def test_has_the_size_of_its_table_and_a_row_per_robot(name, xp, quantities_of, seed, scale):
    quantities = quantities_of(seed, scale)
    value = value_of(name, quantities, xp)
    assert value.dtype == xp.float32
    assert tuple(value.shape) == (3, TERMS[name].size)
    assert np.isfinite(to_numpy(value)).all()
    turned_round = {each: v[::-1].copy() for each, v in quantities.items()}
    np.testing.assert_array_equal(to_numpy(value_of(name, turned_round, xp)), to_numpy(value)[::-1])


@pytest.mark.parametrize("name", sorted(TERMS.keys() - {"foot_contacts", "height_scan_valid"}))  # flags cannot be NaN
@given(seed=seeds)
@settings(max_examples=5)
def test_does_not_hide_nan(name, xp, quantities_of, seed):
    quantities = quantities_of(seed, 1.0)
    quantities[arguments_of(TERMS[name].function).quantities[0]][1] = np.nan
    value = to_numpy(value_of(name, quantities, xp))
    assert np.isnan(value[1]).all()
    assert np.isfinite(value[[0, 2]]).all()


@given(seed=seeds, turn_rad=st.floats(-3.0, 3.0))
def test_a_critic_sees_the_same_whichever_way_the_robot_faces(xp, quantities_of, seed, turn_rad):
    # The world, robot and all, turned about the vertical.
    quantities = quantities_of(seed, 10.0)
    cos, sin = np.cos(turn_rad), np.sin(turn_rad)
    turn = np.float32([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    turned = dict(quantities)
    for name in ("foot_force_in_world_n", "disturbance_force_in_world_n"):
        turned[name] = quantities[name] @ turn
    w, x, y, z = quantities["base_quaternion_wxyz"].T
    c, s = np.cos(turn_rad / 2), np.sin(turn_rad / 2)
    quaternion = np.stack([c * w - s * z, c * x - s * y, c * y + s * x, c * z + s * w], axis=-1)
    turned["base_rotation"] = rotation_of(quaternion.astype(np.float32))
    for name in ("foot_forces_in_base", "disturbance_force_in_base"):
        np.testing.assert_allclose(
            to_numpy(value_of(name, turned, xp)), to_numpy(value_of(name, quantities, xp)), atol=2e-4
        )
