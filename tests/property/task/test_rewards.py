"""What holds for every reward, whatever the robots do."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task import rewards
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.terms import arguments_of

TERMS = {
    name: function
    for name, function in inspect.getmembers(rewards, inspect.isfunction)
    if function.__module__ == rewards.__name__ and not name.startswith("_")
}
PARAMETERS = {"target_m": 0.2, "limit_n": 50.0}  # those without a default
SHARES = {"linear_velocity_tracking", "yaw_rate_tracking", "gait_clock_contact", "uprightness", "pose_closeness"}
PER_JOINT = {"default_joint_position", "joint_lower", "joint_upper", "torque_limit_nm", "joint_speed_limit"}

seeds = st.integers(0, 2**32 - 1)
scales = st.sampled_from([1e-3, 1.0, 30.0, 1e3])
every_reward = pytest.mark.parametrize("name", TERMS)


def value_of(name, quantities, xp):
    function = TERMS[name]
    arguments = arguments_of(function)
    parameters = {each: PARAMETERS[each] for each in arguments.required_parameters}
    return function(**{each: xp.asarray(quantities[each]) for each in arguments.quantities}, **parameters)


@every_reward
@given(seed=seeds, scale=scales)
@settings(max_examples=25)
def test_is_a_finite_positive_float32_per_robot(name, xp, quantities_of, seed, scale):
    value = value_of(name, quantities_of(seed, scale), xp)
    assert value.dtype == xp.float32
    assert tuple(value.shape) == (3,)
    assert np.isfinite(to_numpy(value)).all()
    assert (to_numpy(value) >= 0).all()
    if name in SHARES:
        assert (to_numpy(value) <= 1 + 1e-6).all()


@every_reward
@given(seed=seeds, scale=scales)
@settings(max_examples=15)
def test_of_a_robot_depends_on_no_other_robot(name, xp, quantities_of, seed, scale):
    quantities, order = quantities_of(seed, scale), [2, 0, 1]
    shuffled = {each: v if each in PER_JOINT else v[order] for each, v in quantities.items()}
    np.testing.assert_allclose(
        to_numpy(value_of(name, shuffled, xp)), to_numpy(value_of(name, quantities, xp))[order], rtol=1e-5
    )


# The robot in a mirror that swaps left and right

SWAPPED_JOINTS, SWAPPED_FEET = [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8], [1, 0, 3, 2]
HIPS = np.float32([-1, 1, 1] * 4)  # an outward hip angle has the other sign on the other side
VECTOR = np.float32([1, -1, 1])
SIGNS = {"angular_velocity_in_base": np.float32([-1, 1, -1]), "velocity_command": np.float32([1, -1, -1])}
SIGNED_JOINTS = {
    "joint_position",
    "joint_velocity",
    "joint_torque_nm",
    "joint_acceleration",
    "joint_target",
    "action",
    "previous_action",
    "action_before_previous",
    "default_joint_position",
}
VECTORS = {"base_position_in_world", "base_velocity_in_base", "gravity_in_base", "disturbance_force_in_world_n"}
FOOT_VECTORS = {"foot_position_in_world", "foot_velocity_in_world", "foot_force_in_world_n"}
PER_LEG = {"thigh_contact", "calf_contact"}


def mirrored_quantity(name, value):
    if name in SIGNED_JOINTS:
        return value[..., SWAPPED_JOINTS] * HIPS
    if name in {"torque_limit_nm", "joint_speed_limit"}:
        return value[SWAPPED_JOINTS]
    if name in VECTORS:
        return value * VECTOR
    if name in FOOT_VECTORS:
        return value[:, SWAPPED_FEET] * VECTOR
    if name.startswith("foot_") or name in PER_LEG:
        return value[:, SWAPPED_FEET]
    if name == "gait_phase":  # the other diagonal
        return (value + np.float32(0.5)) % np.float32(1)
    return value * SIGNS[name] if name in SIGNS else value


def mirrored(quantities):
    skip = {"base_quaternion_wxyz", "height_scan_m", "parameters_normalised"}  # no reward asks for them
    seen = {name: mirrored_quantity(name, value) for name, value in quantities.items() if name not in skip}
    lower, upper = quantities["joint_lower"][SWAPPED_JOINTS], quantities["joint_upper"][SWAPPED_JOINTS]
    seen["joint_lower"] = np.where(HIPS < 0, -upper, lower)
    seen["joint_upper"] = np.where(HIPS < 0, -lower, upper)
    return seen


@every_reward
@given(seed=seeds, scale=scales)
@settings(max_examples=25)
def test_favours_neither_left_nor_right(name, xp, quantities_of, seed, scale):
    quantities = quantities_of(seed, scale)
    np.testing.assert_allclose(
        to_numpy(value_of(name, mirrored(quantities), xp)),
        to_numpy(value_of(name, quantities, xp)),
        rtol=2e-4,
        atol=2e-5,
    )


def test_mirroring_twice_changes_nothing(quantities_of):
    quantities = quantities_of(0, 1.0)
    for name, value in mirrored(mirrored(quantities)).items():
        np.testing.assert_allclose(value, quantities[name], atol=1e-6, err_msg=name)


# Lost numbers


def float_quantities(name):
    flags = {"contact", "touched_down", "standing", "terminated", "collision"}
    return [each for each in arguments_of(TERMS[name]).quantities if not any(each.endswith(flag) for flag in flags)]


@pytest.mark.parametrize(
    ("name", "quantity"),
    # `alive` asks for the time only to know how many robots there are.
    [(name, each) for name in TERMS if name != "alive" for each in float_quantities(name)],
)
@given(seed=seeds)
@settings(max_examples=5)
def test_does_not_hide_nan(name, quantity, xp, quantities_of, seed):
    quantities = quantities_of(seed, 1.0)
    before = to_numpy(value_of(name, quantities, xp))
    quantities["standing"][:] = False  # who is told to stand has no use for the clock
    everyone = quantity in PER_JOINT
    quantities[quantity][... if everyone else 1] = np.nan
    value = to_numpy(value_of(name, quantities, xp))
    assert np.isnan(value[1])
    if everyone:
        assert np.isnan(value).all()
    elif "standing" not in arguments_of(TERMS[name]).quantities:
        assert (value[[0, 2]] == before[[0, 2]]).all()


@every_reward
@given(seed=seeds, scale=scales)
@settings(max_examples=10)
def test_numpy_and_torch_agree(name, quantities_of, seed, scale):
    import array_api_compat.numpy
    import array_api_compat.torch

    quantities = quantities_of(seed, scale)
    by_numpy, by_torch = (
        to_numpy(value_of(name, quantities, xp)) for xp in (array_api_compat.numpy, array_api_compat.torch)
    )
    np.testing.assert_allclose(by_numpy, by_torch, rtol=1e-4, atol=1e-5)
