"""What a log would be if the robot had these parameters: simulated windows, sampled where the log was."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.air.parameters import KINDS
from surefoot_calibration.air.robots import AirRobots
from surefoot_calibration.air.windows import Windows
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.spec import JOINT_ROLES, RobotSpec

ROLES = len(JOINT_ROLES)
ANGLE_STEP_RAD, SPEED_STEP_RADPS, DELAY_STEP_S = 1e-4, 1e-2, 2e-4
"""Of finite differences."""


class AirModel:
    """A log's windows, simulated. Parameters come as one `vector`: the table, row by row, and the delay."""

    def __init__(self, log: JointLog, windows: Windows, robot: RobotSpec, threads: int = 0) -> None:
        self.log, self.windows = log, windows
        self.joints = len(robot.joint_names)
        self._robots = AirRobots(robot, log.gains, windows.count, windows.timestep_s, threads)
        self.measured_rad = np.concatenate([log.position_rad[rows] for rows in windows.rows])
        self._targets: tuple[float, FloatArray] | None = None

    @property
    def window_of(self) -> FloatArray:
        """The window of each sample, [S]."""
        return np.repeat(np.arange(self.windows.count), [len(rows) for rows in self.windows.rows]).astype(np.float64)

    def errors_rad(
        self, vector: FloatArray, angle_rad: FloatArray | None = None, speed_radps: FloatArray | None = None
    ) -> FloatArray:
        """Simulated less measured angles, [S, J]; the windows' beginnings are their own unless given."""
        table, delay_s = vector[:-1].reshape(len(KINDS), self.joints), float(vector[-1])
        windows = self.windows
        angle = windows.encoder_rad if angle_rad is None else angle_rad
        speed = windows.velocity_radps if speed_radps is None else speed_radps
        self._robots.set_parameters(np.broadcast_to(table, (windows.count, *table.shape)))
        rolled = self._robots.roll(angle, speed, self._targets_rad(delay_s))
        angles = np.concatenate((angle[:, None], rolled.encoder_rad), axis=1)
        speeds = np.concatenate((speed[:, None], rolled.velocity_radps), axis=1)
        errors: FloatArray = self._sampled(angles, speeds) - self.measured_rad
        return errors

    def slopes(self, vector: FloatArray, errors_rad: FloatArray, steps: FloatArray) -> FloatArray:
        """How errors change with each parameter, [S, J, P], by finite differences.

        Legs do not feel one another: one joint of each is changed at a time.
        """
        kinds, joints = len(KINDS), self.joints
        parameters = np.zeros((*errors_rad.shape, kinds * joints + 1))
        for kind in range(kinds):
            for role in range(ROLES):
                columns = kind * joints + np.arange(role, joints, ROLES)
                moved = vector.copy()
                moved[columns] += steps[columns]
                change = self.errors_rad(moved) - errors_rad
                for column in columns:
                    leg = _leg_of(int(column) % joints)
                    parameters[:, leg, column] = change[:, leg] / steps[column]
        later = vector.copy()
        later[-1] += DELAY_STEP_S
        parameters[:, :, -1] = (self.errors_rad(later) - errors_rad) / DELAY_STEP_S
        return parameters

    def start_slopes(self, vector: FloatArray, errors_rad: FloatArray) -> FloatArray:
        """How errors change with the angles and speeds that the sample's leg begins with in its window.

        [S, J, 2 ROLES].
        """
        starts = np.zeros((*errors_rad.shape, 2 * ROLES))
        windows = self.windows
        for role in range(ROLES):
            moved = np.zeros(self.joints)
            moved[role::ROLES] = 1.0
            angle = windows.encoder_rad + ANGLE_STEP_RAD * moved
            starts[:, :, role] = (self.errors_rad(vector, angle_rad=angle) - errors_rad) / ANGLE_STEP_RAD
            speed = windows.velocity_radps + SPEED_STEP_RADPS * moved
            change = self.errors_rad(vector, speed_radps=speed) - errors_rad
            starts[:, :, ROLES + role] = change / SPEED_STEP_RADPS
        return starts

    def _targets_rad(self, delay_s: float) -> FloatArray:
        """Most of the parameters that are tried have the same delay as the one before."""
        if self._targets is None or self._targets[0] != delay_s:
            self._targets = delay_s, self.windows.targets_rad(self.log, delay_s)
        return self._targets[1]

    def _sampled(self, angle_rad: FloatArray, speed_radps: FloatArray) -> FloatArray:
        """[W, steps + 1, J] → [S, J]: the cubic through the angles and speeds of the two nearest steps."""
        windows, parts, h = self.windows, [], self.windows.timestep_s
        for number, rows in enumerate(windows.rows):
            place = (self.log.stamp_s[rows] - windows.start_s[number]) / h
            before = np.minimum(place.astype(int), windows.steps - 1)
            s = (place - before)[:, None]
            angles, speeds = angle_rad[number], speed_radps[number]
            parts.append(
                (1.0 + 2.0 * s) * (1.0 - s) ** 2 * angles[before]
                + s**2 * (3.0 - 2.0 * s) * angles[before + 1]
                + h * s * (1.0 - s) ** 2 * speeds[before]
                - h * s**2 * (1.0 - s) * speeds[before + 1]
            )
        return np.concatenate(parts)


def _leg_of(joint: int) -> slice:
    """The joints of a joint's leg."""
    first = joint - joint % ROLES
    return slice(first, first + ROLES)
