from __future__ import annotations

import numpy as np
import pytest

from surefoot_training.sim.blow_up import SPEED_LIMIT, robots_out_of_bounds


def calm() -> tuple[np.ndarray, np.ndarray]:
    return np.full((3, 19), 0.5), np.full((3, 18), -0.5)


def test_calm_robots_are_within_bounds() -> None:
    assert not robots_out_of_bounds(*calm()).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, SPEED_LIMIT, -SPEED_LIMIT, 1e300])
def test_one_impossible_speed_marks_one_robot(value: float) -> None:
    qpos, qvel = calm()
    qvel[1, 7] = value
    np.testing.assert_array_equal(robots_out_of_bounds(qpos, qvel), [False, True, False])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e6, -1e6])
def test_one_impossible_position_marks_one_robot(value: float) -> None:
    qpos, qvel = calm()
    qpos[2, 3] = value
    np.testing.assert_array_equal(robots_out_of_bounds(qpos, qvel), [False, False, True])


def test_nan_beside_other_failures_is_seen() -> None:
    qpos, qvel = calm()
    qvel[0, 0], qpos[2, 0] = np.nan, 1e9
    np.testing.assert_array_equal(robots_out_of_bounds(qpos, qvel), [True, False, True])
