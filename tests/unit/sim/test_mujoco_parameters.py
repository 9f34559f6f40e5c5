from __future__ import annotations

import numpy as np
import pytest

from surefoot_training.sim.mujoco_parameters import damping_ratio_of_restitution


def test_no_rebound_is_critical_damping() -> None:
    np.testing.assert_array_equal(damping_ratio_of_restitution(np.array([0.0])), [1.0])


def test_rebound_of_an_underdamped_spring() -> None:
    """E = 0.5: ln 2 / sqrt(pi² + ln² 2) = 0.693147 / 3.217150 = 0.215453."""
    assert damping_ratio_of_restitution(np.array([0.5]))[0] == pytest.approx(0.215453, abs=1e-6)


def test_ratio_gives_the_rebound_back() -> None:
    restitution = np.linspace(0.01, 0.9, 20)
    ratio = damping_ratio_of_restitution(restitution)
    np.testing.assert_allclose(np.exp(-np.pi * ratio / np.sqrt(1 - ratio**2)), restitution, rtol=1e-12)
