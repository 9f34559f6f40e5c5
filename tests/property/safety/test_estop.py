"""Whatever arrives at the e-stop, in whatever order: only the key, a fresh challenge and time keep it released."""

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel, check_in_message, parse_check_in

KEY, OTHER = b"k" * 32, b"o" * 32


@given(st.binary(max_size=200))
def test_random_bytes_release_nothing(message):
    estop = EStop(KEY)
    estop.configure([Endpoint("console", 0.5, 3.0)], motors_on=False)
    reply = estop.check_in(message, 1.0)
    assert not reply.accepted
    assert estop.level(1.0) is EstopLevel.ZERO_TORQUE


def made(kind, number, honest, recorded):
    """A message of a kind; `number` makes it one of many."""
    match kind:
        case "right" | "withheld":
            return honest.check_in(EstopLevel.RELEASED)
        case "forged":
            return check_in_message("console", EstopLevel.RELEASED, number.to_bytes(32, "big"), OTHER)
        case "replayed":
            return recorded[number % len(recorded)] if recorded else b""
        case "asked":
            return check_in_message("console", EstopLevel.RELEASED, b"", KEY)
        case "garbled":
            return number.to_bytes(8, "big") * 10
    return check_in_message("anybody", EstopLevel.SETTLE_THEN_DAMP, b"", OTHER)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["right", "withheld", "forged", "replayed", "asked", "garbled", "stop"]),
            st.floats(0.0, 0.7),
            st.integers(0, 10**6),
        ),
        max_size=40,
    )
)
@settings(max_examples=200)
def test_released_means_a_right_answer_within_the_timeout_and_no_stop(events):
    estop = EStop(KEY)
    estop.configure([Endpoint("console", 0.5, 3.0)], motors_on=False)
    honest, recorded = EstopEndpoint("console", KEY), []
    now_s, accepted_s, stopped = 0.0, None, False
    challenge, issued_s = b"", 0.0
    for kind, wait_s, number in events:
        now_s += wait_s
        message = made(kind, number, honest, recorded)
        recorded.append(message)
        if kind == "withheld":
            continue
        reply = estop.check_in(message, now_s)
        if kind == "right":
            honest.challenged(reply.message)
        stopped = stopped or kind == "stop"
        if reply.accepted:
            # Accepted is a signed answer, from the honest endpoint or held back on its way, and never one used before.
            assert parse_check_in(message, KEY).authentic
            assert kind in {"right", "replayed"}
            accepted_s = issued_s  # of the challenge it answers: being held back on the way gains nothing
        if reply.message not in {b"", challenge}:
            challenge, issued_s = reply.message, now_s
        released = estop.level(now_s) is EstopLevel.RELEASED
        assert released is (accepted_s is not None and now_s - accepted_s <= 0.5 and not stopped)
