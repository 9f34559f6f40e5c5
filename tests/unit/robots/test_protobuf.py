"""Protobuf by hand: the examples of protobuf.dev/programming-guides/encoding, and what breaks off."""

import pytest

from surefoot_robots.protobuf import byte_fields, read_varint, value_span


def test_numbers():
    assert read_varint(b"\x96\x01", 0) == (150, 2)
    assert read_varint(b"\x00\x07", 1) == (7, 2)
    assert read_varint(b"\x96", 0) == (22, 2)
    assert read_varint(b"\xff" * 12, 0)[1] == 13  # too long: ends beyond the data


@pytest.mark.parametrize(
    ("data", "wire_type", "span"),
    [
        (b"\x96\x01", 0, (0, 2)),
        (bytes(8), 1, (0, 8)),
        (b"\x03abc", 2, (1, 4)),
        (b"\x09abc", 2, (1, 10)),
        (b"abc", 3, (0, 0)),
        (bytes(4), 5, (0, 4)),
    ],
)
def test_how_far_values_reach(data, wire_type, span):
    assert value_span(data, 0, wire_type) == span


def test_fields_of_bytes_by_number():
    text, number, other = b"\x12\x07testing", b"\x08\x96\x01", b"\x1a\x01x"
    assert list(byte_fields(text + number + other + b"\x12\x00", 2)) == [b"testing", b""]
    assert list(byte_fields(b"\x72\x02hi", 14)) == [b"hi"]
    assert list(byte_fields(number, 1)) == []  # a number, no bytes
    assert list(byte_fields(text[:-1], 2)) == []  # cut off
    assert list(byte_fields(b"", 2)) == []
