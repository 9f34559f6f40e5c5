"""Logs cut into windows: across no gap, of equal length, each with a beginning of its own."""

import dataclasses

import numpy as np
import pytest
from joint_logs import GO2, Motion

from surefoot_calibration.air.windows import cut, evenly, split
from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError


def log_of(tmp_path, seconds=8.0, change=None):
    motion = Motion(seconds)
    if change:
        change(motion)
    return read_log(motion.write_csv(tmp_path / "a.csv"), GO2)


def test_every_sample_is_in_one_window(tmp_path):
    windows = cut(log_of(tmp_path), 0.004)
    assert windows.count == 4
    # But for 50 ms, in which what was commanded before the log may still act.
    np.testing.assert_array_equal(np.concatenate(windows.rows), np.arange(10, 1600))
    np.testing.assert_allclose(windows.start_s, [0.05, 2.04, 4.03, 6.015])
    # 397 samples behind the first, of 5 ms; the last one lies between two steps.
    assert windows.steps == int(397 * 0.005 / 0.004) + 2


def test_none_reaches_across_a_gap_and_short_ones_are_left_out(tmp_path):
    def gaps(motion):
        motion.t[500:] += 0.1  # 2.5 s, then 0.3 s, then the rest
        motion.t[560:] += 0.1

    windows = cut(log_of(tmp_path, change=gaps), 0.004)
    assert [int(rows[0]) for rows in windows.rows] == [10, 570, 914, 1257]
    assert [len(rows) for rows in windows.rows] == [490, 344, 343, 343]


def test_samples_before_the_first_command_are_left_out(tmp_path):
    log = log_of(tmp_path)
    late = dataclasses.replace(log, target_stamp_s=log.target_stamp_s[100:], target_rad=log.target_rad[100:])
    assert cut(late, 0.004).start_s[0] == 0.55


def test_fast_logs_are_thinned(tmp_path):
    def faster(motion):
        motion.t /= 5.0  # 1 kHz
        motion.dq *= 5.0

    windows = cut(log_of(tmp_path, 20.0, faster), 0.004)
    assert set(np.diff(windows.rows[0])) == {4}


def test_beginnings_are_those_of_the_parabola_through_the_neighbours(tmp_path):
    def parabola(motion):
        motion.q = GO2.default_joint_position_rad + 0.1 * (motion.t[:, None] - 1.0) + 0.02 * motion.t[:, None] ** 2
        motion.dq = np.tile(0.1 + 0.04 * motion.t[:, None], (1, 12))

    log = log_of(tmp_path, 4.0, parabola)
    windows = cut(log, 0.004)
    for number, rows in enumerate(windows.rows):
        np.testing.assert_allclose(windows.encoder_rad[number], log.position_rad[rows[0]], atol=1e-9)
        np.testing.assert_allclose(windows.velocity_radps[number], log.velocity_radps[rows[0]], atol=1e-9)


def test_some_are_held_out(tmp_path):
    fitted, apart = split(cut(log_of(tmp_path, 20.0), 0.004))
    assert (fitted.count, apart.count) == (8, 2)
    np.testing.assert_allclose(apart.start_s, [4.04, 14.015])
    fitted, apart = split(cut(log_of(tmp_path, 4.0), 0.004))
    np.testing.assert_allclose(apart.start_s, [2.025])  # of two the last


def test_of_many_some_are_taken_all_over_the_log(tmp_path):
    windows = cut(log_of(tmp_path, 20.0), 0.004)
    np.testing.assert_allclose(evenly(windows, 3).start_s, windows.start_s[[0, 4, 9]])
    assert evenly(windows, 10) is windows


def test_what_cannot_be_cut_or_split(tmp_path):
    short = log_of(tmp_path, 0.4)
    with pytest.raises(SurefootError, match=r"a.csv: has no stretch of 0.5 s without gaps"):
        cut(short, 0.004)
    with pytest.raises(SurefootError, match="the log is one window"):
        split(cut(log_of(tmp_path, 1.0), 0.004))
