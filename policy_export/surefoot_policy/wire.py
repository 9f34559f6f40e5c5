"""A protobuf file before it is parsed: where it breaks off, and how much there would be to make of it.

https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor, FieldDescriptor

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
FIXED_BYTES = {FIXED_64: 8, FIXED_32: 4}
DEEPEST = 100
"""Messages in messages, as deep as protobuf reads."""


def count_fields(data: bytes, kind: Descriptor, most: int) -> int:
    """Fields of a message of this kind, those of messages within included; `most` + 1 if there are more.

    What cannot be read is left to the parser, which refuses it.
    """
    count = 0
    # Spans that are still to be read, innermost last: start, end, what is there, how deep.
    left = [(0, len(data), kind, 0)]
    while left and count <= most:
        place, end, message, depth = left.pop()
        while place < end and count <= most:
            count += 1
            tag, place = read_varint(data, place)
            start, place = _value(data, place, tag & 7)
            field = message.fields_by_number.get(tag >> 3)
            if tag & 7 == LENGTH and field and field.type == FieldDescriptor.TYPE_MESSAGE and depth < DEEPEST:
                left.append((start, min(place, end), field.message_type, depth + 1))
    return min(count, most + 1)


def bytes_missing(data: bytes) -> int:
    """How far the last top-level field reaches beyond the end; 0 where the fields are none of a model."""
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        if tag & 7 not in (VARINT, LENGTH):
            return 0
        _, place = _value(data, place, tag & 7)
    return max(place - len(data), 0)


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """A number and the place after it; one that is cut off or too long ends beyond the data."""
    number = 0
    for count in range(10):
        if place + count >= len(data):
            break
        byte = data[place + count]
        number |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return number, place + count + 1
    return number, len(data) + 1


def _value(data: bytes, place: int, wire_type: int) -> tuple[int, int]:
    """Where a field's value starts, and where it ends; groups, of which ONNX has none, are read as if flat."""
    if wire_type == VARINT:
        return place, read_varint(data, place)[1]
    if wire_type == LENGTH:
        length, start = read_varint(data, place)
        return start, start + length
    return place, place + FIXED_BYTES.get(wire_type, 0)
