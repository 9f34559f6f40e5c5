import stat

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_safety.process import mailbox
from surefoot_safety.process.mailbox import MOST_AT_ONCE, MOST_BYTES, Letter, Mail, Mailbox


@pytest.fixture
def box(tmp_path):
    made = Mailbox(tmp_path / "x.sock")
    yield made
    made.close()


@pytest.fixture
def mail(tmp_path):
    made = Mail(tmp_path / "x.sock")
    yield made
    made.close()


def test_letters_come_in_order_and_are_answered(box, mail):
    assert box.take() == []
    assert mail.send(b"one")
    assert mail.send(b"two")
    letters = box.take()
    assert [letter.data for letter in letters] == [b"one", b"two"]
    box.answer(letters[0], b"yes")
    assert mail.answer(1.0) == b"yes"
    assert mail.answer() is None


def test_only_its_owner_may_write(box, tmp_path):
    assert stat.S_IMODE((tmp_path / "x.sock").stat().st_mode) == 0o600


def test_a_flood_is_taken_in_portions(box, mail):
    sent = 0
    while mail.send(b"x"):
        sent += 1
        assert sent < 10_000
    assert sent  # then the kernel takes no more, and nobody waits
    first = box.take()
    assert 0 < len(first) <= MOST_AT_ONCE
    assert len(box.take(most=1)) <= 1


def test_long_messages_are_cut(box, mail):
    mail.send(b"x" * (3 * MOST_BYTES))
    assert len(box.take()[0].data) == MOST_BYTES + 1  # which no reader of messages takes


def test_who_is_gone_gets_no_answer(box, tmp_path):
    sender = Mail(tmp_path / "x.sock")
    sender.send(b"x")
    (letter,) = box.take()
    sender.close()
    box.answer(letter, b"hello?")
    box.answer(Letter(b"", None), b"nobody")


def test_nobody_receives(tmp_path):
    mail = Mail(tmp_path / "nobody.sock")
    assert not mail.send(b"x")
    mail.close()


def test_leftovers_are_replaced_and_nothing_is_left(tmp_path, mail):
    (tmp_path / "x.sock").touch()
    box = Mailbox(tmp_path / "x.sock")
    assert mail.send(b"x")
    box.close()
    assert list(tmp_path.iterdir()) == []


def test_no_place_for_a_socket_is_one_clear_line(tmp_path):
    with pytest.raises(SurefootError, match="cannot receive requests"):
        Mailbox(tmp_path / "nowhere" / "x.sock")


def test_names(tmp_path):
    assert mailbox.socket_path(tmp_path, mailbox.REQUESTS) == tmp_path / "request.sock"
