"""Standing: by hand."""

import math

import numpy as np
import pytest
from obedient_robot import Obedient
from safe_robot import load_robot_once, tilted

from surefoot_safety.gaits import Stand, plan_of
from surefoot_safety.gaits.senses import DOWN_TIME_S
from surefoot_safety.gaits.stand import LEVEL_TIME_S, MOST_LEVELLED_RAD, RISE_MPS, SHIFT_MPS

PLAN = plan_of(load_robot_once("go2"))


def test_comes_to_its_height_over_the_middle_of_its_feet():
    one = Obedient(Stand(PLAN))
    before = one.feet()
    one.run(0.1)
    assert before[0][2] - one.feet()[0][2] == pytest.approx(-RISE_MPS * 0.1, abs=2e-3)
    moved = np.mean([foot[0] for foot in one.feet()]) - np.mean([foot[0] for foot in before])
    assert abs(moved) <= SHIFT_MPS * 0.1 + 1e-9
    one.run(2.0)
    feet = np.array(one.feet())
    np.testing.assert_allclose(feet[:, 2], -PLAN.height_m, atol=1e-6)
    np.testing.assert_allclose(feet[:, :2].mean(axis=0), PLAN.com_in_base_m[:2], atol=1e-6)
    assert not one.gait.finished


def test_levels_the_trunk_slowly_and_within_bounds():
    one = Obedient(Stand(PLAN), at=PLAN.standing_rad)
    one.run(0.35, orientation_wxyz=tilted(0.1))  # left side up
    left, right = one.feet()[0], one.feet()[1]
    # Legs shorter on the side that is up: the tilt, as the filter lets it through, over the time constant.
    seen_s = 0.35 - DOWN_TIME_S * (1.0 - math.exp(-0.35 / DOWN_TIME_S))
    expected = math.sin(0.1) * seen_s / LEVEL_TIME_S * (left[1] - right[1])
    assert left[2] - right[2] == pytest.approx(expected, rel=0.1)
    one.run(20.0, orientation_wxyz=tilted(0.1))
    left, right = one.feet()[0], one.feet()[1]
    assert left[2] - right[2] == pytest.approx(MOST_LEVELLED_RAD * (left[1] - right[1]), rel=0.05)


def test_feet_that_hang_from_a_leaning_trunk_are_put_on_the_ground():
    one = Obedient(Stand(PLAN), at=PLAN.standing_rad, orientation_wxyz=tilted(0.1))  # left side up
    left, right = one.feet()[0], one.feet()[1]
    one.run(0.2, orientation_wxyz=tilted(0.1))
    # 1.6 cm at 0.3 m/s take 0.05 s; by then little has been levelled.
    down = one.feet()[0][2] - one.feet()[1][2]
    assert left[2] == pytest.approx(right[2])
    assert down == pytest.approx(-math.sin(0.1) * (left[1] - right[1]) * (1.0 - 0.2 / LEVEL_TIME_S), rel=0.1)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_tilt_puts_the_load_on_the_side_that_is_down(axis):
    one = Obedient(Stand(PLAN), at=PLAN.standing_rad)
    level = np.array(one.run(0.005).torque_nm)
    leaning = np.array(one.run(0.2, orientation_wxyz=tilted(0.1, axis)).torque_nm)
    knees = leaning[2::3] / level[2::3]  # what each knee carries, FL FR RL RR
    # Rolled to the right: right feet carry more. Nose down: front feet do.
    more, less = ((1, 3), (0, 2)) if axis == "x" else ((0, 1), (2, 3))
    assert min(knees[list(more)]) > 1.03
    assert max(knees[list(less)]) < 0.97
