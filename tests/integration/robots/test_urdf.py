"""Our URDF as an independent parser reads it, against the spec and the MuJoCo model."""

import io
from xml.etree import ElementTree as ET

import mujoco
import numpy as np
import pytest
import yourdfpy

from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.model import build_model
from surefoot_robots.urdf import build_urdf

SPECS = {name: load_robot(name) for name in available_robots()}
URDFS = {name: yourdfpy.URDF.load(io.StringIO(build_urdf(spec))) for name, spec in SPECS.items()}
every_robot = pytest.mark.parametrize("name", SPECS)


@every_robot
def test_masses_and_centres_of_mass(name):
    urdf, spec = URDFS[name], SPECS[name]
    inertials = {f"{spec.trunk.name}_inertia": spec.trunk.inertial}
    for leg in spec.legs:
        inertials |= {link.name: link.inertial for link in leg.links} | {leg.foot.name: leg.foot.inertial}
    weighing = {link.name: link.inertial for link in urdf.robot.links if link.inertial is not None}
    assert weighing.keys() == inertials.keys()
    assert sum(link.mass for link in weighing.values()) == pytest.approx(spec.total_mass_kg, abs=1e-12)
    for link, theirs in weighing.items():
        assert theirs.mass == inertials[link].mass_kg
        np.testing.assert_array_equal(theirs.origin[:3, 3], inertials[link].com_m)
        np.testing.assert_array_equal(theirs.origin[:3, :3], np.eye(3))
        np.testing.assert_array_equal(theirs.inertia, inertials[link].inertia_kgm2.matrix())


@every_robot
def test_joints_and_their_limits(name):
    urdf, spec = URDFS[name], SPECS[name]
    assert tuple(urdf.actuated_joint_names) == spec.joint_names
    for joint in spec.joints:
        theirs = urdf.joint_map[joint.name]
        assert theirs.type == "revolute"
        assert (theirs.limit.lower, theirs.limit.upper) == (joint.lower_rad, joint.upper_rad)
        assert theirs.limit.effort == joint.motor.torque_limit_nm
        assert theirs.limit.velocity == joint.motor.no_load_speed_radps
        assert float(theirs.dynamics.damping) == joint.motor.damping_nms_per_rad
        assert float(theirs.dynamics.friction) == joint.motor.friction_nm


@every_robot
def test_forward_kinematics_agree_with_ours_and_the_models(name):
    urdf, spec = URDFS[name], SPECS[name]
    model = build_model(spec).compile()
    data = mujoco.MjData(model)
    generator = np.random.default_rng(2)
    for _ in range(20):
        joints = generator.uniform(spec.joint_lower_rad, spec.joint_upper_rad)
        urdf.update_cfg(dict(zip(spec.joint_names, joints, strict=True)))
        theirs = [urdf.get_transform(foot, spec.trunk.name)[:3, 3] for foot in spec.foot_names]
        np.testing.assert_allclose(theirs, spec.kinematics.foot_position_in_base(joints), atol=1e-9)
        data.qpos[:] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, *joints]
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(theirs, [data.site(foot).xpos for foot in spec.foot_names], atol=1e-9)
        for leg in spec.legs:
            for link in leg.links:
                frame = urdf.get_transform(link.name, spec.trunk.name)
                np.testing.assert_allclose(frame[:3, 3], data.body(link.name).xpos, atol=1e-9)
                np.testing.assert_allclose(frame[:3, :3], data.body(link.name).xmat.reshape(3, 3), atol=1e-9)


@every_robot
def test_imu_frame(name):
    urdf, spec = URDFS[name], SPECS[name]
    frame = urdf.get_transform(spec.imu.name, spec.trunk.name)
    np.testing.assert_allclose(frame[:3, 3], spec.imu.position_in_base_m, atol=1e-12)
    np.testing.assert_allclose(frame[:3, :3], np.eye(3), atol=1e-12)


@every_robot
def test_one_tree_with_a_massless_root(name):
    spec = SPECS[name]
    robot = ET.fromstring(build_urdf(spec))
    children = [joint.find("child").get("link") for joint in robot.iter("joint")]
    links = [link.get("name") for link in robot.iter("link")]
    assert len(set(children)) == len(children) == len(links) - 1
    assert set(links) - set(children) == {spec.trunk.name}
    assert robot.find(f"link[@name='{spec.trunk.name}']").find("inertial") is None
    assert [joint.get("type") for joint in robot.iter("joint")].count("revolute") == 12


@every_robot
def test_mujoco_reads_the_urdf_as_the_same_robot(name):
    spec = SPECS[name]
    model = mujoco.MjModel.from_xml_string(build_urdf(spec))
    ours = build_model(spec).compile()
    assert {model.joint(i).name for i in range(model.njnt)} == set(spec.joint_names)
    # Fixed links are merged into their parents, and a root without a joint into the world.
    for leg in spec.legs:
        for link in leg.links:
            assert model.body(link.name).mass[0] == pytest.approx(ours.body(link.name).mass[0], abs=1e-12)
            np.testing.assert_allclose(model.body(link.name).ipos, ours.body(link.name).ipos, atol=1e-9)
            np.testing.assert_allclose(model.body(link.name).inertia, ours.body(link.name).inertia, rtol=1e-6)


def capsules(model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The two end points of every capsule, in the world."""
    ends = {}
    for i in np.flatnonzero(model.geom_type == mujoco.mjtGeom.mjGEOM_CAPSULE):
        along = data.geom_xmat[i].reshape(3, 3)[:, 2] * model.geom_size[i, 1]
        ends[model.geom(i).name] = (data.geom_xpos[i] - along, data.geom_xpos[i] + along)
    return ends


@every_robot
def test_capsules_lie_along_the_same_lines(name):
    urdf, spec = URDFS[name], SPECS[name]
    model = build_model(spec).compile()
    data = mujoco.MjData(model)
    data.qpos[:] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, *spec.default_joint_position_rad]
    mujoco.mj_kinematics(model, data)
    urdf.update_cfg(dict(zip(spec.joint_names, spec.default_joint_position_rad, strict=True)))
    theirs = {}
    for link in urdf.robot.links:
        for shape in link.collisions:
            if shape.geometry.cylinder is not None:
                frame = urdf.get_transform(link.name, spec.trunk.name) @ shape.origin
                half = frame[:3, 2] * shape.geometry.cylinder.length / 2.0
                theirs[shape.name] = (frame[:3, 3] - half, frame[:3, 3] + half)
    ours = capsules(model, data)
    assert theirs.keys() == ours.keys()
    for shape, (start, end) in ours.items():
        # MuJoCo may keep the two ends the other way round.
        ends = (start, end) if np.linalg.norm(theirs[shape][0] - start) < 1e-6 else (end, start)
        np.testing.assert_allclose(theirs[shape], ends, atol=1e-9)
