"""Targets within limits and rates; what torques feet carry; forces that balance: by hand."""

import math

import numpy as np
import pytest
from safe_robot import ROBOTS, load_robot_once, pose, state, tilted

from surefoot_robots.inertia import Inertial
from surefoot_safety.gaits.balance import FRICTION_SHARE, LIFT_SHARE, TURN_DAMPING_S, UPRIGHT_SHARE, balancing_n
from surefoot_safety.gaits.drive import Drive, carrying_nm, slow_rates, toward
from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.plan import GRAVITY_MPS2, MARGIN_RAD, centre_of_mass, plan_of
from surefoot_safety.gaits.senses import Attitude
from surefoot_safety.leg import feet_of

SPEC = load_robot_once("go2")
PLAN = plan_of(SPEC)
FEET = feet_of(PLAN.legs, pose())
AT = [foot for foot, _ in FEET]
ALL, STILL = (1.0,) * 4, (0.0,) * 12


def driven(rate=2.0):
    drive = Drive(PLAN, slow_rates(PLAN, rate))
    drive.begin(pose())
    return drive


def test_targets_go_at_their_rate_and_no_further():
    drive = driven()
    far = tuple(angle + 1.0 for angle in pose())
    law = drive.to_joints(far, 0.01, STILL)
    assert law.position_rad == pytest.approx([angle + 0.02 for angle in pose()])
    # What kd takes at 2 rad/s is given back.
    assert law.torque_nm == pytest.approx([2.0 * kd for kd in PLAN.kd_nms_per_rad])
    near = tuple(angle + 0.001 for angle in law.position_rad)
    assert drive.to_joints(near, 0.01, STILL).position_rad == pytest.approx(near)
    assert law.velocity_radps == (0.0,) * 12
    assert (law.kp_nm_per_rad, law.kd_nms_per_rad) == (PLAN.kp_nm_per_rad, PLAN.kd_nms_per_rad)


def test_no_time_no_motion_and_only_what_is_carried():
    law = driven().to_joints((9.0,) * 12, 0.0, (1.0,) * 11 + (-999.0,))
    assert law.position_rad == pose()
    assert law.torque_nm[:11] == (1.0,) * 11
    assert law.torque_nm[11] == -PLAN.torque_nm[11]


def test_a_joint_beyond_its_limits_starts_at_them():
    drive = driven()
    drive.begin((9.0,) * 12)
    assert drive.position_rad == PLAN.upper_rad
    assert drive.to_joints((9.0,) * 12, 0.01, STILL).position_rad == PLAN.upper_rad


def test_what_is_no_number_is_refused():
    with pytest.raises(GaitError, match="no numbers"):
        driven().to_joints(pose(), 0.01, (math.nan,) * 12)
    with pytest.raises(GaitError, match="no numbers"):
        driven().to_joints((math.nan, *pose()[1:]), 0.01, STILL)
    with pytest.raises(GaitError, match="nowhere"):
        driven().to_feet(((0.1, math.nan, -0.3),) * 4, 0.01, STILL)


def test_feet_are_put_where_they_should_be():
    drive = Drive(PLAN, (1e6,) * 12)
    drive.begin(pose())
    law = drive.to_feet(PLAN.feet_m, 0.005, STILL)
    reached = [foot for foot, _ in feet_of(PLAN.legs, law.position_rad)]
    np.testing.assert_allclose(reached, PLAN.feet_m, atol=1e-9)


def test_loads_are_read_from_the_targets_that_carry_them():
    """Torques that carry given forces, found again from targets that give them: by stiffness, and by torque."""
    forces = [(0.0, 0.0, 10.0), (0.0, 0.0, 20.0), (5.0, 0.0, 30.0), (0.0, -5.0, 40.0)]
    torque = carrying_nm(FEET, forces)
    drive = driven()
    drive.to_joints(pose(), 0.0, torque)
    assert drive.loads_n(state(), FEET) == pytest.approx((10.0, 20.0, 30.0, 40.0))
    drive.begin(tuple(at + nm / kp for at, nm, kp in zip(pose(), torque, PLAN.kp_nm_per_rad, strict=True)))
    assert drive.loads_n(state(), FEET) == pytest.approx((10.0, 20.0, 30.0, 40.0))
    stretched = feet_of(PLAN.legs, (0.0, 0.0, 0.0) * 4)
    # Straight but for the foot's 2 mm, a knee tells nothing.
    assert max(abs(load) for load in driven().loads_n(state(), [stretched[0]] * 4)) == 0.0


def test_carrying_straight_up_by_hand():
    """A thigh that points back by a right angle carries 10 N on 0.2 m with 2 Nm."""
    columns = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.2), (0.0, 0.0, 0.0))
    assert carrying_nm([((0.0, 0.0, 0.0), columns)], [(0.0, 0.0, 10.0)]) == pytest.approx((0.0, -2.0, 0.0))


def level(roll=0.0, turn=(0.0, 0.0, 0.0), axis="x"):
    attitude = Attitude()
    attitude.begin(state(orientation_wxyz=tilted(roll, axis), angular_velocity_in_base_radps=turn))
    return attitude


def moment(forces):
    com = np.array([*PLAN.com_in_base_m[:2], 0.0])
    return sum(np.cross(np.array(at) - com, force) for at, force in zip(STANDING, forces, strict=True))


STANDING = [(x, y, -PLAN.height_m) for x, y, _ in PLAN.feet_m]


def test_standing_level_carries_the_weight_and_nothing_else():
    forces = balancing_n(PLAN, level(), STANDING, ALL)
    np.testing.assert_allclose(np.sum(forces, axis=0), [0.0, 0.0, PLAN.weight_n], atol=1e-9)
    np.testing.assert_allclose(moment(forces), 0.0, atol=1e-9)


def test_a_tilt_and_a_turn_are_turned_back():
    tip = PLAN.weight_n * PLAN.height_m
    rolled = moment(balancing_n(PLAN, level(0.1), STANDING, ALL))
    assert rolled[0] == pytest.approx(-tip * UPRIGHT_SHARE * math.sin(0.1), rel=0.02)
    pitching = moment(balancing_n(PLAN, level(turn=(0.0, 0.5, 0.0)), STANDING, ALL))
    assert pitching[1] == pytest.approx(-tip * TURN_DAMPING_S * 0.5, rel=0.02)


def test_a_push_turns_nothing_and_stays_within_friction():
    forces = balancing_n(PLAN, level(), STANDING, ALL, (-5.0, 3.0, 0.0))
    np.testing.assert_allclose(np.sum(forces, axis=0), [-5.0, 3.0, PLAN.weight_n])
    np.testing.assert_allclose(moment(forces)[:2], 0.0, atol=0.05)
    much = np.sum(balancing_n(PLAN, level(), STANDING, ALL, (-900.0, 900.0, 9000.0)), axis=0)
    share = FRICTION_SHARE
    np.testing.assert_allclose(much / PLAN.weight_n, [-share, share, 1.0 + LIFT_SHARE])


def test_nobody_stands_nobody_pushes():
    assert balancing_n(PLAN, level(), STANDING, (0.0,) * 4) == [(0.0, 0.0, 0.0)] * 4


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_plan_derives_from_its_robot(robot):
    spec = load_robot_once(robot)
    plan = plan_of(spec)
    assert plan.mass_kg == spec.total_mass_kg
    assert plan.weight_n == pytest.approx(9.81 * plan.mass_kg)
    assert plan.fall_time_s == pytest.approx(math.sqrt(plan.height_m / GRAVITY_MPS2))
    standing = [foot for foot, _ in feet_of(plan.legs, plan.standing_rad)]
    np.testing.assert_allclose(standing, plan.feet_m, atol=1e-9)
    np.testing.assert_allclose(np.mean(plan.feet_m, axis=0)[:2], plan.com_in_base_m[:2], atol=0.02)
    for pose_rad in (plan.standing_rad, plan.lying_rad):
        inside = np.array(pose_rad)
        assert (inside >= spec.joint_lower_rad + MARGIN_RAD).all()
        assert (inside <= spec.joint_upper_rad - MARGIN_RAD).all()


def test_centre_of_mass_as_the_engine_has_it():
    mujoco = pytest.importorskip("mujoco")
    from surefoot_robots.model import build_model

    model = build_model(SPEC).compile()
    data = mujoco.MjData(model)
    data.qpos[:7] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    data.qpos[7:] = pose()
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(centre_of_mass(SPEC, np.array(pose())), data.subtree_com[1], atol=1e-9)
    assert isinstance(SPEC.trunk.inertial, Inertial)


def test_toward():
    assert (toward(0.0, 1.0, 0.3), toward(0.0, -1.0, 0.3), toward(0.0, 0.1, 0.3)) == (0.3, -0.3, 0.1)


def test_joints_that_measure_nothing_matter_to_nobody():
    assert slow_rates(PLAN, 1e9) == PLAN.no_load_speed_radps
    assert slow_rates(PLAN, 2.0) == (2.0,) * 12
    assert AT[0][0] > 0.0 > AT[2][0]
