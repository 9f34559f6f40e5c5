"""`surefoot identify imu --standing`: legs and accelerometer of the same moments."""

import numpy as np
import pytest
from sensed_logs import GO2, noise_log

from surefoot.cli import main
from surefoot_robots.calibration import read_calibration

FEET = GO2.kinematics.foot_position_in_base(GO2.default_joint_position_rad) * [1.0, 1.0, 0.0] - [0.0, 0.0, 0.29]


def pitched(rad):
    """Joint angles of a trunk that leans about y over feet that stand, [T, J]."""
    sin, cos, zero = np.sin(rad), np.cos(rad), np.zeros_like(rad)
    turn = np.stack((cos, zero, sin, zero, zero + 1.0, zero, -sin, zero, cos), axis=-1).reshape(-1, 3, 3)
    return GO2.kinematics.joint_position(FEET @ turn)[0]


@pytest.fixture
def moved():
    """Level for 5 s; then it leans by 0.15 rad, and is rocked there until the end."""
    log = noise_log(10.0)
    lean = np.where(log.t < 5.0, 0.0, 0.15 + 0.03 * np.sin(12.0 * log.t))
    log.q = pitched(lean)
    log.gyro[:, 1] += np.where(log.t < 5.0, 0.0, 0.36 * np.cos(12.0 * log.t))
    log.acc += 9.80665 * np.stack((-np.sin(lean), np.zeros_like(lean), np.cos(lean) - 1.0), axis=1)
    return log


def test_legs_are_looked_at_while_it_is_still(moved, tmp_path):
    out = tmp_path / "imu.yaml"
    assert main(["identify", "imu", "--standing", str(moved.write(tmp_path / "a.csv")), "--out", str(out)]) == 0
    tilt = {one.name: one.value for one in read_calibration(out, GO2).measured}
    assert tilt["tilt_offset_y_rad"] == pytest.approx(0.0, abs=0.001)


def test_each_stretch_has_its_own_lean(tmp_path):
    """Level for 3 s, and leaning by 0.15 rad for 7: neither is the mean of both."""
    lean = np.where(np.arange(2000) < 600, 0.0, 0.15)
    still = noise_log(10.0)
    still.q = pitched(lean)
    still.acc += 9.80665 * np.stack((-np.sin(lean), np.zeros_like(lean), np.cos(lean) - 1.0), axis=1)
    out = tmp_path / "imu.yaml"
    assert main(["identify", "imu", "--standing", str(still.write(tmp_path / "a.csv")), "--out", str(out)]) == 0
    tilt = {one.name: one.value for one in read_calibration(out, GO2).measured}
    assert tilt["tilt_offset_y_rad"] == pytest.approx(0.0, abs=0.002)
