"""Targets on time steps: means by hand, and a smooth delay."""

import numpy as np
import pytest

from surefoot_calibration.air.commands import Steps, targets_on_steps


def on_steps(stamps, targets, *, delay_s=0.0, start_s=0.0, count=4, timestep_s=1.0):
    column = np.array(targets, dtype=float)[:, None]
    steps = Steps(start_s, count, timestep_s)
    return targets_on_steps(np.array(stamps, dtype=float), column, delay_s, steps)[:, 0].tolist()


def test_targets_are_held():
    assert on_steps([0.0, 1.0, 3.0], [5.0, 6.0, 8.0]) == [5.0, 6.0, 6.0, 8.0]


def test_a_target_within_a_step_counts_for_the_rest_of_it():
    # From 1.25 on 8 instead of 4: a quarter of the step has 4, three quarters 8.
    assert on_steps([0.0, 1.25], [4.0, 8.0]) == pytest.approx([4.0, 7.0, 8.0, 8.0])
    assert on_steps([0.0, 1.25, 1.5], [4.0, 8.0, 0.0]) == pytest.approx([4.0, 3.0, 0.0, 0.0])


def test_a_delay_moves_them():
    assert on_steps([0.0, 1.25], [4.0, 8.0], delay_s=0.5) == pytest.approx([4.0, 5.0, 8.0, 8.0])
    assert on_steps([0.0, 1.25], [4.0, 8.0], delay_s=0.6)[1] == pytest.approx(4.6)  # smoothly


def test_before_the_first_it_is_the_first_and_behind_the_last_the_last():
    assert on_steps([2.0, 2.5], [4.0, 8.0], start_s=-10.0) == [4.0] * 4
    assert on_steps([2.0, 2.5], [4.0, 8.0], start_s=10.0) == pytest.approx([8.0] * 4)


def test_steps_and_stamps_of_other_lengths():
    assert on_steps([0.0, 0.1], [1.0, 3.0], timestep_s=0.05, count=4) == pytest.approx([1.0, 1.0, 3.0, 3.0])
