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
    "torque_limit_nm": Parameter("Nm", np.array([23.7])),
    "gravity_mps2": Parameter("m/s²", np.array([0.0, 0.0, -9.81])),
}


def sample(**changes: np.ndarray) -> dict[str, np.ndarray]:
    one = np.ones((1, 1))
    return {
        "link_mass_scale": np.ones((1, 2)),
        "base_mass_added_kg": np.zeros(1),
        "base_com_shift_m": np.zeros((1, 3)),
        "joint_friction_scale": one,
        "joint_damping_scale": one,
        "armature_scale": one,
        "kp_scale": one,
        "kd_scale": one,
        "torque_limit_scale": one,
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


def test_payload_and_scale_change_mass_and_inertia_together() -> None:
    """4 kg × 1.25 + 1 kg = 6 kg, inertia in proportion × 1.5; the other link × 0.8."""
    values = physical_values(
        sample(link_mass_scale=np.array([[1.25, 0.8]]), base_mass_added_kg=np.array([1.0])), NOMINAL, base_link=0
    )
    np.testing.assert_allclose(values["link_mass_kg"], [[6.0, 0.8]])
    np.testing.assert_allclose(values["link_inertia_kgm2"], [[[0.6, 0.3, 0.15], [0.008, 0.016, 0.024]]])


def test_centre_of_mass_shift_is_the_trunks_alone() -> None:
    values = physical_values(sample(base_com_shift_m=np.array([[0.01, -0.02, 0.03]])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["link_com_m"], [[[0.03, -0.02, 0.03], [0.0, 0.1, 0.0]]])


def test_joint_scales_multiply() -> None:
    values = physical_values(sample(kp_scale=np.array([[1.1]]), armature_scale=np.array([[0.5]])), NOMINAL, base_link=0)
    np.testing.assert_allclose(values["kp_nm_per_rad"], [[27.5]])
    np.testing.assert_allclose(values["joint_armature_kgm2"], [[0.005]])
