"""Settles against stops that are known, and what must not be taken for one."""

import numpy as np
import pytest
from sensed_logs import GO2, Sensed

from surefoot_calibration.sensors.sensor_log import read_sensors
from surefoot_calibration.sensors.zero import zeros_at_stops, zeros_in_pose
from surefoot_robots.errors import SurefootError

HZ = 200.0
HIP, THIGH, CALF = 0, 1, 2
HOME = GO2.default_joint_position_rad


def pressed(tmp_path, presses, *, seed=0, name="a.csv"):
    """Joints stand at home, but for one after the other that is pressed: (joint, angles it settles at)."""
    rng, rows = np.random.default_rng(seed), []
    for joint, angles in presses:
        for angle in angles:
            for goal, seconds in ((HOME[joint], 0.6), (angle, 1.0), (HOME[joint], 0.6)):
                start = rows[-1][joint] if rows else HOME[joint]
                ramp = np.linspace(start, goal, round(0.3 * HZ))
                for value in (*ramp, *np.full(round(seconds * HZ), goal)):
                    row = HOME.copy()
                    row[joint] = value
                    rows.append(row)
    q = np.array(rows) + 2e-4 * rng.standard_normal((len(rows), 12))
    t = np.arange(len(q)) / HZ
    log = Sensed(t, q, np.zeros((len(t), 3)), np.zeros((len(t), 3)))
    return read_sensors(log.write(tmp_path / name, imu=False), GO2)


def of(zeros, joint):
    return zeros[joint]


def test_a_stop_that_was_pressed_three_times(tmp_path):
    stop = GO2.joint_lower_rad[CALF]
    zeros = zeros_at_stops([pressed(tmp_path, [(CALF, [stop + 0.02, stop + 0.021, stop + 0.019])])], GO2, 0.002)
    calf = of(zeros, CALF)
    (settles,) = calf.settles
    assert (settles.where, len(settles.said_rad)) == ("lower", 3)
    assert calf.offset.value == pytest.approx(0.02, abs=1e-4)
    assert settles.repeat_rad == pytest.approx(0.001, abs=1e-4)
    # t(0.975, 2) 4.303 of 1 mrad / √3, and 2 mrad of the stop's own.
    assert calf.offset.high - calf.offset.value == pytest.approx(np.hypot(4.303 * 0.001 / np.sqrt(3), 0.002), abs=3e-4)
    assert calf.offset.verdict == "identified"
    others = [zero.offset.verdict for place, zero in enumerate(zeros) if place != CALF]
    assert set(others) == {"not_identifiable"}


def test_how_well_the_stop_is_known_counts_in_full(tmp_path):
    stop = GO2.joint_lower_rad[CALF]
    zeros = zeros_at_stops([pressed(tmp_path, [(CALF, [stop + 0.02] * 4)])], GO2)
    calf = of(zeros, CALF)
    assert calf.offset.verdict == "weak"
    assert calf.offset.high - calf.offset.value == pytest.approx(0.01, abs=5e-4)


def test_both_stops_show_what_the_files_range_is_off_by(tmp_path):
    low, high = GO2.joint_lower_rad[HIP], GO2.joint_upper_rad[HIP]
    log = pressed(tmp_path, [(HIP, [low - 0.01] * 3 + [high + 0.03] * 3)])
    hip = of(zeros_at_stops([log], GO2, 0.002), HIP)
    assert hip.offset.value == pytest.approx(0.01, abs=1e-4)
    assert hip.range_off_rad == pytest.approx(0.04, abs=2e-4)
    assert hip.offset.high - hip.offset.value == pytest.approx(0.02, abs=1e-3)
    assert hip.offset.verdict == "weak"


def test_rests_beside_the_stop_are_none(tmp_path):
    """Twice pressed is not enough, and legs that lie near a stop were not pressed; nor does a rest spoil the stop."""
    stop = GO2.joint_lower_rad[CALF]
    log = pressed(tmp_path, [(CALF, [stop, stop + 0.08, stop, stop + 0.08, stop, stop + 0.08])])
    calf = of(zeros_at_stops([log], GO2), CALF)
    assert len(calf.settles[0].said_rad) == 3
    assert calf.offset.value == pytest.approx(0.0, abs=2e-4)
    twice = pressed(tmp_path, [(CALF, [stop, stop])], name="b.csv")
    with pytest.raises(SurefootError, match=r"b\.csv: no joint was pressed against a stop 3 times"):
        zeros_at_stops([twice], GO2)


def test_without_letting_off_it_is_one_settle(tmp_path):
    stop = GO2.joint_lower_rad[CALF]
    log = pressed(tmp_path, [(CALF, [stop])])
    q = log.joints.position_rad
    q[:, CALF] = np.where(np.arange(len(q)) < 100, HOME[CALF], stop)
    with pytest.raises(SurefootError, match="no joint was pressed"):
        zeros_at_stops([log], GO2)


def test_a_jig(tmp_path):
    pose = HOME + 0.05
    logs = [
        pressed(tmp_path, [(joint, [pose[joint]]) for joint in range(1)], name=f"{number}.csv") for number in range(4)
    ]
    for number, log in enumerate(logs):
        log.joints.position_rad[:] = pose + 0.003 + 0.0005 * number
    zeros = zeros_in_pose(logs, GO2, pose, 0.002)
    for zero in zeros:
        assert zero.settles[0].said_rad == pytest.approx(zero.settles[0].known_rad + 0.003 + 0.0005 * np.arange(4))
        assert zero.offset.value == pytest.approx(0.00375)
        assert zero.offset.verdict == "identified"
    one = zeros_in_pose(logs[:1], GO2, pose, 0.002)[0]
    assert one.settles[0].repeat_rad is None
    assert one.offset.verdict == "weak"  # of one settle nobody knows how well it repeats
    with pytest.raises(SurefootError, match=r"never rests within 0\.2 rad of the pose"):
        zeros_in_pose(logs, GO2, pose + 0.5)
