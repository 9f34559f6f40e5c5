import math

import numpy as np
from safe_robot import command, state, tilted

from surefoot_safety.command import CommandKind, JointTarget, damping, standstill, zero_torque

ZEROS = (0.0,) * 12


def test_arrays_become_plain_floats_and_the_rest_is_zero():
    target = JointTarget.of_arrays(np.arange(12, dtype=np.float32), np.full(12, 20.0), np.full((4, 3), 0.5))
    assert target.position_rad == tuple(map(float, range(12)))
    assert all(type(value) is float for value in target.position_rad)
    assert target.kp_nm_per_rad == (20.0,) * 12
    assert target.kd_nms_per_rad == (0.5,) * 12
    assert target.velocity_radps == target.torque_nm == ZEROS


def test_velocity_and_torque_are_kept_apart():
    one, two = np.full(12, 1.0), np.full(12, 2.0)
    target = JointTarget.of_arrays(ZEROS, ZEROS, ZEROS, velocity_radps=one, torque_nm=two)
    assert target.velocity_radps == (1.0,) * 12
    assert target.torque_nm == (2.0,) * 12


def test_stops_have_no_target():
    limp, damped = zero_torque("hash", 3, 1.5, 12), damping("hash", 4, 2.5, (5.0,) * 12)
    assert (limp.robot_hash, limp.sequence, limp.stamp_s, limp.kind) == ("hash", 3, 1.5, CommandKind.ZERO_TORQUE)
    assert (damped.robot_hash, damped.sequence, damped.stamp_s, damped.kind) == ("hash", 4, 2.5, CommandKind.DAMP)
    assert limp.target == JointTarget(ZEROS, ZEROS, ZEROS, ZEROS, ZEROS)
    assert damped.target == JointTarget(ZEROS, ZEROS, ZEROS, ZEROS, (5.0,) * 12)
    assert limp.is_stop
    assert damped.is_stop
    assert not command().is_stop


def test_standing_still():
    still = standstill(2.0)
    assert (still.sequence, still.stamp_s, still.vx_mps, still.vy_mps, still.yaw_rate_radps) == (0, 2.0, 0.0, 0.0, 0.0)


def test_a_state_knows_its_tilt():
    assert math.isclose(state(orientation_wxyz=tilted(0.3)).tilt_rad, 0.3)
