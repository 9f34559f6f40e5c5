"""A log cut into short windows, each simulated from a state of its own.

A simulation that begins anew every few seconds does not pile up what it gets wrong, does not reach across gaps, and can
be shared between threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.errors import SurefootError

WINDOW_S = 2.0
LEAST_WINDOW_S = 0.5
HELD_OUT_EVERY = 5
"""One window in so many is not fitted to, but kept for judging."""
MOST_HZ = 250.0
"""Samples beyond that are left out: neighbours of 2 ms say the same of motion below 20 Hz, and cost as much."""
LEAD_S = 0.05
"""From the first command to the first window: what was commanded before it may still be on its way. So it may behind a
gap, in which commands are missing where they are logged with samples."""
SMOOTHING_S = 0.025
"""To either side of a window's beginning, for its first speed; the fit leaves both free."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """W windows on equal steps."""

    rows: tuple[NDArray[np.intp], ...]
    """Of the log, the samples in each."""
    start_s: FloatArray
    """[W], when each begins: the stamp of its first sample."""
    steps: int
    """Of each simulation; windows that are shorter have samples in fewer."""
    timestep_s: float
    encoder_rad: FloatArray
    """[W, J], to begin with."""
    velocity_radps: FloatArray
    """[W, J]."""

    @property
    def count(self) -> int:
        """W."""
        return len(self.rows)

    def of(self, numbers: list[int]) -> Windows:
        """Some of them."""
        return Windows(
            tuple(self.rows[number] for number in numbers),
            self.start_s[numbers],
            self.steps,
            self.timestep_s,
            self.encoder_rad[numbers],
            self.velocity_radps[numbers],
        )

    def targets_rad(self, log: JointLog, delay_s: float) -> FloatArray:
        """What motors go by, [W, steps, J]."""
        each = (Steps(float(start_s), self.steps, self.timestep_s) for start_s in self.start_s)
        return np.stack([targets_on_steps(log.target_stamp_s, log.target_rad, delay_s, steps) for steps in each])


def cut(log: JointLog, timestep_s: float) -> Windows:
    """All windows of a log: near `WINDOW_S` long, none across a gap, none before the first command."""
    rows = _thinned(log)
    kept = [part for piece in _pieces(log, rows) for part in _parts(log, piece)]
    if not kept:
        raise SurefootError(
            f"{log.origin}: has no stretch of {LEAST_WINDOW_S:g} s without gaps",
            hint="record for longer, without losing samples",
        )
    starts = [_start(log, int(part[0])) for part in kept]
    return Windows(
        tuple(kept),
        np.array([log.stamp_s[part[0]] for part in kept]),
        # One step more than to the last sample, so that it lies between two.
        int(max(log.stamp_s[part[-1]] - log.stamp_s[part[0]] for part in kept) / timestep_s) + 2,
        timestep_s,
        np.stack([angle for angle, _ in starts]),
        np.stack([speed for _, speed in starts]),
    )


def evenly(windows: Windows, most: int) -> Windows:
    """At most so many of them, spread over the log."""
    if windows.count <= most:
        return windows
    return windows.of([round(number) for number in np.linspace(0, windows.count - 1, most)])


def split(windows: Windows) -> tuple[Windows, Windows]:
    """To fit, and to judge by."""
    if windows.count < 2:
        raise SurefootError(
            "the log is one window: must be at least two, one to fit and one to judge by",
            hint=f"record for {2.0 * WINDOW_S:g} s and more",
        )
    numbers = range(windows.count)
    # With few windows the last one is kept: there must be one to judge by.
    held_out = [number for number in numbers if number % HELD_OUT_EVERY == HELD_OUT_EVERY // 2] or [windows.count - 1]
    return windows.of([number for number in numbers if number not in held_out]), windows.of(held_out)


def _thinned(log: JointLog) -> NDArray[np.intp]:
    every = max(1, int(np.ceil(log.report.rate_hz / MOST_HZ - 1e-3)))
    rows = np.arange(0, log.samples, every, dtype=np.intp)
    kept: NDArray[np.intp] = rows[log.stamp_s[rows] >= log.target_stamp_s[0] + LEAD_S]
    return kept


def _pieces(log: JointLog, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Rows between gaps, each piece as late behind its gap as the first is behind the first command."""
    gaps, stamp_s = log.report.gaps, log.stamp_s[rows]
    pieces = np.split(rows, np.searchsorted(stamp_s, [gap.at_s for gap in gaps], side="right"))
    begins_s = [-np.inf, *(gap.at_s + gap.seconds + LEAD_S for gap in gaps)]
    kept = [piece[log.stamp_s[piece] >= begin_s] for piece, begin_s in zip(pieces, begins_s, strict=True)]
    return [piece for piece in kept if len(piece)]


def _parts(log: JointLog, piece: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Of equal length, near the wanted one; a piece that is too short is left out."""
    seconds = float(log.stamp_s[piece[-1]] - log.stamp_s[piece[0]])
    if seconds < LEAST_WINDOW_S:
        return []
    return list(np.array_split(piece, max(1, round(seconds / WINDOW_S))))


def _start(log: JointLog, row: int) -> tuple[FloatArray, FloatArray]:
    """Angles and speeds at a sample: those of the parabola through its neighbours."""
    near = np.abs(log.stamp_s - log.stamp_s[row]) <= max(SMOOTHING_S, 3.0 / log.report.rate_hz)
    t = log.stamp_s[near] - log.stamp_s[row]
    powers = np.stack([np.ones_like(t), t, t**2], axis=1)
    coefficients = np.linalg.lstsq(powers, log.position_rad[near], rcond=None)[0]
    return coefficients[0], coefficients[1]
