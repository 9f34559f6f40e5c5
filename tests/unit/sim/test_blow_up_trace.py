"""What a trace says of positions, worked out by hand; real dumps are the integration tests' matter."""

from __future__ import annotations

import math

import numpy as np
import pytest

from surefoot_training.sim.blow_up_trace import _first_out_of_bounds, _largest, _reason, _tilt_rad


@pytest.mark.parametrize(
    ("quaternion_wxyz", "tilt_rad"),
    [
        ((1.0, 0.0, 0.0, 0.0), 0.0),
        ((math.cos(0.15), math.sin(0.15), 0.0, 0.0), 0.3),  # roll by 0.3 rad
        ((math.cos(0.4), 0.0, -math.sin(0.4), 0.0), 0.8),  # pitch by -0.8 rad
        ((math.cos(1.0), 0.0, 0.0, math.sin(1.0)), 0.0),  # yaw is no tilt
        ((0.0, 1.0, 0.0, 0.0), math.pi),  # on its back
        ((2.0, 0.0, 2.0, 0.0), math.pi / 2),  # nose down, not of unit length
    ],
)
def test_tilt_is_the_angle_to_the_vertical(quaternion_wxyz: tuple[float, ...], tilt_rad: float) -> None:
    assert _tilt_rad(np.array([quaternion_wxyz])) == pytest.approx([tilt_rad], abs=1e-7)


def test_a_joint_that_is_not_finite_is_the_fastest() -> None:
    speeds = np.array([[1.0, 3.0, 2.0], [1.0, 500.0, np.nan], [np.inf, 1.0, 2.0]])
    np.testing.assert_array_equal(_largest(speeds), [1, 2, 0])


def test_the_first_step_out_of_bounds_or_else_the_last() -> None:
    positions, velocities = np.zeros((4, 8)), np.zeros((4, 4))
    assert _first_out_of_bounds(positions, velocities) == 3
    velocities[2, 1] = -200.0
    assert _first_out_of_bounds(positions, velocities) == 2
    positions[1, 7] = np.nan
    assert _first_out_of_bounds(positions, velocities) == 1
    positions[0, 0] = -1e6
    assert _first_out_of_bounds(positions, velocities) == 0


def test_the_reason_names_what_the_value_and_the_limit() -> None:
    def reason(base_mps: float, joint_radps: float, position: float = 0.3, *, held_still: bool = False) -> str:
        return _reason(
            np.array([position]), base_mps, np.array([0.5, joint_radps]), "FL_calf_joint", held_still=held_still
        )

    assert reason(1.0, 512.3) == "FL_calf_joint moved at 512 rad/s, limit 200"
    assert reason(250.0, 3.0) == "the base moved at 250 m/s, limit 200"
    assert reason(1.0, 3.0, np.inf) == "its positions are not finite"
    assert reason(1.0, 3.0, held_still=True) == "a joint target was not a finite number"
    assert reason(1.0, 3.0).startswith("a speed passed 200 at the end of the step")
