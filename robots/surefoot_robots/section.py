"""Reading a nested mapping key by key: each key once, the right type, in range, and every number with its source.

A number is written as `{value: 6.921, source: urdf}`, where `urdf` is a key of the file's `sources` table, or one of
the two that need a `note` saying why: `assumption` and `derived`. A number that differs between the legs is written as
`{front: …, rear: …, source: …}`, `{left: …, right: …, source: …}` or `{FL: …, FR: …, RL: …, RR: …, source: …}`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Vector3

OWN_SOURCES = ("assumption", "derived")
SPREADS: tuple[dict[str, tuple[str, ...]], ...] = (
    {"value": ("FL", "FR", "RL", "RR")},
    {"front": ("FL", "FR"), "rear": ("RL", "RR")},
    {"left": ("FL", "RL"), "right": ("FR", "RR")},
    {"FL": ("FL",), "FR": ("FR",), "RL": ("RL",), "RR": ("RR",)},
)
"""The ways to write a number per leg: key in the file → legs it is for."""


@dataclass(slots=True)
class SourceBook:
    """The sources a file names, and which number refers to which."""

    table: dict[str, str]
    by_number: dict[str, str] = field(default_factory=dict)
    unused: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.unused = set(self.table)


class Section:
    """One mapping of the file; `path` is where it stands, as in `joints.hip`."""

    def __init__(self, data: object, *, file: str, path: str, book: SourceBook) -> None:
        self._file, self._path, self._book = file, path, book
        if not isinstance(data, dict):
            raise self.error("", data, "a mapping of names to values")
        self._data: dict[str, Any] = data
        self._left = dict.fromkeys(data)

    def error(self, key: str, value: object, valid: str) -> SurefootError:
        """One line that names the file, the key, the value and what is valid."""
        where = ".".join(part for part in (self._path, key) if part)
        text = repr(value)
        shown = text if len(text) <= 80 else f"{text[:77]}..."
        return SurefootError(f"{self._file}: {where}: {shown} is not valid: must be {valid}")

    def section(self, key: str) -> Section:
        """The mapping below a key."""
        path = ".".join(part for part in (self._path, key) if part)
        return Section(self._take(key), file=self._file, path=path, book=self._book)

    def sections(self, key: str) -> list[Section]:
        """The list of mappings below a key."""
        items = self._take(key)
        if not isinstance(items, list) or not items:
            raise self.error(key, items, "a list of mappings")
        prefix = f"{self._path}.{key}" if self._path else key
        return [Section(item, file=self._file, path=f"{prefix}[{i}]", book=self._book) for i, item in enumerate(items)]

    def keys_left(self) -> tuple[str, ...]:
        """The keys not read yet."""
        return tuple(self._left)

    def text(self, key: str) -> str:
        """A text on one line that is not empty."""
        value = self._take(key)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self.error(key, value, "a text on one line")
        return value

    def choices(self, key: str, valid: Sequence[str]) -> tuple[str, ...]:
        """A list of some of the valid words, which may be empty."""
        value = self._take(key)
        if not isinstance(value, list) or any(item not in valid for item in value) or len(set(value)) < len(value):
            raise self.error(key, value, f"a list with any of {', '.join(valid)}, each at most once")
        return tuple(value)

    def number(self, key: str, *, above: float | None = None, at_least: float | None = None) -> float:
        """A finite number with its source."""
        entry = self._sourced(key, ({"value": ()},))
        return self._finite(f"{key}.value", entry["value"], above=above, at_least=at_least)

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """A list of finite numbers with one source."""
        entry = self._sourced(key, ({"value": ()},))
        values = entry["value"]
        if not isinstance(values, list) or len(values) != count:
            raise self.error(f"{key}.value", values, f"a list of {count} numbers")
        return tuple(self._finite(f"{key}.value[{i}]", value) for i, value in enumerate(values))

    def vector(self, key: str) -> Vector3:
        """Three numbers, x y z."""
        x, y, z = self.numbers(key, 3)
        return x, y, z

    def number_per_leg(
        self, key: str, *, above: float | None = None, at_least: float | None = None
    ) -> dict[str, float]:
        """One number for all legs, or one each for front and rear, left and right, or every leg."""
        entry = self._sourced(key, SPREADS)
        spread = next(spread for spread in SPREADS if spread.keys() == entry.keys())
        per_leg: dict[str, float] = {}
        for name, legs in spread.items():
            value = self._finite(f"{key}.{name}", entry[name], above=above, at_least=at_least)
            per_leg.update(dict.fromkeys(legs, value))
        return per_leg

    def done(self) -> None:
        """Refuse whatever was not read."""
        if self._left:
            key = next(iter(self._left))
            known = ", ".join(sorted(set(self._data) - set(self._left)))
            raise self.error(key, self._data[key], f"absent, this key is unknown; known here: {known or 'none'}")

    def _take(self, key: str) -> Any:  # noqa: ANN401, raw YAML; every caller checks the type
        if key not in self._data:
            where = f"{self._path}.{key}" if self._path else key
            found = ", ".join(self._data) or "nothing"
            raise SurefootError(f"{self._file}: {where}: is missing; found here: {found}")
        self._left.pop(key, None)
        return self._data[key]

    def _sourced(self, key: str, forms: Sequence[Mapping[str, tuple[str, ...]]]) -> dict[str, Any]:
        """The value keys of a sourced number, after its source has been entered in the book."""
        entry = self._take(key)
        ways = " or ".join("{" + ", ".join((*form, "source")) + "}" for form in forms)
        if not isinstance(entry, dict):
            raise self.error(key, entry, f"a number with its source: {ways}")
        values = {name: value for name, value in entry.items() if name not in {"source", "note"}}
        if not any(values.keys() == form.keys() for form in forms) or "source" not in entry:
            raise self.error(key, entry, f"a number with its source: {ways}, and a note if it needs one")
        self._note_source(key, entry["source"], entry.get("note"))
        return values

    def _note_source(self, key: str, source: object, note: object) -> None:
        valid = (*self._book.table, *OWN_SOURCES)
        if not isinstance(source, str) or source not in valid:
            raise self.error(f"{key}.source", source, f"one of {', '.join(valid)}")
        if note is not None and (not isinstance(note, str) or not note.strip()):
            raise self.error(f"{key}.note", note, "a text")
        if source in OWN_SOURCES and note is None:
            raise self.error(f"{key}.note", note, f"a text that says why or how, since the source is {source!r}")
        self._book.unused.discard(source)
        text = self._book.table.get(source, source)
        where = f"{self._path}.{key}" if self._path else key
        self._book.by_number[where] = text if note is None else f"{text} ({' '.join(str(note).split())})"

    def _finite(self, key: str, value: object, *, above: float | None = None, at_least: float | None = None) -> float:
        valid = "a finite number"
        if above is not None:
            valid += f" above {above:g}"
        if at_least is not None:
            valid += f" of at least {at_least:g}"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, value, valid)
        number = _as_float(value)
        too_low = (above is not None and number <= above) or (at_least is not None and number < at_least)
        if not math.isfinite(number) or too_low:
            raise self.error(key, value, valid)
        return number


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer with hundreds of digits
        return math.inf
