"""The fixed layout of a record, derived from its dataclass, and the hash by which two processes compare theirs.

Fields may be `float`, `int`, `bool`, an `Enum`, and with a length: `Annotated[tuple[float, ...], 12]`, tuples of `bool`
alike, `Annotated[str, 64]` (bytes of UTF-8; longer texts are cut).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
Packed: TypeAlias = bytes | int | float | bool
"""What `struct` takes and gives."""
Annotation: TypeAlias = Any
"""What a field is declared as; annotations have no common static type."""

PLAIN = {float: "d", int: "q", bool: "?"}
HASH_BYTES = 16


@dataclass(frozen=True, slots=True)
class Part:
    """One field: how it is packed, how many numbers it takes, and the ways there and back."""

    format: str
    count: int
    meaning: str
    """What two layouts must agree on beyond the format: the members of an enumeration, in order."""
    put: Callable[[Any], tuple[Packed, ...]]
    take: Callable[[tuple[Any, ...]], Any]


class Layout(Generic[Record]):
    """How records of one dataclass lie in memory. Little-endian, without padding."""

    def __init__(self, record: type[Record]) -> None:
        if not is_dataclass(record):
            raise TypeError(f"{record!r} is not a dataclass")
        hints = get_type_hints(record, include_extras=True)
        self.record = record
        self._names = tuple(field.name for field in fields(record))
        self._parts = tuple(_part(f"{record.__name__}.{name}", hints[name]) for name in self._names)
        self._struct = struct.Struct("<" + "".join(part.format for part in self._parts))
        self._values_of = attrgetter(*self._names) if len(self._names) > 1 else lambda r: (getattr(r, self._names[0]),)
        starts = [0]
        for part in self._parts:
            starts.append(starts[-1] + part.count)
        self._spans = tuple(zip((part.take for part in self._parts), starts, starts[1:], strict=False))
        text = ";".join(
            f"{name}:{part.format}:{part.meaning}" for name, part in zip(self._names, self._parts, strict=True)
        )
        self.hash = hashlib.sha256(f"{record.__name__};{text}".encode()).digest()[:HASH_BYTES]

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return self._struct.size

    def pack(self, record: Record) -> bytes:
        """The record as bytes; a tuple of another length is a ValueError, another type a struct.error."""
        packed: list[Packed] = []
        for part, value in zip(self._parts, self._values_of(record), strict=True):
            packed += part.put(value)
        return self._struct.pack(*packed)

    def unpack(self, data: bytes) -> Record:
        """The record that `pack` made the bytes of."""
        values = self._struct.unpack(data)
        return self.record(*[take(values[start:end]) for take, start, end in self._spans])


def _part(name: str, annotation: Annotation) -> Part:
    if hasattr(annotation, "__metadata__"):  # Annotated
        base, length = get_args(annotation)
        if isinstance(length, int) and length > 0:
            if base is str:
                return Part(f"{length}s", 1, "text", lambda text: (_encoded(text, length),), _decoded)
            if get_origin(base) is tuple and get_args(base)[0] in PLAIN:
                letter = PLAIN[get_args(base)[0]]
                return Part(letter * length, length, "", lambda values: _counted(name, values, length), _same)
    elif annotation in PLAIN:
        return Part(PLAIN[annotation], 1, "", lambda value: (value,), _first)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        return _enum_part(annotation)
    raise TypeError(f"{name}: {annotation!r} has no fixed layout")


def _enum_part(kind: type[Enum]) -> Part:
    members = list(kind)
    index = {member: number for number, member in enumerate(members)}
    names = ",".join(member.name for member in members)
    return Part("B", 1, names, lambda member: (index[member],), lambda values: members[values[0]])


def _counted(name: str, values: tuple[Packed, ...], length: int) -> tuple[Packed, ...]:
    if len(values) != length:
        raise ValueError(f"{name} has {len(values)} values, must have {length}")
    return values


def _same(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return values


def _first(values: tuple[Any, ...]) -> object:
    return values[0]


def _encoded(text: str, length: int) -> bytes:
    """UTF-8, cut between characters if it is too long."""
    data = text.encode("utf-8", "replace")
    return data if len(data) <= length else data[:length].decode("utf-8", "ignore").encode()


def _decoded(values: tuple[Any, ...]) -> str:
    data: bytes = values[0]
    return data.rstrip(b"\0").decode("utf-8", "replace")
