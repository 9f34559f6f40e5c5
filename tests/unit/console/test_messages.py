import json

import pytest

from surefoot.console.messages import MOST_BYTES, Ask, Beat, Hello, Record, Stop, Take, parse
from surefoot_safety.mode import Request


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"kind": "hello", "token": "abc"}', Hello("abc")),
        ('{"kind": "beat", "answer": "1f", "hold": [1, -0.5, 0]}', Beat("1f", (1.0, -0.5, 0.0))),
        ('{"kind": "stop", "request": "stop"}', Stop(Request.STOP)),
        ('{"kind": "stop", "request": "damp"}', Stop(Request.DAMP)),
        ('{"kind": "ask", "request": "crawl"}', Ask(Request.CRAWL)),
        ('{"kind": "take"}', Take()),
        ('{"kind": "record", "on": true}', Record(True)),
    ],
)
def test_what_a_page_says(text, message):
    assert parse(text) == message


def beat(hold, answer='"1f"'):
    return f'{{"kind": "beat", "answer": {answer}, "hold": {hold}}}'


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind": "take"}',
        None,
        "",
        "{",
        "[]",
        "null",
        "[" * 900,
        '"take"',
        "{}",
        '{"kind": null}',
        '{"kind": "fly"}',
        '{"kind": ["take"]}',
        '{"kind": "take", "more": 1}',
        '{"kind": "hello"}',
        '{"kind": "hello", "token": 7}',
        '{"kind": "hello", "token": ""}',
        json.dumps({"kind": "hello", "token": "x" * 129}),
        beat("[NaN, 0, 0]"),
        beat("[Infinity, 0, 0]"),
        beat("[1.001, 0, 0]"),
        beat("[0, 0, -1.001]"),
        beat("[true, 0, 0]"),
        beat('["1", 0, 0]'),
        beat("[0, 0]"),
        beat("[0, 0, 0, 0]"),
        beat("0"),
        beat("[0, 0, 0]", answer="5"),
        '{"kind": "ask", "request": "stop"}',
        '{"kind": "ask", "request": "zero_torque"}',
        '{"kind": "ask", "request": "hang"}',
        '{"kind": "ask", "request": ["arm"]}',
        '{"kind": "stop", "request": "zero_torque"}',
        '{"kind": "stop", "request": "arm"}',
        '{"kind": "record", "on": 1}',
    ],
)
def test_what_is_none_is_refused_in_words(data):
    found = parse(data)
    assert isinstance(found, str)
    assert found


def test_a_message_that_is_too_long_is_not_even_read():
    text = '{"kind": "take"}'
    assert parse(text + " " * (MOST_BYTES - len(text))) == Take()
    assert parse(text + " " * (MOST_BYTES - len(text) + 1)) == f"not a text of at most {MOST_BYTES} bytes"
    assert isinstance(parse('"' + "é" * (MOST_BYTES // 2) + '"'), str)
