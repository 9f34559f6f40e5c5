"""From the truth to a sample: offsets, noise, quantization."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.drivers.driver import Sample
from surefoot_robots.spec import RobotSpec
from surefoot_training.simulated.body import Body
from surefoot_training.simulated.config import Sensors, World, own_values
from surefoot_training.simulated.motors import Energy

FloatArray = NDArray[np.float64]


class Senses:
    """The sensors of one robot."""

    def __init__(self, robot: RobotSpec, world: World, rng: np.random.Generator) -> None:
        self._errors = errors = world.sensors
        self._rng = rng
        self._offset = np.array(own_values(world.truth, robot)["encoder_offset_rad"])
        joints = len(robot.joint_names)
        # One draw for all: encoders' angle, speed, torque, then gyro, accelerometer and three small turns.
        self._noise = np.concatenate(
            [
                np.full(joints, errors.encoder_noise_rad),
                np.full(joints, errors.speed_noise_radps),
                np.full(joints, errors.torque_noise_nm),
                np.full(3, errors.gyro_noise_radps),
                np.full(3, errors.acceleration_noise_mps2),
                np.full(3, errors.tilt_noise_rad),
            ]
        )
        self._joints = joints

    def sample(self, body: Body, torque_nm: FloatArray, energy: Energy, stamp_s: float) -> Sample:
        """Everything as it is measured now."""
        errors, n = self._errors, self._joints
        noise = self._noise * self._rng.standard_normal(len(self._noise))
        angle = body.joint_position_rad + self._offset + noise[:n]
        if errors.encoder_step_rad > 0.0:
            angle = np.round(angle / errors.encoder_step_rad) * errors.encoder_step_rad
        rest = noise[3 * n :]
        return Sample(
            stamp_s=stamp_s,
            joint_position_rad=tuple(angle.tolist()),
            joint_velocity_radps=tuple((body.joint_velocity_radps + noise[n : 2 * n]).tolist()),
            joint_torque_nm=tuple((torque_nm + noise[2 * n : 3 * n]).tolist()),
            orientation_wxyz=turned(body.orientation_wxyz.tolist(), rest[6:9].tolist()),
            angular_velocity_in_base_radps=tuple(
                (body.angular_velocity_in_base_radps + errors.gyro_bias_radps + rest[:3]).tolist()
            ),
            acceleration_in_base_mps2=tuple((body.acceleration_in_base_mps2 + rest[3:6]).tolist()),
            foot_contact=_contact(body, errors) if errors.foot_contact else None,
            motor_temperature_c=tuple(energy.temperature_c.tolist()),
            battery_voltage_v=energy.voltage_v,
        )


def _contact(body: Body, errors: Sensors) -> tuple[bool, ...]:
    return tuple(force > errors.contact_force_n for force in body.foot_force_n)


def turned(orientation_wxyz: list[float], angles_rad: list[float]) -> tuple[float, ...]:
    """An orientation turned by small angles about the base's axes; still of length 1 to second order."""
    w, x, y, z = orientation_wxyz
    a, b, c = (0.5 * angle for angle in angles_rad)
    return (w - x * a - y * b - z * c, x + w * a + y * c - z * b, y + w * b + z * a - x * c, z + w * c + x * b - y * a)
