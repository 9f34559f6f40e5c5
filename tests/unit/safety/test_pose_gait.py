import pytest
from safe_robot import load_robot_once, pose, state

from surefoot_safety.command import standstill
from surefoot_safety.pose_gait import PoseGait, pose_gaits

STILL = standstill(0.0)


def at(angle):
    return (angle,) * 12


def test_from_the_measured_pose_to_the_wanted_one():
    gait = PoseGait(at(1.0), at(20.0), at(0.5), 2.0)
    gait.begin(state(5.0, joint_position_rad=at(0.0)))
    assert not gait.finished
    for now_s, angle in ((4.9, 0.0), (5.0, 0.0), (5.5, 0.25), (6.0, 0.5), (7.0, 1.0), (99.0, 1.0)):
        law = gait.tick(state(), STILL, now_s)
        assert law.position_rad == pytest.approx(at(angle))
        assert gait.finished is (now_s >= 7.0)
    assert (law.kp_nm_per_rad, law.kd_nms_per_rad) == (at(20.0), at(0.5))
    assert law.velocity_radps == law.torque_nm == at(0.0)
    gait.begin(state(100.0, joint_position_rad=at(0.5)))
    assert not gait.finished
    assert gait.tick(state(), STILL, 101.0).position_rad == pytest.approx(at(0.75))


def test_the_gaits_of_a_robot():
    gaits = pose_gaits(load_robot_once("a1"), 3.0, 4.0)
    for gait, name, seconds in (
        (gaits.stand_up, "default", 3.0),
        (gaits.stand, "default", 0.5),
        (gaits.sit, "lying", 4.0),
        (gaits.fallback, "default", 0.5),
    ):
        gait.begin(state(0.0, robot="a1"))
        gait.tick(state(), STILL, seconds - 1e-6)
        assert not gait.finished
        assert gait.tick(state(), STILL, seconds + 1e-6).position_rad == pose("a1", name)
        assert gait.finished
    law = gaits.stand.tick(state(), STILL, 9.0)
    assert law.kp_nm_per_rad == tuple(load_robot_once("a1").kp_nm_per_rad)
    assert law.kd_nms_per_rad == tuple(load_robot_once("a1").kd_nms_per_rad)
