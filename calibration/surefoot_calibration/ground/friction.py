"""Friction of feet on the ground, from feet that slide; where none does, what it is at least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.ground.balance import Contacts
from surefoot_calibration.log.joint_log import FloatArray

SLIDING_MPS = 0.08
"""From which speed on a foot slides: errors of joints' speeds make 1 cm/s of it, a filter's ringing some more."""
LEAST_LOAD = 0.3
"""Of a quarter of the weight: a foot with less on it tells more of errors than of friction."""
LEAST_SAMPLES = 40
"""0.2 s of all feet together."""
SURE_QUANTILE = 0.99
"""Of the shares of the load that feet held sideways without sliding; the largest of all is an error's, maybe."""
SYSTEMATIC = 0.03
"""Of the value, deviation: what errors of joints' torques do to a force sideways. An assumption: 0.1 Nm at a hip."""
UNCALIBRATED = 0.15
"""The same of joints that nobody measured: motors a fifth stronger at the hip than at the knee."""
CORRELATED_SAMPLES = 20
"""0.1 s, over which errors are taken to be alike."""
MOST = 2.0
NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Friction:
    """What was found."""

    slid: bool
    value: float
    low: float
    high: float
    samples: int
    """In which feet slid, all feet together."""


def friction_of(contacts: Contacts, systematic: float = SYSTEMATIC) -> Friction:
    """From forces on the feet and how fast they are over the ground."""
    share, speed, loaded = shares(contacts)
    sliding = loaded & (speed > SLIDING_MPS)
    held = share[loaded & (speed < 0.25 * SLIDING_MPS)]
    # What feet held is less than what they can hold, by as much as torques may mislead.
    least = float(np.quantile(held, SURE_QUANTILE)) * (1.0 - NORMAL * systematic) if len(held) else 0.0
    found = share[sliding]
    if len(found) < LEAST_SAMPLES:
        return Friction(False, least, min(least, MOST), MOST, int(sliding.sum()))
    value = float(np.median(found))
    spread = 1.4826 * float(np.median(np.abs(found - value))) * np.sqrt(CORRELATED_SAMPLES / len(found))
    half = NORMAL * float(np.hypot(spread, systematic * value))
    return Friction(True, value, max(value - half, 0.0), value + half, int(sliding.sum()))


def shares(contacts: Contacts) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Of each foot and time, [T, 4]: force sideways per load, speed over the ground, whether it carries enough."""
    up = -contacts.down[:, None, :]
    load = (contacts.force_n * up).sum(axis=-1)
    sideways = np.linalg.norm(contacts.force_n - load[..., None] * up, axis=-1)
    # The base goes as most feet say; feet that slide apart do so both ways.
    base = -np.median(contacts.velocity_mps, axis=1, keepdims=True)
    over = contacts.velocity_mps + base
    speed = np.linalg.norm(over - (over * up).sum(axis=-1, keepdims=True) * up, axis=-1)
    loaded = load > LEAST_LOAD * 0.25 * np.median(load.sum(axis=1))
    return sideways / np.maximum(load, 1e-9), speed, loaded
