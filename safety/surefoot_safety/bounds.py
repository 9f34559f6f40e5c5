"""How far a setting may go, and which way is the stricter one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Stricter(Enum):
    """Which way a setting can be tightened."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"
    """It describes the robot; a release configuration keeps it as shipped."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The range that holds for every configuration, and the direction that a release configuration may go in."""

    low: float
    high: float
    stricter: Stricter

    def contain(self, value: float) -> bool:
        """Whether a value may be used at all; NaN may not."""
        return self.low <= value <= self.high

    def at_least_as_strict(self, value: float, shipped: float) -> bool:
        """Whether a value takes nothing away from what is shipped."""
        if self.stricter is Stricter.LOWER:
            return value <= shipped
        if self.stricter is Stricter.HIGHER:
            return value >= shipped
        return value == shipped


def lower(low: float, high: float) -> Bounds:
    """A setting that is stricter the lower it is."""
    return Bounds(low, high, Stricter.LOWER)


def higher(low: float, high: float) -> Bounds:
    """A setting that is stricter the higher it is."""
    return Bounds(low, high, Stricter.HIGHER)


def fixed(low: float, high: float) -> Bounds:
    """A setting that is neither."""
    return Bounds(low, high, Stricter.NEITHER)
