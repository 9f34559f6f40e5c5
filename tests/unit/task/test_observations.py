"""Every observation term against numbers worked out by hand."""

import inspect

import numpy as np
import pytest

from surefoot_training.task import observations
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.quantities import QUANTITY_NAMES
from surefoot_training.task.sensors import MEASURED_NAMES
from surefoot_training.task.terms import bind_all

YES, NO = True, False
# Rotation matrices: columns are the base's axes in the world
FACING_LEFT = [[0.0, -1, 0], [1.0, 0, 0], [0.0, 0, 1]]  # world y lies ahead, world x to the right
LEVEL = [[1.0, 0, 0], [0.0, 1, 0], [0.0, 0, 1]]
JOINTS = [[0.1 * i for i in range(12)], [0.0] * 12]

# term → what goes in, what comes out; two robots each
CASES = {
    "angular_velocity_in_base": (
        {"angular_velocity_in_base": [[1.0, 2, 3], [4.0, 5, 6]]},
        [[1, 2, 3], [4, 5, 6]],
    ),
    "gravity_in_base": ({"gravity_in_base": [[0.0, 0, -1], [0.6, 0, -0.8]]}, [[0, 0, -1], [0.6, 0, -0.8]]),
    "velocity_command": ({"velocity_command": [[1.0, 0.5, -1], [0.0, 0, 0]]}, [[1, 0.5, -1], [0, 0, 0]]),
    "joint_position": ({"joint_position": JOINTS}, JOINTS),
    "joint_velocity": ({"joint_velocity": JOINTS}, JOINTS),
    "height_scan": ({"height_scan_m": [[-0.3, -0.2], [-0.1, 0.0]]}, [[-0.3, -0.2], [-0.1, 0.0]]),
    "height_scan_valid": ({"height_scan_valid": [YES, NO]}, [[1], [0]]),
    "velocity_in_base": ({"base_velocity_in_base": [[1.0, 2, 3], [0.0, 0, 0]]}, [[1, 2, 3], [0, 0, 0]]),
    "base_height": ({"base_height_m": [0.27, 0.31]}, [[0.27], [0.31]]),
    "foot_contacts": ({"foot_contact": [[YES, NO, NO, YES], [NO] * 4]}, [[1, 0, 0, 1], [0, 0, 0, 0]]),
    "foot_forces_in_base": (
        # In the world: FL is pushed along x, which is to the robot's right; RR along y, which is ahead; up stays up.
        {
            "foot_force_in_world_n": [[[5.0, 0, 0], [0.0, 0, 7], [0.0, 0, 0], [0.0, 3, 0]], [[0.0, 0, 1]] * 4],
            "base_rotation": [FACING_LEFT, LEVEL],
        },
        [[0, -5, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0], [0, 0, 1] * 4],
    ),
    "foot_clearances": ({"foot_clearance_m": [[0.0, 0.1, 0.1, 0.0], [0.0] * 4]}, [[0, 0.1, 0.1, 0], [0] * 4]),
    "disturbance_force_in_base": (
        {
            "disturbance_force_in_world_n": [[100.0, 0, 0], [100.0, 0, 0]],
            "base_rotation": [FACING_LEFT, LEVEL],
        },
        [[0, -100, 0], [100, 0, 0]],
    ),
    "randomized_parameters": ({"parameters_normalised": [[-1.0, 0.5], [0.0, 1.0]]}, [[-1, 0.5], [0, 1]]),
    "gait_clock": ({"gait_phase": [0.0, 0.25]}, [[0, 1], [1, 0]]),
}
NOT_TERMS = {"policy_terms", "privileged_terms"}  # they list terms


def terms():
    return {
        name: function
        for name, function in inspect.getmembers(observations, inspect.isfunction)
        if function.__module__ == observations.__name__ and name not in NOT_TERMS
    }


def test_every_observation_has_a_case_worked_out_by_hand():
    assert sorted(CASES) == sorted(terms())


@pytest.mark.parametrize("name", CASES)
def test_observation(name, array):
    inputs, expected = CASES[name]
    value = to_numpy(terms()[name](**{quantity: array(values) for quantity, values in inputs.items()}))
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, expected, atol=1e-5)


def test_policy_terms_are_those_of_the_contract_in_its_order():
    table = observations.policy_terms(joints=12, scan_points=187)
    assert [(term.name, term.size) for term in table] == [
        ("angular_velocity_in_base", 3),
        ("gravity_in_base", 3),
        ("velocity_command", 3),
        ("joint_position", 12),
        ("joint_velocity", 12),
        ("height_scan", 187),
        ("height_scan_valid", 1),
    ]


def test_policy_without_a_scan_observes_33_numbers():
    assert sum(term.size for term in observations.policy_terms(joints=12)) == 33


def test_policy_terms_ask_for_nothing_the_robot_cannot_measure():
    bind_all(observations.policy_terms(12, 187), MEASURED_NAMES)


def test_policy_terms_can_be_given_the_truth_too():
    bind_all(observations.policy_terms(12, 187), QUANTITY_NAMES)


def test_privileged_terms_ask_for_known_quantities():
    bind_all(observations.privileged_terms(parameters=9, scan_points=187), QUANTITY_NAMES)


@pytest.mark.parametrize("scan_points", [0, 2])
def test_table_sizes_are_those_of_the_values(scan_points, array):
    for term in (*observations.policy_terms(12, scan_points), *observations.privileged_terms(2, scan_points)):
        inputs, _ = CASES[term.function.__name__]
        value = term.function(**{quantity: array(values) for quantity, values in inputs.items()})
        assert tuple(value.shape) == (2, term.size), term.name
        assert term.unit
