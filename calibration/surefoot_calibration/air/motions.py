"""Shapes of motion between -1 and 1, and what each is good for.

- A chirp: inertia and delay, which show at high frequencies, and damping in between. Its speed is bounded: beyond
  `CHIRP_CORNER_HZ` it gets smaller as it gets faster.
- A multisine: all frequencies at once, at other angles and directions of the neighbouring joints.
- A ladder of constant speeds with reversals: friction that does not depend on speed, beside that which does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray

CHIRP_CORNER_HZ = 1.5
FADE_S = 0.3


def chirp(t: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    """From one frequency to another as t goes from 0 to its end; either may be the higher one."""
    share = t / t[-1]
    hz = low_hz + (high_hz - low_hz) * share
    phase = 2.0 * np.pi * t[-1] * (low_hz * share + 0.5 * (high_hz - low_hz) * share**2)
    wave: FloatArray = np.minimum(1.0, CHIRP_CORNER_HZ / np.maximum(hz, 1e-9)) * np.sin(phase)
    return wave


def multisine(t: FloatArray, hz: FloatArray, phase_rad: FloatArray) -> FloatArray:
    """Sines of equal speed at frequencies [M] with phases [M], scaled so that the highest peak is 1."""
    waves = np.cos(2.0 * np.pi * hz * t[:, None] + phase_rad) / hz
    total = waves.sum(axis=1)
    wave: FloatArray = total / np.abs(total).max()
    return wave


def ladder(t: FloatArray, amplitude_rad: float, speeds_radps: Sequence[float]) -> FloatArray:
    """To and fro at each speed for an equal time, at least two times over; slow ones do not go as far."""
    slot_s = (t[-1] + t[1] - t[0]) / len(speeds_radps)
    wave = np.zeros_like(t)
    for number, speed in enumerate(speeds_radps):
        reach = min(amplitude_rad, speed * slot_s / 8.0)
        inside = (t >= number * slot_s) & (t < (number + 1) * slot_s)
        # Whole periods, so that each rung ends where it begins, at 0.
        periods = max(2, int(speed * slot_s / (4.0 * reach) + 1e-9))
        share = (t[inside] - number * slot_s) / slot_s * periods
        wave[inside] = reach / amplitude_rad * triangle(share)
    return wave


def triangle(share: FloatArray) -> FloatArray:
    """0 → 1 → 0 → -1 → 0 over each whole number of `share`."""
    wave: FloatArray = 1.0 - 4.0 * np.abs((share + 0.25) % 1.0 - 0.5)
    return wave


def fade(t: FloatArray) -> FloatArray:
    """0 at both ends of t and 1 between, without jumps in speed."""
    edge = np.minimum(t - t[0], t[-1] - t) / FADE_S
    window: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.clip(edge, 0.0, 1.0))
    return window
