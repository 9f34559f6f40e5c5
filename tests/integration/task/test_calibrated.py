"""Robots simulated as they were measured."""

from dataclasses import replace

import numpy as np
from measured import GO2, armature, calibration

from surefoot_robots.calibration import Measured
from surefoot_training.evaluate.body import hidden_body
from surefoot_training.simulated.config import Truth
from surefoot_training.task.calibrated import calibrated_task, measured_robot
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import TASKS, make_environment

FLAT = TASKS["velocity-flat"]


def alone(offset_rad: float) -> WalkingEnvironment:
    """One robot without errors but that of its encoders, and nobody who pushes it."""
    body = hidden_body(FLAT, GO2, Truth(encoder_offset_rad=(offset_rad,) * 12), "truth")
    quiet = replace(
        body.task.sensors,
        encoder_noise_rad=0.0,
        encoder_step_rad=0.0,
        encoder_latency_s=(0.0, 0.0),
        encoder_drop_probability=0.0,
    )
    pushes = replace(FLAT.pushes, kick_mps=(0.0, 0.0), force_n=(0.0, 0.0))
    return make_environment(replace(body.task, sensors=quiet, pushes=pushes), 1, robot=body.robot, threads=1)


def test_motors_go_by_their_encoders():
    right, off = alone(0.0), alone(0.03)
    target = right.simulator.robot.default_joint_position_rad[None].astype(np.float32)
    for _ in range(20):
        seen, wrong = right.step(target), off.step(target + np.float32(0.03))
    at, angles = right.simulator.state().joint_position, off.simulator.state().joint_position
    np.testing.assert_allclose(at, angles, atol=1e-4)
    columns = slice(9, 21)  # of joint_position: behind angular velocity, gravity and command
    np.testing.assert_allclose(seen.observations.policy[:, columns], at, atol=1e-6)
    np.testing.assert_allclose(wrong.observations.policy[:, columns], angles + 0.03, atol=1e-6)


def test_every_robot_is_drawn_about_what_was_measured():
    strengths = [Measured("motor_strength", joint, 0.7, 0.69, 0.71, "identified") for joint in GO2.joint_names]
    heavy = Measured("base_mass_kg", None, 9.0, 8.9, 9.1, "identified")
    known = calibration(armature(), heavy, *strengths)
    environment = make_environment(
        calibrated_task(FLAT, GO2, known), 64, robot=measured_robot(GO2, known), threads=1, seed=1
    )
    found = environment.simulator.get_parameters(np.arange(64))
    hip = found["joint_armature_kgm2"][:, 0]
    assert 0.0048 - 1e-9 <= hip.min() < 0.00485
    assert 0.00535 < hip.max() <= 0.0054 + 1e-9
    assert 0.68 - 1e-6 <= found["motor_strength"].min() < 0.685
    assert 8.8 - 1e-5 <= found["link_mass_kg"][:, 0].min() < 8.85
    assert 9.15 < found["link_mass_kg"][:, 0].max() <= 9.2 + 1e-5
    assert found["joint_armature_kgm2"][:, 1].std() > 0.0008  # ±50 % of the file's, still


def test_going_on_from_a_saved_state():
    known = calibration(armature(), Measured("encoder_offset_rad", "FL_hip_joint", 0.02, 0.01, 0.03, "identified"))
    task, robot = calibrated_task(FLAT, GO2, known), measured_robot(GO2, known)
    one, other = (make_environment(task, 4, robot=robot, threads=1, seed=seed) for seed in (1, 2))
    target = np.tile(GO2.default_joint_position_rad, (4, 1)).astype(np.float32)
    one.step(target)
    other.load_state_dict(one.state_dict())
    for _ in range(5):
        first, second = one.step(target), other.step(target)
    np.testing.assert_array_equal(first.observations.policy, second.observations.policy)
