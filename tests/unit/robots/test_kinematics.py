import numpy as np
import pytest

from surefoot_robots.loader import available_robots, load_robot

GO2 = load_robot("go2")
LEGS = GO2.kinematics
every_robot = pytest.mark.parametrize("name", available_robots())


def test_stretched_leg_hangs_straight_down():
    # All joints at zero: hip (0.1934, 0.0465) + offset 0.0955, two links of 0.213, ball 2 mm behind.
    feet = LEGS.foot_position_in_base(np.zeros(12))
    expected = [[0.1914, 0.142, -0.426], [0.1914, -0.142, -0.426], [-0.1954, 0.142, -0.426], [-0.1954, -0.142, -0.426]]
    np.testing.assert_allclose(feet, expected, atol=1e-12)


def test_positive_hip_angle_swings_the_left_foot_outward_and_the_right_one_inward():
    feet = LEGS.foot_position_in_base(np.tile([np.pi / 2.0, 0.0, 0.0], 4))
    np.testing.assert_allclose(feet[0], [0.1914, 0.0465 + 0.426, 0.0955], atol=1e-12)
    np.testing.assert_allclose(feet[1], [0.1914, -0.0465 + 0.426, -0.0955], atol=1e-12)


def test_positive_thigh_angle_swings_the_foot_back():
    feet = LEGS.foot_position_in_base(np.tile([0.0, np.pi / 2.0, 0.0], 4))
    np.testing.assert_allclose(feet[0], [0.1934 - 0.426, 0.142, 0.002], atol=1e-12)


def test_right_angle_at_the_knee():
    # Thigh down, calf forward: the calf's ball, 2 mm off its axis, ends up 2 mm below the knee's height.
    feet = LEGS.foot_position_in_base(np.tile([0.0, 0.0, -np.pi / 2.0], 4))
    np.testing.assert_allclose(feet[0], [0.1934 + 0.213, 0.142, -0.213 - 0.002], atol=1e-12)


def test_leading_axes_are_kept():
    poses = np.broadcast_to(GO2.default_joint_position_rad, (5, 2, 12))
    feet = LEGS.foot_position_in_base(poses)
    assert feet.shape == (5, 2, 4, 3)
    assert LEGS.foot_jacobian_in_base(poses).shape == (5, 2, 4, 3, 3)
    joints, reached = LEGS.joint_position(feet)
    assert joints.shape == (5, 2, 12)
    assert reached.shape == (5, 2, 4)
    assert reached.all()


@every_robot
def test_every_pose_comes_back_from_its_feet(name):
    spec = load_robot(name)
    for pose in spec.poses:
        joints, reached = spec.kinematics.joint_position(spec.kinematics.foot_position_in_base(spec.pose_rad(pose)))
        assert reached.all()
        np.testing.assert_allclose(joints, spec.pose_rad(pose), atol=1e-9)


@every_robot
def test_knees_bend_backward(name):
    spec = load_robot(name)
    feet = spec.kinematics.foot_position_in_base(spec.default_joint_position_rad) + np.array([0.05, 0.02, 0.03])
    joints, reached = spec.kinematics.joint_position(feet)
    assert reached.all()
    assert (joints.reshape(4, 3)[:, 2] < 0.0).all()


def test_foot_too_far_below_goes_as_far_as_the_knee_can_stretch():
    far = LEGS.foot_position_in_base(GO2.default_joint_position_rad)
    far[:, 2] = -1.0
    joints, reached = LEGS.joint_position(far)
    assert not reached.any()
    np.testing.assert_allclose(joints.reshape(4, 3)[:, 2], -0.83776, atol=1e-9)
    # In the direction asked for: on the line from the thigh joint to the target, seen from the side.
    feet = LEGS.foot_position_in_base(joints)
    thigh_x = LEGS.hip_in_base_m[:, 0]
    hip_to_foot, hip_to_target = feet - LEGS.hip_in_base_m, far - LEGS.hip_in_base_m
    down, wanted_down = (np.sqrt(v[:, 1] ** 2 + v[:, 2] ** 2 - 0.0955**2) for v in (hip_to_foot, hip_to_target))
    np.testing.assert_allclose((feet[:, 0] - thigh_x) / down, (far[:, 0] - thigh_x) / wanted_down, atol=1e-9)


def test_foot_too_near_folds_the_knee_to_its_limit():
    near = LEGS.hip_in_base_m + np.array([0.0, 0.0955, -0.01]) * np.array([[1, 1, 1], [1, -1, 1]] * 2)
    joints, reached = LEGS.joint_position(near)
    assert not reached.any()
    np.testing.assert_allclose(joints.reshape(4, 3)[:, 2], -2.7227, atol=1e-9)


def test_foot_inside_the_hip_offset_is_out_of_reach_but_finite():
    for height in (0.0, -0.05):
        joints, reached = LEGS.joint_position(LEGS.hip_in_base_m + np.array([0.0, 0.0, height]))
        assert not reached.any()
        assert np.isfinite(joints).all()
        assert (joints >= GO2.joint_lower_rad).all()
        assert (joints <= GO2.joint_upper_rad).all()


def test_only_the_leg_out_of_reach_is_flagged():
    feet = LEGS.foot_position_in_base(GO2.default_joint_position_rad)
    feet[2, 2] = -0.6
    joints, reached = LEGS.joint_position(feet)
    assert reached.tolist() == [True, True, False, True]
    np.testing.assert_allclose(joints[:6], GO2.default_joint_position_rad[:6], atol=1e-9)
