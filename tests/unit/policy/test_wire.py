"""Counting fields without parsing: as many as the parser finds."""

import onnx
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from toy_policy import toy_file

from surefoot_policy.wire import DEEPEST, count_fields

KIND = onnx.ModelProto.DESCRIPTOR


def fields_of(message: Message) -> int:
    """As the parser has them; a packed list is one field."""
    count = 0
    for field, value in message.ListFields():
        values = value if field.is_repeated and not field.is_packed else [value]
        count += len(values)
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            count += sum(fields_of(item) for item in values)
    return count


def test_as_many_as_the_parser_finds():
    assert count_fields(toy_file(), KIND, 10**6) == fields_of(onnx.ModelProto.FromString(toy_file())) > 200


def test_it_stops_at_one_more_than_the_most():
    assert count_fields(toy_file(), KIND, 100) == 101


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", 0),
        (b"\x08\x0a", 1),
        (b"\x3a\x04\x0a\x00\x0a\x00", 3),  # a graph of two nodes
        (b"\x3a\x05\x0a\x00\x3d\x00\x00", 3),  # cut off: a field of four bytes has two
        (b"\x09" + bytes(8) + b"\x0d" + bytes(4), 2),
        (b"\x0b\x08\x01\x0c", 3),  # a group
        (b"\x3a\xff\xff\xff\xff\x0f\x0a\x00", 2),  # longer than the file
        (b"\xff" * 11, 1),
    ],
)
def test_fields_by_hand(data, count):
    assert count_fields(data, KIND, 10) == count


def test_messages_deeper_than_protobuf_reads_are_not_followed():
    data = b""
    for _ in range(40):  # a node in a graph in an attribute in a node ...
        for tag in (b"\x32", b"\x2a", b"\x0a"):
            data = tag + _length(len(data)) + data
    assert count_fields(b"\x3a" + _length(len(data)) + data, KIND, 10**6) == DEEPEST + 1


def _length(number: int) -> bytes:
    digits = b""
    while number > 0x7F:
        digits, number = digits + bytes([number & 0x7F | 0x80]), number >> 7
    return digits + bytes([number])
