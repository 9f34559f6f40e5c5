"""What the record of the motors says by itself: whether it is whole, and from when on they were limp. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surefoot_training.simulated.recording import Ticks

SAME_S = 1e-6


def between(ticks: Ticks, from_s: float, to_s: float) -> Ticks:
    """Those of a stretch of time, without its end: what begins then is not yet part of it."""
    return ticks[(ticks["now_s"] >= from_s - SAME_S) & (ticks["now_s"] < to_s - SAME_S)]


def limp(ticks: Ticks) -> NDArray[np.bool_]:
    """[n]: whether no joint is held."""
    found: NDArray[np.bool_] = (ticks["law"][:, 3] == 0.0).all(axis=1)
    return found


def limp_since_s(ticks: Ticks) -> float | None:
    """The beginning of the last stretch of limp ticks; None if it does not reach the end."""
    held = np.flatnonzero(~limp(ticks))
    first = int(held[-1]) + 1 if len(held) else 0
    return float(ticks["now_s"][first]) if first < len(ticks) else None


def lost(ticks: Ticks) -> int:
    """Records that are missing between the others. A link that was started anew counts from 1."""
    numbers = ticks["number"]
    steps = np.diff(numbers)
    return int(np.where(steps > 0.0, steps - 1.0, numbers[1:] - 1.0).sum())


def longest_gap_s(ticks: Ticks, from_s: float, to_s: float) -> float:
    """The longest time in which nothing was recorded."""
    moments = between(ticks, from_s, to_s)["now_s"]
    return float(np.diff(np.concatenate(([from_s], moments, [to_s]))).max())
