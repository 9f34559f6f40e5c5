"""How commands speak: one JSON object for machines, tables for people, and progress on stderr."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from numbers import Real
from pathlib import PurePath

KEPT_WHOLE = 20  # characters: names in the first column that a narrow terminal does not break


def print_json(result: Mapping[str, object]) -> None:
    """Print one JSON object, on one line of stdout.

    JSON has no NaN and no infinity: both become `null`, which says "no number" to every reader, where Python's `NaN`
    would stop most of them. NumPy and torch values become numbers and lists, dataclasses objects, paths strings.
    """
    print(json.dumps(to_json(result), allow_nan=False))


def to_json(value: object) -> object:
    """Turn a result into what `json` can write; a kind it does not know is a TypeError that names it."""
    match value:
        case Enum():
            return to_json(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return float(value) if math.isfinite(value) else None
        case PurePath():
            return str(value)
        case Mapping():
            return {_key(key): to_json(item) for key, item in value.items()}
        case list() | tuple():
            return [to_json(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "tolist"):  # arrays, tensors and their scalars, without importing either library
        return to_json(value.tolist())
    raise TypeError(f"no JSON for a {type(value).__name__}: {value!r}")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"JSON keys are strings, not {type(key).__name__}: {key!r}")
    return key


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table: drawn by rich on a terminal, plain aligned columns into a file or a pipe.

    Columns that hold only numbers are aligned to the right; floats are shown with six significant digits (give a
    string where that is not wanted).
    """
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"a row of {len(row)} cells for {len(columns)} columns {list(columns)}: {list(row)}")
    numeric = [_is_numeric([row[index] for row in rows]) for index in range(len(columns))]
    texts = [[format_cell(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich_table(columns, texts, numeric, title)
    else:
        _print_plain_table(columns, texts, numeric, title)


def format_cell(cell: object) -> str:
    """Show a value in a table: nothing for None, six significant digits for floats."""
    if cell is None:
        return ""
    if isinstance(cell, int) or not isinstance(cell, Real):
        return str(cell)
    return f"{float(cell):.6g}"


def _is_numeric(cells: Sequence[object]) -> bool:
    present = [cell for cell in cells if cell is not None]
    return bool(present) and all(isinstance(cell, Real) and not isinstance(cell, bool) for cell in present)


def _print_plain_table(
    columns: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool], title: str | None
) -> None:
    lines = [list(columns), *texts]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    if title:
        print(title)
    for line in lines:
        cells = zip(line, widths, numeric, strict=True)
        print("  ".join(f"{text:>{width}}" if right else f"{text:<{width}}" for text, width, right in cells).rstrip())


def _print_rich_table(
    columns: Sequence[str], texts: Sequence[Sequence[str]], numeric: Sequence[bool], title: str | None
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title) if title else None, title_justify="left", box=SIMPLE_HEAD)
    for index, (name, right) in enumerate(zip(columns, numeric, strict=True)):
        is_short = all(len(row[index]) <= KEPT_WHOLE for row in texts)
        table.add_column(
            escape(name),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right or (index == 0 and is_short),
        )
    for row in texts:
        table.add_row(*(escape(text) for text in row))
    Console().print(table)
