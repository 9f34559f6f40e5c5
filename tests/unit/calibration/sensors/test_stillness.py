"""What moves is found, and where."""

import numpy as np
import pytest
from sensed_logs import GO2, noise_log

from surefoot_calibration.sensors.sensor_log import read_sensors
from surefoot_calibration.sensors.stillness import check_still, still_stretches
from surefoot_robots.errors import SurefootError


def read(tmp_path, log, **which):
    return read_sensors(log.write(tmp_path / "a.csv", **which), GO2)


def test_still_is_still(tmp_path):
    log = noise_log(30.0, walk=1e-5)
    check_still(read(tmp_path, log))
    (whole,) = still_stretches(read(tmp_path, log))
    assert (whole.start_s, whole.end_s) == (0.0, pytest.approx(30.0, abs=0.5))


@pytest.mark.parametrize("what", ["a turn", "a knock", "a lean", "a shake"])
def test_motion_is_told_with_its_place(tmp_path, what):
    log = noise_log(30.0)
    rows = (log.t >= 12.0) & (log.t < 13.0)
    if what == "a turn":
        log.gyro[rows, 2] += 0.05
    elif what == "a knock":
        log.gyro[np.flatnonzero(rows)[:4], 0] += 0.5
    elif what == "a lean":
        log.acc[rows, 1] += 0.3
    else:
        log.acc[rows, 2] += 0.5 * np.sin(100.0 * log.t[rows])
    with pytest.raises(SurefootError, match=r"a\.csv: moves at 12\.0 s, for (0\.5|1\.0) s .* must be still all along"):
        check_still(read(tmp_path, log))


def test_a_robot_that_sinks(tmp_path):
    log = noise_log(30.0)
    log.q[:, 2] += np.linspace(0.0, 0.01, len(log.t))
    with pytest.raises(SurefootError, match=r"joint 3 of 12 creeps by 0\.0075 rad"):
        check_still(read(tmp_path, log))
    check_still(read(tmp_path, log, joints=False))


def test_a_robot_that_never_rests(tmp_path):
    log = noise_log(30.0)
    log.gyro[:, 0] += np.sin(20.0 * log.t)
    with pytest.raises(SurefootError, match=r"swings by 0\.\d+ rad/s even where it is quietest"):
        check_still(read(tmp_path, log))


def test_attitudes_that_were_held(tmp_path):
    """Ten seconds each, turned from one to the next within one."""
    log = noise_log(33.0)
    angle = np.interp(log.t, [0.0, 10.0, 11.0, 21.0, 22.0, 33.0], [0.0, 0.0, 1.5, 1.5, -1.5, -1.5])
    log.acc = 9.8 * np.stack((np.zeros_like(angle), np.sin(angle), np.cos(angle)), axis=1) + (log.acc - log.acc.mean(0))
    log.gyro[:, 0] += np.gradient(angle, log.t)
    held = still_stretches(read(tmp_path, log, joints=False))
    assert [one.start_s for one in held] == pytest.approx([0.0, 11.5, 22.5], abs=0.6)
    assert [one.end_s for one in held] == pytest.approx([9.5, 20.5, 33.0], abs=0.6)
