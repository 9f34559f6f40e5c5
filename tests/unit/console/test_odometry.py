import math

import numpy as np
import pytest

from surefoot.console.geometry import geometry
from surefoot.console.odometry import Odometry, rotation
from surefoot_robots.loader import load_robot
from surefoot_safety.state import RobotState

SPEC = load_robot("go2")
STEP_S = 0.005


def state(number, joints, speeds=(0.0,) * 12, **others):
    return RobotState(
        **{
            "robot_hash": "",
            "sequence": number,
            "stamp_s": STEP_S * number,
            "joint_position_rad": tuple(joints),
            "joint_velocity_radps": tuple(speeds),
            "joint_torque_nm": (0.0,) * 12,
            "orientation_wxyz": (1.0, 0.0, 0.0, 0.0),
            "angular_velocity_in_base_radps": (0.0, 0.0, 0.0),
            "acceleration_in_base_mps2": (0.0, 0.0, 9.81),
            **others,
        }
    )


def gliding(velocity, yaw_rad=0.0, seconds=2.0):
    """Feet that go back under the base at `velocity` as they do when all of them stand and the base glides ahead."""
    legs, odometry = SPEC.kinematics, Odometry(SPEC)
    start = legs.foot_position_in_base(SPEC.default_joint_position_rad)
    turned = (math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2))
    for number in range(int(seconds / STEP_S)):
        # To and fro, so that legs stay in reach; only the rate counts.
        joints, _ = legs.joint_position(start)
        jacobian = legs.foot_jacobian_in_base(joints)
        speeds = np.linalg.solve(jacobian, np.broadcast_to(-np.array(velocity), (4, 3))[..., None]).ravel()
        motion = odometry.update(state(number, joints, speeds, orientation_wxyz=turned), on_feet=True)
    return motion


def test_standing_still_goes_nowhere():
    motion = Odometry(SPEC).update(state(0, SPEC.default_joint_position_rad), on_feet=True)
    assert motion.velocity == (0.0, 0.0, 0.0)
    assert motion.position_m == pytest.approx((0.0, 0.0, SPEC.standing_height_m))
    assert motion.tilt_rad == 0.0


def test_legs_that_push_back_move_the_base_ahead():
    motion = gliding((0.4, -0.1, 0.0))
    assert motion.velocity[:2] == pytest.approx((0.4, -0.1), abs=1e-5)
    # 2 s less what smoothing swallows at the start.
    assert motion.position_m[:2] == pytest.approx((0.4 * 1.85, -0.1 * 1.85), rel=0.01)


def test_the_way_follows_the_heading():
    motion = gliding((0.4, 0.0, 0.0), yaw_rad=math.pi / 2)
    assert motion.velocity[:2] == pytest.approx((0.4, 0.0), abs=1e-5)
    assert motion.position_m[:2] == pytest.approx((0.0, 0.4 * 1.85), abs=0.01)


def test_a_robot_that_is_not_on_its_feet_goes_nowhere():
    odometry = Odometry(SPEC)
    for number in range(100):
        motion = odometry.update(state(number, SPEC.default_joint_position_rad, (1.0,) * 12), on_feet=False)
    assert motion.position_m[:2] == (0.0, 0.0)


def test_tilt_and_height_lying_on_its_side():
    quarter = math.sqrt(0.5)
    motion = Odometry(SPEC).update(
        state(0, SPEC.default_joint_position_rad, orientation_wxyz=(quarter, quarter, 0.0, 0.0)), on_feet=False
    )
    assert motion.tilt_rad == pytest.approx(math.pi / 2)
    assert 0.05 < motion.position_m[2] < 0.3


def test_sensors_that_fail_leave_a_place_that_is_a_number():
    odometry, nan = Odometry(SPEC), math.nan
    odometry.update(state(0, SPEC.default_joint_position_rad), on_feet=True)
    for broken in (
        state(1, (nan,) * 12),
        state(2, SPEC.default_joint_position_rad, (nan,) * 12),
        state(3, SPEC.default_joint_position_rad, angular_velocity_in_base_radps=(nan, 0.0, 0.0)),
        state(4, SPEC.default_joint_position_rad, orientation_wxyz=(nan, 0.0, 0.0, 0.0)),
        state(5, SPEC.default_joint_position_rad, orientation_wxyz=(0.0, 0.0, 0.0, 0.0)),
    ):
        odometry.update(broken, on_feet=True)
    motion = odometry.update(state(6, SPEC.default_joint_position_rad), on_feet=True)
    assert motion.position_m == pytest.approx((0.0, 0.0, SPEC.standing_height_m))


def test_a_rotation_turns_ahead_to_the_left():
    turn = rotation((math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)))
    assert turn @ np.array([1.0, 0.0, 0.0]) == pytest.approx([0.0, 1.0, 0.0])


@pytest.mark.parametrize("robot", ["go2", "go1", "a1"])
def test_the_shapes_are_the_specs(robot):
    spec = load_robot(robot)
    made = geometry(spec)
    assert len(made["trunk"]) == len(spec.trunk.shapes)
    assert [leg["name"] for leg in made["legs"]] == ["FL", "FR", "RL", "RR"]
    for drawn, leg in zip(made["legs"], spec.legs, strict=True):
        assert [link["at"] for link in drawn["links"]] == [list(joint.position_in_parent_m) for joint in leg.joints]
        assert [len(link["shapes"]) for link in drawn["links"]] == [len(link.shapes) for link in leg.links]
        assert drawn["foot"] == [*leg.foot.position_in_calf_m, leg.foot.radius_m]
