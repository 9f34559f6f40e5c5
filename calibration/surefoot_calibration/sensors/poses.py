"""How the IMU sits in the base, and what its accelerometer is off by, from poses that were held.

What an accelerometer says of a robot that rests is a = (1 + s) · Rᵀ u g + b: `u` is up in the base, `R` turns the
IMU's axes into the base's, `s` and `b` are scale and bias of its axes. Of poses whose `u` is known (feet on level
ground, or a tilt that was told) all three components count, of others the size alone. One pose cannot tell bias from
mounting: both are tilts there, and the sum is what a policy meets; it is given as *level* beside the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from surefoot_calibration.log.joint_log import FloatArray
from surefoot_calibration.sensors.figures import Figure, judged
from surefoot_calibration.sensors.noise import ACCELEROMETER, NORMAL

STANDARD_GRAVITY_MPS2 = 9.80665
MEAN_MPS2 = 0.01
"""Standard deviation of a pose's mean: floors give way, robots settle."""
BIAS_BEFORE_MPS2, SCALE_BEFORE, TURN_BEFORE_RAD = 0.15, 0.01, 0.1
"""Standard deviations before any log: 30 mg and 2 % at twice that, as data sheets have; 6° of mounting."""
LEVEL_RAD = 0.005
"""Standard deviation of what is taken for up: floors and spirit levels are good to 3 mm in a metre, legs whose zeros
are 5 mrad off to about as much. The same in all poses: it does not average out."""
NARROW_RAD, NARROW_SCALE = 0.005, 0.003
APART_RAD = 0.05
"""Poses nearer to each other are one."""
MORE = "more poses, far apart: on its sides, its back, nose up; each held for 2 s"
LEVELLER = "ground, or a tilt, that is known better, and said so by --level-error"


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """One that was held."""

    acceleration_mps2: FloatArray
    """Mean, [3]."""
    up_in_base: FloatArray | None
    """[3]; None if nobody knows."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """What was found; axes x, y, z."""

    bias_mps2: tuple[Figure, Figure, Figure]
    scale: tuple[Figure, Figure, Figure]
    mounting_rad: tuple[Figure, Figure, Figure] | None
    """Turn of the IMU about the base's axes; None if no pose's tilt is known."""
    level_rad: tuple[Figure, Figure] | None
    """What gravity as the IMU has it is turned by about the base's x and y: bias and mounting together, as a policy
    meets them."""
    poses: int
    """That are apart."""
    off_mps2: float
    """Root mean square of what is left."""


def sitting(poses: Sequence[Pose], gravity_mps2: float, level_rad: float = LEVEL_RAD) -> Sitting:
    """The most likely bias, scale and mounting, with what is known before (see the constants)."""
    before = np.repeat([BIAS_BEFORE_MPS2, SCALE_BEFORE, TURN_BEFORE_RAD], 3)
    fit = least_squares(lambda one: _off(one * before, poses, gravity_mps2, before), np.zeros(9), method="lm")
    spread = before * np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)))
    found = fit.x * before
    known = [pose for pose in poses if pose.up_in_base is not None]
    half = NORMAL * spread
    half[6:] = np.hypot(half[6:], NORMAL * level_rad)
    left = _off(found, poses, gravity_mps2, before)[:-9] * MEAN_MPS2
    bias = [_figure(found[i], half[i], ACCELEROMETER.bias_narrow, NORMAL * BIAS_BEFORE_MPS2, MORE) for i in range(3)]
    scale = [_figure(found[i], half[i], NARROW_SCALE, NORMAL * SCALE_BEFORE, MORE) for i in range(3, 6)]
    turn = [_figure(found[i], half[i], NARROW_RAD, NORMAL * TURN_BEFORE_RAD, MORE) for i in range(6, 9)]
    return Sitting(
        (bias[0], bias[1], bias[2]),
        (scale[0], scale[1], scale[2]),
        (turn[0], turn[1], turn[2]) if known else None,
        _level(known, level_rad) if known else None,
        len(apart(poses)),
        float(np.sqrt(np.mean(np.square(left)))),
    )


def apart(poses: Sequence[Pose]) -> list[Pose]:
    """Those that are not near another."""
    kept: list[Pose] = []
    for pose in poses:
        if all(_angle(pose.acceleration_mps2, other.acceleration_mps2) > APART_RAD for other in kept):
            kept.append(pose)
    return kept


def _off(values: FloatArray, poses: Sequence[Pose], gravity_mps2: float, before: FloatArray) -> FloatArray:
    """What each pose is off by, and each value from what was known before, in standard deviations."""
    bias, scale, turn = values[:3], values[3:6], Rotation.from_rotvec(values[6:])
    parts: list[FloatArray] = []
    for pose in poses:
        mended = (pose.acceleration_mps2 - bias) / (1.0 + scale)
        if pose.up_in_base is None:
            parts.append(np.array([np.linalg.norm(mended) - gravity_mps2]))
        else:
            parts.append(turn.apply(mended) - gravity_mps2 * pose.up_in_base)
    return np.concatenate([*(part / MEAN_MPS2 for part in parts), values / before])


def _level(known: Sequence[Pose], level_rad: float) -> tuple[Figure, Figure]:
    """Mean over the poses nearest to level: leaning far, a scale's error would pass for a tilt."""
    height = np.array([pose.up_in_base[2] for pose in known if pose.up_in_base is not None])
    near = [pose for pose, up in zip(known, height, strict=True) if up >= height.max() - 0.02]
    turns = np.array([_turn(pose) for pose in near])
    half = NORMAL * float(np.hypot(level_rad, MEAN_MPS2 / STANDARD_GRAVITY_MPS2))
    x, y = (
        _figure(float(turns[:, axis].mean()), half, NARROW_RAD, NORMAL * TURN_BEFORE_RAD, LEVELLER) for axis in (0, 1)
    )
    return x, y


def _turn(pose: Pose) -> FloatArray:
    """The small turn that takes up to where the IMU has it."""
    assert pose.up_in_base is not None  # of `known` poses
    said = pose.acceleration_mps2 / np.linalg.norm(pose.acceleration_mps2)
    return np.cross(pose.up_in_base, said)


def _angle(one: FloatArray, other: FloatArray) -> float:
    return float(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other))


def _figure(value: float, half: float, narrow: float, known: float, needs: str) -> Figure:
    half = float(half)  # of NumPy's kind, which files do not hold
    # As everywhere: a log that does not halve what was known before tells nothing.
    return judged(float(value), float(value) - half, float(value) + half, narrow=narrow, known=0.5 * known, needs=needs)
