from __future__ import annotations

import math

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_robots.model import PhysicsOptions
from surefoot_training.bench import physics
from surefoot_training.bench.physics import MOTIONS, TOLERANCE, Error, Outcome, Setting, error_between

STEPS, ROBOTS = 50, 2  # a second


def resting() -> np.ndarray:
    """[T, robots, 25]: qpos of a robot standing still, then base velocity."""
    seen = np.zeros((STEPS, ROBOTS, 25))
    seen[:, :, 2], seen[:, :, 3] = 0.3, 1.0
    return seen


def test_no_difference_is_no_error() -> None:
    assert error_between(resting(), resting()) == Error(0.0, 0.0, 0.0, 0.0)


def test_each_difference_shows_in_its_own_error() -> None:
    seen = resting()
    seen[:, 0, 2] += 0.002  # one of two robots: rms 0.002 / sqrt 2
    seen[:, :, 3], seen[:, :, 4] = math.cos(0.05), math.sin(0.05)  # rolled by 0.1 rad
    seen[:, :, 7] += 0.12  # one joint of twelve: rms 0.12 / sqrt 12
    seen[-1, :, 0] = 0.3  # 0.3 m further after one second
    error = error_between(seen, resting())
    assert error.height_m == pytest.approx(0.002 / math.sqrt(2))
    assert error.tilt_rad == pytest.approx(0.1)
    assert error.joint_rad == pytest.approx(0.12 / math.sqrt(12))
    assert error.speed_mps == pytest.approx(0.3)


def outcome(**changes: float) -> Outcome:
    fine = Error(0.0, 0.0, 0.0, 0.0)
    worse = Error(**{name: changes.get(name, 0.0) for name in Error.__slots__})
    return Outcome(Setting("x", PhysicsOptions()), 1.0, dict.fromkeys(MOTIONS, fine) | {MOTIONS[-1]: worse})


def test_a_setting_is_accepted_only_if_every_error_of_every_motion_is_small() -> None:
    assert outcome().within_tolerance
    for name in Error.__slots__:
        limit = getattr(TOLERANCE, name)
        assert outcome(**{name: limit}).within_tolerance
        assert not outcome(**{name: 1.001 * limit}).within_tolerance
        assert not outcome(**{name: math.nan}).within_tolerance


def test_a_height_field_is_stood_on_too() -> None:
    """On uneven ground no two robots come to rest alike, on a plane they do; nobody falls through or over."""
    rest = {
        motion: physics._play(load_robot("go2"), Setting("x", PhysicsOptions()), motion, threads=1)[-1]
        for motion in ("stand", "stand on rough")
    }
    tilt = {motion: np.linalg.norm(qpos[:, 4:6], axis=1) for motion, qpos in rest.items()}
    assert tilt["stand"].max() < 0.01
    assert tilt["stand on rough"].max() > 0.02
    assert tilt["stand on rough"].max() < 0.2
    assert (rest["stand on rough"][:, 2] > 0.2).all()
