"""Whatever a page sends is a message within its bounds, or refused in words; and moves nothing unless it answers."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from surefoot.console.messages import KEYS, Beat, Hello, parse
from surefoot.console.seat import FRESH_S, NOTHING, Seat

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = sorted({key for keys in KEYS.values() for key in keys})
ALMOST = st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(KEYS)) | ANYTHING},
    optional={field: ANYTHING | st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3) for field in FIELDS},
)


@given(st.text() | st.binary() | ALMOST.map(json.dumps) | ANYTHING.map(json.dumps))
def test_what_is_parsed_is_within_bounds(data):
    found = parse(data)
    if isinstance(found, str):
        assert found
    elif isinstance(found, Beat):
        assert len(found.hold) == 3
        assert all(type(share) is float and math.isfinite(share) and abs(share) <= 1.0 for share in found.hold)
        assert 0 < len(found.answer) <= 128
    elif isinstance(found, Hello):
        assert 0 < len(found.token) <= 128


STEPS = st.lists(
    st.tuples(
        st.floats(0.0, 0.5),
        st.sampled_from(["answer", "old answer", "guess", "silent", "leave", "take", "stop"]),
        st.integers(1, 2),
        st.floats(-1.0, 1.0),
    ),
    max_size=60,
)


@given(STEPS)
def test_what_moves_is_held_by_the_page_that_has_the_controls_and_answers_what_it_was_just_shown(steps):
    seat, now_s, shown, heard = Seat(), 0.0, [], {}
    seat.take(1)
    for pause_s, what, page, share in steps:
        now_s += pause_s
        shown.append((seat.show(now_s), now_s))
        match what:
            case "answer" | "old answer":
                number, shown_s = shown[-1 if what == "answer" else 0]
                if seat.beat(page, number, (share, 0.0, 0.0), now_s):
                    heard[page] = shown_s, share
            case "guess":
                assert not seat.beat(page, "0123456789abcdef", (1.0, 0.0, 0.0), now_s)
            case "leave":
                seat.leave(page)
            case "take":
                seat.take(page)
            case "stop":
                seat.drop()
                assert seat.held(now_s) == NOTHING
        held = seat.held(now_s)
        if held != NOTHING:
            shown_s, last = heard[seat.page]
            assert now_s - shown_s <= FRESH_S
            assert held == (last, 0.0, 0.0)
