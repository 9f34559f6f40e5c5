"""Logs as CSV: what is read, what is said about it, and every way a file can be wrong."""

import dataclasses

import numpy as np
import pytest
from joint_logs import GO2, HZ, Motion

from surefoot_calibration.log.csv_file import write_csv
from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError

CALF = GO2.joint_names.index("FL_calf_joint")


@pytest.fixture
def motion():
    return Motion()


def read(path, **options):
    return read_log(path, GO2, **options)


def test_what_is_in_the_columns_is_in_the_log(tmp_path, motion):
    motion.t += 5.0
    log = read(motion.write_csv(tmp_path / "a.csv"))
    assert log.joint_names == GO2.joint_names
    assert log.start_s == 5.0
    np.testing.assert_array_equal(log.stamp_s, motion.t - 5.0)
    np.testing.assert_array_equal(log.position_rad, motion.q)
    np.testing.assert_array_equal(log.velocity_radps, motion.dq)
    np.testing.assert_array_equal(log.torque_nm, motion.tau)
    np.testing.assert_array_equal(log.target_rad, motion.q_cmd)
    np.testing.assert_array_equal(log.target_stamp_s, log.stamp_s)
    assert log.imu is None
    assert (log.samples, log.seconds) == (200, pytest.approx(0.995))


def test_joints_go_by_name_and_unknown_columns_are_listed(tmp_path, motion):
    columns = dict(reversed(motion.columns().items()))
    columns["battery"] = motion.t
    log = read(motion.write_csv(tmp_path / "a.csv", columns))
    np.testing.assert_array_equal(log.position_rad, motion.q)
    assert log.report.ignored == ("battery",)


def test_speeds_and_torques_need_not_be_there(tmp_path, motion):
    columns = {name: column for name, column in motion.columns().items() if name.split(".")[0] in {"t", "q", "q_cmd"}}
    log = read(motion.write_csv(tmp_path / "a.csv", columns))
    assert log.velocity_radps is None
    assert log.torque_nm is None


def test_the_imu_is_taken_whole_or_not_at_all(tmp_path, motion):
    columns = motion.columns()
    for place, name in enumerate(("gyro.x", "gyro.y", "gyro.z", "acc.x", "acc.y", "acc.z")):
        columns[name] = np.full(len(motion.t), float(place))
    log = read(motion.write_csv(tmp_path / "a.csv", columns))
    assert log.imu is not None
    assert log.imu.angular_velocity_in_base_radps[3].tolist() == [0.0, 1.0, 2.0]
    assert log.imu.acceleration_in_base_mps2[3].tolist() == [3.0, 4.0, 5.0]
    del columns["acc.z"]
    log = read(motion.write_csv(tmp_path / "b.csv", columns))
    assert log.imu is None
    assert log.report.ignored == ("gyro.x", "gyro.y", "gyro.z", "acc.x", "acc.y")


def test_a_log_that_is_written_reads_back_to_the_bit(tmp_path, motion):
    columns = motion.columns()
    columns |= {f"kp.{joint}": np.full(len(motion.t), 20.0 + 0.1) for joint in GO2.joint_names}
    columns |= {f"kd.{joint}": np.full(len(motion.t), 0.5) for joint in GO2.joint_names}
    columns |= dict.fromkeys(("gyro.x", "gyro.y", "gyro.z", "acc.x", "acc.y", "acc.z"), motion.t / 3.0)
    log = read(motion.write_csv(tmp_path / "a.csv", columns))
    write_csv(tmp_path / "b.csv", log)
    again = read(tmp_path / "b.csv")
    for name in ("stamp_s", "position_rad", "velocity_radps", "torque_nm", "target_stamp_s", "target_rad"):
        np.testing.assert_array_equal(getattr(again, name), getattr(log, name))
    np.testing.assert_array_equal(again.gains.kp_nm_per_rad, log.gains.kp_nm_per_rad)
    np.testing.assert_array_equal(again.imu.acceleration_in_base_mps2, log.imu.acceleration_in_base_mps2)


def test_commands_with_times_of_their_own_are_held_when_written(tmp_path, motion):
    log = read(motion.write_csv(tmp_path / "a.csv"))
    # Given at 0.1 s and at 0.5 s; before the first there is nothing to go by but the first.
    twice = dataclasses.replace(log, target_stamp_s=np.array([0.1, 0.5]), target_rad=log.target_rad[:2])
    write_csv(tmp_path / "b.csv", twice)
    held = read(tmp_path / "b.csv").target_rad
    np.testing.assert_array_equal(held, np.where(motion.t[:, None] < 0.5, motion.q_cmd[0], motion.q_cmd[1]))


def test_times_are_the_measured_ones_with_gaps_and_repetitions_reported(tmp_path, motion):
    motion.t[100:] += 0.05  # eleven steps: ten samples are missing
    motion.t[50] = motion.t[49]  # a repetition, and so a double step behind it
    log = read(motion.write_csv(tmp_path / "a.csv"))
    report = log.report
    assert report.repeated == 1
    assert report.missing == 11
    assert [(gap.at_s, pytest.approx(gap.seconds)) for gap in report.gaps] == [(0.495, 0.055)]
    assert report.rate_hz == pytest.approx(HZ)
    assert log.samples == 199
    np.testing.assert_array_equal(log.position_rad, np.delete(motion.q, 50, axis=0))


def test_gains_are_the_logs_own_first(tmp_path, motion):
    columns = motion.columns()
    columns |= {f"kp.{joint}": np.full(len(motion.t), 20.0 + place) for place, joint in enumerate(GO2.joint_names)}
    columns |= {f"kd.{joint}": np.full(len(motion.t), 0.6) for joint in GO2.joint_names}
    path = motion.write_csv(tmp_path / "a.csv", columns)
    gains = read(path).gains
    assert gains.kp_nm_per_rad.tolist() == [20.0 + place for place in range(12)]
    assert gains.kd_nms_per_rad.tolist() == [0.6] * 12
    assert gains.source == "columns kp, kd of a.csv"
    with pytest.raises(SurefootError, match=r"--gains 25,0.5 says other gains than columns kp, kd of a.csv"):
        read(path, gains="25,0.5")


def test_else_the_told_ones_else_the_robots(tmp_path, motion):
    path = motion.write_csv(tmp_path / "a.csv")
    told = read(path, gains="30,0.7").gains
    assert (set(told.kp_nm_per_rad), set(told.kd_nms_per_rad), told.source) == ({30.0}, {0.7}, "--gains 30,0.7")
    each = read(path, gains=",".join([*map(str, range(1, 13)), *(["0.5"] * 12)])).gains
    assert each.kp_nm_per_rad.tolist() == list(map(float, range(1, 13)))
    own = read(path).gains
    assert own.kp_nm_per_rad.tolist() == GO2.kp_nm_per_rad.tolist()
    assert own.source.startswith("go2.yaml")


@pytest.mark.parametrize("text", ["", "25", "25,0.5,1", "25,x", "nan,0.5", "0,0.5", "25,-1"])
def test_gains_that_are_none(tmp_path, motion, text):
    with pytest.raises(SurefootError, match=r"--gains .* is not valid: must be KP,KD"):
        read(motion.write_csv(tmp_path / "a.csv"), gains=text)


def test_gains_that_change(tmp_path, motion):
    columns = motion.columns()
    columns |= {f"kp.{joint}": np.full(len(motion.t), 20.0) for joint in GO2.joint_names}
    columns |= {f"kd.{joint}": np.full(len(motion.t), 0.5) for joint in GO2.joint_names}
    columns["kp.FL_calf_joint"][70:] = 30.0
    with pytest.raises(SurefootError, match=r"kp.FL_calf_joint changes from 20 to 30 at sample 70"):
        read(motion.write_csv(tmp_path / "a.csv", columns))
    del columns["kp.FL_calf_joint"]
    with pytest.raises(SurefootError, match=r"kp.FL_calf_joint is missing, while kp of other joints is there"):
        read(motion.write_csv(tmp_path / "a.csv", columns))
    columns = {name: column for name, column in columns.items() if not name.startswith("kp.")}
    with pytest.raises(SurefootError, match="has kd but no kp"):
        read(motion.write_csv(tmp_path / "a.csv", columns))


def spoil(motion, name, row, value):
    getattr(motion, name)[row, CALF] = value


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda m: spoil(m, "q", 7, np.nan), r"q of FL_calf_joint is nan in sample 7, at 0.035 s"),
        (lambda m: spoil(m, "q_cmd", 8, np.inf), r"q_cmd of FL_calf_joint is inf in sample 8"),
        (lambda m: spoil(m, "dq", 9, -np.inf), r"dq of FL_calf_joint is -inf in sample 9"),
        (lambda m: spoil(m, "tau", 10, np.nan), r"tau of FL_calf_joint is nan in sample 10"),
        (lambda m: m.t.__setitem__(4, np.nan), "the stamp of row 4 is nan"),
        (lambda m: m.t.__setitem__(4, 0.003), r"row 4 is stamped 0.012 s before the one before it, at 0.015 s"),
        (lambda m: m.t.__imul__(1000.0), r"the median step between samples is 5 s: must be at most 0.5"),
        (lambda m: m.t.__imul__(0.0), "1 samples of joints with different stamps: must be at least 20"),
        (lambda m: m.tau.__imul__(100.0), r"tau of .* reaches .*: go2 has at most"),
    ],
)
def test_numbers_that_cannot_be(tmp_path, motion, wrong, message):
    wrong(motion)
    with pytest.raises(SurefootError, match=message):
        read(motion.write_csv(tmp_path / "a.csv"))


def test_degrees_are_recognized(tmp_path, motion):
    motion.q *= 180.0 / np.pi
    with pytest.raises(SurefootError, match=r"goes from .* go2 has .* rad") as caught:
        read(motion.write_csv(tmp_path / "a.csv"))
    assert caught.value.hint == "these look like degrees: convert them to radians"


def test_speeds_in_degrees_are_recognized(tmp_path, motion):
    motion.dq *= 180.0 / np.pi
    with pytest.raises(SurefootError, match=r"dq of FL_hip_joint is 57.\d times the slope of its q") as caught:
        read(motion.write_csv(tmp_path / "a.csv"))
    assert "degrees/s" in caught.value.hint


def test_angles_of_another_robot(tmp_path, motion):
    motion.q[:, CALF] += 3.0
    with pytest.raises(SurefootError, match="q of FL_calf_joint goes from") as caught:
        read(motion.write_csv(tmp_path / "a.csv"))
    assert "is this a log of go2" in caught.value.hint


def test_a_single_wrong_reading_is_the_fits_matter(tmp_path, motion):
    motion.q[3, CALF] = 3.0
    assert read(motion.write_csv(tmp_path / "a.csv")).position_rad[3, CALF] == 3.0


def test_joints_of_another_robot(tmp_path, motion):
    columns = {name.replace("FL_", "LF_").replace("_joint", ""): column for name, column in motion.columns().items()}
    with pytest.raises(SurefootError, match=r"12 of 12 columns q.<joint> of go2 are missing") as caught:
        read(motion.write_csv(tmp_path / "a.csv", columns))
    assert "angles of LF_hip, LF_thigh" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv: is empty"),
        (b"\n", "is no header"),
        (b"\x80\x81\x82 garbage", "is not text: byte 0"),
        (b"\x00\x01\x02", "is no header"),
        (b"t;q.FL_hip_joint\n0;1\n", "columns are separated by ';'"),
        (b"time,q\n0,1\n", "there is no column t; the first column is 'time'"),
        (b"t,a,a\n0,1,2\n", "column 'a' is there twice"),
    ],
)
def test_headers_that_are_none(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(SurefootError, match=message):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lines: lines[:1], "has no rows below its header"),
        (lambda lines: [*lines[:5], b"x" + lines[5], *lines[6:]], r"line 6: t is 'x0.02': must be a number"),
        (lambda lines: [*lines[:5], b",".join(lines[5].split(b",")[:9]), *lines[6:]], "line 6 has 9 cells, the header"),
        (lambda lines: [*lines[:50], lines[50][:30]], "line 51 has .* cells, .* ends within it: the file is cut off"),
        (lambda lines: [*lines[:5], b"\xff" + lines[5], *lines[6:]], "line 6: t is '.0.02': must be a number"),
    ],
)
def test_rows_that_are_none(tmp_path, motion, spoil, message):
    path = motion.write_csv(tmp_path / "a.csv")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join(spoil(lines)))
    with pytest.raises(SurefootError, match=message):
        read(path)


def test_what_is_no_file(tmp_path):
    with pytest.raises(SurefootError, match="is neither a file nor a folder"):
        read(tmp_path.__class__("/dev/null"))
    with pytest.raises(SurefootError, match="is no rosbag2"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError):  # which the command line makes one line of
        read(tmp_path / "none.csv")
