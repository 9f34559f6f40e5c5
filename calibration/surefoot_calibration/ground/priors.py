"""What is known before a log of a standing robot: of its joints from the air, of the rest from its file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.parameters import KINDS, JointParameters
from surefoot_calibration.air.priors import priors_of
from surefoot_calibration.air.verdicts import names_of
from surefoot_calibration.ground.balance import Known
from surefoot_calibration.ground.parameters import theta_of
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.calibration import Calibration, check_calibration
from surefoot_robots.calibration_physical import check_physical
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

THETA_DEVIATION = np.array([0.35, *(0.35,) * 3, *(0.03,) * 3, *(0.06,) * 3])
"""Standard deviations of a trunk's log-Cholesky coordinates about the file's: a mass up to twice or half of the file's,
a spread 1.4 times as wide, axes turned, a centre 6 cm off. A payload of half of the trunk's mass is within these."""
THETA_REACH = 6.0
"""Deviations to either side that a fit may go."""
BIAS_MPS2 = 0.1
"""Of an accelerometer's axis, deviation: 10 mg, as of MEMS units that were calibrated once."""
GRAVITY_ERROR_MPS2 = 0.02
"""Deviation of what is felt on average from 9.81: gravity from the equator to the pole, and a trunk that ends its log a
little faster than it began it."""
LEAST = {
    "armature_kgm2": 0.03,
    "damping_nms_per_rad": 0.03,
    "friction_nm": 0.05,
    "encoder_offset_rad": 0.0005,
    "motor_strength": 0.001,
}
"""Deviations of what was identified in air are not taken for less: intervals hold the log's own noise, and joints are
not quite the same loaded as in the air. The first three are shares of the value; all are assumptions."""
LEAST_DELAY_S = 5e-5
LEAST_OF_FILES = 0.01
"""Of what is not known of the file's: a share of a friction of nothing would be nothing, and is divided by."""
AXES = 3
NORMAL = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class GroundPriors:
    """Of the trunk's coordinates, of joints and delay as in `Known.vector`, and of the IMU's bias in each log."""

    mean: FloatArray
    deviation: FloatArray
    lower: FloatArray
    upper: FloatArray
    calibrated: bool
    """Whether joints were identified in air."""
    logs: int = 1

    @property
    def joints(self) -> int:
        """How many."""
        return (len(self.mean) - len(THETA_DEVIATION) - 1 - AXES * self.logs) // len(KINDS)

    @property
    def known(self) -> Known:
        """Joints and IMU as they are taken to be at first."""
        return self.known_of(self.mean, 0)

    def known_of(self, vector: FloatArray, log: int) -> Known:
        """Joints as a vector has them, and the IMU in one of the logs: each switching on gives it another bias."""
        first = self.bias_place(log)
        joints = vector[len(THETA_DEVIATION) : self.bias_place(0)]
        return Known.of_vector(np.concatenate((joints, vector[first : first + AXES])))

    def bias_place(self, log: int) -> int:
        """Where in a vector the bias of a log begins."""
        return len(self.mean) - AXES * (self.logs - log)


def ground_priors(robot: RobotSpec, air: Calibration | None, logs: int = 1) -> GroundPriors:
    """From the robot's file and, if there is one, a calibration of its joints."""
    own = priors_of(robot)
    mean, deviation = own.mean.copy(), own.deviation.copy()
    lower, upper = own.lower.copy(), own.upper.copy()
    if air is not None:
        mean, deviation = _calibrated(robot, air, LEAST_OF_FILES * own.deviation)
        lower, upper = np.minimum(lower, mean - NORMAL * deviation), np.maximum(upper, mean + NORMAL * deviation)
    theta = theta_of(robot.trunk.inertial)
    reach = THETA_REACH * THETA_DEVIATION
    none, bias = np.zeros(AXES * logs), np.full(AXES * logs, BIAS_MPS2)
    return GroundPriors(
        np.concatenate((theta, mean, none)),
        np.concatenate((THETA_DEVIATION, deviation, bias)),
        np.concatenate((theta - reach, lower, -THETA_REACH * bias)),
        np.concatenate((theta + reach, upper, THETA_REACH * bias)),
        air is not None,
        logs,
    )


def joints_of(robot: RobotSpec, air: Calibration | None) -> JointParameters:
    """The joints to begin with."""
    return ground_priors(robot, air).known.joints


def _calibrated(robot: RobotSpec, air: Calibration, next_to_none: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values and deviations by the calibration's intervals; a share of a value counts for no less than the last."""
    check_calibration(air, robot)
    check_physical(air)
    rows = {(one.name, one.joint): one for one in air.measured}
    missing = [key for key in names_of(robot) if key not in rows]
    if missing:
        name, joint = missing[0]
        raise SurefootError(
            f"{air.name}: has no {name} of {joint or 'all joints'}: must be a calibration of joints in air",
            hint="surefoot identify fit LOG --protocol in-air --out air.yaml",
        )
    found = [rows[key] for key in names_of(robot)]
    value = np.array([one.value for one in found])
    deviation = np.array([one.high - one.low for one in found]) / (2.0 * NORMAL)
    least = [
        (max(abs(one.value) * LEAST[one.name], none) if one.name in KINDS[:3] else LEAST[one.name])
        if one.name in LEAST
        else LEAST_DELAY_S
        for one, none in zip(found, next_to_none.tolist(), strict=True)
    ]
    return value, np.maximum(deviation, least)
