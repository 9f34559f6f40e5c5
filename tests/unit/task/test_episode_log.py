from __future__ import annotations

import numpy as np
import pytest
from array_api_compat import numpy as xp

from surefoot_training.task.episode_log import EpisodeLog


def test_means_are_over_the_episodes_that_finished() -> None:
    log = EpisodeLog(xp, 3, ("a", "b"))
    log.add(np.array([[1.0, 2.0, 3.0], [0.0, 0.5, 0.0]], dtype=np.float32))
    log.add(np.array([[1.0, 2.0, 3.0], [0.0, 0.5, 0.0]], dtype=np.float32))
    assert log.take() == {}
    log.finish(np.array([0, 1]), {"falls": 1.0})
    # Sums are a: 2 and 4, b: 0 and 1; one of the two fell.
    assert log.take() == {"a": 3.0, "b": 0.5, "falls": 0.5, "episodes": 2.0}
    assert log.take() == {}


def test_a_finished_robot_starts_from_zero() -> None:
    log = EpisodeLog(xp, 2, ("a",))
    log.add(np.array([[5.0, 1.0]], dtype=np.float32))
    log.finish(np.array([0]), {})
    log.add(np.array([[1.0, 1.0]], dtype=np.float32))
    np.testing.assert_array_equal(log.sums(np.array([0, 1])), [[1.0, 2.0]])


def test_state_goes_on_exactly() -> None:
    log, other = EpisodeLog(xp, 2, ("a",)), EpisodeLog(xp, 2, ("a",))
    log.add(np.array([[0.1, 0.2]], dtype=np.float32))
    log.finish(np.array([1]), {"length_s": 0.02})
    other.load_state_dict(log.state_dict())
    for each in (log, other):
        each.add(np.array([[0.3, 0.4]], dtype=np.float32))
        each.finish(np.array([0]), {"length_s": 0.04})
    assert log.take() == other.take() != {}
    assert other.take() == {}


def test_columns_and_values_must_agree() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        EpisodeLog(xp, 2, ("a", "b", "c")).add(np.zeros((2, 2), dtype=np.float32))
