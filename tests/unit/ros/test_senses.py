import math
from itertools import pairwise

import pytest

from surefoot_control.senses import Pace, Sensed, Senses

NAMES = ("a", "b")
LEVEL = (1.0, 0.0, 0.0, 0.0)
RATE = (0.1, 0.2, 0.3)
MS = 1_000_000


def joints(senses, stamp_ns=5 * MS, names=("b", "a"), position=(2.0, 1.0), velocity=(4.0, 3.0)):
    return senses.joints(stamp_ns, names, position, velocity)


def test_a_sample_is_complete_with_its_second_message_whichever_comes_first():
    expected = Sensed(5 * MS, (1.0, 2.0), (3.0, 4.0), (0.0, 0.0, -1.0), RATE)
    senses = Senses(NAMES)
    assert joints(senses) == ""
    assert senses.imu(5 * MS, LEVEL, RATE) == expected
    senses = Senses(NAMES)
    assert senses.imu(5 * MS, LEVEL, RATE) == ""
    assert joints(senses) == expected


def test_messages_of_different_samples_are_not_put_together():
    senses = Senses(NAMES)
    assert joints(senses, 5 * MS) == ""
    assert senses.imu(7 * MS, LEVEL, RATE) == ""
    assert joints(senses, 7 * MS).stamp_ns == 7 * MS


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"names": ("a",)}, "1 joints, must be 2"),
        ({"position": (1.0,)}, "1 positions and 2 velocities for 2 joints"),
        ({"velocity": ()}, "2 positions and 0 velocities for 2 joints"),
        ({"position": (1.0, math.nan)}, "not made of numbers"),
        ({"velocity": (math.inf, 0.0)}, "not made of numbers"),
    ],
)
def test_joints_that_are_none_are_refused_and_the_next_are_taken(wrong, why):
    senses = Senses(NAMES)
    assert joints(senses, **wrong) == why
    assert joints(senses) == ""


@pytest.mark.parametrize(
    ("orientation", "rate", "why"),
    [
        ((math.nan, 0.0, 0.0, 0.0), RATE, "not made of numbers"),
        (LEVEL, (0.0, math.nan, 0.0), "not made of numbers"),
        ((0.0, 0.0, 0.0, 0.0), RATE, "the orientation's length is 0.000, must be 1"),
    ],
)
def test_an_imu_that_is_none_is_refused(orientation, rate, why):
    assert Senses(NAMES).imu(5 * MS, orientation, rate) == why


def test_gravity_is_that_of_the_orientation_made_a_unit():
    half = math.sqrt(0.5)
    senses = Senses(NAMES)
    joints(senses)
    found = senses.imu(5 * MS, (1.005 * half, 1.005 * half, 0.0, 0.0), RATE)  # rolled to the right by 90 degrees
    assert found.gravity_in_base == pytest.approx((0.0, -1.0, 0.0))


def test_duplicates_and_old_ones_are_refused():
    senses = Senses(NAMES)
    joints(senses)
    assert joints(senses) == "not newer than the last: 0.000 s older"
    assert joints(senses, 3 * MS) == "not newer than the last: 0.002 s older"


def test_stamps_of_a_robot_node_that_was_started_anew_are_taken():
    senses = Senses(NAMES)
    joints(senses, 10_000 * MS)
    senses.imu(10_000 * MS, LEVEL, RATE)
    assert joints(senses, 5 * MS) == ""
    assert senses.imu(5 * MS, LEVEL, RATE).stamp_ns == 5 * MS


@pytest.mark.parametrize("step_ms", [2, 5, 10, 20])
def test_ticks_come_at_the_policys_rate_whatever_that_of_samples(step_ms):
    pace = Pace(0.02)
    ticks = [stamp for stamp in range(0, 1000, step_ms) if pace.is_due(stamp * MS)]
    assert len(ticks) == pytest.approx(50, abs=1)
    gaps = {after - before for before, after in pairwise(ticks)}
    assert max(gaps) <= 20 + step_ms
    assert min(gaps) >= 10


def test_after_a_gap_and_after_a_clock_that_went_back_it_ticks_at_once():
    pace = Pace(0.02)
    assert [pace.is_due(stamp * MS) for stamp in (1000, 1010, 1020, 1500, 1510, 1520)] == [
        *(True, False, True),
        *(True, False, True),
    ]
    assert [pace.is_due(stamp * MS) for stamp in (5, 15, 25)] == [True, False, True]
