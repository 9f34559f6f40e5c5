"""Answers that never change, or leap."""

import math

import pytest
from safe_robot import DT, Rig, answer, command, in_mode, limits

from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_answers import LEAPS, Answers, answered, from_answers
from surefoot_safety.table import Trigger

POLICY = limits().settings.policy


def after(*targets):
    memory = Answers()
    for target in targets:
        memory = answered(target, memory)
    return memory


def test_what_is_remembered():
    memory = after((0.0, 0.0), (3.0, 4.0), (3.0, 4.0))
    assert memory == Answers((3.0, 4.0), 1, (math.sqrt(12.5), 0.0))
    assert after((1.0, 2.0)) == Answers((1.0, 2.0), 0, ())
    assert len(after(*[(float(one),) for one in range(9)]).leaps_rad) == LEAPS
    assert after((0.0,), (0.0,), (1.0,)).repeats == 0


@pytest.mark.parametrize(("times", "trips"), [(1, False), (5, False), (6, True), (60, True)])
def test_answers_that_never_change(times, trips):
    causes = from_answers(after(*[(0.1, -0.2)] * times), POLICY)
    assert set(causes) == ({Trigger.POLICY_BAD} if trips else set())
    if times == 6:
        assert causes[Trigger.POLICY_BAD] == "the same joint targets, to the last bit, 6 times in a row"


def test_one_bit_is_enough():
    targets = [(0.1, -0.2), (0.1, math.nextafter(-0.2, 0.0))] * 20
    assert from_answers(after(*targets), POLICY) == {}


@pytest.mark.parametrize(("leaps", "trips"), [((0.7, 0.7, 0.59), False), ((0.7, 0.61, 0.7), True), ((9.0, 9.0), False)])
def test_answers_that_leap(leaps, trips):
    """Three in a row, limit 0.6; alternately up and down."""
    targets, at = [(0.0,)], 0.0
    for sign, leap in enumerate(leaps):
        at += leap * (-1) ** sign
        targets.append((at,))
    causes = from_answers(after(*targets), POLICY)
    assert set(causes) == ({Trigger.POLICY_BAD} if trips else set())
    if trips:
        assert causes[Trigger.POLICY_BAD] == "joint targets leap by 0.61 rad from answer to answer > 0.6 rad"


def test_a_small_change_between_leaps_begins_the_count_anew():
    assert from_answers(after((0.0,), (2.0,), (0.0,), (2.0,)), POLICY) != {}
    assert from_answers(after((0.0,), (2.0,), (0.0,), (0.1,), (2.0,), (0.0,)), POLICY) == {}


@pytest.mark.parametrize("repeats", [math.nan])
def test_a_count_that_is_none_trips(repeats):
    assert from_answers(Answers((0.0,), repeats, ()), POLICY) != {}
    assert from_answers(Answers((0.0,), 0, (math.nan,) * 3), POLICY) != {}


def walking_until(targets):
    """Until the robot walks no more; at most 2 s. `targets(number)` answers at 50 Hz."""
    rig = in_mode(Mode.WALKING)
    rig.run(0.2)
    number, newest, ticks = rig.count, None, 0
    while rig.mode is Mode.WALKING and ticks < 400:
        if ticks % 4 == 0:
            newest = targets(rig.now_s + DT, number + ticks // 4)
        rig.tick(target=newest)
        ticks += 1
    return rig, ticks * DT


def test_a_policy_that_hangs_behind_a_loop_that_does_not_is_taken_from_the_robot():
    rig, seconds = walking_until(command)
    assert rig.mode is Mode.FALLBACK
    assert "the same joint targets" in rig.last.status.latched[Trigger.POLICY_BAD]
    # The sixth of 50 a second.
    assert seconds == pytest.approx(5 * 0.02 + DT)


def test_targets_that_are_held_between_answers_are_no_answers():
    rig, seconds = walking_until(answer)
    assert (rig.mode, seconds) == (Mode.WALKING, 2.0)


def test_a_policy_that_leaps_is_taken_from_the_robot():
    def leaping(now_s, number):
        plain = answer(now_s, number)
        leapt = tuple(angle + 0.4 * (-1) ** number for angle in plain.target.position_rad)
        return answer(now_s, number, position_rad=leapt)

    rig, seconds = walking_until(leaping)
    assert rig.mode is Mode.FALLBACK
    assert "leap by 0." in rig.last.status.latched[Trigger.POLICY_BAD]
    assert seconds <= 0.1


def test_before_it_walks_a_policy_may_repeat_itself():
    """Each answer is a first one then, and a robot that stands still may well get the same."""
    rig = in_mode(Mode.STANDING)
    for number in range(40):
        rig.tick(target=command(rig.now_s + DT, number))
    assert Trigger.POLICY_BAD not in rig.last.status.raised
    assert rig.tick(Request.WALK, target=command(rig.now_s + DT, 41)).status.mode is Mode.WALKING


def test_a_policy_that_is_gone_is_forgotten():
    rig = Rig()
    rig.to(Mode.WALKING)
    rig.tick(target=None)
    assert rig.supervisor._answers == Answers()
