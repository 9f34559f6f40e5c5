"""Logs of sensors in every form; what is wrong with them is an error that says where."""

import numpy as np
import pytest
from joint_logs import GO2, Motion
from sensed_logs import noise_log

from surefoot_calibration.log.mcap_writer import write_mcap
from surefoot_calibration.log.read import read_log
from surefoot_calibration.sensors.sensor_log import need_imu, need_joints, read_sensors
from surefoot_robots.errors import SurefootError


def test_csv_with_and_without(tmp_path):
    log = noise_log(5.0)
    both = read_sensors(log.write(tmp_path / "a.csv"), GO2)
    np.testing.assert_allclose(need_imu(both).angular_velocity_in_base_radps, log.gyro, atol=1e-9)
    np.testing.assert_allclose(need_joints(both).position_rad, log.q, atol=1e-8)
    assert both.rate_hz == pytest.approx(200.0)
    without = read_sensors(log.write(tmp_path / "b.csv", joints=False), GO2)
    with pytest.raises(SurefootError, match=r"b\.csv: has no joints"):
        need_joints(without)
    joints = read_sensors(log.write(tmp_path / "c.csv", imu=False), GO2)
    with pytest.raises(SurefootError, match=r"c\.csv: has no IMU"):
        need_imu(joints)
    assert joints.seconds == pytest.approx(4.995)


def test_mcap_needs_no_targets_and_is_read_with_them(tmp_path):
    """Of the stack's own writer, which always has them."""
    motion = Motion()
    columns = motion.columns()
    columns |= {f"gyro.{axis}": np.full(len(motion.t), 0.1) for axis in "xyz"}
    columns |= {
        f"acc.{axis}": np.full(len(motion.t), value) for axis, value in zip("xyz", (0.0, 0.0, 9.8), strict=True)
    }
    whole = read_log(motion.write_csv(tmp_path / "a.csv", columns), GO2)
    write_mcap(tmp_path / "a.mcap", whole)
    found = read_sensors(tmp_path / "a.mcap", GO2)
    np.testing.assert_array_equal(need_joints(found).position_rad, whole.position_rad)
    np.testing.assert_array_equal(need_imu(found).acceleration_in_base_mps2[:, 2], 9.8)
    np.testing.assert_allclose(found.stamp_s, whole.stamp_s, atol=1e-9)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda log: log.gyro.__setitem__((7, 1), np.nan), "sample 7 of the gyroscope is not finite"),
        (lambda log: log.acc.__imul__(1.0 / 9.80665), "the accelerometer says 1 in the middle: must be about"),
        (lambda log: log.t.__setitem__(slice(5, 8), 0.0), "row by t 5 is stamped .* s before the one before it"),
        (lambda log: log.t.__imul__(1000.0), "the median step between samples is 5 s"),
    ],
)
def test_logs_that_are_wrong(tmp_path, spoil, message):
    log = noise_log(5.0)
    spoil(log)
    with pytest.raises(SurefootError, match=message):
        read_sensors(log.write(tmp_path / "a.csv"), GO2)


def test_logs_of_something_else(tmp_path):
    (tmp_path / "a.csv").write_text("t,voltage\n0,1\n1,2\n")
    with pytest.raises(SurefootError, match=r"a\.csv: has neither joints of go2 nor an IMU"):
        read_sensors(tmp_path / "a.csv", GO2)
    short = noise_log(0.05)
    with pytest.raises(SurefootError, match="10 samples with different stamps: must be at least 20"):
        read_sensors(short.write(tmp_path / "b.csv"), GO2)
