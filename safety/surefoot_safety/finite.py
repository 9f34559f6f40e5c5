"""Whether numbers are numbers. Whatever is handed over may be of another type or length: here that is found out."""

from __future__ import annotations

from math import isfinite


def is_finite(value: object) -> bool:
    """Whether it is a float that is neither NaN nor infinite."""
    return isinstance(value, float) and isfinite(value)


def are_finite(values: object, count: int) -> bool:
    """Whether it is a tuple of so many finite floats."""
    if not isinstance(values, tuple) or len(values) != count:
        return False
    for value in values:  # noqa: SIM110, all() over a generator takes twice the time
        if not (isinstance(value, float) and isfinite(value)):
            return False
    return True


def is_count(value: object) -> bool:
    """Whether it can be a sequence number."""
    return type(value) is int and value >= 0
