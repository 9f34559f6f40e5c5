import pytest

from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.asking import Asker
from surefoot_safety.process.mailbox import REQUESTS, STOPS, Mailbox, socket_path
from surefoot_safety.process.requests import Answer, answer_message, parse_request


@pytest.fixture
def boxes(tmp_path):
    made = {name: Mailbox(socket_path(tmp_path, name)) for name in (REQUESTS, STOPS)}
    yield made
    for box in made.values():
        box.close()


@pytest.fixture
def asker(tmp_path, boxes):
    made = Asker(tmp_path)
    yield made
    made.close()


def letter(box):
    (found,) = box.take()
    return found


def test_nobody_answers_in_time(asker, boxes):
    assert asker.ask(Request.ARM, 0.0) is None
    assert asker.ask(Request.ARM, 0.01) is None


def test_nobody_is_there(tmp_path):
    lonely = Asker(tmp_path / "nowhere")
    assert lonely.ask(Request.STOP, 1.0) is None
    lonely.close()


def test_stops_go_to_a_mailbox_of_their_own(asker, boxes):
    asker.ask(Request.STAND, 0.0)
    asker.ask(Request.DAMP, 0.0)
    assert parse_request(letter(boxes[REQUESTS]).data) == (Request.STAND, 1)
    assert parse_request(letter(boxes[STOPS]).data) == (Request.DAMP, 2)


def test_the_answer_to_its_own_question_is_waited_for_and_others_passed_over(asker, boxes):
    asker.ask(Request.ARM, 0.0)
    asked = letter(boxes[REQUESTS])
    for data in (b"?", answer_message(Answer(1, "late", Mode.OFF)), answer_message(Answer(2, "no", Mode.DAMPED))):
        boxes[REQUESTS].answer(asked, data)
    assert asker.ask(Request.STAND, 60.0) == Answer(2, "no", Mode.DAMPED)
