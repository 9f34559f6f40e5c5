import math

import pytest
from safe_robot import limits

from surefoot_safety.causes import (
    from_duration,
    from_estop,
    from_limit_hits,
    from_operator,
    from_policy,
    from_silence,
    from_violations,
    news,
)
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.policy_watch import PolicyMemory, heard
from surefoot_safety.table import TRIGGER_OF_CHECK, Trigger
from surefoot_safety.violation import STOPPING, Check, Violation

TIMING = limits().settings.timing
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("check", list(Check))
def test_every_check_raises_its_trigger_or_none(check):
    causes = from_violations([Violation(check, "why")])
    trigger = TRIGGER_OF_CHECK.get(check)
    assert causes == ({trigger: "why"} if trigger else {})


def test_the_first_reason_is_kept():
    found = [Violation(Check.TILT, "one"), Violation(Check.CLOCK, "two"), Violation(Check.TILT, "three")]
    assert from_violations(found) == {Trigger.TILT: "one", Trigger.CLOCK: "two"}


@pytest.mark.parametrize("mode", list(Mode))
def test_a_robot_that_sits_or_is_on_its_way_is_low_and_that_is_no_news(mode):
    causes = {Trigger.LOW_BASE: "low", Trigger.SINKING: "lower", Trigger.TILT: "tilted"}
    up = mode in {Mode.STANDING, Mode.WALKING, Mode.FALLBACK}
    assert news(causes, mode) == (causes if up else {Trigger.TILT: "tilted"})


@pytest.mark.parametrize(
    ("silent_s", "trips"), [(0.0, False), (0.0999, False), (0.1001, True), (INF, True), (NAN, True)]
)
def test_policy_silence(silent_s, trips):
    causes = from_policy([], 5.0 + silent_s, PolicyMemory((1, 5.0), 5.0, 0.0), TIMING)
    assert set(causes) == ({Trigger.POLICY_SILENT} if trips else set())


def test_a_policy_may_be_silent_for_as_long_as_that():
    assert from_policy([], TIMING.policy_silent_s, PolicyMemory((1, 0.0), 0.0, 0.0), TIMING) == {}


def test_a_policy_never_heard_of_is_silent():
    assert set(from_policy([], 5.0, PolicyMemory(), TIMING)) == {Trigger.POLICY_SILENT}


@pytest.mark.parametrize(("misses", "trips"), [(0.0, False), (4.99, False), (5.0, True), (9.0, True), (NAN, True)])
def test_policy_misses(misses, trips):
    causes = from_policy([], 5.0, PolicyMemory((1, 5.0), 5.0, misses), TIMING)
    assert set(causes) == ({Trigger.POLICY_LATE} if trips else set())


@pytest.mark.parametrize("check", list(Check))
def test_a_policy_whose_targets_must_not_be_used(check):
    causes = from_policy([Violation(check, "why"), Violation(check, "more")], 5.0, PolicyMemory((1, 5.0), 5.0), TIMING)
    assert causes == ({Trigger.POLICY_BAD: "why"} if check in STOPPING else {})


def test_limit_hits():
    assert from_limit_hits(0.5, 0.5) == {}
    assert set(from_limit_hits(0.501, 0.5)) == {Trigger.LIMIT_HITS}


@pytest.mark.parametrize(
    ("age_s", "walking", "standing"),
    [
        (0.0, set(), set()),
        (2.0, set(), set()),
        (2.01, {Trigger.VELOCITY_SILENT}, {Trigger.VELOCITY_SILENT}),
        (10.0, {Trigger.VELOCITY_SILENT}, {Trigger.VELOCITY_SILENT}),
        (10.1, {Trigger.VELOCITY_SILENT, Trigger.OPERATOR_SILENT}, {Trigger.VELOCITY_SILENT}),
        (INF, {Trigger.VELOCITY_SILENT, Trigger.OPERATOR_SILENT}, {Trigger.VELOCITY_SILENT}),
        (NAN, {Trigger.VELOCITY_SILENT, Trigger.OPERATOR_SILENT}, {Trigger.VELOCITY_SILENT}),
    ],
)
def test_silence(age_s, walking, standing):
    assert set(from_silence(age_s, False, TIMING)) == walking
    assert set(from_silence(age_s, True, TIMING)) == standing
    assert all(why == f"no velocity command for {age_s:.1f} s" for why in from_silence(age_s, False, TIMING).values())


@pytest.mark.parametrize("by_trigger", [True, False])
@pytest.mark.parametrize("mode", list(Mode))
def test_duration(mode, by_trigger):
    limit_s, trigger = {
        Mode.STANDING_UP: (6.0, Trigger.STAND_UP_TIMEOUT),
        Mode.SETTLING: (4.0, Trigger.SETTLE_TIMEOUT),
        Mode.FALLBACK: (5.0, Trigger.FALLBACK_OVER),
        Mode.HANGING: (120.0, Trigger.HANG_TIMEOUT),
    }.get(mode, (0.0, None))
    if mode is Mode.FALLBACK and not by_trigger:
        trigger = None
    for seconds in (limit_s + 1e-6, NAN, INF):
        assert set(from_duration(mode, seconds, by_trigger, TIMING)) == ({trigger} if trigger else set())
    assert from_duration(mode, limit_s, by_trigger, TIMING) == {}


def test_an_operators_stops():
    assert from_operator(()) == {}
    assert from_operator([request for request in Request if request.value not in {"stop", "damp", "zero_torque"}]) == {}
    assert from_operator((Request.WALK, Request.STOP)) == {Trigger.OPERATOR_STOP: "the operator asked for stop"}
    assert set(from_operator((Request.DAMP, Request.ZERO_TORQUE))) == {
        Trigger.OPERATOR_DAMP,
        Trigger.OPERATOR_ZERO_TORQUE,
    }


def test_the_estop():
    assert from_estop(EstopLevel.RELEASED) == {}
    assert set(from_estop(EstopLevel.SETTLE_THEN_DAMP)) == {Trigger.ESTOP_SETTLE}
    for level in (EstopLevel.ZERO_TORQUE, None, 2, 1, "released"):
        assert set(from_estop(level)) == {Trigger.ESTOP_ZERO_TORQUE}


def test_deadlines_are_counted():
    memory = heard((1, 1.0), 1.0, 0.005, PolicyMemory(misses=3.0), TIMING)
    assert memory == PolicyMemory((1, 1.0), 1.0, 0.0)
    # In time, and up to half a period late.
    assert heard((2, 1.02), 1.02, 0.0, memory, TIMING).misses == 0.0
    assert heard((2, 1.02), 1.0299, 0.0, memory, TIMING).misses == 0.0
    # Later: one missed, two missed, five.
    assert heard((2, 1.02), 1.0301, 0.0, memory, TIMING).misses == 1.0
    assert heard((2, 1.02), 1.0501, 0.0, memory, TIMING).misses == 2.0
    late = heard((2, 1.02), 1.12, 0.0, memory, TIMING)
    assert late == PolicyMemory((2, 1.02), 1.12, 5.0)
    # One more is added to those before; early ones take nothing away.
    assert heard((3, 1.1), 1.16, 0.0, late, TIMING).misses == 6.0
    assert heard((3, 1.1), 1.121, 0.0, late, TIMING).misses == 5.0


def test_misses_are_forgiven_with_time():
    memory = PolicyMemory((1, 1.0), 1.0, 2.0)
    # One every 0.5 s.
    assert heard((1, 1.0), 1.25, 0.25, memory, TIMING) == PolicyMemory((1, 1.0), 1.0, 1.5)
    assert heard(None, 3.0, 2.0, memory, TIMING) == PolicyMemory((1, 1.0), 1.0, 0.0)
    assert heard((2, 1.02), 1.04, 0.25, memory, TIMING).misses == pytest.approx(1.5 + 1.0)


def test_reasons_say_what_and_how_much():
    late = from_policy([], 5.25, PolicyMemory((1, 5.0), 5.0, 7.0), TIMING)
    assert late == {
        Trigger.POLICY_SILENT: "no joint targets for 0.250 s > 0.1 s",
        Trigger.POLICY_LATE: "7.0 deadlines missed of late, 5 allowed",
    }
    assert from_limit_hits(0.75, 0.5) == {Trigger.LIMIT_HITS: "targets were clamped for 0.75 s of late > 0.5 s"}
    assert from_duration(Mode.STANDING_UP, 7.0, False, TIMING) == {
        Trigger.STAND_UP_TIMEOUT: "standing up since 7.0 s > 6 s"
    }
    assert from_duration(Mode.SETTLING, 7.0, False, TIMING) == {
        Trigger.SETTLE_TIMEOUT: "sitting down since 7.0 s > 4 s"
    }
    assert from_duration(Mode.HANGING, 121.0, False, TIMING) == {Trigger.HANG_TIMEOUT: "hanging since 121.0 s > 120 s"}
    assert from_duration(Mode.FALLBACK, 7.0, True, TIMING) == {Trigger.FALLBACK_OVER: "in fallback since 7.0 s > 5 s"}
    assert from_operator([Request.STOP]) == {Trigger.OPERATOR_STOP: "the operator asked for stop"}
    assert from_estop(EstopLevel.SETTLE_THEN_DAMP) == {Trigger.ESTOP_SETTLE: "the e-stop asks to settle"}
    assert from_estop(None) == {Trigger.ESTOP_ZERO_TORQUE: "the e-stop permits no torque"}
