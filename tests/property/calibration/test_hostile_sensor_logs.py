"""Whatever a log of sensors holds, what is asked of it is answered, or refused in one line."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensed_logs import GO2, noise_log

from surefoot_calibration.sensors.noise import ACCELEROMETER, GYRO, noise
from surefoot_calibration.sensors.poses import Pose, sitting
from surefoot_calibration.sensors.rocking import rocked
from surefoot_calibration.sensors.sensor_log import need_imu, read_sensors
from surefoot_calibration.sensors.stillness import check_still, still_stretches
from surefoot_calibration.sensors.zero import zeros_at_stops, zeros_in_pose
from surefoot_robots.errors import SurefootError

with tempfile.TemporaryDirectory() as made:
    WHOLE = noise_log(3.0, 50.0).write(Path(made) / "a.csv").read_bytes()
changes = st.lists(st.tuples(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=9)), max_size=4)
numbers = st.one_of(st.floats(), st.sampled_from((0.0, 1e308, -1e-308, 1e9)))


def all_asked(file):
    """Everything that commands ask of a log."""
    log = read_sensors(file, GO2)
    imu = need_imu(log)
    poses = [Pose(imu.acceleration_in_base_mps2[:9].mean(axis=0), None) for _ in still_stretches(log)]
    if poses:
        sitting(poses, 9.80665)
    check_still(log)
    for values, kind in ((imu.angular_velocity_in_base_radps, GYRO), (imu.acceleration_in_base_mps2, ACCELEROMETER)):
        for axis in noise(imu.stamp_s, values, log.gaps, kind).axes:
            for one in (axis.bias, axis.spread, axis.density, axis.instability, axis.walk):
                assert np.isfinite([one.value, one.low, one.high]).all()
                assert one.low <= one.value <= one.high
    return log


def refused(ask):
    """Whether it is, in one line."""
    said = "\n"
    try:
        ask()
    except SurefootError as error:
        said = error.message
    else:
        return False
    assert said.isprintable()
    return True


@given(changes=changes, kept=st.one_of(st.just(1.0), st.floats(0.0, 1.0)))
@settings(max_examples=40)
def test_any_bytes(tmp_path_factory, changes, kept):
    data = bytearray(WHOLE)
    for share, piece in changes:
        place = int(share * (len(data) - len(piece)))
        data[place : place + len(piece)] = piece
    file = tmp_path_factory.mktemp("log") / "a.csv"
    file.write_bytes(data[: int(kept * len(data))])
    refused(lambda: all_asked(file))


@given(cells=st.lists(st.tuples(st.integers(0, 149), st.integers(0, 18), numbers), max_size=5))
@settings(max_examples=40)
def test_any_numbers(tmp_path_factory, cells):
    rows = [line.split(",") for line in WHOLE.decode().splitlines()]
    for row, column, number in cells:
        rows[1 + row][column] = repr(number)
    file = tmp_path_factory.mktemp("log") / "a.csv"
    file.write_text("\n".join(",".join(row) for row in rows) + "\n")
    refused(lambda: all_asked(file))
    if not refused(lambda: read_sensors(file, GO2)):
        log = read_sensors(file, GO2)
        assert refused(lambda: zeros_at_stops([log], GO2))
        refused(lambda: zeros_in_pose([log], GO2, GO2.default_joint_position_rad))
        assert refused(lambda: rocked(log, GO2))


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_sensor_that_always_says_the_same(tmp_path, value):
    log = noise_log(40.0, 50.0)
    log.gyro[:], log.acc[:] = 0.1 * value, [value, 0.0, 9.8]
    axis = noise(log.t, log.gyro, (), GYRO).axes[0]
    assert (axis.spread.value, axis.walk.value) == pytest.approx((0.0, 0.0), abs=1e-12)
    all_asked(log.write(tmp_path / "a.csv"))
