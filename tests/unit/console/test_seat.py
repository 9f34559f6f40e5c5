"""The dead-man, with a clock of its own."""

import itertools

import pytest

from surefoot.console.seat import FRESH_S, LET_GO_S, NOTHING, Seat

AHEAD = (1.0, 0.0, 0.0)


@pytest.fixture
def seat():
    """Page 1 has the controls, and holds nothing yet."""
    made = Seat(map("{:04}".format, itertools.count()).__next__)
    made.take(1)
    assert made.beat(1, made.show(0.0), NOTHING, 0.0)
    return made


def hold(seat, now_s, what=AHEAD, page=1):
    return seat.beat(page, seat.show(now_s), what, now_s)


def test_what_is_held_counts_until_it_is_let_go_of(seat):
    assert hold(seat, 1.0)
    assert seat.held(1.0) == AHEAD
    assert hold(seat, 1.05, (0.5, 0.0, -1.0))
    assert seat.held(1.05) == (0.5, 0.0, -1.0)
    assert hold(seat, 1.1, NOTHING)
    assert seat.held(1.1) == NOTHING


def test_silence_is_letting_go(seat):
    hold(seat, 0.1)
    assert seat.held(0.09 + FRESH_S) == AHEAD
    assert seat.held(0.11 + FRESH_S) == NOTHING
    assert not seat.is_alive(0.11 + FRESH_S)
    assert seat.held(0.05) == NOTHING  # a clock that goes back
    assert seat.held(float("nan")) == NOTHING


def test_an_answer_is_as_old_as_what_it_answers(seat):
    """What was held back on its way keeps nothing alive."""
    number = seat.show(0.1)
    assert seat.beat(1, number, AHEAD, 0.3)
    assert seat.held(0.09 + FRESH_S) == AHEAD
    assert seat.held(0.11 + FRESH_S) == NOTHING
    assert not seat.beat(1, number, AHEAD, 0.11 + FRESH_S)


def test_numbers_that_were_never_shown_or_come_late_do_not_count(seat):
    old, new = seat.show(0.1), seat.show(0.2)
    assert not seat.beat(1, "never shown", AHEAD, 0.2)
    assert seat.beat(1, new, AHEAD, 0.2)
    assert not seat.beat(1, old, NOTHING, 0.2)  # overtaken
    assert seat.held(0.2) == AHEAD
    assert seat.beat(1, new, NOTHING, 0.2)  # once more, since a key came up
    assert seat.held(0.2) == NOTHING


def test_numbers_are_forgotten(seat):
    for tick in range(1000):
        seat.show(0.05 * tick)
    assert len(seat._shown_s) <= FRESH_S / 0.05 + 2


def test_only_the_page_with_the_controls_moves_anything(seat):
    assert not hold(seat, 0.1, page=2)
    assert seat.held(0.1) == NOTHING
    hold(seat, 0.1)
    seat.leave(2)
    assert seat.held(0.1) == AHEAD
    seat.leave(1)
    assert seat.page is None
    assert seat.held(0.1) == NOTHING
    assert not hold(seat, 0.1)


def test_whoever_takes_over_begins_with_nothing_held(seat):
    hold(seat, 0.1)
    seat.take(2)
    assert seat.held(0.1) == NOTHING
    assert not seat.is_alive(0.1)
    assert hold(seat, 0.15, page=2)
    assert seat.is_alive(0.15)
    assert seat.held(0.15) == NOTHING  # was down already
    hold(seat, 0.2, NOTHING, page=2)
    hold(seat, 0.25, page=2)
    assert seat.held(0.25) == AHEAD


def test_a_key_that_was_down_through_a_stop_must_be_let_go_of(seat):
    hold(seat, 0.1)
    seat.drop()
    assert seat.held(0.1) == NOTHING
    hold(seat, 0.15)
    assert seat.held(0.15) == NOTHING
    assert seat.is_alive(0.15)
    hold(seat, 0.2, NOTHING)
    hold(seat, 0.25)
    assert seat.held(0.25) == AHEAD


def test_after_a_hiccup_what_is_held_goes_on_and_after_a_long_silence_not(seat):
    hold(seat, 0.1)
    hold(seat, 0.09 + LET_GO_S)
    assert seat.held(0.09 + LET_GO_S) == AHEAD
    hold(seat, 0.2 + 2 * LET_GO_S)
    assert seat.held(0.2 + 2 * LET_GO_S) == NOTHING
    hold(seat, 0.3 + 2 * LET_GO_S, NOTHING)
    hold(seat, 0.4 + 2 * LET_GO_S)
    assert seat.held(0.4 + 2 * LET_GO_S) == AHEAD


def test_numbers_cannot_be_guessed():
    seat = Seat()
    shown = {seat.show(0.0) for _ in range(100)}
    assert len(shown) == 100
    assert all(len(number) == 16 for number in shown)
