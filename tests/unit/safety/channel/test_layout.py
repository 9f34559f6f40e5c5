import math
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import pytest

from surefoot_safety.channel.layout import Layout


class Colour(Enum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Everything:
    number: float
    count: int
    flag: bool
    colour: Colour
    values: Annotated[tuple[float, ...], 3]
    flags: Annotated[tuple[bool, ...], 2]
    text: Annotated[str, 5]


@dataclass(frozen=True, slots=True)
class One:
    number: float


RECORD = Everything(1.5, -7, True, Colour.GREEN, (1.0, math.inf, -0.0), (True, False), "Bär")


def test_there_and_back():
    layout = Layout(Everything)
    data = layout.pack(RECORD)
    assert len(data) == layout.size == 8 + 8 + 1 + 1 + 24 + 2 + 5
    assert layout.unpack(data) == RECORD


def test_nan_stays_nan():
    layout = Layout(One)
    assert math.isnan(layout.unpack(layout.pack(One(math.nan))).number)


def test_bytes_are_little_endian_without_padding():
    assert Layout(One).pack(One(1.0)) == bytes.fromhex("000000000000f03f")


@pytest.mark.parametrize(("text", "kept"), [("abcdef", "abcde"), ("abcdé", "abcd"), ("", ""), ("é" * 3, "éé")])
def test_texts_are_cut_between_characters(text, kept):
    layout = Layout(Everything)
    record = Everything(0.0, 0, False, Colour.RED, (0.0,) * 3, (False,) * 2, text)
    assert layout.unpack(layout.pack(record)).text == kept


def test_a_tuple_of_another_length_is_refused():
    record = Everything(0.0, 0, False, Colour.RED, (0.0,) * 2, (False,) * 3, "")
    with pytest.raises(ValueError, match=r"Everything.values has 2 values, must have 3"):
        Layout(Everything).pack(record)


def test_what_has_no_fixed_layout_is_refused():
    @dataclass
    class Loose:
        values: tuple[float, ...]

    @dataclass
    class Unsized:
        values: Annotated[tuple[float, ...], 0]

    @dataclass
    class OfTexts:
        values: Annotated[tuple[str, ...], 3]

    for kind in (Loose, Unsized, OfTexts):
        with pytest.raises(TypeError, match=r"values: .* has no fixed layout"):
            Layout(kind)
    with pytest.raises(TypeError, match="is not a dataclass"):
        Layout(int)


def test_the_hash_tells_layouts_apart():
    def made(name="Record", field="x", kind=float):
        return Layout(dataclass(type(name, (), {"__annotations__": {field: kind}}))).hash

    class Other(Enum):
        RED = "red"
        BLUE = "blue"

    same = made()
    hashes = [
        same,
        made(name="Another"),
        made(field="y"),
        made(kind=int),
        made(kind=Colour),
        made(kind=Other),
        made(kind=Annotated[str, 8]),
        made(kind=Annotated[str, 9]),
    ]
    assert len(set(hashes)) == len(hashes)
    assert made() == same
    assert len(same) == 16
