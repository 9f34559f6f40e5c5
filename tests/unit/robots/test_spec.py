"""What the three robots are, pinned to the figures of the sources that their files name."""

import pickle

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertia
from surefoot_robots.loader import available_robots, load_robot

JOINTS = (
    "FL_hip_joint FL_thigh_joint FL_calf_joint FR_hip_joint FR_thigh_joint FR_calf_joint "
    "RL_hip_joint RL_thigh_joint RL_calf_joint RR_hip_joint RR_thigh_joint RR_calf_joint"
)
ARRAYS = (
    "joint_lower_rad joint_upper_rad torque_limit_nm full_torque_speed_radps speed_limit_radps armature_kgm2 "
    "damping_nms_per_rad friction_nm kp_nm_per_rad kd_nms_per_rad default_joint_position_rad"
)
every_robot = pytest.mark.parametrize("name", available_robots())


def test_three_robots_are_there():
    assert available_robots() == ("a1", "go1", "go2")


@every_robot
def test_names_are_in_canonical_order(name):
    spec = load_robot(name)
    assert spec.name == name
    assert spec.joint_names == tuple(JOINTS.split())
    assert spec.foot_names == ("FL_foot", "FR_foot", "RL_foot", "RR_foot")
    assert (spec.trunk.name, spec.imu.name) == ("base_link", "imu_link")


@every_robot
@pytest.mark.parametrize("attribute", ARRAYS.split())
def test_arrays_are_per_joint_and_cannot_be_written(name, attribute):
    array = getattr(load_robot(name), attribute)
    assert array.shape == (12,)
    assert array.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1.0


@every_robot
def test_every_number_has_a_source_that_says_something(name):
    sources = load_robot(name).sources
    assert len(sources) > 70
    for key, source in sources.items():
        assert ":" in source or "(" in source, f"{key}: {source}"


@every_robot
def test_a_spec_travels_between_processes_and_can_be_a_key(name):
    spec = load_robot(name)
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert len({spec, load_robot(name)}) == 1


@pytest.mark.parametrize(("name", "total_mass_kg"), [("go2", 15.017), ("go1", 12.031448), ("a1", 12.453)])
def test_total_mass(name, total_mass_kg):
    assert load_robot(name).total_mass_kg == pytest.approx(total_mass_kg, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "leg", "link", "com_m", "inertia"),
    [  # as they stand in each robot's URDF, for legs whose numbers are not written in our files
        ("go2", 1, 0, (-0.0054, -0.00194, -0.000105), (0.00048, 3.01e-6, 1.11e-6, 0.000884, 1.42e-6, 0.000596)),
        ("go2", 2, 0, (0.0054, 0.00194, -0.000105), (0.00048, 3.01e-6, -1.11e-6, 0.000884, -1.42e-6, 0.000596)),
        ("go2", 3, 0, (0.0054, -0.00194, -0.000105), (0.00048, -3.01e-6, -1.11e-6, 0.000884, 1.42e-6, 0.000596)),
        ("go2", 3, 1, (-0.00374, 0.0223, -0.0327), (0.00584, -8.72e-5, -0.000289, 0.0058, -0.000808, 0.00103)),
        ("go2", 2, 1, (-0.00374, -0.0223, -0.0327), (0.00584, 8.72e-5, -0.000289, 0.0058, 0.000808, 0.00103)),
        ("go2", 1, 2, (0.00548, 0.000975, -0.115), (0.00108, -3.4e-7, 1.72e-5, 0.0011, -8.28e-6, 3.29e-5)),
        (
            "go1",
            3,
            0,
            (0.005657, 0.008752, -0.000102),
            (0.000334008405, -1.0826066e-5, -1.290732e-6, 0.000619101213, -1.643194e-6, 0.00040057614),
        ),
        (
            "go1",
            3,
            2,
            (0.006197, 0.001408, -0.116695),
            (0.001088793059, -2.55679e-7, 7.117814e-6, 0.001100428748, 2.077264e-6, 2.4787446e-5),
        ),
        (
            "a1",
            2,
            0,
            (0.003311, 0.000635, 3.1e-5),
            (0.000469246, 9.409e-6, 3.42e-7, 0.00080749, -4.66e-7, 0.000552929),
        ),
        (
            "a1",
            1,
            1,
            (-0.003237, 0.022327, -0.027326),
            (0.005529065, -4.825e-6, 0.000343869, 0.005139339, -2.2448e-5, 0.001367788),
        ),
    ],
)
def test_mirrored_links_are_those_of_the_urdf(name, leg, link, com_m, inertia):
    inertial = load_robot(name).legs[leg].links[link].inertial
    assert inertial.com_m == com_m
    assert inertial.inertia_kgm2 == Inertia(*inertia)


def test_go2_front_and_rear_thighs_have_limits_of_their_own():
    spec = load_robot("go2")
    thighs = slice(1, None, 3)
    np.testing.assert_array_equal(spec.joint_lower_rad[thighs], [-1.5708, -1.5708, -0.5236, -0.5236])
    np.testing.assert_array_equal(spec.joint_upper_rad[thighs], [3.4907, 3.4907, 4.5379, 4.5379])


def test_go2_default_pose():
    expected = [0.1, 0.8, -1.5, -0.1, 0.8, -1.5, 0.1, 1.0, -1.5, -0.1, 1.0, -1.5]
    np.testing.assert_array_equal(load_robot("go2").default_joint_position_rad, expected)


def test_go2_motor_meets_the_makers_measured_point():
    # unitree_rl_lab: 20.2 Nm are left at 13.5 rad/s, nothing at the no-load speed.
    motor = load_robot("go2").legs[0].joints[0].motor
    torque_nm = motor.stall_torque_nm * (1.0 - 13.5 / motor.no_load_speed_radps)
    assert torque_nm == pytest.approx(20.2, abs=0.05)


def test_go2_stands_at_the_height_of_its_lowest_foot():
    # Front: 0.0955 sin(0.1) - cos(0.1) (0.213 cos(0.8) + 0.213 cos(-0.7) + 0.002 sin(-0.7)) = -0.301503; foot 0.022.
    assert load_robot("go2").standing_height_m == pytest.approx(0.301503 + 0.022, abs=1e-6)


def test_unknown_pose_lists_the_known_ones():
    with pytest.raises(SurefootError, match="'handstand' is unknown: one of default, home, lying"):
        load_robot("go2").pose_rad("handstand")
