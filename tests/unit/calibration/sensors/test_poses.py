"""Accelerometers with known errors in known attitudes."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sensed_logs import GO2

from surefoot_calibration.sensors.feet import turns, up_in_base
from surefoot_calibration.sensors.poses import Pose, apart, sitting
from surefoot_training.task.sensors import _tilt

GRAVITY = 9.80665
BIAS, SCALE = np.array([0.1, -0.05, 0.08]), np.array([0.004, -0.003, 0.002])
TURN = Rotation.from_rotvec([0.02, -0.03, 0.05])
UPS = [[0, 0, 1], [0, 0, -1], [0, 1, 0.1], [0, -1, 0.1], [1, 0, 0.2], [-1, 0, 0.2], [0.7, 0.7, 0.1]]


def pose(up, *, known=True, rng=None):
    up = np.array(up, dtype=float) / np.linalg.norm(up)
    said = (1.0 + SCALE) * TURN.inv().apply(GRAVITY * up) + BIAS
    if rng is not None:
        said = said + 0.003 * rng.standard_normal(3)
    return Pose(said, up if known else None)


def values(figures):
    return [figure.value for figure in figures]


def test_many_attitudes_tell_all():
    found = sitting([pose(up) for up in UPS], GRAVITY)
    np.testing.assert_allclose(values(found.bias_mps2), BIAS, atol=2e-3)
    np.testing.assert_allclose(values(found.scale), SCALE, atol=2e-4)
    np.testing.assert_allclose(values(found.mounting_rad), [0.02, -0.03, 0.05], atol=1e-3)
    assert {one.verdict for one in (*found.bias_mps2, *found.scale)} == {"identified"}
    # What is level is known to 5 mrad only, unless somebody says otherwise.
    assert {one.verdict for one in found.mounting_rad} == {"weak"}
    better = sitting([pose(up) for up in UPS], GRAVITY, 0.001)
    assert {one.verdict for one in better.mounting_rad} == {"identified"}
    assert found.poses == 7


def test_sizes_alone_tell_bias_and_scale_but_no_mounting():
    found = sitting([pose(up, known=False) for up in UPS], GRAVITY)
    np.testing.assert_allclose(values(found.bias_mps2), BIAS, atol=5e-3)
    assert found.mounting_rad is None
    assert found.level_rad is None


def test_one_attitude_tells_only_the_tilt_that_a_policy_meets():
    found = sitting([pose([0, 0, 1])], GRAVITY)
    assert {one.verdict for one in (*found.bias_mps2, *found.scale)} == {"not_identifiable"}
    assert found.mounting_rad[2].verdict == "not_identifiable"
    said = pose([0, 0, 1]).acceleration_mps2
    gravity = np.array([[0.0, 0.0, -1.0]])
    _tilt(gravity, np.array([values(found.level_rad)]))  # as training does it
    np.testing.assert_allclose(gravity[0], -said / np.linalg.norm(said), atol=2e-3)


def test_intervals_hold_the_truth():
    rng, inside, count = np.random.default_rng(0), 0, 0
    for _ in range(20):
        found = sitting([pose(up, rng=rng) for up in UPS], GRAVITY)
        for figure, truth in zip((*found.bias_mps2, *found.scale), (*BIAS, *SCALE), strict=True):
            inside, count = inside + (figure.low <= truth <= figure.high), count + 1
    assert inside / count > 0.95


def test_attitudes_that_are_near_each_other_are_one():
    assert len(apart([pose([0, 0, 1]), pose([0.01, 0, 1]), pose([0, 1, 1])])) == 2


def test_legs_tell_how_the_trunk_leans():
    """The default pose stands lower behind: atan of the feet's height over their distance."""
    feet = GO2.kinematics.foot_position_in_base(GO2.default_joint_position_rad)
    up, off_m = up_in_base(GO2, GO2.default_joint_position_rad)
    along = feet[0] - feet[2]
    assert up @ along == pytest.approx(0.0, abs=1e-12)
    assert up[0] / up[2] == pytest.approx(-along[2] / along[0])
    assert off_m == pytest.approx(0.0, abs=1e-12)


def test_legs_tell_turns_by_feet_that_roll():
    """A trunk turned over points that stand still, as far as balls of two centimetres roll: nearly those turns."""
    base = GO2.kinematics.foot_position_in_base(GO2.default_joint_position_rad)
    small = 1e-3
    for axis in range(3):
        turn = np.zeros(3)
        turn[axis] = small
        after, ok = GO2.kinematics.joint_position(Rotation.from_rotvec(turn).inv().apply(base))
        assert ok.all()
        found, slid_m = turns(GO2, np.stack([GO2.default_joint_position_rad, after]))
        assert found[0, axis] == pytest.approx(small, rel=0.1)
        assert slid_m[0] < 3e-5
