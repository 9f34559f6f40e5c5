"""Who carries how much, and what is inside the feet: by hand."""

import pytest

from surefoot_safety.gaits.support import around, loads_n, margin_m

SQUARE = ((0.2, 0.1, 0.0), (0.2, -0.1, 0.0), (-0.2, 0.1, 0.0), (-0.2, -0.1, 0.0))
ALL = (1.0,) * 4


def test_a_weight_in_the_middle_is_shared():
    assert loads_n(SQUARE, ALL, 100.0, 0.0, 0.0) == pytest.approx((25.0,) * 4)


def test_moments_go_to_the_sides_that_resist_them():
    # 4 Nm about x by 0.1 m on both sides: left feet 10 N more each, right feet 10 N less.
    assert loads_n(SQUARE, ALL, 100.0, 4.0, 0.0) == pytest.approx((35.0, 15.0, 35.0, 15.0), rel=0.02)
    # 8 Nm about y is a force on the rear, whose lever is −x.
    assert loads_n(SQUARE, ALL, 100.0, 0.0, 8.0) == pytest.approx((15.0, 15.0, 35.0, 35.0), rel=0.02)


def test_a_weight_beside_the_middle():
    beside = tuple((x - 0.1, y, z) for x, y, z in SQUARE)  # the weight is 0.1 m ahead of the middle
    front_left, front_right, rear_left, rear_right = loads_n(beside, ALL, 100.0, 0.0, 0.0)
    assert front_left == pytest.approx(front_right) == pytest.approx(37.5, rel=0.02)
    assert rear_left == pytest.approx(rear_right) == pytest.approx(12.5, rel=0.03)


def test_who_does_not_stand_carries_nothing():
    loads = loads_n(SQUARE, (1.0, 0.0, 0.0, 1.0), 100.0, 0.0, 0.0)
    assert loads == pytest.approx((50.0, 0.0, 0.0, 50.0))
    assert loads_n(SQUARE, (0.0,) * 4, 100.0, 1.0, 1.0) == (0.0,) * 4


def test_two_feet_do_not_resist_turning_about_their_line():
    # About the line from FL to RR: neither foot has a lever to it, and nothing grows beyond bounds.
    loads = loads_n(SQUARE, (1.0, 0.0, 0.0, 1.0), 100.0, 2.0, -1.0)
    assert sum(loads) == pytest.approx(100.0)
    assert max(loads) < 65.0


def test_feet_do_not_pull():
    loads = loads_n(SQUARE, ALL, 100.0, 50.0, 0.0)
    assert min(loads) == 0.0
    assert sum(loads) == pytest.approx(100.0)


def test_margin_of_a_triangle_by_hand():
    triangle = ((0.0, 0.0, 0.0), (0.3, 0.0, 0.0), (0.0, 0.4, 0.0))
    assert margin_m(0.1, 0.1, triangle) == pytest.approx(0.1)  # the incircle's radius: (3 + 4 − 5) / 2 tenths
    assert margin_m(0.0, 0.1, triangle) == pytest.approx(0.0)
    assert margin_m(0.1, -0.05, triangle) == pytest.approx(-0.05)
    assert margin_m(0.1, 0.1, triangle[::-1]) == pytest.approx(0.1)


def test_feet_that_are_one_have_no_inside():
    assert margin_m(0.0, 0.0, ((0.0, 0.0, 0.0),) * 3) == 0.0


def test_the_way_around():
    assert margin_m(0.0, 0.0, around(SQUARE)) == pytest.approx(0.1)
    assert margin_m(0.15, 0.0, around(SQUARE)) == pytest.approx(0.05)
