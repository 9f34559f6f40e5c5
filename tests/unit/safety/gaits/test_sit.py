"""Up from the floor, down to it, and sinking: by hand."""

import dataclasses

import numpy as np
import pytest
from obedient_robot import Obedient
from safe_robot import ROBOTS, at, load_robot_once, pose, state, tilted

from surefoot_safety.gaits import Collapse, GaitError, Sit, StandUp, plan_of
from surefoot_safety.gaits.plan import SLOW_RADPS
from surefoot_safety.gaits.sit import FOLD_PATIENCE_S, MOVE_S, eased
from surefoot_safety.leg import feet_of

PLAN = plan_of(load_robot_once("go2"))
LYING = [foot for foot, _ in feet_of(PLAN.legs, PLAN.lying_rad)]


def test_eased_begins_and_ends_gently():
    assert (eased(-1.0), eased(0.0), eased(0.5), eased(1.0), eased(2.0)) == pytest.approx((0, 0, 0.5, 1, 1))
    assert eased(0.01) < 0.001


@pytest.mark.parametrize("robot", ROBOTS)
def test_stands_up_from_the_floor(robot):
    plan = plan_of(load_robot_once(robot))
    one = Obedient(StandUp(plan), robot, at=plan.lying_rad)
    assert not one.gait.finished
    one.run(0.01)
    assert one.law.torque_nm == pytest.approx((0.0,) * 12, abs=2.0)  # folded, nothing is carried yet
    one.run(MOVE_S + 0.1)
    assert one.gait.finished
    np.testing.assert_allclose(one.feet(), plan.feet_m, atol=1e-3)
    # Standing, all of the weight is carried by torque.
    feet = feet_of(plan.legs, one.joints)
    force = sum(
        np.linalg.solve(np.array(columns), -np.array(one.law.torque_nm[3 * leg : 3 * leg + 3]))[2]
        for leg, (_, columns) in enumerate(feet)
    )
    assert force == pytest.approx(plan.weight_n, rel=1e-3)


def test_legs_that_lie_anywhere_are_folded_first():
    aside = tuple(angle + 0.5 for angle in PLAN.lying_rad)
    one = Obedient(StandUp(PLAN), at=aside)
    one.run(0.05)
    np.testing.assert_allclose(np.subtract(aside, one.joints), np.clip(0.5, 0, 0.05 * SLOW_RADPS), atol=0.11)
    one.run(3.0)
    assert one.gait.finished


def test_legs_that_cannot_fold_get_up_from_where_they_are():
    stuck = tuple(angle + 0.3 for angle in PLAN.lying_rad)
    one = Obedient(StandUp(PLAN), at=stuck)
    one.run(FOLD_PATIENCE_S - 0.1, joint_position_rad=stuck)
    low = min(z for _, _, z in one.feet())
    one.run(MOVE_S + 0.3, joint_position_rad=stuck)
    assert min(z for _, _, z in one.feet()) < low - 0.1
    assert not one.gait.finished  # it was told to, and did not
    one.run(0.1)
    assert one.gait.finished


@pytest.mark.parametrize("gait", [StandUp, Sit])
@pytest.mark.parametrize("joint", range(12))
def test_one_joint_that_does_not_follow_is_no_arrival(gait, joint):
    start = PLAN.lying_rad if gait is StandUp else pose()
    one = Obedient(gait(PLAN), at=start)
    one.run(FOLD_PATIENCE_S + MOVE_S + 0.5)
    assert one.gait.finished
    there = one.joints
    for off_rad, arrived in ((0.29, True), (-0.29, True), (0.31, False), (-0.31, False)):
        one.run(0.01, joint_position_rad=at(there, joint, there[joint] + off_rad))
        assert one.gait.finished is arrived


def test_one_that_is_on_its_feet_does_not_fold():
    low = tuple(at + 0.3 * (to - at) for at, to in zip(PLAN.standing_rad, PLAN.lying_rad, strict=True))
    one = Obedient(StandUp(PLAN), at=low)
    before = np.mean([z for _, _, z in one.feet()])
    one.run(0.3)
    assert np.mean([z for _, _, z in one.feet()]) < before


@pytest.mark.parametrize("angle", [0.7, 3.1, -1.5])
def test_one_on_its_side_cannot_stand_up(angle):
    gait = StandUp(PLAN)
    with pytest.raises(GaitError, match="on its side or back"):
        gait.begin(state(orientation_wxyz=tilted(angle)))


def test_turned_over_while_folding():
    stuck = tuple(angle + 0.3 for angle in PLAN.lying_rad)
    one = Obedient(StandUp(PLAN), at=stuck)
    with pytest.raises(GaitError, match="on its side or back"):
        one.run(0.5, joint_position_rad=stuck, orientation_wxyz=tilted(1.5))


def test_sits_down_and_lets_go():
    one = Obedient(Sit(PLAN), at=PLAN.standing_rad)
    one.run(0.5 * MOVE_S)
    assert not one.gait.finished
    halfway = [0.5 * (a + b) for a, b in zip(LYING[0], feet_of(PLAN.legs, PLAN.standing_rad)[0][0], strict=True)]
    np.testing.assert_allclose(one.feet()[0], halfway, atol=5e-3)
    one.run(0.5 * MOVE_S + 0.01)
    assert one.gait.finished
    np.testing.assert_allclose(one.joints, PLAN.lying_rad, atol=1e-6)
    assert one.law.torque_nm == pytest.approx((0.0,) * 12, abs=1e-9)


def test_sinks_and_comes_to_rest():
    one = Obedient(Collapse(PLAN))
    law = one.run(0.3, joint_velocity_radps=(1.0,) * 12)
    assert not one.gait.finished
    assert (law.kp_nm_per_rad, law.torque_nm) == ((0.0,) * 12, (0.0,) * 12)
    assert law.kd_nms_per_rad == PLAN.damping_kd_nms_per_rad
    one.run(Collapse.STILL_S - 0.05)
    assert not one.gait.finished
    one.run(0.1)
    assert one.gait.finished
    one.run(0.01, joint_velocity_radps=(1.0,) * 12)
    assert not one.gait.finished


def test_samples_of_another_robot_are_refused():
    odd = dataclasses.replace(state(), joint_position_rad=(0.0,) * 11)
    for kind in (Collapse, Sit, StandUp):
        with pytest.raises(GaitError, match="11 joint positions"):
            kind(PLAN).begin(odd)


def test_the_lying_pose_is_what_a_robot_lies_in():
    assert pose("go2", "lying") == pytest.approx(PLAN.lying_rad, abs=0.05)
