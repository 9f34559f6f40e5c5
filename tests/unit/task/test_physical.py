from __future__ import annotations

import numpy as np

from surefoot_training.sim.simulator import Parameter
from surefoot_training.task.physical import physical_values

NOMINAL = {
    "link_mass_kg": Parameter("kg", np.array([4.0, 1.0])),
    "link_inertia_kgm2": Parameter("kg m²", np.array([[0.4, 0.2, 0.1], [0.01, 0.02, 0.03]])),
    "link_com_m": Parameter("m", np.array([[0.02, 0.0, 0.0], [0.0, 0.1, 0.0]])),
    "joint_friction_nm": Parameter("Nm", np.array([0.2])),
    "joint_damping_nms_per_rad": Parameter("Nms/rad", np.array([0.1])),
    "joint_armature_kgm2": Parameter("kg m²", np.array([0.01])),
    "kp_nm_per_rad": Parameter("Nm/rad", np.array([25.0])),
    "kd_nms_per_rad": Parameter("Nms/rad", np.array([0.5])),
    "torque_limit_nm": Parameter("Nm", np.array([23.7, 45.4])),
    "no_load_speed_radps": Parameter("rad/s", np.array([30.0, 15.0])),
    "gravity_mps2": Parameter("m/s²", np.array([0.0, 0.0, -9.81])),
}


def sample(**changes: np.ndarray) -> dict[str, np.ndarray]:
    one = np.ones((1, 1))
    return {
        "link_mass_scale": np.ones((1, 2)),
        "link_inertia_scale": np.ones((1, 2)),
        "base_mass_added_kg": np.zeros(1),
        "base_com_shift_m": np.zeros((1, 3)),
        "joint_friction_scale": one,
        "joint_damping_scale": one,
        "armature_scale": one,
        "kp_scale": one,
        "kd_scale": one,
        "torque_limit_scale": np.ones(1),
        "supply_voltage_scale": np.ones(1),
        "motor_strength": one,
        "dead_zone_rad": np.zeros((1, 1)),
        "action_delay_s": np.zeros(1),
        "foot_friction": np.ones(1),
        "restitution": np.zeros(1),
        "gravity_mps2": np.array([9.81]),
    } | changes


def test_nothing_randomized_is_nominal() -> None:
    values = physical_values(sample(), NOMINAL, base_link=0)
    for name, parameter in NOMINAL.items():
        np.testing.assert_array_equal(values[name], parameter.nominal[None], err_msg=name)


def test_a_heavier_link_has_more_inertia() -> None:
    values = physical_values(sample(link_mass_scale=np.array([[1.25, 0.8]])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_mass_kg"], [[5.0, 0.8]])
    np.testing.assert_allclose(values["link_inertia_kgm2"], [[[0.5, 0.25, 0.125], [0.008, 0.016, 0.024]]])


def test_inertia_varies_by_itself_too() -> None:
    scales = {"link_mass_scale": np.array([[1.0, 0.5]]), "link_inertia_scale": np.array([[1.2, 0.8]])}
    values = physical_values(sample(**scales), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_mass_kg"], [[4.0, 0.5]])
    np.testing.assert_allclose(values["link_inertia_kgm2"], [[[0.48, 0.24, 0.12], [0.004, 0.008, 0.012]]])


def test_a_payload_is_a_cube_in_the_trunks_middle() -> None:
    """2 kg with sides of 0.15 m: 2 × 0.15² / 6 = 0.0075 kg m² about every axis; the legs know nothing of it."""
    values = physical_values(sample(base_mass_added_kg=np.array([2.0])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_mass_kg"], [[6.0, 1.0]])
    np.testing.assert_allclose(values["link_inertia_kgm2"], [[[0.4075, 0.2075, 0.1075], [0.01, 0.02, 0.03]]])


def test_what_is_taken_out_of_the_trunks_middle_leaves_its_inertia() -> None:
    values = physical_values(sample(base_mass_added_kg=np.array([-1.0])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_mass_kg"], [[3.0, 1.0]])
    np.testing.assert_allclose(values["link_inertia_kgm2"], NOMINAL["link_inertia_kgm2"].nominal[None])


def test_centre_of_mass_shift_is_the_trunks_alone() -> None:
    values = physical_values(sample(base_com_shift_m=np.array([[0.01, -0.02, 0.03]])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_com_m"], [[[0.03, -0.02, 0.03], [0.0, 0.1, 0.0]]])


def test_joint_scales_multiply() -> None:
    values = physical_values(sample(kp_scale=np.array([[1.1]]), armature_scale=np.array([[0.5]])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["kp_nm_per_rad"], [[27.5]])
    np.testing.assert_allclose(values["joint_armature_kgm2"], [[0.005]])


def test_a_robots_battery_and_warmth_are_those_of_all_its_joints() -> None:
    scales = {"torque_limit_scale": np.array([0.5]), "supply_voltage_scale": np.array([0.8])}
    values = physical_values(sample(**scales), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["torque_limit_nm"], [[11.85, 22.7]])
    np.testing.assert_allclose(values["no_load_speed_radps"], [[24.0, 12.0]])
