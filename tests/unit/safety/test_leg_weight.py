"""What legs weigh at their joints, by hand and against every pose; what it takes to lift a robot, by virtual work."""

import dataclasses

import mujoco
import numpy as np
import pytest
from safe_robot import ROBOTS, limits, load_robot_once

from surefoot_robots.model import ModelOptions, build_model
from surefoot_safety.leg_weight import leg_weights_nm, lifted_share
from surefoot_safety.limits import LIFTED_SHARE


def test_a_go2s_legs_by_hand():
    calf_kg = 0.154 + 0.04
    calf_x, calf_y, calf_z = (
        (0.154 * calf + 0.04 * foot) / calf_kg for calf, foot in ((0.00548, 0.0), (-0.000975, 0.0), (-0.115, -0.213))
    )
    calf_m, thigh_m = np.hypot(calf_x, calf_z), np.hypot(-0.00374, -0.0327)
    knee = 9.81 * calf_kg * calf_m
    thigh = 9.81 * (1.152 * thigh_m + calf_kg * (0.213 + calf_m))
    hip = 9.81 * (
        0.678 * np.hypot(0.00194, -0.000105)
        + 1.152 * np.hypot(0.0955 - 0.0223, thigh_m)
        + calf_kg * np.hypot(0.0955 + calf_y, 0.213 + calf_m)
    )
    np.testing.assert_allclose(leg_weights_nm(load_robot_once("go2")), [hip, thigh, knee] * 4, rtol=1e-12)
    np.testing.assert_allclose(leg_weights_nm(load_robot_once("go2"))[:3], [1.61, 1.03, 0.258], rtol=0.01)


@pytest.mark.parametrize("robot", ROBOTS)
def test_no_pose_of_a_level_robot_takes_more_and_some_nearly_as_much(robot):
    spec, rng = load_robot_once(robot), np.random.default_rng(0)
    model = build_model(spec, ModelOptions(base="fixed", ground="none", sensors=False, action_delay_s=0.0)).compile()
    data, most = mujoco.MjData(model), np.zeros(12)
    for _ in range(3000):
        data.qpos[:] = rng.uniform(-np.pi, np.pi, 12)
        mujoco.mj_forward(model, data)
        most = np.maximum(most, np.abs(data.qfrc_bias))
    weights = np.array(leg_weights_nm(spec))
    assert (most <= weights * (1.0 + 1e-9)).all()
    assert (most >= 0.8 * weights).all()


def test_offsets_that_our_robots_do_not_have():
    spec = load_robot_once("go2")
    hip, thigh, calf = spec.legs[0].joints
    joints = (
        hip,
        dataclasses.replace(thigh, position_in_parent_m=(0.01, 0.09, -0.03)),
        dataclasses.replace(calf, position_in_parent_m=(0.0, 0.02, -0.2)),
    )
    leg = dataclasses.replace(spec.legs[0], joints=joints)
    found = leg_weights_nm(dataclasses.replace(spec, legs=(leg, *spec.legs[1:])))
    (cx, cy, cz), thigh_m = leg.calf_with_foot.com_m, np.hypot(-0.00374, -0.0327)
    calf_m = np.hypot(cx, cz)
    reach_m = np.hypot(0.09 - 0.0223, 0.03 + thigh_m), np.hypot(0.09 + 0.02 + cy, 0.03 + 0.2 + calf_m)
    moment = 0.678 * np.hypot(0.00194, -0.000105) + 1.152 * reach_m[0] + 0.194 * reach_m[1]
    assert found[0] == pytest.approx(9.81 * moment)
    assert found[1] == pytest.approx(9.81 * (1.152 * thigh_m + 0.194 * (0.2 + calf_m)))
    assert found[3:] == leg_weights_nm(spec)[3:]


def foot_rise(spec, joint):
    """How fast each foot goes up with one of its joints, where the robot lies: m/rad, by differences."""
    lying, step = spec.pose_rad("lying"), 1e-6
    ends = [lying.copy() for _ in range(2)]
    ends[0][joint::3] -= step
    ends[1][joint::3] += step
    low, high = (spec.kinematics.foot_position_in_base(end)[:, 2] for end in ends)
    return np.abs(high - low) / (2.0 * step)


@pytest.mark.parametrize("robot", ROBOTS)
def test_what_lifts_a_robot_is_its_weakest_joint(robot):
    spec, torque_nm = load_robot_once(robot), np.array(limits(robot).leg_torque_nm)
    force_n = sum(np.min([torque_nm[joint] / foot_rise(spec, joint) for joint in range(3)], axis=0))
    legs = limits(robot).underside.legs
    share = lifted_share(spec, legs, tuple(torque_nm))
    assert share == pytest.approx(force_n / (spec.total_mass_kg * 9.81), rel=1e-4)
    assert 0.2 < share < LIFTED_SHARE
    assert lifted_share(spec, legs, (1.0, 0.0, 1.0) * 4) == 0.0
    assert lifted_share(spec, legs, tuple(2.0 * torque_nm)) == pytest.approx(2.0 * share)
