"""What restitution means to a contact that is a spring and a damper, and cannot pull."""

from __future__ import annotations

import numpy as np
import pytest

from surefoot_training.sim.mujoco_parameters import (
    SMALLEST_RESTITUTION,
    damping_ratio_of_restitution,
    restitution_of_damping_ratio,
)


def rebound_by_hand(ratio: float) -> float:
    """Integrate x" = -x - 2 ζ x' from x = 0, x' = 1 in small steps until the force is zero."""
    position, velocity, dt = 0.0, 1.0, 1e-4
    while True:
        force = -position - 2.0 * ratio * velocity
        if position > 0.0 and force >= 0.0:
            return -velocity
        velocity += force * dt
        position += velocity * dt


@pytest.mark.parametrize("ratio", [0.05, 0.3, 0.9, 1.0, 1.1, 2.0])
def test_a_contact_is_over_when_its_force_is(ratio: float) -> None:
    assert restitution_of_damping_ratio(np.array([ratio]))[0] == pytest.approx(rebound_by_hand(ratio), abs=1e-3)


def test_critical_damping_rebounds_too() -> None:
    """At ζ = 1: x = t e^-t, force zero at t = 2, x'(2) = -e^-2."""
    assert restitution_of_damping_ratio(np.array([1.0]))[0] == pytest.approx(np.exp(-2.0), rel=1e-9)


def test_ratio_gives_the_rebound_back() -> None:
    restitution = np.linspace(SMALLEST_RESTITUTION, 0.9, 30)
    ratio = damping_ratio_of_restitution(restitution)
    np.testing.assert_allclose(restitution_of_damping_ratio(ratio), restitution, atol=1e-5)
    assert (np.diff(ratio) < 0.0).all()
