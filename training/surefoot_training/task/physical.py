"""Randomized parameters (factors, shifts, payloads) → the physical values a simulator takes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surefoot_training.sim.simulator import Parameter

_JOINT_SCALES = {
    "joint_friction_nm": "joint_friction_scale",
    "joint_damping_nms_per_rad": "joint_damping_scale",
    "joint_armature_kgm2": "armature_scale",
    "kp_nm_per_rad": "kp_scale",
    "kd_nms_per_rad": "kd_scale",
}
_ROBOT_SCALES = {"torque_limit_nm": "torque_limit_scale", "no_load_speed_radps": "supply_voltage_scale"}
"""The same for all joints of a robot."""
_PAYLOAD_INERTIA_PER_KG = 0.15**2 / 6.0
"""m²: of a cube with sides of 0.15 m, which holds 3 kg of anything but foam; the same about every axis."""
_AS_THEY_ARE = ("motor_strength", "dead_zone_rad", "action_delay_s", "foot_friction", "restitution")


def physical_values(
    sample: Mapping[str, np.ndarray], nominal: Mapping[str, Parameter], base_link: int
) -> dict[str, np.ndarray]:
    """`sample` [n, ...] by randomization name → simulator parameters [n, ...]; link `base_link` is the trunk."""
    values = {name: sample[name] for name in _AS_THEY_ARE}
    for name, scale in _JOINT_SCALES.items():
        values[name] = nominal[name].nominal * sample[scale]
    for name, scale in _ROBOT_SCALES.items():
        values[name] = nominal[name].nominal * sample[scale][:, None]
    values["gravity_mps2"] = sample["gravity_mps2"][:, None] * np.array([0.0, 0.0, -1.0])
    return values | _links(sample, nominal, base_link)


def _links(sample: Mapping[str, np.ndarray], nominal: Mapping[str, Parameter], base_link: int) -> dict[str, np.ndarray]:
    """Scaled links; a payload is a cube at the trunk's centre of mass.

    What is taken away there (a payload below 0) was at that point, so the trunk keeps its inertia.
    """
    added_kg = sample["base_mass_added_kg"]
    scaled = nominal["link_mass_kg"].nominal * sample["link_mass_scale"]
    scaled[:, base_link] += added_kg
    inertia = (
        nominal["link_inertia_kgm2"].nominal * (sample["link_mass_scale"] * sample["link_inertia_scale"])[..., None]
    )
    inertia[:, base_link] += (np.maximum(added_kg, 0.0) * _PAYLOAD_INERTIA_PER_KG)[:, None]
    com = np.repeat(nominal["link_com_m"].nominal[None], len(scaled), axis=0)
    com[:, base_link] += sample["base_com_shift_m"]
    return {"link_mass_kg": scaled, "link_inertia_kgm2": inertia, "link_com_m": com}
