"""Configuration that explains itself: every field of a task's configuration carries its unit, meaning and source.

A frozen dataclass gives its fields `metadata=about(...)`, calls `check` when it is made, and is printed as one table
from `rows`: what a task randomizes is never hidden in code.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any, Literal, TypeAlias

from surefoot_robots.errors import SurefootError

Span: TypeAlias = tuple[float, float]
"""A range from which values are drawn evenly: lowest, highest."""

Distribution: TypeAlias = Literal["uniform", "fixed"]

BEFORE = "before"
"""Metadata of a field that was added later: the value that says what was done before there was a choice."""

OPTIONAL = "optional"
"""Metadata of a field that most configurations do without: None is neither written nor part of what identifies one, so
that runs and saved states from before there was such a field are still those of the same configuration."""

_KEY = "about"


@dataclass(frozen=True, slots=True)
class About:
    """What is known about one field besides its value."""

    unit: str
    meaning: str
    source: str
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One line of the table that a task is printed as."""

    name: str
    low: float
    high: float
    unit: str
    distribution: Distribution
    meaning: str
    source: str


def about(
    unit: str,
    meaning: str,
    *,
    source: str,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> dict[str, About]:
    """Metadata of a dataclass field: its unit, its meaning, where its default is from and what values are valid."""
    return {_KEY: About(unit, meaning, source, at_least, at_most)}


def rows(config: object) -> list[SettingRow]:
    """The configuration as a table, in the order of its fields; a single number is a range of no width."""
    table = []
    for name, default, known in _described(config):
        value, is_span = getattr(config, name), isinstance(default, tuple)
        low, high = value if is_span else (value, value)
        kind: Distribution = "uniform" if is_span else "fixed"
        table.append(SettingRow(name, low, high, known.unit, kind, known.meaning, known.source))
    return table


def is_left_out(declared: Field[Any], value: object) -> bool:
    """Whether `value` is that of an `OPTIONAL` field which is not there."""
    return value is None and OPTIONAL in declared.metadata


def check(config: object) -> None:
    """Refuse a value that is no number, out of bounds or the wrong way round, naming field, value and what is valid."""
    for name, default, known in _described(config):
        value, is_span = getattr(config, name), isinstance(default, tuple)
        problem = _problem_of_span(value, known) if is_span else _problem_of_number(value, default, known)
        if problem:
            raise SurefootError(
                f"{type(config).__name__}: {name} {value!r} {problem}",
                hint=f"{name} is {'(lowest, highest)' if is_span else 'one number'} in {known.unit}, "
                f"{known.meaning}; valid: {_bounds(known)}",
            )


def check_spans(name: str, spans: Sequence[Span], low: float, high: float) -> None:
    """Refuse ranges that are the wrong way round or out of bounds, naming the first one."""
    for index, span in enumerate(spans):
        problem = _problem_of_span(span, About("", "", "", low, high))
        if problem:
            raise SurefootError(
                f"{name}[{index}] {span!r} {problem}", hint=f"(lowest, highest), within {low:g} to {high:g}"
            )


def _described(config: Any) -> Iterator[tuple[str, object, About]]:  # noqa: ANN401, any dataclass
    """Name, default and explanation of every field that has one."""
    for declared in fields(config):
        if _KEY in declared.metadata:
            yield declared.name, declared.default, declared.metadata[_KEY]


def _problem_of_number(value: object, default: object, known: About) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "is not a finite number"
    if isinstance(default, int) and not isinstance(value, int):
        return "is not a whole number"
    return None if known.at_least <= value <= known.at_most else "is out of bounds"


def _problem_of_span(value: object, known: About) -> str | None:
    if not isinstance(value, tuple) or len(value) != 2:
        return "is not a pair"
    for end in value:
        problem = _problem_of_number(end, 0.0, known)
        if problem:
            return problem
    return "has its highest value first" if value[0] > value[1] else None


def _bounds(known: About) -> str:
    low, high = known.at_least, known.at_most
    if math.isinf(low) and math.isinf(high):
        return "any finite value"
    if math.isinf(high):
        return f"at least {low:g}"
    return f"at most {high:g}" if math.isinf(low) else f"{low:g} to {high:g}"
