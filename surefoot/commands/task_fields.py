"""Fields of configuration as rows: name, value as text with its unit, and what it means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from surefoot.docstrings import field_docstrings
from surefoot_training.task.settings import SettingRow, rows


def setting_rows(config: Any, prefix: str = "") -> list[SettingRow]:  # noqa: ANN401, any dataclass
    """The rows of `config` and of the settings inside it, whose names get that of their field in front."""
    table = [replace(row, name=prefix + row.name) for row in rows(config)]
    for declared in fields(config):
        value = getattr(config, declared.name)
        if is_dataclass(value):
            table += setting_rows(value, f"{prefix}{declared.name}.")
    return table


def value_text(row: SettingRow) -> str:
    """A number or a range with its unit; shares and the like have none."""
    unit = "" if row.unit == "1" else f" {row.unit}"
    low, high = f"{row.low:.4g}", f"{row.high:.4g}"
    return f"{low}{unit}" if row.distribution == "fixed" else f"{low} to {high}{unit}"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of a plain dataclass."""

    name: str
    value: object
    text: str
    meaning: str


def documented(config: Any, texts: Mapping[str, str] | None = None) -> list[FieldRow]:  # noqa: ANN401, any dataclass
    """Every field with its value and docstring; `texts` replaces values that are too long for a table."""
    meanings = field_docstrings(type(config))
    rows = []
    for declared in fields(config):
        value = getattr(config, declared.name)
        text = (texts or {}).get(declared.name) or _quantity_text(value, declared.name)
        rows.append(FieldRow(declared.name, value, text, meanings.get(declared.name, "")))
    return rows


_UNITS = {"_rad": " rad", "_mps": " m/s", "_m": " m", "_s": " s"}


def _quantity_text(value: object, name: str) -> str:
    unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "")
    match value:
        case (low, high):
            return f"{number_text(low)} to {number_text(high)}{unit}"
        case _:
            return f"{number_text(value)}{unit}{degrees(value, name)}"


def number_text(value: object) -> str:
    """Four significant digits are enough for people; JSON has them all."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def degrees(value: object, name: str) -> str:
    """Angles once more in degrees, in which most people think."""
    return f" ({math.degrees(value):.3g}°)" if isinstance(value, float) and name.endswith("_rad") else ""
