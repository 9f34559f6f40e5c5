"""Rotations are rotations, angles are angles, and random numbers stay where they belong."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surefoot_training.task.arrays import (
    Rng,
    gravity_in_base,
    rotate_into_base,
    rotate_into_world,
    rotation_of,
    to_numpy,
    wrap_angle,
    yaw_of,
)

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, scale=st.sampled_from([1e-2, 1.0, 1e3]))
def test_rotating_there_and_back_changes_nothing(xp, quantities_of, seed, scale):
    quantities = quantities_of(seed, scale)
    quaternion = xp.asarray(quantities["base_quaternion_wxyz"])
    vector = xp.asarray(quantities["base_velocity_in_base"])
    back = rotate_into_base(quaternion, rotate_into_world(quaternion, vector))
    np.testing.assert_allclose(to_numpy(back), to_numpy(vector), atol=2e-6 * scale * 5)


@given(seed=seeds)
def test_rotating_keeps_lengths_and_angles(xp, quantities_of, seed):
    quantities = quantities_of(seed, 1.0)
    quaternion = xp.asarray(quantities["base_quaternion_wxyz"])
    first, second = (quantities[name] for name in ("base_velocity_in_base", "velocity_command"))
    turned_first, turned_second = (to_numpy(rotate_into_base(quaternion, xp.asarray(v))) for v in (first, second))
    for one, other, turned in (
        (first, first, turned_first * turned_first),
        (first, second, turned_first * turned_second),
    ):
        np.testing.assert_allclose(turned.sum(-1), (one * other).sum(-1), rtol=1e-4, atol=1e-4)


@given(seed=seeds)
def test_gravity_is_the_vertical_turned_into_the_base(xp, quantities_of, seed):
    quaternion = xp.asarray(quantities_of(seed, 1.0)["base_quaternion_wxyz"])
    down = xp.asarray(np.tile(np.float32([0, 0, -1]), (3, 1)))
    expected = to_numpy(rotate_into_base(quaternion, down))
    np.testing.assert_allclose(to_numpy(gravity_in_base(rotation_of(quaternion))), expected, atol=1e-5)


@given(seed=seeds)
def test_yaw_is_where_the_nose_points(xp, quantities_of, seed):
    quaternion = xp.asarray(quantities_of(seed, 1.0)["base_quaternion_wxyz"])
    nose = to_numpy(rotate_into_world(quaternion, xp.asarray(np.tile(np.float32([1, 0, 0]), (3, 1)))))
    yaw, length = to_numpy(yaw_of(rotation_of(quaternion))), np.hypot(nose[:, 0], nose[:, 1])
    np.testing.assert_allclose(np.cos(yaw) * length, nose[:, 0], atol=1e-4)
    np.testing.assert_allclose(np.sin(yaw) * length, nose[:, 1], atol=1e-4)


@given(angle=st.floats(-50, 50, width=32))
def test_wrapped_angles_are_the_same_within_half_a_turn(xp, angle):
    wrapped = float(wrap_angle(xp.asarray(np.float32([angle])))[0])
    assert -math.pi - 1e-5 <= wrapped <= math.pi + 1e-5
    turns = (angle - wrapped) / (2 * math.pi)
    assert abs(turns - round(turns)) < 1e-5


@given(seed=seeds, low=st.floats(-1e3, 1e3), width=st.floats(0, 1e3))
def test_uniform_never_leaves_its_range(xp, seed, low, width):
    values = to_numpy(Rng(seed, xp).uniform(low, low + width, 20))
    assert (values >= np.float32(low)).all()
    assert (values <= np.float32(low + width)).all()


@given(seed=seeds, before=st.integers(0, 9))
def test_a_saved_source_goes_on_exactly(xp, seed, before):
    source, resumed = Rng(seed, xp), Rng(0, xp)
    source.normal(before)
    resumed.load_state_dict(source.state_dict())
    assert to_numpy(source.normal(5)).tolist() == to_numpy(resumed.normal(5)).tolist()
