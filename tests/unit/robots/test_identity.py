"""The robot's hash is part of every exported policy: if one of these literals changes, old policies stop loading."""

from dataclasses import replace

import pytest

from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import Joint, Motor, Pose, RobotSpec

GO2 = load_robot("go2")


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("a1", "330f7728917459d93f74f3e6166b142229e555d7d658fcf39404c1079037d2d1"),
        ("go1", "8144ce2754bf5aae630c6d3d584c654e92e2da32af487b015ed6ef2f1ff6b7ed"),
        ("go2", "59f223bb63d2b39bf9477a87a932048a217a60908cef4693f92c1e7151b4057d"),
    ],
)
def test_hash_is_pinned(name, digest):
    assert robot_hash(load_robot(name)) == digest


def with_first_joint(**changes: object) -> RobotSpec:
    leg = GO2.legs[0]
    joint: Joint = replace(leg.joints[0], **changes)
    return replace(GO2, legs=(replace(leg, joints=(joint, *leg.joints[1:])), *GO2.legs[1:]))


def with_first_motor(**changes: float) -> RobotSpec:
    motor: Motor = replace(GO2.legs[0].joints[0].motor, **changes)
    return with_first_joint(motor=motor)


@pytest.mark.parametrize(
    "changed",
    [
        replace(GO2, name="go3"),
        with_first_joint(name="FL_abduction_joint"),
        with_first_joint(lower_rad=-1.0473),
        with_first_joint(upper_rad=1.0473),
        with_first_motor(torque_limit_nm=23.8),
        with_first_motor(no_load_speed_radps=30.2),
        replace(GO2, named_poses=(Pose("default", (0.11, *GO2.poses["default"][1:])), *GO2.named_poses[1:])),
        replace(GO2, legs=(GO2.legs[1], GO2.legs[0], *GO2.legs[2:])),
    ],
    ids=["name", "joint name", "lower", "upper", "torque", "speed", "pose", "order"],
)
def test_hash_changes_with_what_a_policy_relies_on(changed):
    assert robot_hash(changed) != robot_hash(GO2)


@pytest.mark.parametrize(
    "changed",
    [
        replace(GO2, trunk=replace(GO2.trunk, inertial=replace(GO2.trunk.inertial, mass_kg=9.0))),
        replace(GO2, action_delay_s=0.02),
        replace(GO2, foot_friction=0.5),
        replace(GO2, origin="my_go2.yaml", sourced_numbers=()),
        with_first_motor(friction_nm=0.5),
        with_first_motor(kp_nm_per_rad=40.0),
        replace(GO2, named_poses=GO2.named_poses[:1]),
    ],
    ids=["mass", "delay", "foot friction", "sources", "joint friction", "gain", "other poses"],
)
def test_hash_does_not_change_with_the_rest(changed):
    assert changed != GO2 or changed.origin != GO2.origin
    assert robot_hash(changed) == robot_hash(GO2)


def test_minus_zero_is_zero():
    pose = tuple(-0.0 if angle == 0.0 else angle for angle in GO2.poses["home"])
    minus = replace(GO2, named_poses=(Pose("default", pose),))
    plus = replace(GO2, named_poses=(Pose("default", GO2.poses["home"]),))
    assert robot_hash(minus) == robot_hash(plus)
