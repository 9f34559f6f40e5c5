"""Recordings made by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from surefoot_training.evaluate.recording import Recording


def blank(steps: int, robots: int = 1, dt_s: float = 0.02) -> Recording:
    """Robots of 10 kg that stand still, asked for nothing, all feet down, as long as it takes."""

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros((steps, robots, *shape), dtype=np.float32)

    return Recording(
        counts=np.ones((steps, robots), dtype=bool),
        blown_up=np.zeros((steps, robots), dtype=bool),
        fell=np.zeros((steps, robots), dtype=bool),
        command=zeros(3),
        velocity_in_base=zeros(3),
        yaw_rate_radps=zeros(),
        position_in_world=zeros(2),
        power_w=zeros(),
        mass_kg=zeros() + 10.0,
        foot_force_n=zeros(4),
        foot_contact=np.ones((steps, robots, 4), dtype=bool),
        estimate_error_mps=zeros() + np.nan,
        control_dt_s=dt_s,
    )


@pytest.fixture
def recording() -> Callable[..., Recording]:
    return blank
