"""Whether a calibration predicts a log of a standing robot that it was not fitted to better than the robot's file."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.air.compare import LEAST_WINDOWS, Comparison, judged
from surefoot_calibration.air.parameters import JointParameters, nominal_parameters
from surefoot_calibration.calibration_file import vector_of
from surefoot_calibration.ground.fit import WINDOW_S
from surefoot_calibration.ground.held_out import LEAD_S, played_on_ground
from surefoot_calibration.ground.parameters import (
    FRICTION,
    PLACES,
    TRUNK_NAMES,
    GroundParameters,
    nominal_ground,
)
from surefoot_calibration.ground.synthetic import HiddenRobot
from surefoot_calibration.log.joint_log import JointLog
from surefoot_robots.calibration import Calibration
from surefoot_robots.calibration_physical import check_inertia, check_physical
from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertia, Inertial
from surefoot_robots.spec import RobotSpec


def compare_on_ground(log: JointLog, robot: RobotSpec, calibration: Calibration, threads: int = 0) -> Comparison:
    """Simulate a log on the ground with the file's robot and with the calibrated one, window by window."""
    before = HiddenRobot(nominal_parameters(robot), nominal_ground(robot))
    both = played_on_ground(log, robot, before, calibrated_robot(robot, calibration), every=1, threads=threads)
    if both is None or both.windows < LEAST_WINDOWS:
        raise SurefootError(
            f"{log.origin}: has fewer than {LEAST_WINDOWS} windows of {WINDOW_S:g} s",
            hint=f"record for {LEAST_WINDOWS * WINDOW_S + 4.0 * LEAD_S:g} s and more, without gaps",
        )
    return judged(both)


def calibrated_robot(robot: RobotSpec, calibration: Calibration) -> HiddenRobot:
    """Joints, trunk and feet as a file has them; what it does not have is the robot's."""
    check_physical(calibration)
    found = {one.name: one.value for one in calibration.measured if one.joint is None}
    if not set(TRUNK_NAMES) <= set(found):
        raise SurefootError(
            f"{calibration.name}: says nothing of the trunk", hint="surefoot identify fit LOG --protocol ground"
        )
    joints = nominal_parameters(robot)
    if any(one.joint is not None for one in calibration.measured):
        vector = vector_of(calibration, robot)
        table = vector[:-1].reshape(-1, len(robot.joint_names))
        joints = JointParameters.of_table(table, float(vector[-1]))
    mass, x, y, z, *inertia = (found[name] for name in TRUNK_NAMES)
    matrix = np.zeros((3, 3))
    for (row, column), value in zip(PLACES, inertia, strict=True):
        matrix[row, column] = matrix[column, row] = value
    check_inertia(matrix, calibration.name)
    trunk = Inertial(mass, (x, y, z), Inertia.of_matrix(matrix))
    return HiddenRobot(joints, GroundParameters(trunk, found.get(FRICTION, robot.foot_friction)))
