"""Protobuf's encoding without a parser: tags, numbers, and how far each value reaches.

https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED_64, LENGTH, FIXED_32 = 0, 1, 2, 5
FIXED_BYTES = {FIXED_64: 8, FIXED_32: 4}


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


def value_span(data: bytes, place: int, wire_type: int) -> tuple[int, int]:
    """Where a field's value starts, and where it ends; groups, of which ONNX has none, are read as if flat."""
    if wire_type == VARINT:
        return place, read_varint(data, place)[1]
    if wire_type == LENGTH:
        length, start = read_varint(data, place)
        return start, start + length
    return place, place + FIXED_BYTES.get(wire_type, 0)


def byte_fields(data: bytes, number: int) -> Iterator[bytes]:
    """The values of a message's field of this number that are texts, bytes or messages; up to where it breaks off."""
    place = 0
    while place < len(data):
        tag, place = read_varint(data, place)
        start, place = value_span(data, place, tag & 7)
        if tag >> 3 == number and tag & 7 == LENGTH and place <= len(data):
            yield data[start:place]
