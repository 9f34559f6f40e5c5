"""The model's motors, measured: torque over speed, friction, armature and delay are what the spec says."""

import mujoco
import numpy as np
import pytest

from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.model import KD_INDEX, KP_INDEX, ModelOptions, PhysicsOptions, build_model

SPECS = {name: load_robot(name) for name in available_robots()}
every_robot = pytest.mark.parametrize("name", SPECS)


def on_a_stand(name: str, *, action_delay_s: float = 0.0, **physics: float) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """The robot with its base held in the air, weightless."""
    options = ModelOptions(
        physics=PhysicsOptions(**physics), base="fixed", ground="none", sensors=False, action_delay_s=action_delay_s
    )
    model = build_model(SPECS[name], options).compile()
    model.opt.gravity[:] = 0.0
    data = mujoco.MjData(model)
    data.qpos[:] = SPECS[name].pose_rad("home")
    return model, data


def torque_limits_nm(name: str, speed_radps: float) -> tuple[np.ndarray, np.ndarray]:
    """What the motors can give at a speed, from the spec alone: the peak, or the line to the no-load speed."""
    spec = SPECS[name]
    peak, knee, no_load = spec.torque_limit_nm, spec.full_torque_speed_radps, spec.speed_limit_radps
    falling_up = peak * (no_load - speed_radps) / (no_load - knee)
    falling_down = -peak * (no_load + speed_radps) / (no_load - knee)
    return np.clip(falling_down, -peak, peak), np.clip(falling_up, -peak, peak)


@every_robot
@pytest.mark.parametrize("speed_radps", [-35.0, -25.0, -15.0, -8.0, -3.0, 0.0, 3.0, 8.0, 15.0, 25.0, 35.0])
@pytest.mark.parametrize("error_rad", [-20.0, -0.3, 0.0, 0.3, 20.0])
def test_torque_is_that_of_the_controller_within_the_torque_speed_curve(name, speed_radps, error_rad):
    spec = SPECS[name]
    model, data = on_a_stand(name)
    data.ctrl[:] = data.qpos + error_rad
    data.qvel[:] = speed_radps
    mujoco.mj_forward(model, data)
    wanted = spec.kp_nm_per_rad * error_rad - spec.kd_nms_per_rad * speed_radps
    np.testing.assert_allclose(data.actuator_force, np.clip(wanted, *torque_limits_nm(name, speed_radps)), atol=1e-9)


@every_robot
def test_the_peak_torque_holds_to_the_knee_and_is_gone_at_the_no_load_speed(name):
    spec = SPECS[name]
    model, data = on_a_stand(name)
    for share, expected in ((0.0, 1.0), (1.0, 0.0)):
        data.ctrl[:] = data.qpos + 20.0
        data.qvel[:] = spec.full_torque_speed_radps + share * (spec.speed_limit_radps - spec.full_torque_speed_radps)
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.actuator_force, expected * spec.torque_limit_nm, atol=1e-9)


def limp(model: mujoco.MjModel) -> None:
    """Switch the controllers off."""
    model.actuator_gainprm[:, [KP_INDEX, KD_INDEX]] = 0.0


@every_robot
def test_coulomb_friction_holds_against_a_smaller_torque_and_yields_to_a_larger(name):
    spec = SPECS[name]
    model, data = on_a_stand(name, timestep_s=0.001)
    limp(model)
    start = data.qpos.copy()
    for share, moves in ((0.5, False), (1.5, True)):
        data.qpos[:], data.qvel[:] = start, 0.0
        for _ in range(100):
            data.qfrc_applied[:] = share * spec.friction_nm
            mujoco.mj_step(model, data)
        travel = np.abs(data.qpos - start).reshape(4, 3).max(axis=1)
        assert (travel > 0.01).all() == moves
        assert (travel < 0.002).all() != moves


@every_robot
def test_viscous_friction_is_proportional_to_speed(name):
    spec = SPECS[name]
    model, data = on_a_stand(name)
    limp(model)
    for speed_radps in (-4.0, 2.0):
        data.qvel[:] = speed_radps
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(data.qfrc_passive, -spec.damping_nms_per_rad * speed_radps, atol=1e-12)


@every_robot
def test_armature_adds_to_the_joints_inertia(name):
    model, data = on_a_stand(name)
    inertia = []
    for armature in (SPECS[name].armature_kgm2, np.zeros(12)):
        model.dof_armature[:] = armature
        mujoco.mj_forward(model, data)
        matrix = np.zeros((12, 12))
        mujoco.mj_fullM(model, data, matrix)
        inertia.append(matrix)
    np.testing.assert_allclose(inertia[0] - inertia[1], np.diag(SPECS[name].armature_kgm2), atol=1e-12)


@pytest.mark.parametrize("timestep_s", [0.005, 0.002])
@pytest.mark.parametrize("delay_s", [0.0, 0.004, 0.01, 0.02, 0.035])
def test_a_new_target_acts_after_the_delay_to_the_step_every_time(timestep_s, delay_s):
    model, data = on_a_stand("go2", timestep_s=timestep_s, action_delay_s=delay_s)
    start, kp = data.qpos.copy(), SPECS["go2"].kp_nm_per_rad
    steps = int(np.ceil(delay_s / timestep_s - 1e-9))
    step_rad, seen = 1e-4, set()
    for i in range(5000):
        data.qpos[:], data.qvel[:] = start, 0.0
        data.ctrl[:] = start + step_rad * i
        mujoco.mj_step(model, data)
        if i >= steps:
            seen.update(np.round(i - data.actuator_force / kp / step_rad).astype(int).tolist())
        if step_rad * i * kp.max() > 20.0:  # before the torque limit
            break
    assert i > 1000
    assert seen == {steps}
