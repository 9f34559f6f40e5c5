"""Random robots for the properties of the task's functions, and the two array libraries they run on."""

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import pytest

from surefoot_training.task.arrays import rotation_of

ROBOTS = 3


@pytest.fixture(params=[array_api_compat.numpy, array_api_compat.torch], ids=["numpy", "torch"], scope="module")
def xp(request):
    """The array library, as a module of the array API."""
    return request.param


def _flags(draws, *shape):
    return draws.random((ROBOTS, *shape)) < 0.5


def _directions(draws, size):
    vectors = draws.standard_normal((ROBOTS, size))
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def random_quantities(seed, scale):
    """Every quantity a term may ask for, of three robots, as NumPy arrays; `scale` stretches what has a unit."""
    draws = np.random.Generator(np.random.PCG64(seed))

    def numbers(*shape):
        return draws.standard_normal((ROBOTS, *shape)) * scale

    lower = draws.uniform(-3, 0, 12)
    quaternion = _directions(draws, 4)
    quantities = {
        "base_position_in_world": numbers(3),
        "base_quaternion_wxyz": quaternion,
        "base_rotation": rotation_of(quaternion),
        "base_velocity_in_base": numbers(3),
        "angular_velocity_in_base": numbers(3),
        "gravity_in_base": _directions(draws, 3),
        "heading_rad": draws.uniform(-np.pi, np.pi, ROBOTS),
        "joint_position": numbers(12),
        "joint_velocity": numbers(12),
        "joint_torque_nm": numbers(12),
        "foot_position_in_world": numbers(4, 3),
        "foot_velocity_in_world": numbers(4, 3),
        "foot_force_in_world_n": numbers(4, 3),
        "trunk_contact": _flags(draws),
        "thigh_contact": _flags(draws, 4),
        "calf_contact": _flags(draws, 4),
        "self_collision": _flags(draws),
        "joint_acceleration": numbers(12),
        "foot_contact": _flags(draws, 4),
        "foot_touched_down": _flags(draws, 4),
        "foot_air_time_s": abs(numbers(4)),
        "foot_last_air_time_s": abs(numbers(4)),
        "foot_last_contact_time_s": abs(numbers(4)),
        "foot_clearance_m": numbers(4),
        "base_height_m": numbers(),
        "distance_to_edge_m": numbers(),
        "height_scan_m": numbers(5),
        "height_scan_valid": _flags(draws),
        "velocity_command": numbers(3),
        "standing": _flags(draws),
        "gait_phase": draws.random(ROBOTS),
        "joint_target": numbers(12),
        "action": numbers(12),
        "previous_action": numbers(12),
        "action_before_previous": numbers(12),
        "disturbance_force_in_world_n": numbers(3),
        "parameters_normalised": draws.uniform(-1, 1, (ROBOTS, 6)),
        "default_joint_position": draws.uniform(-1, 1, 12),
        "joint_lower": lower,
        "joint_upper": lower + draws.uniform(0.1, 5, 12),
        "torque_limit_nm": draws.uniform(1, 50, 12),
        "joint_speed_limit": draws.uniform(1, 50, 12),
        "episode_time_s": abs(numbers()),
        "terminated": _flags(draws),
    }
    return {name: v if v.dtype == bool else v.astype(np.float32) for name, v in quantities.items()}


@pytest.fixture(scope="session")
def quantities_of():
    """(seed, scale) → quantities by name."""
    return random_quantities
