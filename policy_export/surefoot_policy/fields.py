"""Reading the contract's JSON key by key: each key once, of the right type, finite and in range, and none unknown."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_policy.refusal import PolicyError, cut, said, shown

Float32Array: TypeAlias = NDArray[np.float32]

HINT = "export the policy again with `surefoot export`"
FLOAT32_MAX = float(np.finfo(np.float32).max)
LONGEST_TEXT = 200  # characters; `surefoot inspect` shows them on a page
TEXT_SAID = f"a text on one line of at most {LONGEST_TEXT} characters"
HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


class Fields:
    """One JSON object; `path` is where it stands, as in `contract.gains`."""

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise invalid(path, value, "a JSON object")
        self._path, self._data, self._left = path, value, dict.fromkeys(value)

    def at(self, key: str) -> str:
        """Where a key stands."""
        return f"{self._path}.{key}"

    def has(self, key: str) -> bool:
        """Whether an optional key is there."""
        return key in self._data

    def take(self, key: str) -> object:
        """The raw value of a key, which must be there."""
        if key not in self._data:
            there = cut(", ".join(shown(name) for name in self._data))
            raise PolicyError(self.at(key), found=f"nothing (there are {there or 'no keys'})", expected=key, hint=HINT)
        self._left.pop(key, None)
        return self._data[key]

    def done(self) -> None:
        """Refuse whatever was not read: a key nobody knows may be one that somebody relies on."""
        if self._left:
            key = next(iter(self._left))
            known = ", ".join(sorted(set(self._data) - set(self._left)))
            raise PolicyError(
                self._path, found=f"the unknown key {shown(key)}", expected=f"none besides {known or 'none'}", hint=HINT
            )

    def object(self, key: str) -> Fields:
        """The object below a key."""
        return Fields(self.take(key), self.at(key))

    def objects(self, key: str, *, longest: int) -> list[Fields]:
        """The list of objects below a key, which may be empty."""
        value = self.take(key)
        if not isinstance(value, list) or len(value) > longest:
            raise _invalid_list(self.at(key), value, f"a list of at most {longest} JSON objects")
        return [Fields(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value)]

    def text(self, key: str, *, pattern: re.Pattern[str] | None = None, valid: str = TEXT_SAID) -> str:
        """A text on one line that is not empty, of a pattern if one is given."""
        return _text(self.take(key), self.at(key), pattern, valid)

    def texts(self, key: str, *, pattern: re.Pattern[str], valid: str, longest: int) -> tuple[str, ...]:
        """A list of different texts, at least one."""
        value = self.take(key)
        if not isinstance(value, list) or not 1 <= len(value) <= longest:
            raise _invalid_list(self.at(key), value, f"a list of 1 to {longest}, each {valid}")
        texts = tuple(_text(item, f"{self.at(key)}[{index}]", pattern, valid) for index, item in enumerate(value))
        for index, text in enumerate(texts):
            if text in texts[:index]:
                raise invalid(f"{self.at(key)}[{index}]", text, "a name that is not in the list already")
        return texts

    def integer(self, key: str, *, at_least: int, at_most: int) -> int:
        """A whole number in range; 1.0 and true are none."""
        return _integer(self.take(key), self.at(key), at_least, at_most)

    def integers(self, key: str, *, at_least: int, at_most: int, longest: int) -> tuple[int, ...]:
        """A list of whole numbers in range, which may be empty."""
        value = self.take(key)
        if not isinstance(value, list) or len(value) > longest:
            raise invalid(self.at(key), value, f"a list of at most {longest} whole numbers")
        return tuple(_integer(item, f"{self.at(key)}[{index}]", at_least, at_most) for index, item in enumerate(value))

    def number(
        self, key: str, *, above: float = -math.inf, at_least: float = -math.inf, at_most: float = math.inf
    ) -> float:
        """A finite number in range."""
        number = _finite(self.take(key), self.at(key))
        if not (above < number and at_least <= number <= at_most):
            bounds = {"above": above, "at least": at_least, "at most": at_most}
            valid = " and ".join(f"{word} {bound!r}" for word, bound in bounds.items() if math.isfinite(bound))
            raise invalid(self.at(key), number, f"a number {valid}")
        return number

    def numbers(self, key: str, count: int, *, at_least: float = -math.inf) -> tuple[float, ...]:
        """A list of so many finite numbers."""
        value = self.take(key)
        if not isinstance(value, list) or len(value) != count:
            raise _invalid_list(self.at(key), value, f"a list of {count} numbers")
        numbers = tuple(_finite(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value))
        for index, number in enumerate(numbers):
            if number < at_least:
                raise invalid(f"{self.at(key)}[{index}]", number, f"a number at least {at_least!r}")
        return numbers

    def span(self, key: str) -> tuple[float, float]:
        """Two finite numbers, the smaller one first."""
        low, high = self.numbers(key, 2)
        if low > high:
            raise invalid(self.at(key), [low, high], "the smaller number first")
        return low, high

    def array(self, key: str, shape: Sequence[int | None]) -> Float32Array:
        """Nested lists of finite numbers as a read-only float32 array; None in `shape` takes any length but 0."""
        value = self.take(key)
        _check_nesting(value, self.at(key), shape)
        wide = np.array(value, dtype=np.float64)
        largest = float(np.abs(wide).max())
        if largest > FLOAT32_MAX:
            raise invalid(self.at(key), largest, f"at most {FLOAT32_MAX!r}, the largest float32")
        array = wide.astype(np.float32)
        array.setflags(write=False)
        return array


def parse_object(text: str, path: str) -> Fields:
    """The JSON object of a text; no key twice, nothing after it."""
    try:
        # NaN and Infinity are no JSON, but read as what they mean they are refused by the field they stand in.
        value = json.loads(text, object_pairs_hook=_each_key_once, parse_constant=float)
    except RecursionError:
        raise PolicyError(path, found="JSON nested without end", expected="one JSON object", hint=HINT) from None
    except ValueError as error:  # JSONDecodeError is one, and so is an integer of thousands of digits
        raise PolicyError(
            path, found=f"text that is not JSON ({said(error)})", expected="one JSON object", hint=HINT
        ) from None
    return Fields(value, path)


def invalid(path: str, value: object, valid: str) -> PolicyError:
    """The refusal of one value."""
    return PolicyError(path, found=shown(value), expected=valid, hint=HINT)


def _invalid_list(path: str, value: object, valid: str) -> PolicyError:
    """The refusal of a list for how long it is, or of what is none."""
    found = f"{len(value)} values" if isinstance(value, list) else shown(value)
    return PolicyError(path, found=found, expected=valid, hint=HINT)


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = next(name for name in times if times[name] > 1)
        raise ValueError(f"the key {shown(twice)} is given twice")
    return data


def _text(value: object, path: str, pattern: re.Pattern[str] | None, valid: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > LONGEST_TEXT:
        raise invalid(path, value, valid)
    if pattern and not pattern.fullmatch(value):
        raise invalid(path, value, valid)
    return value


def _integer(value: object, path: str, at_least: int, at_most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
        raise invalid(path, value, f"a whole number from {at_least} to {at_most}")
    return value


def _finite(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(path, value, "a finite number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise invalid(path, value, "a finite number")
    return number


def _check_nesting(value: object, path: str, shape: Sequence[int | None]) -> None:
    """Numbers within lists, as deep and as long as the shape says."""
    if not shape:
        _finite(value, path)
        return
    length, inner = shape[0], shape[1:]
    if not isinstance(value, list) or len(value) != (length or len(value)) or not value:
        raise _invalid_list(path, value, "a list of at least 1" if length is None else f"a list of {length}")
    if not inner and all(type(item) is float and math.isfinite(item) for item in value):
        return  # the usual case, for thousands of numbers
    for index, item in enumerate(value):
        _check_nesting(item, f"{path}[{index}]", inner)
