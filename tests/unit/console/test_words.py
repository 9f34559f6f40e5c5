"""What the page says of the robot, and what it notes as news."""

import math
from dataclasses import replace

import pytest

from surefoot.console.events import MOST, Events
from surefoot.console.words import MODES, NEXT, allowed, headline, reasons_of
from surefoot_safety.channel.records import StatusRecord, bits_of
from surefoot_safety.command import CommandKind
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode
from surefoot_safety.table import Trigger

STATUS = StatusRecord(
    robot="go2",
    mode=Mode.STANDING,
    in_mode_s=3.4,
    raised=0,
    active=0,
    latched=0,
    reasons="",
    refusals="",
    command=CommandKind.TRACK,
    clamped=False,
    velocity=(0.0, 0.0, 0.0),
    state_sequence=7,
    state_age_s=0.002,
    target_age_s=math.inf,
    velocity_age_s=0.1,
    battery_voltage_v=31.0,
    hottest_motor_c=44.0,
    estop=EstopLevel.RELEASED,
    estop_reasons="",
    settling=False,
)


def with_triggers(latched=(), active=(), reasons="", mode=Mode.STOPPED):
    return replace(STATUS, mode=mode, latched=bits_of(latched), active=bits_of(active), reasons=reasons)


def test_every_mode_has_words():
    assert set(MODES) == set(NEXT) == set(Mode)


def test_a_stop_is_told_with_what_was_found_and_how_it_will_be_over():
    status = with_triggers([Trigger.TILT], [], "tilt: tilted by 1.2 rad > 1 rad")
    (reason,) = reasons_of(status)
    assert (reason.meaning, reason.detail) == ("tilted too far", "tilted by 1.2 rad > 1 rad")
    assert reason.is_latched
    assert reason.is_severe
    assert reason.over == "is over: a reset lets go of it"
    assert headline(status) == "stopped until a reset: tilted too far"


def test_the_latched_ones_come_first_and_warnings_are_no_reason_to_stop():
    status = with_triggers([Trigger.TILT], [Trigger.MOTOR_WARM, Trigger.TILT], "motor_warm: 71 °C\ntilt: 1.2 rad")
    first, second = reasons_of(status)
    assert (first.trigger, first.over) == (Trigger.TILT, "lasts: a reset is refused")
    assert (second.trigger, second.is_severe, second.over) == (Trigger.MOTOR_WARM, False, "goes by itself")
    assert headline(with_triggers([], [Trigger.MOTOR_WARM], mode=Mode.STANDING)) == "standing"
    (fallback,) = reasons_of(with_triggers([], [Trigger.POLICY_SILENT], mode=Mode.FALLBACK))
    assert fallback.over == "until you ask for something else"


def test_the_end_of_the_run_is_told():
    assert headline(replace(STATUS, settling=True)) == "standing: `surefoot up` is ending"


@pytest.mark.parametrize(
    ("mode", "requests"),
    [
        (Mode.OFF, ["arm"]),
        (Mode.STANDING, ["walk", "crawl", "sit"]),
        (Mode.STOPPED, ["reset"]),
        (Mode.STANDING_UP, ["sit"]),
        (Mode.DAMPED, ["disarm", "stand"]),
        (Mode.HANGING, ["arm"]),
    ],
)
def test_what_can_be_asked_for(mode, requests):
    assert allowed(mode) == requests


def texts(events, after=0):
    return [(event.kind, event.text) for event in events.after(after)]


def test_only_news_are_noted():
    events = Events()
    events.watch(None, 0.0, 100.0)
    events.watch(None, 0.1, 100.1)
    events.watch(STATUS, 0.2, 100.2)
    events.watch(STATUS, 0.3, 100.3)
    assert texts(events) == [
        ("warn", "the supervisor is not running"),
        ("said", "the supervisor is there"),
        ("mode", "standing"),
    ]
    assert events.after(0)[-1].at_s == 100.2
    stopped = with_triggers([Trigger.TILT], [Trigger.TILT], "tilt: tilted by 1.2 rad")
    for tick in range(100):
        events.watch(stopped, 1.0 + 0.1 * tick, 101.0)
    assert texts(events, 3) == [("stop", "tilted too far: tilted by 1.2 rad"), ("stop", "stopped until a reset")]


def test_a_trigger_that_comes_and_goes_is_noted_once_in_a_while():
    events = Events()
    warm = with_triggers([], [Trigger.MOTOR_WARM], "motor_warm: 71 °C", mode=Mode.STANDING)
    for now_s, status in ((0.0, STATUS), (0.1, warm), (0.2, STATUS), (0.3, warm), (5.0, warm)):
        events.watch(status, now_s, 0.0)
    assert texts(events, 2) == [("warn", "a motor is warm: 71 °C"), ("warn", "a motor is warm: 71 °C")]


def test_refusals_are_noted_once():
    events = Events()
    for status in (STATUS, replace(STATUS, refusals="walk is refused"), replace(STATUS, refusals="walk is refused")):
        events.watch(status, 0.0, 0.0)
    assert texts(events, 2) == [("said", "walk is refused")]


def test_the_oldest_are_forgotten():
    events = Events()
    for number in range(MOST + 50):
        events.add("said", str(number), 0.0)
    assert len(events.after(0)) == MOST
    assert events.after(0)[-1].number == MOST + 50
