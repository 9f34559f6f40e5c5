from collections.abc import Mapping
from typing import Literal

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.run.values import from_plain, from_text, to_plain, to_text


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (float, "1", 1.0),
        (float, " -2.5e-7 ", -2.5e-7),
        (int, "256", 256),
        (int, "5e6", 5_000_000),
        (int, "1_000", 1000),
        (int, "9007199254740993", 9007199254740993),  # 2^53 + 1, which no float holds
        (bool, "true", True),
        (bool, "false", False),
        (str, "go2", "go2"),
        (Literal["clip", "kl"], "kl", "kl"),
        (Literal[1, 3], "3", 3),
        (tuple[float, float], "0,0.5", (0.0, 0.5)),
        (tuple[float, float], "(-1, 1)", (-1.0, 1.0)),
        (tuple[int, ...], "256,128", (256, 128)),
        (tuple[int, ...], "[64]", (64,)),
        (tuple[int, ...], "64,", (64,)),
        (tuple[str, ...], "", ()),
        (float | None, "none", None),
        (float | None, "0.5", 0.5),
    ],
)
def test_text_becomes_what_the_annotation_says(annotation, text, value):
    read = from_text(annotation, text, "key")
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text", "valid"),
    [
        (float, "fast", "a finite number"),
        (float, "nan", "a finite number"),
        (float, "inf", "a finite number"),
        (int, "2.5", "a whole number"),
        (int, "", "a whole number"),
        (bool, "yes", "true or false"),
        (Literal["clip", "kl"], "klip", "one of clip, kl"),
        (tuple[float, float], "1", "2 values separated by commas, each a finite number"),
        (tuple[float, float], "1,2,3", "2 values separated by commas, each a finite number"),
        (tuple[int, ...], "64,x", "a whole number"),
        (float | None, "x", "a finite number"),
    ],
)
def test_other_text_is_refused_with_what_is_valid(annotation, text, valid):
    with pytest.raises(SurefootError, match=r"^key: ") as refused:
        from_text(annotation, text, "key")
    assert refused.value.hint.endswith(valid)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (float | None, None),
        (bool, True),
        (int, 3),
        (float, 1e-300),
        (str, "a b"),
        (tuple[float, float], (0.0, 0.1)),
        (tuple[int, ...], ()),
        (tuple[str, ...], ("flat", "gaps")),
    ],
)
def test_text_of_a_value_is_read_back(annotation, value):
    assert from_text(annotation, to_text(value), "key") == value


@pytest.mark.parametrize(
    ("annotation", "data"),
    [(float, True), (float, "1"), (int, 1.0), (int, True), (bool, 1), (str, 1), (Literal[1], True), (float, None)],
)
def test_plain_data_of_another_kind_is_refused(annotation, data):
    with pytest.raises(SurefootError, match=r"^key: "):
        from_plain(annotation, data, "key")


def test_a_whole_number_where_a_float_belongs_is_kept_as_a_float():
    assert repr(from_plain(float, 1, "key")) == "1.0"
    assert repr(to_plain(float, 1)) == "1.0"


def test_what_has_no_text_of_its_own_is_set_by_its_parts():
    with pytest.raises(SurefootError) as refused:
        from_text(Mapping[str, float], "x", "key")
    assert refused.value.hint == "key is set by its parts only"
