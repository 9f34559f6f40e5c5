"""Answers that never change, or leap."""

import dataclasses
import math

import pytest
from safe_robot import DT, answer, command, in_mode, limits

from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_answers import JITTER_S, LEAPS, Answers, answered, from_answers
from surefoot_safety.table import Trigger
from surefoot_safety.violation import Check

POLICY = limits().settings.policy


def after(*targets, every_s=0.02):
    """One answer to each sample of 50 Hz."""
    memory = Answers()
    for number, target in enumerate(targets):
        memory = answered(target, 1.0 + every_s * number, memory)
    return memory


def test_what_is_remembered():
    memory = after((0.0, 0.0), (3.0, 4.0), (3.0, 4.0))
    assert memory == Answers((3.0, 4.0), 1.04, 1.02, (5.0 / math.sqrt(2.0), 0.0))
    assert after((1.0, 2.0)) == Answers((1.0, 2.0), 1.0, 1.0, ())
    assert len(after(*[(float(one),) for one in range(9)]).leaps_rad) == LEAPS


def test_the_same_sample_may_be_answered_again():
    """By a policy that ticks faster than samples come, or while some are lost."""
    memory = after((0.0,), (0.1,))
    assert answered((0.1,), memory.stamp_s, memory) == memory
    assert from_answers(after(*[(0.1,)] * 60, every_s=0.0), POLICY) == {}


@pytest.mark.parametrize(("times", "trips"), [(1, False), (5, False), (6, True), (60, True)])
def test_answers_that_never_change(times, trips):
    causes = from_answers(after(*[(0.1, -0.2)] * times), POLICY)
    assert set(causes) == ({Trigger.POLICY_BAD} if trips else set())
    if times == 6:
        assert causes[Trigger.POLICY_BAD] == "the same joint targets, to the last bit, for samples over 0.10 s"


def test_it_is_time_that_counts_and_not_how_often():
    assert from_answers(after(*[(0.1,)] * 20, every_s=0.005), POLICY) == {}
    assert from_answers(after(*[(0.1,)] * 21, every_s=0.005), POLICY) != {}


def test_as_long_as_the_limit_is_too_long():
    limit_s = POLICY.frozen_s - JITTER_S
    assert from_answers(Answers((0.0,), limit_s, 0.0, ()), POLICY) != {}
    assert from_answers(Answers((0.0,), math.nextafter(limit_s, 0.0), 0.0, ()), POLICY) == {}


def test_one_bit_is_enough():
    targets = [(0.1, -0.2), (0.1, math.nextafter(-0.2, 0.0))] * 20
    assert from_answers(after(*targets), POLICY) == {}


@pytest.mark.parametrize(
    ("leaps", "trips"),
    [((0.7, 0.7, 0.59), False), ((0.7, 0.61, 0.7), True), ((9.0, 9.0), False), ((1e200, 1e200, 1e200), True)],
)
def test_answers_that_leap(leaps, trips):
    """Three in a row, limit 0.6; alternately up and down."""
    targets, at = [(0.0,)], 0.0
    for sign, leap in enumerate(leaps):
        at += leap * (-1) ** sign
        targets.append((at,))
    causes = from_answers(after(*targets), POLICY)
    assert set(causes) == ({Trigger.POLICY_BAD} if trips else set())
    if leaps[1] == 0.61:
        assert causes[Trigger.POLICY_BAD] == "joint targets leap by 0.61 rad from answer to answer > 0.6 rad"


def test_the_limit_itself_is_allowed():
    own = dataclasses.replace(POLICY, leap_rad=0.5)
    assert from_answers(after((0.0,), (0.5,), (0.0,), (0.5,)), own) == {}
    assert from_answers(after((0.0,), (0.51,), (0.0,), (0.51,)), own) != {}


def test_a_small_change_between_leaps_begins_the_count_anew():
    assert from_answers(after((0.0,), (2.0,), (0.0,), (2.0,)), POLICY) != {}
    assert from_answers(after((0.0,), (2.0,), (0.0,), (0.1,), (2.0,), (0.0,)), POLICY) == {}


def test_what_is_no_number_trips():
    assert from_answers(Answers((0.0,), math.nan, 1.0, ()), POLICY) != {}
    assert from_answers(Answers((0.0,), 1.0, 1.0, (math.nan,) * 3), POLICY) != {}


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
    rig = in_mode(Mode.WALKING)
    rig.run(0.1)
    assert rig.supervisor._answers.newest_rad is not None
    rig.tick(target=None)
    assert rig.supervisor._answers == Answers()


def test_one_absurd_answer_is_held_at_the_limit_and_is_no_error_of_our_own():
    rig = in_mode(Mode.WALKING)
    rig.run(1.0)
    output = rig.tick(policy_bent={"position_rad": (1e200,) * 12})
    assert output.status.latched == {}
    assert output.status.mode is Mode.WALKING
    assert Check.TARGET_RANGE in output.status.verdict.checks


def test_answers_that_cannot_be_used_do_not_count():
    rig = in_mode(Mode.WALKING)
    rig.run(0.2)
    before = rig.supervisor._answers
    rig.run(0.05, policy_bent={"kp_nm_per_rad": (500.0,) * 12})
    assert rig.supervisor._answers in (before, Answers())
