"""Every figure, with numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from surefoot_training.evaluate.metrics import (
    cost_of_transport,
    figures_of,
    impacts_n,
    since_change_s,
    since_start_s,
    speed_error_mps,
    wilson_interval,
)
from surefoot_training.evaluate.recording import Recording

Make = Callable[..., Recording]


def test_speed_error_is_planar() -> None:
    command = np.array([[1.0, 0.0, 9.0], [0.0, -0.5, 0.0]])
    velocity = np.array([[0.7, 0.4, 5.0], [0.0, 0.5, -3.0]])
    assert speed_error_mps(command, velocity) == pytest.approx([0.5, 1.0])


def test_mean_and_p95_go_over_all_steps_of_all_robots(recording: Make) -> None:
    made = recording(steps=10, robots=2)
    made.velocity_in_base[:, 0, 0] = np.arange(10) / 10  # errors 0 to 0.9; the other robot 1.0 to 1.9
    made.velocity_in_base[:, 1, 1] = 1.0 + np.arange(10) / 10
    found = figures_of(made)
    assert found.robot_seconds == pytest.approx(0.4)
    assert found.speed_error_mean_mps == pytest.approx(0.95)
    # 20 values 0 to 1.9, linear interpolation: place 0.95 x 19 = 18.05
    assert found.speed_error_p95_mps == pytest.approx(1.805)


def test_yaw_rate_error_is_absolute(recording: Make) -> None:
    made = recording(steps=4)
    made.command[:, 0, 2] = 1.0
    made.yaw_rate_radps[:, 0] = [1.0, 0.5, 1.5, 3.0]
    found = figures_of(made)
    assert found.yaw_rate_error_mean_radps == pytest.approx(0.75)
    assert found.yaw_rate_error_p95_radps == pytest.approx(0.5 + 0.85 * 1.5)  # place 0.95 x 3 = 2.85 of 0, .5, .5, 2


def test_times_since_start_and_change() -> None:
    fell = np.array([[False], [True], [False], [False], [False]])
    command = np.array([0.0, 0.0, 0.0, 1.0, 1.0]).reshape(5, 1, 1) * np.ones(3)
    assert since_start_s(fell, 0.5)[:, 0].tolist() == [0.5, 1.0, 0.5, 1.0, 1.5]
    assert since_change_s(command, fell, 0.5)[:, 0].tolist() == [0.5, 1.0, 0.5, 0.5, 1.0]


def test_settled_leaves_out_a_second_after_each_change(recording: Make) -> None:
    made = recording(steps=8, dt_s=0.5)
    made.command[4:, 0, 0] = 1.0
    made.velocity_in_base[:, 0, 0] = [9.0, 0.1, 0.3, 0.2, 9.0, 1.5, 1.0, 1.0]
    found = figures_of(made)
    # The first step of each command ends half a second after the change.
    assert found.speed_error_settled_mean_mps == pytest.approx((0.1 + 0.3 + 0.2 + 0.5 + 0.0 + 0.0) / 6)
    assert found.speed_error_mean_mps == pytest.approx((9.0 + 0.1 + 0.3 + 0.2 + 8.0 + 0.5) / 8)
    assert figures_of(recording(steps=4)).speed_error_settled_mean_mps is None


def test_falls_and_who_fell(recording: Make) -> None:
    made = recording(steps=6, robots=3)
    made.fell[[1, 4], 0] = True
    made.fell[5, 2] = True
    found = figures_of(made)
    assert (found.falls, found.robots_fallen) == (3, 2)


def test_what_happens_after_a_trial_does_not_count(recording: Make) -> None:
    made = recording(steps=4)
    made.counts[2:] = False
    made.fell[3] = True
    made.velocity_in_base[2:, 0, 0] = 5.0
    found = figures_of(made)
    assert (found.falls, found.speed_error_mean_mps) == (0, 0.0)
    assert found.robot_seconds == pytest.approx(0.04)


def test_a_blown_up_simulation_is_a_fall_and_nothing_else(recording: Make) -> None:
    made = recording(steps=4)
    made.command[:, 0, 0] = 1.0
    made.velocity_in_base[:, 0, 0] = [1.0, 1.0, 0.0, 1.0]
    made.blown_up[2], made.fell[2] = True, True
    found = figures_of(made)
    assert (found.falls, found.speed_error_mean_mps) == (1, 0.0)


def test_cost_of_transport(recording: Make) -> None:
    made = recording(steps=2, robots=2)
    made.power_w[:] = [[100.0, 0.0], [50.0, 50.0]]
    made.velocity_in_base[:, :, 0] = [[0.6, 0.0], [0.6, 0.0]]
    made.velocity_in_base[:, :, 1] = [[0.8, 0.0], [0.8, 0.5]]
    # Power 200 W; weight times speed 9.81 x 10 x (1 + 1 + 0 + 0.5)
    assert cost_of_transport(made) == pytest.approx(200.0 / (98.1 * 2.5))


def test_who_does_not_move_has_no_cost_of_transport(recording: Make) -> None:
    made = recording(steps=3)
    made.power_w[:] = 20.0
    made.velocity_in_base[:, :, 0] = 0.049
    assert cost_of_transport(made) is None
    made.velocity_in_base[:, :, 0] = 0.051
    assert cost_of_transport(made) == pytest.approx(20.0 / (98.1 * 0.051), rel=1e-5)


def test_impact_is_the_peak_of_the_first_three_steps_of_a_contact() -> None:
    force = np.zeros((10, 1, 4))
    #              up        down: 3 steps      up   down and up again
    force[:, 0, 0] = [0, 0, 40, 90, 60, 120, 0, 30, 0, 200]
    contact = force > 1.0
    everything = np.ones((10, 1), dtype=bool)
    # 120 N comes in the fourth step; 200 N in a contact of its own; the last contact is cut off by the end.
    assert impacts_n(force, contact, everything).tolist() == [90.0, 30.0, 200.0]


def test_impacts_only_while_the_trial_counts() -> None:
    force = np.zeros((6, 1, 4))
    force[:, 0, 1] = [0, 50, 70, 80, 0, 60]
    counts = np.array([[True], [True], [True], [False], [False], [True]])
    assert impacts_n(force, force > 1.0, counts).tolist() == [70.0]


def test_landing_after_a_start_is_no_impact(recording: Make) -> None:
    made = recording(steps=100)
    for step, force in ((10, 400.0), (60, 98.1)):
        made.foot_contact[step - 1, 0, 0] = False
        made.foot_force_n[step, 0, 0] = force
    found = figures_of(made)
    assert found.impact_mean_n == pytest.approx(98.1)
    assert found.impact_mean_body_weights == pytest.approx(1.0)
    made.fell[45] = True
    assert figures_of(made).impact_mean_n is None


def test_estimates_count_where_there_are_some(recording: Make) -> None:
    made = recording(steps=4)
    assert figures_of(made).estimate_error_mean_mps is None
    made.estimate_error_mps[1:3, 0] = [0.1, 0.3]
    assert figures_of(made).estimate_error_mean_mps == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_as_published(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_parts_of_a_recording(recording: Make) -> None:
    made = recording(steps=5, robots=4)
    made.power_w[:] = np.arange(20).reshape(5, 4)
    part = made.of_robots(slice(1, 3)).until(2)
    assert part.power_w.tolist() == [[1.0, 2.0], [5.0, 6.0]]
    assert part.foot_force_n.shape == (2, 2, 4)
    assert part.control_dt_s == made.control_dt_s
