import dataclasses
import math

import pytest
from safe_robot import limits

from surefoot_safety.command import VelocityCommand
from surefoot_safety.velocity import faded, usable_velocity, velocity_age_s
from surefoot_safety.violation import Check

TIMING, MOTION = limits().settings.timing, limits().settings.motion
NAN = math.nan


def usable(command, now_s=5.0):
    velocity, found = usable_velocity(command, now_s, TIMING, MOTION, 0.005)
    return (velocity.vx_mps, velocity.vy_mps, velocity.yaw_rate_radps), [violation.check for violation in found]


def given(age_s=0.0, vx=1.0, vy=-0.5, turn=0.8, sequence=3):
    return VelocityCommand(sequence, 5.0 - age_s, vx, vy, turn)


def test_a_fresh_one_is_used_as_it_is():
    assert usable(given()) == ((1.0, -0.5, 0.8), [])
    velocity, _ = usable_velocity(given(0.1), 5.0, TIMING, MOTION, 0.005)
    assert velocity == given(0.1)


def test_none_is_standing_still():
    assert usable(None) == ((0.0, 0.0, 0.0), [Check.VELOCITY_STALE])
    assert velocity_age_s(None, 5.0, 0.005) == math.inf


@pytest.mark.parametrize(
    ("age_s", "share"),
    [(0.2, 1.0), (0.25, 1.0), (0.35, 0.8), (0.5, 0.5), (0.749, 0.002), (0.75, 0.0), (0.76, 0.0), (1e9, 0.0)],
)
def test_an_old_one_fades(age_s, share):
    # Stale from 0.25 s on, gone at 0.75 s.
    left, found = faded(age_s, 0.25, 0.5)
    assert left == pytest.approx(share)
    assert [violation.check for violation in found] == ([Check.VELOCITY_STALE] if age_s > 0.25 else [])


def test_all_three_fade_and_it_says_how_much_is_left():
    velocity, checks = usable(given(0.5))
    assert velocity == pytest.approx((0.5, -0.25, 0.4))
    assert checks == [Check.VELOCITY_STALE]
    assert "50 % of it is left" in faded(0.5, 0.25, 0.5)[1][0].message


def test_it_never_walks_on():
    assert usable(given(3.0)) == ((0.0, -0.0, 0.0), [Check.VELOCITY_STALE])


def test_without_a_fade_it_ends_at_once():
    assert faded(0.2501, 0.25, 0.0)[0] == 0.0
    assert faded(0.25, 0.25, 0.0)[0] == 1.0


@pytest.mark.parametrize("name", ["stamp_s", "vx_mps", "vy_mps", "yaw_rate_radps"])
@pytest.mark.parametrize("bad", [NAN, math.inf, None, 1])
def test_every_number_that_is_none(name, bad):
    broken = dataclasses.replace(given(), **{name: bad})
    assert usable(broken) == ((0.0, 0.0, 0.0), [Check.VELOCITY_FINITE])
    assert velocity_age_s(broken, 5.0, 0.005) == math.inf


def test_a_sequence_that_is_none():
    assert usable(given(sequence=-1))[1] == [Check.VELOCITY_FINITE]


@pytest.mark.parametrize(("ahead_s", "trips"), [(0.0049, False), (0.0051, True), (3600.0, True)])
def test_the_future(ahead_s, trips):
    velocity, checks = usable(given(-ahead_s))
    assert checks == ([Check.VELOCITY_FUTURE] if trips else [])
    assert (velocity == (0.0, 0.0, 0.0)) is trips
    age_s = velocity_age_s(given(-ahead_s), 5.0, 0.005)
    assert age_s == (math.inf if trips else pytest.approx(-ahead_s))  # nobody is heard by what is yet to come


def test_a_clock_of_nan():
    assert usable(given(), NAN) == ((0.0, 0.0, 0.0), [Check.VELOCITY_FUTURE])
    assert math.isnan(velocity_age_s(given(), NAN, 0.005))


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_limits(sign):
    velocity, checks = usable(given(vx=sign * 9.0, vy=sign * 9.0, turn=sign * 9.0))
    assert velocity == (sign * 1.5, sign * 0.8, sign * 1.5)
    assert checks == [Check.VELOCITY_RANGE] * 3
    assert usable(given(vx=sign * 1.5, vy=sign * 0.8, turn=sign * 1.5))[1] == []


def test_each_limit_is_its_own():
    assert usable(given(vx=1.51, vy=0.0, turn=0.0)) == ((1.5, 0.0, 0.0), [Check.VELOCITY_RANGE])
    assert usable(given(vx=0.0, vy=0.81, turn=0.0)) == ((0.0, 0.8, 0.0), [Check.VELOCITY_RANGE])
    assert usable(given(vx=0.0, vy=0.0, turn=1.51)) == ((0.0, 0.0, 1.5), [Check.VELOCITY_RANGE])


def test_age():
    assert velocity_age_s(given(0.5), 5.0, 0.005) == pytest.approx(0.5)
