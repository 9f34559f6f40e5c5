"""Values of configuration by their annotation: from text as typed, to text, from and to plain data as files hold it."""

from __future__ import annotations

import math
import types
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from surefoot_robots.errors import SurefootError

Annotation: TypeAlias = Any
"""What a field is declared as: a type, a tuple of types, a Literal, or any of these or None."""

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None
"""What YAML and JSON hold."""

NONE = "none"
_WORDS = {"true": True, "false": False}


def origin_of(annotation: Annotation) -> Annotation:
    """`tuple` of `tuple[float, float]`, `Literal` of a Literal, None of plain types."""
    return get_origin(annotation)


def is_optional(annotation: Annotation) -> bool:
    """Whether None is among what is valid."""
    return origin_of(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def without_none(annotation: Annotation) -> Annotation:
    """`X` of `X | None`; anything else as it is."""
    if not is_optional(annotation):
        return annotation
    (something,) = [part for part in get_args(annotation) if part is not type(None)]
    return something


def valid_text(annotation: Annotation) -> str:
    """What may be typed, for people."""
    if is_optional(annotation):
        return f"{valid_text(without_none(annotation))}, or {NONE}"
    origin, parts = origin_of(annotation), get_args(annotation)
    if origin is Literal:
        return "one of " + ", ".join(str(choice) for choice in parts)
    if origin is tuple and parts[-1] is Ellipsis:
        return f"any number of values separated by commas, each {valid_text(parts[0])}"
    if origin is tuple:
        return f"{len(parts)} values separated by commas, each {valid_text(parts[0])}"
    names = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a text"}
    return names.get(annotation, "set by its parts only")


def from_text(annotation: Annotation, text: str, where: str) -> object:
    """The value that `text` stands for; `where` it was meant for is named in errors."""
    text = text.strip()
    if is_optional(annotation):
        return None if text == NONE else from_text(without_none(annotation), text, where)
    origin, parts = origin_of(annotation), get_args(annotation)
    if origin is Literal:
        for choice in parts:
            if text == str(choice):
                return choice
    elif origin is tuple:
        return tuple(
            from_text(part, item, where) for part, item in _paired(parts, _items(text), annotation, text, where)
        )
    elif annotation is str:
        return text
    elif annotation is bool and text in _WORDS:
        return _WORDS[text]
    elif annotation in (int, float):
        number = _number(text)
        if number is not None and (annotation is float or number.is_integer()):
            return annotation(text) if _is_digits(text) else annotation(number)
    raise _invalid(annotation, text, where)


def to_text(value: object) -> str:
    """What `from_text` makes `value` of."""
    match value:
        case None:
            return NONE
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(to_text(item) for item in value)
        case _:
            return str(value)


def from_plain(annotation: Annotation, data: Plain, where: str) -> object:
    """The value that plain data stands for; a float may be written as a whole number, nothing else is converted."""
    if is_optional(annotation):
        return None if data is None else from_plain(without_none(annotation), data, where)
    origin, parts = origin_of(annotation), get_args(annotation)
    if origin is Literal:
        for choice in parts:
            if data == choice and type(data) is type(choice):
                return choice
    elif origin is tuple and isinstance(data, list):
        return tuple(from_plain(part, item, where) for part, item in _paired(parts, data, annotation, data, where))
    elif annotation is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    elif annotation in (bool, int, str) and type(data) is annotation:
        return data
    raise _invalid(annotation, data, where)


def to_plain(annotation: Annotation, value: Any) -> Plain:  # noqa: ANN401, as annotated
    """What `from_plain` makes `value` of; the same for equal values, 1 and 1.0 of a float included."""
    annotation = without_none(annotation)
    if value is None:
        return None
    if origin_of(annotation) is tuple:
        parts = get_args(annotation)
        each = [parts[0]] * len(value) if parts[-1] is Ellipsis else parts
        return [to_plain(part, item) for part, item in zip(each, value, strict=True)]
    if annotation is float:
        return float(value)
    assert isinstance(value, bool | int | float | str), value
    return value


def _paired(
    parts: tuple[Annotation, ...], items: Sequence[Any], annotation: Annotation, given: object, where: str
) -> list[tuple[Annotation, Any]]:
    """Every item beside what it has to be."""
    if parts[-1] is Ellipsis:
        return [(parts[0], item) for item in items]
    if len(items) != len(parts):
        raise _invalid(annotation, given, where)
    return list(zip(parts, items, strict=True))


def _items(text: str) -> list[str]:
    """`1,2`, `(1, 2)` or `[1, 2]`."""
    for opening, closing in ("()", "[]"):
        if text.startswith(opening) and text.endswith(closing):
            text = text[1:-1]
            break
    items = [item.strip() for item in text.split(",")]
    return items[:-1] if items[-1] == "" else items  # nothing at all, or a comma at the end as Python writes it


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_digits(text: str) -> bool:
    """Whether `int` can read it: whole numbers too large for a float's 53 bits stay exact."""
    return text.lstrip("+-").replace("_", "").isdigit()


def _invalid(annotation: Annotation, given: object, where: str) -> SurefootError:
    return SurefootError(f"{where}: {given!r} is not valid", hint=f"{where} is {valid_text(annotation)}")
