import itertools
import math

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_safety.estop import MOST_STRANGERS, Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_key import KEY_BYTES, read_key, write_new_key
from surefoot_safety.estop_message import (
    ANSWER_BYTES,
    CHALLENGE_BYTES,
    SIGNATURE_BYTES,
    EstopLevel,
    answer_to,
    challenge_message,
    check_in_message,
    parse_challenge,
    parse_check_in,
)

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
ZERO, SETTLE, RELEASED = EstopLevel
CONSOLE = Endpoint("console", 0.5, 3.0)
BUTTON = Endpoint("button", 0.2, 1.0)


def counted():
    """Challenges that are all different, and the same every time."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


class Session:
    """An e-stop and its endpoints, with a clock."""

    def __init__(self, *endpoints, key=KEY):
        self.estop = EStop(KEY, random_bytes=counted())
        self.estop.configure(endpoints, motors_on=False)
        self.clients = {endpoint.name: EstopEndpoint(endpoint.name, key) for endpoint in endpoints}
        self.now_s = 100.0

    def send(self, name, level=RELEASED):
        """One check-in and its reply."""
        message = self.clients[name].check_in(level)
        reply = self.estop.check_in(message, self.now_s)
        self.clients[name].challenged(reply.message)
        return reply, message

    def release(self):
        for name in self.clients:
            self.send(name)
            self.send(name)
        assert self.level is RELEASED
        return self

    @property
    def level(self):
        return self.estop.level(self.now_s)


def test_levels_are_ordered():
    assert ZERO < SETTLE < RELEASED


def test_nothing_configured_permits_nothing():
    estop = EStop(KEY)
    assert estop.level(0.0) is ZERO
    assert estop.reasons(0.0) == ("no e-stop endpoint is configured",)
    assert estop.endpoints == ()


def test_the_first_message_only_brings_the_challenge():
    session = Session(CONSOLE)
    assert session.level is ZERO
    assert session.estop.reasons(100.0) == ("console has not checked in",)
    reply, _ = session.send("console")
    assert (reply.accepted, reply.reason) == (False, "asks for a challenge")
    assert session.level is ZERO
    reply, _ = session.send("console")
    assert (reply.accepted, reply.reason) == (True, "")
    assert session.level is RELEASED
    assert session.estop.reasons(100.0) == ()
    assert session.estop.endpoints == (CONSOLE,)


@pytest.mark.parametrize(
    ("silent_s", "level"),
    [
        (0.0, RELEASED),
        (0.499, RELEASED),
        (0.501, SETTLE),
        (3.499, SETTLE),
        (3.501, ZERO),
        (1e9, ZERO),
        (-0.001, ZERO),
        (math.nan, ZERO),
    ],
)
def test_silence_escalates(silent_s, level):
    session = Session(CONSOLE).release()
    assert session.estop.level(100.0 + silent_s) is level
    assert bool(session.estop.reasons(100.0 + silent_s)) is (level is not RELEASED)


def test_checking_in_keeps_alive_and_an_answer_counts_once():
    session = Session(CONSOLE).release()
    for _ in range(20):
        session.now_s += 0.3
        reply, message = session.send("console")
        assert reply.accepted
        assert session.level is RELEASED
        again = session.estop.check_in(message, session.now_s)
        assert (again.accepted, again.reason) == (False, "answers another challenge")
    session.now_s += 0.6
    assert session.level is SETTLE
    reply, _ = session.send("console")
    assert (reply.accepted, reply.reason) == (False, "answers too late")
    assert session.level is SETTLE
    assert session.send("console")[0].accepted
    assert session.level is RELEASED


def test_no_old_message_keeps_alive():
    session, heard = Session(CONSOLE).release(), []
    for _ in range(5):
        session.now_s += 0.1
        heard.append(session.send("console")[1])
    session.now_s += 0.45
    for message in heard:
        assert not session.estop.check_in(message, session.now_s).accepted
    session.now_s += 0.1
    assert session.level is SETTLE


def test_a_message_that_was_held_back_does_not_keep_alive():
    session = Session(CONSOLE).release()
    held = session.clients["console"].check_in(RELEASED)
    assert session.estop.check_in(held, session.now_s + 0.501).reason == "answers too late"
    # Nor one from before its challenge was drawn, nor at no time at all.
    for now_s in (session.now_s - 0.001, math.nan):
        fresh = Session(CONSOLE).release()
        assert fresh.estop.check_in(fresh.clients["console"].check_in(RELEASED), now_s).reason == "answers too late"
    fresh = Session(CONSOLE).release()
    assert fresh.estop.check_in(fresh.clients["console"].check_in(RELEASED), fresh.now_s + 0.5).accepted


def test_an_answer_that_was_held_back_keeps_alive_from_when_it_was_asked_for():
    session = Session(CONSOLE).release()
    asked_s = session.now_s
    held = session.clients["console"].check_in(RELEASED)
    session.now_s += 0.4
    assert session.estop.check_in(held, session.now_s).accepted
    session.now_s = asked_s + 0.499
    assert session.level is RELEASED
    session.now_s = asked_s + 0.501
    assert session.level is SETTLE


def test_without_a_key_nobody_can_release():
    estop = EStop(b"")
    estop.configure([CONSOLE], motors_on=False)
    asked = estop.check_in(check_in_message("console", RELEASED, b"", b""), 1.0)
    assert (asked.accepted, asked.reason, asked.message) == (False, "there is no key", b"")
    assert estop.level(1.0) is EstopLevel.ZERO_TORQUE
    estop.check_in(check_in_message("console", SETTLE, b"", b""), 1.0)  # but anybody can stop
    assert any("a stop by 'console'" in reason for reason in estop.reasons(1.0))


def test_a_wrong_answer_resets_nothing():
    session = Session(CONSOLE).release()
    session.now_s += 0.4
    wrong = check_in_message("console", RELEASED, answer_to(b"another"), KEY)
    reply = session.estop.check_in(wrong, session.now_s)
    assert (reply.accepted, reply.reason) == (False, "answers another challenge")
    session.now_s += 0.2
    assert session.level is SETTLE


def test_an_answer_before_any_challenge():
    session = Session(CONSOLE)
    reply = session.estop.check_in(check_in_message("console", RELEASED, answer_to(b""), KEY), 100.0)
    assert (reply.accepted, reply.reason) == (False, "answers no challenge that is open")


def test_asking_again_brings_the_same_challenge_until_it_grows_old():
    session = Session(CONSOLE)
    ask = check_in_message("console", RELEASED, b"", KEY)
    first = session.estop.check_in(ask, 100.0).message
    assert session.estop.check_in(ask, 100.5).message == first
    second = session.estop.check_in(ask, 100.501).message
    assert second != first
    assert session.estop.check_in(ask, 100.0).message != second  # a clock that went back
    assert parse_challenge(first, "console", KEY) == (1).to_bytes(CHALLENGE_BYTES, "big")


def test_another_machine_can_neither_release_nor_keep_alive():
    session = Session(CONSOLE, key=OTHER_KEY)
    for _ in range(4):
        reply, _ = session.send("console")
        assert (reply.accepted, reply.reason, reply.message) == (False, "signed with another key", b"")
    assert session.level is ZERO
    # Not even with the right answer, which anybody can work out who hears the challenge.
    alive = Session(CONSOLE).release()
    alive.now_s += 0.4
    challenge = alive.estop.check_in(check_in_message("console", RELEASED, b"", KEY), alive.now_s).message
    answer = answer_to(parse_challenge(challenge, "console", KEY))
    assert not alive.estop.check_in(check_in_message("console", RELEASED, answer, OTHER_KEY), alive.now_s).accepted
    alive.now_s += 0.2
    assert alive.level is SETTLE


@pytest.mark.parametrize("level", [ZERO, SETTLE])
@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
@pytest.mark.parametrize("name", ["console", "a_passer_by"])
def test_anybody_can_stop(level, key, name):
    session = Session(CONSOLE).release()
    reply = session.estop.check_in(check_in_message(name, level, b"", key), session.now_s)
    assert not reply.accepted
    assert session.level is level
    assert session.estop.reasons(session.now_s) == (f"a stop by '{name}'",)
    # It lasts, whatever the endpoints say, until an operator clears it.
    session.now_s += 0.1
    assert session.send("console")[0].accepted
    assert session.level is level
    session.estop.clear_strangers()
    assert session.level is RELEASED


def test_a_replayed_stop_stops():
    session = Session(CONSOLE).release()
    _, stop = session.send("console", ZERO)
    assert session.level is ZERO
    assert session.send("console")[0].accepted
    assert session.level is RELEASED
    session.estop.check_in(stop, session.now_s)
    assert session.level is ZERO


def test_a_strangers_stop_is_not_taken_back_by_a_milder_one():
    session = Session(CONSOLE).release()
    for level in (SETTLE, ZERO, SETTLE, RELEASED):
        session.estop.check_in(check_in_message("x", level, b"", OTHER_KEY), session.now_s)
    assert session.level is ZERO


def test_many_strangers_do_not_fill_the_memory_and_all_count():
    session = Session(CONSOLE).release()
    for number in range(1000):
        session.estop.check_in(check_in_message(f"x{number}", SETTLE, b"", OTHER_KEY), session.now_s)
    assert len(session.estop.reasons(session.now_s)) == MOST_STRANGERS + 1
    assert "a stop by 'others'" in session.estop.reasons(session.now_s)
    session.estop.check_in(check_in_message("last", ZERO, b"", OTHER_KEY), session.now_s)
    assert session.level is ZERO
    session.estop.check_in(check_in_message("x0", ZERO, b"", OTHER_KEY), session.now_s)
    assert len(session.estop.reasons(session.now_s)) == MOST_STRANGERS + 1


def test_an_unknown_endpoint_cannot_release():
    session = Session(CONSOLE).release()
    reply = session.estop.check_in(check_in_message("guest", RELEASED, b"", KEY), session.now_s)
    assert (reply.accepted, reply.reason, reply.message) == (False, "endpoint 'guest' is not configured", b"")
    assert session.level is RELEASED


@pytest.mark.parametrize("levels", list(itertools.product(EstopLevel, repeat=2)))
def test_the_most_restrictive_wins(levels):
    session = Session(CONSOLE, BUTTON).release()
    for name, level in zip(("console", "button"), levels, strict=True):
        assert session.send(name, level)[0].accepted
    assert session.level is min(levels)
    asked = [f"{name} asks for {level.name.lower()}" for name, level in zip(("console", "button"), levels, strict=True)]
    assert session.estop.reasons(session.now_s) == tuple(
        text for text, level in zip(asked, levels, strict=True) if level is not RELEASED
    )


def test_all_must_check_in_each_within_its_own_time():
    session = Session(CONSOLE, BUTTON)
    session.send("console")
    session.send("console")
    assert session.level is ZERO
    session.send("button")
    session.send("button")
    assert session.level is RELEASED
    session.now_s += 0.3
    assert session.level is SETTLE
    assert session.estop.reasons(session.now_s) == ("button is silent for 0.30 s",)
    session.now_s += 1.0
    assert session.level is ZERO


def test_silence_never_makes_a_level_milder():
    session = Session(CONSOLE).release()
    session.send("console", ZERO)
    session.now_s += 1.0
    assert session.level is ZERO


def test_configuring_forgets_everybody():
    session = Session(CONSOLE).release()
    session.estop.configure([CONSOLE], motors_on=False)
    assert session.level is ZERO
    reply, _ = session.send("console")
    assert reply.reason == "answers no challenge that is open"


def test_configuring_is_refused_while_motors_are_on():
    session = Session(CONSOLE).release()
    with pytest.raises(SurefootError, match="while the motors are on") as caught:
        session.estop.configure([], motors_on=True)
    assert caught.value.hint == "disarm the robot first"
    assert session.estop.endpoints == (CONSOLE,)
    assert session.level is RELEASED


@pytest.mark.parametrize(
    ("endpoints", "message"),
    [
        ((CONSOLE, CONSOLE), "'console' is given twice"),
        ((Endpoint("", 1.0, 1.0),), "'' is not a valid name: must be at most 64 letters, digits and _"),
        ((Endpoint("a b", 1.0, 1.0),), "'a b' is not a valid name"),
        ((Endpoint("ä", 1.0, 1.0),), "'ä' is not a valid name"),
        ((Endpoint("x" * 65, 1.0, 1.0),), "is not a valid name"),
        ((Endpoint("x", 0.0, 1.0),), "x: timeout_s 0.0 must be above 0"),
        ((Endpoint("x", math.nan, 1.0),), "x: timeout_s nan must be above 0"),
        ((Endpoint("x", math.inf, 1.0),), "x: timeout_s inf must be above 0"),
        ((Endpoint("x", 1.0, -0.1),), "x: zero_torque_after_s -0.1 must be at least 0"),
        ((Endpoint("x", 1.0, math.nan),), "x: zero_torque_after_s nan must be at least 0"),
    ],
)
def test_lists_that_are_refused(endpoints, message):
    session = Session(CONSOLE).release()
    with pytest.raises(SurefootError) as caught:
        session.estop.configure(endpoints, motors_on=False)
    assert message in caught.value.message
    assert session.level is RELEASED


def test_a_long_name_and_no_second_timeout():
    endpoint = Endpoint("x" * 64, 0.5, 0.0)
    session = Session(endpoint).release()
    assert session.estop.level(100.501) is ZERO


# Messages.

CHECK_IN = check_in_message("console", SETTLE, b"a" * ANSWER_BYTES, KEY)
CHALLENGE = challenge_message("console", b"c" * CHALLENGE_BYTES, KEY)


def test_a_check_in_as_bytes():
    head = b"SFCI" + bytes([1, 1, 7]) + b"console" + b"a" * 32
    assert CHECK_IN[:-SIGNATURE_BYTES] == head
    # HMAC-SHA-256 by its definition (RFC 2104), without the module that the code uses.
    import hashlib

    padded = KEY.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + head).digest()
    assert CHECK_IN[-SIGNATURE_BYTES:] == hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def test_a_check_in_there_and_back():
    found = parse_check_in(CHECK_IN, KEY)
    assert (found.name, found.level, found.answer, found.authentic) == ("console", SETTLE, b"a" * 32, True)
    asking = parse_check_in(check_in_message("x", RELEASED, b"", KEY), KEY)
    assert (asking.name, asking.level, asking.answer, asking.authentic) == ("x", RELEASED, b"", True)
    assert parse_check_in(CHECK_IN, OTHER_KEY).authentic is False


def test_a_challenge_there_and_back():
    assert CHALLENGE[:-SIGNATURE_BYTES] == b"SFCH" + bytes([1, 7]) + b"console" + b"c" * 16
    assert parse_challenge(CHALLENGE, "console", KEY) == b"c" * 16
    assert parse_challenge(CHALLENGE, "console", OTHER_KEY) is None
    assert parse_challenge(CHALLENGE, "button", KEY) is None
    assert parse_challenge(CHALLENGE[:-1], "console", KEY) is None
    assert parse_challenge(CHALLENGE + b"x", "console", KEY) is None
    for nothing in (None, "text", b"", CHECK_IN):
        assert parse_challenge(nothing, "console", KEY) is None


@pytest.mark.parametrize("place", range(len(CHECK_IN)))
def test_every_byte_of_a_check_in_counts(place):
    broken = bytearray(CHECK_IN)
    broken[place] ^= 1
    found = parse_check_in(bytes(broken), KEY)
    assert found is None or not found.authentic


@pytest.mark.parametrize("place", range(len(CHALLENGE)))
def test_every_byte_of_a_challenge_counts(place):
    broken = bytearray(CHALLENGE)
    broken[place] ^= 1
    assert parse_challenge(bytes(broken), "console", KEY) is None


@pytest.mark.parametrize("length", range(len(CHECK_IN)))
def test_a_check_in_that_was_cut(length):
    assert parse_check_in(CHECK_IN[:length], KEY) is None


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        b"",
        CHECK_IN + b"x",
        CHALLENGE,
        CHECK_IN[:5] + bytes([3]) + CHECK_IN[6:],
        CHECK_IN[:4] + bytes([2]) + CHECK_IN[5:],
        CHECK_IN[:6] + bytes([0]) + CHECK_IN[7:],
        b"SFCI" + bytes([1, 0, 65]) + b"x" * 65 + bytes(64),
        b"SFCI" + bytes([1, 0, 1]) + b"\xff" + bytes(64),
    ],
)
def test_what_is_no_check_in(message):
    assert parse_check_in(message, KEY) is None
    reply = EStop(KEY).check_in(message, 0.0)
    assert (reply.accepted, reply.reason, reply.message) == (False, "not a check-in", b"")


def test_a_name_as_long_as_allowed():
    assert parse_check_in(check_in_message("x" * 64, ZERO, b"", KEY), KEY).name == "x" * 64
    assert parse_check_in(check_in_message("x" * 99, ZERO, b"", KEY), KEY).name == "x" * 64


def test_an_endpoint_answers_each_challenge_once():
    client = EstopEndpoint("console", KEY)
    assert client.name == "console"
    assert not client.challenged(b"nonsense")
    assert parse_check_in(client.check_in(RELEASED), KEY).answer == b""
    assert client.challenged(CHALLENGE)
    assert parse_check_in(client.check_in(SETTLE), KEY).answer == answer_to(b"c" * 16)
    assert parse_check_in(client.check_in(SETTLE), KEY).answer == b""


def test_real_challenges_differ():
    ask = check_in_message("console", RELEASED, b"", KEY)
    estops = [EStop(KEY) for _ in range(2)]
    for estop in estops:
        estop.configure([CONSOLE], motors_on=False)
    assert len({estop.check_in(ask, 0.0).message for estop in estops}) == 2


# Keys.


def test_a_new_key(tmp_path):
    path = tmp_path / "estop.key"
    write_new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    key = read_key(path)
    assert len(key) == KEY_BYTES
    write_new_key(tmp_path / "other.key")
    assert read_key(tmp_path / "other.key") != key
    with pytest.raises(SurefootError, match="cannot be written: File exists"):
        write_new_key(path)
    assert read_key(path) == key


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o610, 0o601, 0o666])
def test_a_key_that_others_may_touch(tmp_path, mode):
    path = tmp_path / "estop.key"
    write_new_key(path)
    path.chmod(mode)
    with pytest.raises(SurefootError, match="others may read the e-stop key or write it") as caught:
        read_key(path)
    assert caught.value.hint == f"chmod 600 {path}"


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "0" * 63, "ü" * 64, "00" * 500])
def test_what_is_no_key(tmp_path, text):
    path = tmp_path / "estop.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SurefootError, match="is no e-stop key: must be 64 hexadecimal digits"):
        read_key(path)


def test_no_key(tmp_path):
    with pytest.raises(SurefootError, match="cannot be read: No such file or directory") as caught:
        read_key(tmp_path / "none")
    assert "surefoot safety key FILE" in caught.value.hint
