"""One foot at a time: by hand."""

import numpy as np
import pytest
from obedient_robot import Obedient
from safe_robot import ROBOTS, load_robot_once

from surefoot_safety.gaits import Crawl, plan_of
from surefoot_safety.gaits.crawl import CYCLE_FALL_TIMES, LIFT_AT, SETTLE_S, SWING_SHARE, _between
from surefoot_safety.gaits.support import around, margin_m

PLAN = plan_of(load_robot_once("go2"))
CYCLE_S = CYCLE_FALL_TIMES * PLAN.fall_time_s


def test_stands_if_it_is_to_go_nowhere():
    one = Obedient(Crawl(PLAN), at=PLAN.standing_rad)
    one.run(3.0)
    np.testing.assert_allclose(one.feet(), PLAN.feet_m, atol=2e-3)
    assert one.gait.at_rest
    assert not one.gait.finished


def in_the_air(one):
    return [leg for leg, (_, _, z) in enumerate(one.feet()) if z > -PLAN.height_m + 0.01]


def test_one_foot_at_a_time_in_a_walking_order():
    one = Obedient(Crawl(PLAN), at=PLAN.standing_rad)
    one.run(SETTLE_S)
    order = []
    for _ in range(round(2.0 * CYCLE_S / 0.005)):
        one.run(0.005, vx=0.1)
        up = in_the_air(one)
        assert len(up) <= 1
        if up and (not order or order[-1] != up[0]):
            order.append(up[0])
    assert order[:8] == [2, 0, 3, 1] * 2


@pytest.mark.parametrize("robot", ROBOTS)
def test_centre_of_pressure_inside_the_other_three(robot):
    """The linear inverted pendulum's: x − ẍ h / g, from the trunk's path over feet that stand."""
    plan = plan_of(load_robot_once(robot))
    one = Obedient(Crawl(plan), robot, at=plan.standing_rad)
    cycle_s = CYCLE_FALL_TIMES * plan.fall_time_s
    one.run(SETTLE_S + 2.0 * cycle_s, vx=0.5)
    feet = []
    for _ in range(round(cycle_s / 0.005)):
        one.run(0.005, vx=0.5)
        feet.append(one.feet())
    path = np.array(feet)  # [T, 4, 3]
    # A foot that stands goes past the base as the base goes over the ground: its acceleration is the base's, negative.
    worst = np.inf
    for tick in range(2, len(path) - 2, 4):
        up = [leg for leg in range(4) if path[tick, leg, 2] > -plan.height_m + 0.01]
        if not up:
            continue
        legs = [leg for leg in range(4) if leg not in up]
        second = (path[tick + 2, legs, :2] - 2 * path[tick, legs, :2] + path[tick - 2, legs, :2]) / 0.01**2
        pull = np.median(second, axis=0)  # of the ground in the base's frame: minus the trunk's acceleration
        x, y = np.array(plan.com_in_base_m[:2]) + pull * plan.height_m / 9.81
        corners = [path[tick, leg] for leg in (0, 1, 3, 2) if leg in legs]
        worst = min(worst, margin_m(x, y, corners))
    assert worst > 0.02


def test_goes_as_fast_as_asked_and_no_faster_than_its_steps():
    for asked, real in ((0.08, 0.08), (9.0, Crawl(PLAN).fastest_mps)):
        one = Obedient(Crawl(PLAN), at=PLAN.standing_rad)
        one.run(SETTLE_S + 6.0, vx=asked)
        gone, last = 0.0, one.feet()
        for _ in range(round(CYCLE_S / 0.005)):
            one.run(0.005, vx=asked)
            now = one.feet()
            back = [last[leg][0] - now[leg][0] for leg in range(4) if abs(now[leg][2] - last[leg][2]) < 1e-4]
            gone, last = gone + float(np.median(back)), now
        assert gone / CYCLE_S == pytest.approx(real, rel=0.1)


@pytest.mark.parametrize("way", [{"vx": -0.1}, {"vy": 0.1}, {"turn": 0.3}])
def test_goes_anywhere_and_comes_to_rest_on_four_feet(way):
    one = Obedient(Crawl(PLAN), at=PLAN.standing_rad)
    one.run(SETTLE_S + 2.4 * CYCLE_S, **way)
    assert not one.gait.at_rest
    one.run(6.0)
    assert one.gait.at_rest
    assert in_the_air(one) == []
    assert margin_m(0.0, 0.0, around(one.feet())) > 0.05


def test_marks_of_the_cycle():
    assert _between(0.3, 0.2, 0.4)
    assert not _between(0.3, 0.3, 0.4)
    assert _between(0.99, 0.98, 0.01)
    assert _between(0.0, 0.98, 0.01)
    assert not _between(0.5, 0.98, 0.01)
    # Never two feet at once: each lands before the next lifts.
    at = sorted(LIFT_AT.values())
    assert all(b - a > SWING_SHARE for a, b in zip(at, [*at[1:], 1.0 + at[0]], strict=True))
