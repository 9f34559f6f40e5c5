from __future__ import annotations

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_training.interop.learner import action_range, means_per_second


def test_actions_reach_as_far_as_they_make_a_difference():
    """go2.yaml: FL hip limits ±1.0472, pose 0.1, 23.7 Nm; calf −2.7227 to −0.83776, pose −1.5, 45.43 Nm; Kp 25."""
    low, high = action_range(load_robot("go2"), 0.25)
    assert low[0] == pytest.approx((-1.0472 - 23.7 / 25 - 0.1) / 0.25)
    assert high[0] == pytest.approx((1.0472 + 23.7 / 25 - 0.1) / 0.25)
    assert low[2] == pytest.approx((-2.7227 - 45.43 / 25 + 1.5) / 0.25)
    assert high[2] == pytest.approx((-0.83776 + 45.43 / 25 + 1.5) / 0.25)
    assert low.dtype == high.dtype == np.float32
    assert low.shape == high.shape == (12,)


def test_sums_over_an_episode_become_means_over_its_time():
    log = {
        "reward/power": -3.0,
        "speed_error_mps": 2.0,
        "walked_m": 5.0,
        "falls": 0.5,
        "episodes": 2.0,
        "length_s": 4.0,
    }
    assert means_per_second(log) == {
        "reward/power": -0.75,
        "speed_error_mps": 0.5,
        "walked_m": 5.0,
        "falls": 0.5,
        "episodes": 2.0,
        "length_s": 4.0,
    }


def test_without_finished_episodes_there_is_nothing_to_say():
    assert means_per_second({}) == {}
