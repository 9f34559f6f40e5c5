import math

from surefoot.faults.kinds import Answer
from surefoot.faults.walker import Due, Spoiling
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
LOWER, UPPER = tuple(GO2.joint_lower_rad.tolist()), tuple(GO2.joint_upper_rad.tolist())
WANTED = tuple(0.01 * joint for joint in range(12))


def spoilt(answer, number=1, ticks=0, seed=3):
    spoiling = Spoiling(answer, ticks, seed, LOWER, UPPER)
    return [spoiling.spoilt(Due(tuple(value + index for value in WANTED), 0.02 * index)) for index in range(number)]


def test_what_goes_wrong():
    assert all(map(math.isnan, spoilt(Answer.NAN)[0].position_rad))
    assert all(map(math.isinf, spoilt(Answer.INF)[0].position_rad))
    assert all(at > upper for at, upper in zip(spoilt(Answer.SATURATED)[0].position_rad, UPPER, strict=True))
    assert spoilt(Answer.SHUFFLED)[0].position_rad == WANTED[::-1]
    first, second = spoilt(Answer.CONSTANT, 2)
    assert first.position_rad == second.position_rad == WANTED
    assert second.stamp_s == 0.02  # in time all the same


def test_random_answers_are_within_limits_and_the_same_for_a_seed():
    one, other = spoilt(Answer.RANDOM, 2)
    assert one.position_rad != other.position_rad
    assert spoilt(Answer.RANDOM, 2) == [one, other]
    assert spoilt(Answer.RANDOM, seed=4)[0] != one
    for at, lower, upper in zip(one.position_rad, LOWER, UPPER, strict=True):
        assert lower <= at <= upper


def test_delayed_answers_come_later_with_the_stamp_they_had():
    found = spoilt(Answer.DELAYED, 4, ticks=2)
    assert found[:2] == [None, None]
    assert found[2].position_rad == WANTED
    assert [due.stamp_s for due in found[2:]] == [0.0, 0.02]
