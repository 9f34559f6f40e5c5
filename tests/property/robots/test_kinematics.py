"""Forward and inverse kinematics against each other and against finite differences, anywhere within the limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.spec import RobotSpec

SPECS = {name: load_robot(name) for name in available_robots()}
every_robot = pytest.mark.parametrize("name", SPECS)

shares = arrays(np.float64, 12, elements=st.floats(0.0, 1.0))
"""Where between its limits each joint is."""
offsets_m = arrays(np.float64, (4, 3), elements=st.floats(-0.6, 0.6))


def pose(spec: RobotSpec, share: np.ndarray) -> np.ndarray:
    return spec.joint_lower_rad + share * (spec.joint_upper_rad - spec.joint_lower_rad)


def foot_below_hip_m(spec: RobotSpec, joints: np.ndarray) -> np.ndarray:
    """How far each foot is below the hip's axis, in its leg's plane."""
    level = joints.copy()
    level[::3] = 0.0
    legs = spec.kinematics
    return legs.hip_in_base_m[:, 2] - legs.foot_position_in_base(level)[:, 2]


@every_robot
@given(share=shares)
def test_inverse_of_forward_gives_the_angles_back(name, share):
    spec = SPECS[name]
    joints = pose(spec, share)
    # A foot above its hip's axis has a second solution below, and that is the one taken.
    below = foot_below_hip_m(spec, joints) > 1e-3
    found, reached = spec.kinematics.joint_position(spec.kinematics.foot_position_in_base(joints))
    assert reached[below].all()
    np.testing.assert_allclose(found.reshape(4, 3)[below], joints.reshape(4, 3)[below], atol=1e-7)


@every_robot
def test_most_of_the_workspace_is_below_the_hips(name):
    # So that the test above is about something.
    generator = np.random.default_rng(0)
    poses = [pose(SPECS[name], generator.random(12)) for _ in range(200)]
    assert np.mean([foot_below_hip_m(SPECS[name], joints) > 1e-3 for joints in poses]) > 0.5


@every_robot
@given(offset=offsets_m)
def test_forward_of_inverse_gives_the_foot_back_where_it_says_so(name, offset):
    spec = SPECS[name]
    target = spec.kinematics.hip_in_base_m + offset
    joints, reached = spec.kinematics.joint_position(target)
    assert np.isfinite(joints).all()
    assert (joints >= spec.joint_lower_rad).all()
    assert (joints <= spec.joint_upper_rad).all()
    error_m = np.linalg.norm(spec.kinematics.foot_position_in_base(joints) - target, axis=-1)
    assert (error_m[reached] < 1e-7).all()
    assert (error_m[~reached] > 1e-10).all()


@every_robot
@given(share=shares)
def test_jacobian_is_the_derivative(name, share):
    spec = SPECS[name]
    legs, joints, step = spec.kinematics, pose(spec, share), 1e-6
    jacobian = legs.foot_jacobian_in_base(joints)
    for leg in range(4):
        for column in range(3):
            ahead, behind = joints.copy(), joints.copy()
            ahead[3 * leg + column] += step
            behind[3 * leg + column] -= step
            slope = (legs.foot_position_in_base(ahead) - legs.foot_position_in_base(behind)) / (2.0 * step)
            np.testing.assert_allclose(jacobian[leg, :, column], slope[leg], atol=1e-8)
            np.testing.assert_allclose(np.delete(slope, leg, axis=0), 0.0, atol=1e-12)


@every_robot
@given(share=shares)
def test_left_and_right_are_mirror_images(name, share):
    spec = SPECS[name]
    joints = pose(spec, share).reshape(4, 3)
    swapped = joints[[1, 0, 3, 2]] * np.array([-1.0, 1.0, 1.0])
    feet = spec.kinematics.foot_position_in_base(joints.reshape(12))
    image = spec.kinematics.foot_position_in_base(swapped.reshape(12))[[1, 0, 3, 2]] * np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(feet, image, atol=1e-12)
