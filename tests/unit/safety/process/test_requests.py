import pytest

from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.requests import Answer, answer_message, parse_answer, parse_request, request_message


@pytest.mark.parametrize("request_", Request)
def test_requests_arrive(request_):
    assert parse_request(request_message(request_, 7)) == (request_, 7)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"\xff",
        b'{"request": "fly", "number": 1}',
        b'{"request": ["stand"], "number": 1}',
        b'{"request": "stand"}',
        b'{"request": "stand", "number": -1}',
        b'{"request": "stand", "number": 1.0}',
        b'{"request": "stand", "number": true}',
        b"[" * 2000,
        b'{"request": "stand", "number": 1}' + b" " * 3000,
    ],
)
def test_what_is_no_request(data):
    assert parse_request(data) is None


def test_answers_arrive_and_are_cut():
    answer = Answer(3, "walk is refused", Mode.STANDING)
    assert parse_answer(answer_message(answer)) == answer
    long = parse_answer(answer_message(Answer(3, "ä" * 5000, Mode.OFF)))
    assert long.refusal == "ä" * 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"number": "1", "refusal": "", "mode": "off"}',
        b'{"number": 1, "refusal": 0, "mode": "off"}',
        b'{"number": 1, "refusal": "", "mode": 0}',
        b'{"number": 1, "refusal": "", "mode": "up"}',
    ],
)
def test_what_is_no_answer(data):
    assert parse_answer(data) is None
