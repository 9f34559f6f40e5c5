"""The pages of sensors: every part is there, of figures as they were found."""

import re
from datetime import UTC, datetime

import pytest
from joint_logs import GO2, Motion
from sensed_logs import noise_log

from surefoot.report.sensor_report import imu_page, latency_page, zero_page
from surefoot_calibration.log.read import read_log
from surefoot_calibration.sensors.figures import Figure
from surefoot_calibration.sensors.latency import JointLatency, Latency
from surefoot_calibration.sensors.noise import ACCELEROMETER, GYRO, noise
from surefoot_calibration.sensors.poses import Sitting
from surefoot_calibration.sensors.results import Imu, content, imu_rows, latency_rows, zero_rows
from surefoot_calibration.sensors.rocking import Rocked
from surefoot_calibration.sensors.zero import Settles, Zero

NOW = datetime(2030, 1, 2, tzinfo=UTC)
SURE = Figure(0.01, 0.009, 0.011, "identified")
WEAK = Figure(0.02, 0.0, 0.04, "weak", "a <better> look")


def plain(page):
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)
    assert "a <better> look" not in page
    return page


@pytest.fixture(scope="module")
def imu():
    log = noise_log(60.0)
    each = [(noise(log.t, values, (), kind)) for values, kind in ((log.gyro, GYRO), (log.acc, ACCELEROMETER))]
    sitting = Sitting((WEAK,) * 3, (WEAK,) * 3, (SURE,) * 3, (SURE, WEAK), 1, 0.001)
    return Imu((each[0],), (each[1],), sitting, Rocked((SURE,) * 3, 0.5, 0.006, 1.0), starts=False)


def test_the_page_of_an_imu(imu):
    rows = imu_rows(imu)
    page = plain(imu_page(GO2, imu, rows, content(GO2, "imu", rows, [], NOW)))
    assert page.count("<svg") == 6
    for part in ("What is not settled", "Gyroscope", "Accelerometer", "How it sits", "All numbers", "not seen"):
        assert part in page
    assert "about 3 h of stillness" in page
    assert page.count("mounting by rocking") == 3


def test_an_imu_that_was_only_rocked(imu):
    rocked = Imu((), (), None, imu.rocked, starts=False)
    rows = imu_rows(rocked)
    assert [row.name for row in rows] == [f"imu_turn_{axis}_rad" for axis in "xyz"]
    page = plain(imu_page(GO2, rocked, rows, content(GO2, "imu", rows, [], NOW)))
    assert "its mounting" in page
    assert "<svg" not in page


def test_the_page_of_zeros():
    zeros = [
        Zero(
            joint,
            (Settles("lower", -1.0, (-0.99, -0.991, -0.989)),) if place % 2 else (),
            SURE if place % 2 else WEAK,
            0.001 if place == 1 else None,
        )
        for place, joint in enumerate(GO2.joint_names)
    ]
    rows = zero_rows(zeros)
    page = plain(zero_page(GO2, zeros, rows, content(GO2, "encoder-zero", rows, [], NOW)))
    assert page.count("<svg") == 4
    assert "+1.00" in page
    assert "1.00 mrad" in page  # repeats within


def test_the_page_of_latencies(tmp_path):
    log = read_log(Motion().write_csv(tmp_path / "a.csv"), GO2)
    found = Latency((JointLatency("FL_hip_joint", WEAK, 0.05, 0.99),), SURE)
    rows = latency_rows(found, 0.01)
    assert [(row.name, row.joint) for row in rows] == [("action_delay_s", None), ("motion_latency_s", "FL_hip_joint")]
    page = plain(latency_page(GO2, log, found, rows, content(GO2, "latency", rows, [], NOW)))
    assert "10.0 ms" in page
    assert page.count("<svg") == 1
