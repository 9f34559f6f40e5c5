"""A protobuf file before it is parsed: where it breaks off, and how much there would be to make of it."""

from __future__ import annotations

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from surefoot_robots.protobuf import LENGTH, VARINT, read_varint, value_span

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
            start, place = value_span(data, place, tag & 7)
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
        _, place = value_span(data, place, tag & 7)
    return max(place - len(data), 0)
