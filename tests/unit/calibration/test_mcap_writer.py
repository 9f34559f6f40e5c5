"""Logs written as MCAP: read back as they were, and by another project's reader."""

import errno
import json
import os

import numpy as np
import pytest
from joint_logs import GO2, Motion
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from surefoot_calibration.log.bag import TopicNames
from surefoot_calibration.log.csv_file import write_csv
from surefoot_calibration.log.gains import parse_gains
from surefoot_calibration.log.joint_log import ImuLog, JointLog
from surefoot_calibration.log.mcap_writer import write_mcap
from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError

START_S = 1_700_000_000.25


def log_of(*, imu=True, bare=False):
    motion = Motion(0.5)
    stamps = motion.t
    return JointLog(
        origin="made",
        robot="go2",
        joint_names=GO2.joint_names,
        start_s=START_S,
        stamp_s=stamps,
        position_rad=motion.q,
        velocity_radps=None if bare else motion.dq,
        torque_nm=None if bare else motion.tau,
        target_stamp_s=stamps[:-3] * 1.01 - 0.0013,
        target_rad=motion.q_cmd[:-3],
        gains=parse_gains("30,0.7", GO2.joint_names),
        imu=ImuLog(stamps, motion.q[:, :3], motion.tau[:, 3:6]) if imu else None,
        report=None,
    )


@pytest.mark.parametrize("bare", [False, True])
def test_what_is_written_is_read(tmp_path, bare):
    log = log_of(imu=not bare, bare=bare)
    write_mcap(tmp_path / "a.mcap", log)
    read = read_log(tmp_path / "a.mcap", GO2)
    np.testing.assert_array_equal(read.position_rad, log.position_rad)
    np.testing.assert_array_equal(read.target_rad, log.target_rad)
    np.testing.assert_allclose(read.stamp_s, log.stamp_s, rtol=0, atol=1e-9)
    np.testing.assert_allclose(read.target_stamp_s, log.target_stamp_s, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(read.gains.kp_nm_per_rad, np.full(12, 30.0))
    np.testing.assert_array_equal(read.gains.kd_nms_per_rad, np.full(12, 0.7))
    assert read.gains.source == "/surefoot/gains of a.mcap"
    assert (read.start_s, read.report.ignored) == (pytest.approx(START_S, abs=1e-6), ())
    if bare:
        assert (read.velocity_radps, read.torque_nm, read.imu) == (None, None, None)
        return
    np.testing.assert_array_equal(read.velocity_radps, log.velocity_radps)
    np.testing.assert_array_equal(read.torque_nm, log.torque_nm)
    np.testing.assert_array_equal(read.imu.angular_velocity_in_base_radps, log.imu.angular_velocity_in_base_radps)
    np.testing.assert_array_equal(read.imu.acceleration_in_base_mps2, log.imu.acceleration_in_base_mps2)


def test_another_projects_reader_finds_the_same(tmp_path):
    log = log_of()
    write_mcap(tmp_path / "a.mcap", log)
    names, found = TopicNames(), {}
    times = []
    with (tmp_path / "a.mcap").open("rb") as file:
        reader = make_reader(file, decoder_factories=[DecoderFactory()])
        for _, channel, message, decoded in reader.iter_decoded_messages(log_time_order=False):
            found.setdefault(channel.topic, []).append(decoded)
            times.append(message.log_time)
    assert times == sorted(times)
    assert {topic: len(each) for topic, each in found.items()} == {
        names.joints: 100,
        names.targets: 97,
        names.imu: 100,
        names.gains: 1,
    }
    state = found[names.joints][7]
    assert (state.header.stamp.sec, state.header.stamp.nanosec) == (1_700_000_000, 285_000_000)
    assert list(state.name) == list(GO2.joint_names)
    assert list(state.effort) == log.torque_nm[7].tolist()
    target = found[names.targets][7]
    assert (list(target.position), list(target.velocity)) == (log.target_rad[7].tolist(), [])
    imu = found[names.imu][7]
    assert imu.linear_acceleration.z == log.imu.acceleration_in_base_mps2[7, 2]
    assert imu.orientation_covariance[0] == -1.0
    assert json.loads(found[names.gains][0].data)["kp_nm_per_rad"]["FL_hip_joint"] == 30.0


def test_gains_that_were_told_must_be_the_logs(tmp_path):
    write_mcap(tmp_path / "a.mcap", log_of())
    assert read_log(tmp_path / "a.mcap", GO2, "30,0.7").gains.source == "/surefoot/gains of a.mcap"
    with pytest.raises(SurefootError, match="says other gains than /surefoot/gains"):
        read_log(tmp_path / "a.mcap", GO2, "25,0.5")


@pytest.mark.parametrize("text", ["{", "[]", '{"kp_nm_per_rad": {}}', '{"kp_nm_per_rad": 1, "kd_nms_per_rad": 2}'])
def test_gains_that_are_none(tmp_path, monkeypatch, text):
    monkeypatch.setattr("surefoot_calibration.log.mcap_writer.json.dumps", lambda _: text)
    write_mcap(tmp_path / "a.mcap", log_of())
    with pytest.raises(SurefootError, match=r"the message of /surefoot/gains is no gains of go2's joints"):
        read_log(tmp_path / "a.mcap", GO2)


@pytest.mark.parametrize("write", [write_mcap, write_csv])
def test_a_disk_that_fills_up_leaves_no_half_of_a_log(tmp_path, monkeypatch, write):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "a.log", log_of())
    assert not list(tmp_path.iterdir())


def test_gains_without_end(tmp_path):
    log = log_of()
    log.gains.kp_nm_per_rad[4] = np.inf
    write_mcap(tmp_path / "a.mcap", log)
    with pytest.raises(SurefootError, match="finite both"):
        read_log(tmp_path / "a.mcap", GO2)
