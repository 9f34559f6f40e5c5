"""The compiled MuJoCo model has in it what the spec says."""

import re
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import rigid_sum
from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.model import ModelOptions, PhysicsOptions, build_model, delay_on_grid_s, fine_reference

SPECS = {name: load_robot(name) for name in available_robots()}
MODELS = {name: build_model(spec).compile() for name, spec in SPECS.items()}
every_robot = pytest.mark.parametrize("name", SPECS)


def joint_dofs(model: mujoco.MjModel, spec) -> np.ndarray:
    return np.array([model.joint(joint).dofadr[0] for joint in spec.joint_names])


@every_robot
def test_total_mass(name):
    assert MODELS[name].body_mass.sum() == pytest.approx(SPECS[name].total_mass_kg, abs=1e-12)


@every_robot
def test_every_link_has_its_mass_and_centre_of_mass(name):
    model, spec = MODELS[name], SPECS[name]
    links = [(spec.trunk.name, spec.trunk.inertial)]
    for leg in spec.legs:
        inertials = (leg.links[0].inertial, leg.links[1].inertial, leg.calf_with_foot)
        links += [(link.name, inertial) for link, inertial in zip(leg.links, inertials, strict=True)]
    assert len(links) == model.nbody - 1
    for body, inertial in links:
        assert model.body(body).mass[0] == inertial.mass_kg
        np.testing.assert_allclose(model.body(body).ipos, inertial.com_m, atol=1e-12)
        turn = np.zeros(9)
        mujoco.mju_quat2Mat(turn, model.body(body).iquat)
        turn = turn.reshape(3, 3)
        inertia = turn @ np.diag(model.body(body).inertia) @ turn.T
        np.testing.assert_allclose(inertia, inertial.inertia_kgm2.matrix(), rtol=1e-6, atol=1e-9)


@every_robot
@pytest.mark.parametrize("pose", ["default", "home", "lying"])
def test_centre_of_mass_of_the_whole_robot(name, pose):
    model, spec = MODELS[name], SPECS[name]
    data = mujoco.MjData(model)
    data.qpos[7:] = spec.pose_rad(pose)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    # The same sum without MuJoCo: every link's centre of mass carried through its joints' turns.
    parts = [spec.trunk.inertial]
    angles = spec.pose_rad(pose).reshape(4, 3)
    for leg, (hip, thigh, calf) in zip(spec.legs, angles, strict=True):
        turn, origin = np.eye(3), np.zeros(3)
        inertials = (leg.links[0].inertial, leg.links[1].inertial, leg.calf_with_foot)
        for joint, angle, inertial in zip(leg.joints, (hip, thigh, calf), inertials, strict=True):
            origin = origin + turn @ joint.position_in_parent_m
            turn = turn @ rotation(joint.axis_in_parent, angle)
            com = origin + turn @ inertial.com_m
            parts.append(inertial.__class__(inertial.mass_kg, tuple(com.tolist()), inertial.inertia_kgm2))
    com_in_base = data.subtree_com[1] - data.xpos[1]
    np.testing.assert_allclose(com_in_base, rigid_sum(*parts).com_m, atol=1e-12)


def rotation(axis: tuple[float, float, float], angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return about_x if axis[0] else about_y


@every_robot
def test_limits_armature_damping_and_friction(name):
    model, spec = MODELS[name], SPECS[name]
    joints = [model.joint(joint) for joint in spec.joint_names]
    assert [joint.id for joint in joints] == list(range(1, 13)), "joints must come in canonical order"
    np.testing.assert_array_equal([joint.range[0] for joint in joints], spec.joint_lower_rad)
    np.testing.assert_array_equal([joint.range[1] for joint in joints], spec.joint_upper_rad)
    assert model.jnt_limited[1:].all()
    dofs = joint_dofs(model, spec)
    np.testing.assert_array_equal(model.dof_armature[dofs], spec.armature_kgm2)
    np.testing.assert_array_equal(model.dof_damping[dofs], spec.damping_nms_per_rad)
    np.testing.assert_array_equal(model.dof_frictionloss[dofs], spec.friction_nm)
    # The floating base has none of them.
    assert not model.dof_armature[:6].any()
    assert not model.dof_damping[:6].any()
    assert not model.dof_frictionloss[:6].any()


@every_robot
def test_actuators_are_the_joints_in_order_with_their_peak_torque(name):
    model, spec = MODELS[name], SPECS[name]
    assert [model.actuator(i).name for i in range(model.nu)] == list(spec.joint_names)
    np.testing.assert_array_equal(model.actuator_trnid[:, 0], range(1, 13))
    np.testing.assert_array_equal(model.actuator_forcerange[:, 1], spec.torque_limit_nm)
    np.testing.assert_array_equal(model.actuator_forcerange[:, 0], -spec.torque_limit_nm)


@every_robot
def test_feet_are_where_the_kinematics_say(name):
    model, spec = MODELS[name], SPECS[name]
    data = mujoco.MjData(model)
    generator = np.random.default_rng(0)
    for _ in range(50):
        joints = generator.uniform(spec.joint_lower_rad, spec.joint_upper_rad)
        data.qpos[:3] = generator.normal(size=3)
        data.qpos[3:7] = generator.normal(size=4)
        data.qpos[7:] = joints
        mujoco.mj_kinematics(model, data)
        turn = data.body(spec.trunk.name).xmat.reshape(3, 3)
        feet = data.qpos[:3] + spec.kinematics.foot_position_in_base(joints) @ turn.T
        for foot, expected in zip(spec.foot_names, feet, strict=True):
            np.testing.assert_allclose(data.site(foot).xpos, expected, atol=1e-12)
            np.testing.assert_allclose(data.geom(foot).xpos, expected, atol=1e-12)


@every_robot
def test_foot_jacobian_is_the_models(name):
    spec = SPECS[name]
    model = build_model(spec, ModelOptions(base="fixed")).compile()
    data = mujoco.MjData(model)
    joints = spec.pose_rad("home") + 0.1
    data.qpos[:] = joints
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    jacobian = spec.kinematics.foot_jacobian_in_base(joints)
    for leg, foot in enumerate(spec.foot_names):
        theirs = np.zeros((3, model.nv))
        mujoco.mj_jacSite(model, data, theirs, None, model.site(foot).id)
        np.testing.assert_allclose(theirs[:, 3 * leg : 3 * leg + 3], jacobian[leg], atol=1e-12)


@every_robot
def test_imu_is_at_its_place(name):
    model, spec = MODELS[name], SPECS[name]
    site = model.site(spec.imu.name)
    assert model.body(site.bodyid[0]).name == spec.trunk.name
    np.testing.assert_array_equal(site.pos, spec.imu.position_in_base_m)
    np.testing.assert_array_equal(site.quat, [1.0, 0.0, 0.0, 0.0])
    for sensor in ("gyro", "accelerometer", "orientation"):
        assert model.sensor(sensor).objid[0] == site.id


def test_a_turned_imu_measures_in_its_own_axes():
    spec = replace(SPECS["go2"], imu=replace(SPECS["go2"].imu, orientation_in_base_rpy_rad=(np.pi, 0.0, np.pi / 2.0)))
    model = build_model(spec).compile()
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    data.qvel[3:6] = [1.0, 2.0, 3.0]
    mujoco.mj_forward(model, data)
    # Upside down, then a quarter turn to the left: its x is the base's y, its y the base's x, its z points down.
    np.testing.assert_allclose(data.sensor("gyro").data, [2.0, 1.0, -3.0], atol=1e-9)


@every_robot
@pytest.mark.parametrize("pose", ["default", "home", "lying"])
def test_keyframes_put_the_lowest_foot_on_the_ground(name, pose):
    model, spec = MODELS[name], SPECS[name]
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, model.key(pose).id)
    mujoco.mj_kinematics(model, data)
    np.testing.assert_array_equal(data.qpos[7:], spec.pose_rad(pose))
    np.testing.assert_array_equal(data.ctrl, spec.pose_rad(pose))
    soles = [data.site(leg.foot.name).xpos[2] - leg.foot.radius_m for leg in spec.legs]
    assert min(soles) == pytest.approx(0.0, abs=1e-12)


@every_robot
def test_sensors_are_named_and_can_be_left_out(name):
    model, spec = MODELS[name], SPECS[name]
    names = {model.sensor(i).name for i in range(model.nsensor)}
    assert {"gyro", "accelerometer", "orientation", "trunk_contact", "self_collision"} <= names
    assert {f"{joint}_{what}" for joint in spec.joint_names for what in ("position", "velocity")} <= names
    assert {f"{leg}_{part}_contact" for leg in ("FL", "FR", "RL", "RR") for part in ("thigh", "calf", "foot")} <= names
    assert build_model(spec, ModelOptions(sensors=False)).compile().nsensor == 0


def test_options_reach_the_model():
    physics = PhysicsOptions(timestep_s=0.002, integrator="euler", solver="cg", cone="pyramidal", iterations=7)
    model = build_model(SPECS["go2"], ModelOptions(physics=physics, base="fixed", ground="none")).compile()
    assert (model.opt.timestep, model.opt.iterations) == (0.002, 7)
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_EULER
    assert model.opt.solver == mujoco.mjtSolver.mjSOL_CG
    assert model.opt.cone == mujoco.mjtCone.mjCONE_PYRAMIDAL
    assert model.nq == model.nv == 12
    assert not (model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE).any()
    assert fine_reference().timestep_s < physics.timestep_s


def test_the_robot_is_free_and_stands_on_a_plane_unless_asked_otherwise():
    model = MODELS["go2"]
    assert (model.nq, model.nv) == (19, 18)
    assert model.geom("ground").type[0] == mujoco.mjtGeom.mjGEOM_PLANE


def colliding(model: mujoco.MjModel, first: str, second: str) -> bool:
    a, b = model.geom(first), model.geom(second)
    return bool(a.contype[0] & b.conaffinity[0] or b.contype[0] & a.conaffinity[0])


@pytest.mark.parametrize(("mode", "between_legs", "with_trunk"), [("none", 0, 0), ("legs", 1, 0), ("all", 1, 1)])
def test_what_collides_with_what(mode, between_legs, with_trunk):
    model = build_model(SPECS["go2"], ModelOptions(self_collision=mode)).compile()
    for geom in ("trunk", "head", "FL_thigh", "RR_calf", "FR_foot"):
        assert colliding(model, geom, "ground")
    assert colliding(model, "FL_foot", "FR_calf") == between_legs
    assert colliding(model, "FL_thigh", "RL_foot") == between_legs
    assert colliding(model, "FL_foot", "trunk") == with_trunk
    assert colliding(model, "RR_thigh", "head") == with_trunk
    assert not colliding(model, "FL_thigh", "FL_foot")
    assert not colliding(model, "trunk", "head")


@every_robot
def test_the_feets_friction_holds_on_any_ground(name):
    model, spec = MODELS[name], SPECS[name]
    for foot in spec.foot_names:
        assert model.geom(foot).friction[0] == spec.foot_friction
        assert model.geom(foot).priority[0] > model.geom("ground").priority[0]


@pytest.mark.parametrize(
    ("delay_s", "timestep_s", "steps"),
    [(0.0, 0.005, 0), (0.005, 0.005, 1), (0.007, 0.005, 2), (0.01, 0.005, 2), (0.01, 0.002, 5), (0.0001, 0.005, 1)],
)
def test_delays_are_rounded_up_to_whole_steps(delay_s, timestep_s, steps):
    on_grid_s = delay_on_grid_s(delay_s, timestep_s)
    assert steps - 0.1 < on_grid_s / timestep_s <= steps
    model = build_model(
        SPECS["go2"], ModelOptions(physics=PhysicsOptions(timestep_s=timestep_s), action_delay_s=delay_s)
    ).compile()
    np.testing.assert_array_equal(model.actuator_delay, on_grid_s)
    np.testing.assert_array_equal(model.actuator_history[:, 0], steps)


def test_the_robots_own_delay_is_the_default_and_there_can_be_room_for_more():
    model = build_model(SPECS["go2"], ModelOptions(max_action_delay_s=0.04)).compile()
    np.testing.assert_array_equal(model.actuator_delay, delay_on_grid_s(0.01, 0.005))
    np.testing.assert_array_equal(model.actuator_history[:, 0], 8)


@pytest.mark.parametrize("delay_s", [-0.01, float("nan"), float("inf")])
@pytest.mark.parametrize("option", ["action_delay_s", "max_action_delay_s"])
def test_an_impossible_delay_is_refused(option, delay_s):
    with pytest.raises(SurefootError, match="must be finite and at least 0"):
        build_model(SPECS["go2"], ModelOptions(**{option: delay_s}))


@pytest.mark.parametrize(
    ("options", "choice", "complaint"),
    [
        (PhysicsOptions, {"timestep_s": 0.0}, "timestep_s 0.0 is not valid: must be finite and above 0"),
        (PhysicsOptions, {"integrator": "verlet"}, "integrator 'verlet' is not valid: one of euler, implicitfast, "),
        (PhysicsOptions, {"solver": "gauss"}, "solver 'gauss' is not valid: one of newton, cg, pgs"),
        (PhysicsOptions, {"cone": "round"}, "cone 'round' is not valid: one of pyramidal, elliptic"),
        (PhysicsOptions, {"iterations": 0}, "iterations 0 is not valid: must be a whole number of at least 1"),
        (PhysicsOptions, {"iterations": 2.5}, "iterations 2.5 is not valid: must be a whole number of at least 1"),
        (PhysicsOptions, {"line_search_iterations": -3}, "line_search_iterations -3 is not valid: must be a whole"),
        (PhysicsOptions, {"tolerance": float("nan")}, "tolerance nan is not valid: must be finite and at least 0"),
        (PhysicsOptions, {"tolerance": -1e-6}, "tolerance -1e-06 is not valid: must be finite and at least 0"),
        (
            PhysicsOptions,
            {"friction_to_normal_impedance": -1.0},
            "friction_to_normal_impedance -1.0 is not valid: must be finite and above 0",
        ),
        (PhysicsOptions, {"foot_contact_dimensions": 2}, "foot_contact_dimensions 2 is not valid: one of 1, 3, 4, 6"),
        (ModelOptions, {"base": "hung"}, "base 'hung' is not valid: one of free, fixed"),
        (ModelOptions, {"ground": "grass"}, "ground 'grass' is not valid: one of plane, none"),
        (ModelOptions, {"self_collision": "yes"}, "self_collision 'yes' is not valid: one of none, legs, all"),
    ],
)
def test_options_that_do_not_exist_are_refused_with_those_that_do(options, choice, complaint):
    with pytest.raises(SurefootError, match=re.escape(complaint)):
        options(**choice)
