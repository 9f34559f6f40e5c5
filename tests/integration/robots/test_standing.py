"""Robots stand, lie and fall in simulation as robots do, and their sensors say so."""

import mujoco
import numpy as np
import pytest

from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.model import ModelOptions, build_model, fine_reference

SPECS = {name: load_robot(name) for name in available_robots()}
every_robot = pytest.mark.parametrize("name", SPECS)
GRAVITY_MPS2 = 9.81


def start(name: str, pose: str, options: ModelOptions | None = None) -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = build_model(SPECS[name], options).compile()
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(pose).id)
    # The targets before the first one: the pose itself, not zeros.
    for actuator in range(model.nu):
        past = np.full(model.actuator_history[actuator, 0], data.ctrl[actuator])
        mujoco.mj_initCtrlHistory(model, data, actuator, None, past)
    return model, data


def run(model: mujoco.MjModel, data: mujoco.MjData, seconds: float) -> None:
    for _ in range(round(seconds / model.opt.timestep)):
        mujoco.mj_step(model, data)


def tilt_rad(data: mujoco.MjData) -> float:
    return float(np.arccos(np.clip(data.xmat[1].reshape(3, 3)[2, 2], -1.0, 1.0)))


@every_robot
def test_stands_for_ten_seconds(name):
    spec = SPECS[name]
    model, data = start(name, "default")
    run(model, data, 2.0)
    settled = data.qpos.copy()
    for _ in range(8):
        run(model, data, 1.0)
        # The gains are soft: legs give way by a fifth of the height, no more, and evenly.
        assert 0.75 * spec.standing_height_m < data.qpos[2] < 1.01 * spec.standing_height_m
        assert tilt_rad(data) < np.radians(5.0)
        assert data.sensor("trunk_contact").data[0] == 0
        assert data.sensor("self_collision").data[0] == 0
    # Simulated friction is never quite static: feet under load creep, by less than a millimetre a second.
    assert np.abs(data.qpos[:3] - settled[:3]).max() < 0.008, "drifts"
    assert np.abs(data.qvel).max() < 0.01


@every_robot
def test_standing_feet_carry_the_robots_weight(name):
    spec = SPECS[name]
    model, data = start(name, "default")
    run(model, data, 3.0)
    contacts = np.array([data.sensor(f"{foot}_contact").data for foot in spec.foot_names])
    assert (contacts[:, 0] > 0).all()
    weight_n = spec.total_mass_kg * GRAVITY_MPS2
    np.testing.assert_allclose(contacts[:, 1:].sum(axis=0), [0.0, 0.0, weight_n], atol=0.01 * weight_n)
    assert (contacts[:, 3] > 0.1 * weight_n).all(), "every foot carries"
    # An accelerometer at rest measures the ground's push, upward.
    np.testing.assert_allclose(np.linalg.norm(data.sensor("accelerometer").data), GRAVITY_MPS2, rtol=0.01)
    np.testing.assert_allclose(data.sensor("gyro").data, 0.0, atol=0.01)
    np.testing.assert_allclose(data.sensor("orientation").data, data.qpos[3:7], atol=1e-3)


def test_training_physics_stands_where_the_fine_reference_stands():
    heights = []
    for options in (ModelOptions(), ModelOptions(physics=fine_reference())):
        model, data = start("go2", "default", options)
        run(model, data, 2.0)
        heights.append(data.qpos[2])
    assert heights[0] == pytest.approx(heights[1], abs=0.002)


def test_joint_sensors_read_the_joints():
    model, data = start("go2", "default")
    run(model, data, 0.1)
    mujoco.mj_forward(model, data)
    spec = SPECS["go2"]
    position = [data.sensor(f"{joint}_position").data[0] for joint in spec.joint_names]
    velocity = [data.sensor(f"{joint}_velocity").data[0] for joint in spec.joint_names]
    np.testing.assert_array_equal(position, data.qpos[7:])
    np.testing.assert_array_equal(velocity, data.qvel[6:])


@every_robot
def test_a_robot_on_its_back_touches_with_its_trunk_and_no_foot(name):
    model, data = start(name, "lying")
    data.qpos[2] = 0.15
    data.qpos[3:7] = [0.0, 1.0, 0.0, 0.0]
    run(model, data, 2.0)
    mujoco.mj_forward(model, data)
    assert data.sensor("trunk_contact").data[0] > 0
    assert all(data.sensor(f"{foot}_contact").data[0] == 0 for foot in SPECS[name].foot_names)


@every_robot
def test_a_kneeling_robot_touches_with_its_knees(name):
    spec = SPECS[name]
    model, data = start(name, "default")
    # Thighs straight down, calves folded forward and up: on its knees.
    data.qpos[7:] = np.tile([0.0, 0.0, spec.joint_lower_rad[2] + 0.05], 4)
    data.qpos[2] = -spec.legs[0].joints[2].position_in_parent_m[2] + 0.02
    data.ctrl[:] = data.qpos[7:]
    for actuator in range(model.nu):
        past = np.full(model.actuator_history[actuator, 0], data.ctrl[actuator])
        mujoco.mj_initCtrlHistory(model, data, actuator, None, past)
    run(model, data, 0.2)
    mujoco.mj_forward(model, data)
    for leg in spec.legs:
        touching = [part for part in ("thigh", "calf", "foot") if data.sensor(f"{leg.name}_{part}_contact").data[0] > 0]
        assert touching
        assert "foot" not in touching


def test_crossed_legs_collide_only_if_asked_to():
    for mode, expected in (("all", True), ("none", False)):
        model, data = start("go2", "default", ModelOptions(self_collision=mode))
        joints = data.qpos[7:].reshape(4, 3)
        joints[0, 0], joints[1, 0] = -0.45, 0.45  # both front legs inward
        mujoco.mj_forward(model, data)
        assert (data.sensor("self_collision").data[0] > 0) == expected


@every_robot
def test_a_robot_dropped_with_random_motion_stays_finite(name):
    model, data = start(name, "default")
    generator = np.random.default_rng(1)
    data.qpos[2] += 0.4
    data.qvel[:] = generator.normal(scale=3.0, size=model.nv)
    for _ in range(40):
        data.ctrl[:] = generator.uniform(SPECS[name].joint_lower_rad, SPECS[name].joint_upper_rad)
        run(model, data, 0.1)
    assert np.isfinite(data.qpos).all()
    assert np.abs(data.qvel).max() < 100.0
