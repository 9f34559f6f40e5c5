"""Measured times: that they grow, how steady they are, where samples are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.log.joint_log import FloatArray, Gap
from surefoot_robots.errors import SurefootError

GAP_STEPS = 5.0
"""A step longer than so many median steps is a gap; fits do not reach across it."""
SLOWEST_HZ = 2.0
"""A median step longer than this is no log of joints, but one in other units."""
LEAST_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Steadiness:
    """See `LogReport`."""

    rate_hz: float
    jitter_s: float
    missing: int
    gaps: tuple[Gap, ...]


def newest_kept(stamp_s: FloatArray, origin: str, what: str) -> NDArray[np.intp]:
    """Which rows to keep: all but those with the stamp of the row before. Stamps that go back are refused."""
    if not np.isfinite(stamp_s).all():
        row = int(np.argmin(np.isfinite(stamp_s)))
        raise SurefootError(f"{origin}: the stamp of {what} {row} is {stamp_s[row]}: must be finite")
    step_s = np.diff(stamp_s)
    if (step_s < 0.0).any():
        row = int(np.argmax(step_s < 0.0))
        raise SurefootError(
            f"{origin}: {what} {row + 1} is stamped {-step_s[row]:.6g} s before the one before it, at "
            f"{stamp_s[row] - stamp_s[0]:.3f} s: stamps must grow",
            hint="one log per file; if the clock was set meanwhile, record again",
        )
    return np.flatnonzero(np.concatenate(([True], step_s > 0.0)))


def steadiness(stamp_s: FloatArray, origin: str) -> Steadiness:
    """How steadily growing stamps come; a log of less than `LEAST_SAMPLES`, or in other units, is refused."""
    if len(stamp_s) < LEAST_SAMPLES:
        raise SurefootError(
            f"{origin}: {len(stamp_s)} samples of joints with different stamps: must be at least {LEAST_SAMPLES}",
            hint="record for longer, and check that messages are stamped",
        )
    step_s = np.diff(stamp_s)
    median_s = float(np.median(step_s))
    if median_s > 1.0 / SLOWEST_HZ:
        raise SurefootError(
            f"{origin}: the median step between samples is {median_s:g} s: must be at most {1.0 / SLOWEST_HZ:g}",
            hint="times are seconds: are these milliseconds or nanoseconds?",
        )
    apart = np.flatnonzero(step_s > GAP_STEPS * median_s)
    return Steadiness(
        rate_hz=1.0 / median_s,
        jitter_s=float(np.quantile(np.abs(step_s - median_s), 0.95)),
        missing=int(np.maximum(np.round(step_s / median_s) - 1.0, 0.0).sum()),
        gaps=tuple(Gap(float(stamp_s[row]), float(step_s[row])) for row in apart),
    )
