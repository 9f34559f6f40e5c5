from pathlib import Path

import pytest

from surefoot_control.driving import (
    AXIS,
    BUTTON,
    DEAD_MAN_BUTTON,
    EVENT,
    HELD_S,
    INITIAL,
    STILL,
    Course,
    Joystick,
    Keys,
    Speeds,
    Stretch,
    open_joystick,
    parse_course,
)
from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Request

SPEEDS = Speeds(0.5, 0.25, 0.8)


def test_keys_count_for_as_long_as_they_repeat():
    keys = Keys(SPEEDS)
    assert keys.velocity(0.0) == STILL
    assert keys.press("w", 1.0) is None
    keys.press("d", 1.3)
    assert keys.velocity(1.5) == (0.5, 0.0, -0.8)
    assert keys.velocity(1.0 + HELD_S + 0.01) == (0.0, 0.0, -0.8)
    assert keys.velocity(1.3 + HELD_S + 0.01) == STILL


def test_any_other_key_lets_go_and_may_ask_for_something():
    keys = Keys(SPEEDS)
    for key, request in ((" ", None), ("0", Request.STOP), ("2", Request.STAND), ("x", None)):
        keys.press("s", 1.0)
        assert keys.press(key, 1.0) is request
        assert keys.velocity(1.0) == STILL


def test_speeds_change_by_steps():
    keys = Keys(SPEEDS)
    keys.press("r", 0.0)
    keys.press("q", 0.0)
    assert keys.velocity(0.0) == (0.0, pytest.approx(0.3125), 0.0)
    keys.press("f", 0.0)
    assert keys.velocity(0.0) == (0.0, pytest.approx(0.25), 0.0)


def event(kind, number, value):
    return EVENT.pack(0, value, kind, number)


def test_a_stick_counts_only_while_the_dead_man_button_is_held():
    stick = Joystick(SPEEDS)
    stick.event(event(AXIS | INITIAL, 1, -32767))
    stick.event(event(AXIS, 3, 16384))
    assert stick.velocity() == STILL
    stick.event(event(BUTTON, DEAD_MAN_BUTTON, 1))
    assert stick.velocity() == (0.5, 0.0, pytest.approx(-0.4, abs=1e-4))
    stick.event(event(BUTTON, DEAD_MAN_BUTTON + 1, 0))
    assert stick.velocity() != STILL
    stick.event(event(BUTTON, DEAD_MAN_BUTTON, 0))
    assert stick.velocity() == STILL


def test_a_stick_that_rests_a_little_off_its_centre_is_still():
    stick = Joystick(SPEEDS)
    stick.event(event(BUTTON, DEAD_MAN_BUTTON, 1))
    stick.event(event(AXIS, 0, 2000))
    assert stick.velocity() == (0.0, -0.0, 0.0)


def test_no_joystick_is_one_clear_line():
    with pytest.raises(SurefootError, match="/dev/input/js77: No such file") as caught:
        open_joystick(Path("/dev/input/js77"))
    assert "--joystick" in caught.value.hint


def test_a_course_is_driven_part_by_part():
    course = parse_course("0.5 0 0 4, -0.2 0.1 0.8 2")
    assert course == Course((Stretch((0.5, 0.0, 0.0), 4.0), Stretch((-0.2, 0.1, 0.8), 2.0)))
    assert course.seconds == 6.0
    assert [course.velocity(at_s)[0] for at_s in (0.0, 3.9, 4.0, 5.9)] == [0.5, 0.5, -0.2, -0.2]
    assert course.velocity(6.0) == STILL


@pytest.mark.parametrize("part", ["0.5 0 0", "0.5 0 0 4 1", "0.5 0 x 4", "0.5 0 nan 4", "0.5 0 0 0", "0.5 0 0 inf", ""])
def test_what_is_no_course_is_refused(part):
    with pytest.raises(SurefootError, match="is no part of a course: must be VX VY YAW SECONDS"):
        parse_course(f"0 0 0 1, {part}")
