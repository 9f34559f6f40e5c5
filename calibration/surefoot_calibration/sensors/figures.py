"""One measured number with its interval, what may be said of it, and what would settle it."""

from __future__ import annotations

from dataclasses import dataclass

from surefoot_calibration.air.verdicts import Estimate
from surefoot_robots.calibration import Verdict


@dataclass(frozen=True, slots=True)
class Figure:
    """As `calibration.yaml` has its parameters."""

    value: float
    low: float
    """Of the 95 % interval."""
    high: float
    verdict: Verdict
    needs: str = ""
    """What experiment would settle it; empty if it is settled."""


def judged(value: float, low: float, high: float, *, narrow: float, known: float, needs: str) -> Figure:
    """By half the interval: *identified* up to `narrow`, *not identifiable* from `known`, which was known before."""
    half = 0.5 * (high - low)
    if half <= narrow:
        return Figure(value, low, high, "identified")
    return Figure(value, low, high, "weak" if half < known else "not_identifiable", needs)


def estimate(name: str, unit: str, figure: Figure, joint: str | None = None, *, prior: float = 0.0) -> Estimate:
    """As a row of a file; nothing of it is told apart from others here."""
    return Estimate(
        name=name,
        joint=joint,
        value=figure.value,
        low=min(figure.low, figure.value),
        high=max(figure.high, figure.value),
        unit=unit,
        verdict=figure.verdict,
        prior=prior,
        tied_to="",
        advice=figure.needs,
    )
