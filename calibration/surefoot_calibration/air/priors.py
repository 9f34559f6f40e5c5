"""What is known of joints before any log: the robot's file, and how far robots are off their files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.parameters import KINDS, nominal_parameters
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.spec import RobotSpec

RELATIVE = {"armature_kgm2": 1.0, "damping_nms_per_rad": 1.0, "friction_nm": 1.0}
"""Standard deviation, of the file's value. Public values of one robot differ by two (armature) to twenty (damping)
times; the prior is to keep a fit from wandering where the log says nothing, not to take part where it does."""
ABSOLUTE = {"encoder_offset_rad": 0.05, "motor_strength": 0.2}
"""Zeros set by hand are good to 3°; motors of one kind differ by some percent, with warmth and voltage by twenty."""
DELAY_S = 0.01
LEAST_SHARE = 0.01
"""Of the file's value: armature, damping and friction are not below that."""
MOST_SHARE = 20.0
LEAST_NOMINAL = {"armature_kgm2": 1e-3, "damping_nms_per_rad": 0.02, "friction_nm": 0.02}
"""For files that leave a quantity out."""
MOST_OFFSET_RAD, LEAST_STRENGTH, MOST_STRENGTH, MOST_DELAY_S = 0.3, 0.3, 2.0, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """Of each parameter, in the order of `AirModel`'s vector: kinds, joint by joint, and the delay."""

    mean: FloatArray
    deviation: FloatArray
    lower: FloatArray
    upper: FloatArray


def priors_of(robot: RobotSpec) -> Priors:
    """See the constants."""
    nominal = nominal_parameters(robot)
    rows = []
    for kind in KINDS:
        value = getattr(nominal, kind)
        if kind in RELATIVE:
            size = np.maximum(value, LEAST_NOMINAL[kind])
            rows.append((value.clip(LEAST_SHARE * size), RELATIVE[kind] * size, LEAST_SHARE * size, MOST_SHARE * size))
        else:
            low, high = (-MOST_OFFSET_RAD, MOST_OFFSET_RAD) if "offset" in kind else (LEAST_STRENGTH, MOST_STRENGTH)
            rows.append((value, *(np.full(len(value), number) for number in (ABSOLUTE[kind], low, high))))
    delay = (nominal.action_delay_s, DELAY_S, 0.0, MOST_DELAY_S)
    mean, deviation, lower, upper = (
        np.concatenate([*(row[place] for row in rows), [delay[place]]]) for place in range(4)
    )
    return Priors(mean, deviation, lower, upper)
