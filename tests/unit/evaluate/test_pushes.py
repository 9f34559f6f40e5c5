"""When a robot has recovered, and where it is pushed."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from surefoot_training.evaluate.pushes import Pulses, PushExaminer, judge, trailing_mean
from surefoot_training.evaluate.recording import Recording


def test_trailing_mean() -> None:
    values = np.array([[1.0], [2.0], [6.0], [0.0]])
    assert trailing_mean(values, 2)[:, 0].tolist() == [1.0, 1.5, 4.0, 3.0]
    assert trailing_mean(values, 9)[:, 0].tolist() == [1.0, 1.5, 3.0, 2.25]


def pulses(robots: int) -> Pulses:
    """From step 4, two steps long."""
    return Pulses(np.full(robots, 4), 2, np.zeros(robots), np.zeros(robots))


def test_recovery(recording: Callable[..., Recording]) -> None:
    # 0.25 s per step, so that speed is averaged over two; pushed in steps 4 and 5, 1.5 s (6 steps) to recover.
    made = recording(steps=14, robots=6, dt_s=0.25)
    error = made.velocity_in_base[:, :, 0]
    error[6:, 0] = [0.8, 0.4, 0.2, 0.1, 0.1, 0.1, 9, 9]  # means 0.8, 0.6, 0.3, 0.15: wrong for three steps
    error[6:, 1] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0, 0]  # the last mean is 0.3
    made.fell[5, 2] = True
    made.fell[12, 3] = True  # too late to matter
    made.fell[2, 4], made.fell[8, 4] = True, True
    made.fell[11, 5] = True
    outcome = judge(made, pulses(6), 1.5, 0.25)
    assert outcome.recovered.tolist() == [True, False, False, True, False, False]
    assert outcome.fell.tolist() == [False, False, True, False, False, True]
    assert outcome.fell_before.tolist() == [False, False, False, False, True, False]
    assert outcome.recovery_s[[0, 3]].tolist() == [0.75, 0.0]
    assert np.isnan(outcome.recovery_s[[1, 2, 4, 5]]).all()


def test_forces_act_where_and_when_they_should() -> None:
    examiner = PushExaminer(
        Pulses(np.array([1, 2]), 2, np.array([50.0, 100.0]), np.array([0.0, math.pi / 2])), speed_mps=0.5
    )
    headings = ([0.0, 0.0], [math.pi / 2, 0.0], [0.0, math.pi], [0.0, 0.0], [0.0, 0.0])
    states = [SimpleNamespace(heading_rad=np.array(heading, dtype=np.float32)) for heading in headings]
    acted = np.array([examiner.force(step, state) for step, state in enumerate(states)])  # type: ignore[arg-type]
    # The first faces left as its push begins, and is pushed left whichever way it turns; the second faces back.
    ahead, aside = [[0, 0, 0], [0, 50, 0], [0, 50, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0]] * 2 + [[0, -100, 0]] * 2
    assert acted[:, 0] == pytest.approx(np.array(ahead), abs=1e-4)
    assert acted[:4, 1] == pytest.approx(np.array(aside), abs=1e-4)
    assert not acted[4].any()
    assert examiner.command(0, states[0]).tolist() == [[0.5, 0, 0], [0.5, 0, 0]]  # type: ignore[arg-type]
