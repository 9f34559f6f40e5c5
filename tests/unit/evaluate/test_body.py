"""Whose body is examined."""

import numpy as np
import pytest
from measured import DELAY, GO2, armature, calibration

from surefoot_training.evaluate.body import hidden_body, measured_body
from surefoot_training.simulated.config import parse_world
from surefoot_training.task.arrays import Rng
from surefoot_training.task.physical import physical_values
from surefoot_training.task.randomization import sample
from surefoot_training.task.tasks import TASKS, make_environment

FLAT = TASKS["velocity-flat"]


def test_a_measured_one_is_trainings():
    body = measured_body(FLAT, GO2, calibration(armature(), DELAY), 2.0)
    assert body.robot.armature_kgm2[0] == 0.005
    assert body.task.randomization.measured.armature_scale[0] == pytest.approx((0.96, 1.08))
    assert body.called == f"calibration.yaml (sha256 {'a' * 12}), safety factor 2"


def test_a_hidden_one_is_always_the_same():
    truth = {
        "armature_kgm2": {"FL_hip_joint": 0.006},
        "damping_nms_per_rad": 0.14,
        "motor_strength": 0.8,
        "encoder_offset_rad": {"RR_calf_joint": -0.02},
        "action_delay_s": 0.015,
        "base_mass_kg": 9.0,
        "base_com_x_m": 0.05,
        "foot_friction": 0.7,
    }
    body = hidden_body(FLAT, GO2, parse_world({"truth": truth}, GO2, "w.yaml").truth, "w.yaml")
    environment = make_environment(body.task, 6, robot=body.robot, threads=1)
    found = environment.simulator.get_parameters(np.arange(6))
    for name, values in found.items():
        if name not in ("restitution", "action_delay_s"):
            np.testing.assert_array_equal(values, values[:1].repeat(6, axis=0), err_msg=name)
    np.testing.assert_allclose(found["joint_armature_kgm2"][0, :2], [0.006, 0.00448], rtol=1e-6)
    np.testing.assert_allclose(found["joint_damping_nms_per_rad"], 0.14, rtol=1e-6)
    np.testing.assert_allclose(found["joint_friction_nm"], 0.2, rtol=1e-6)
    np.testing.assert_allclose(found["motor_strength"], 0.8, rtol=1e-6)
    np.testing.assert_allclose(found["link_mass_kg"][:, 0], 9.0, rtol=1e-6)
    np.testing.assert_allclose(found["link_com_m"][:, 0, 0], 0.05, rtol=1e-6)
    np.testing.assert_allclose(found["foot_friction"], 0.7, rtol=1e-6)
    assert body.task.sensors.measured_encoder_offset_rad == ((0.0, 0.0),) * 11 + ((-0.02, -0.02),)


def test_a_hidden_ones_delay_is_right_on_average_where_steps_are_coarser():
    body = hidden_body(FLAT, GO2, parse_world({"truth": {"action_delay_s": 0.012}}, GO2, "w.yaml").truth, "w.yaml")
    drawn = sample(body.task.randomization, 4000, Rng(0, np))["action_delay_s"]
    # The simulator rounds up to whole steps of 5 ms: 10 ms for 3 of 5, 15 ms for the rest.
    assert np.mean(np.ceil(drawn / 0.005 - 1e-6) * 0.005) == pytest.approx(0.012, abs=2e-4)


def test_a_hidden_one_of_which_nothing_is_said_is_the_files():
    body = hidden_body(FLAT, GO2, parse_world({}, GO2, "w.yaml").truth, "w.yaml")
    assert body.robot == GO2
    environment = make_environment(body.task, 2, robot=body.robot, threads=1)
    nominal = environment.simulator.parameters
    drawn = sample(body.task.randomization, 2, Rng(0, np), links=len(nominal["link_mass_kg"].nominal))
    for name, values in physical_values(drawn, nominal, 0).items():
        if name not in ("restitution", "action_delay_s"):
            np.testing.assert_allclose(values, np.broadcast_to(nominal[name].nominal, values.shape), rtol=1e-6)
