"""What the robot measured, in one sample.

Everything is a tuple of floats: whoever holds a state cannot change it behind the back of a check that passed it, and
comparisons are Python's own, which are False for NaN on either side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

Floats: TypeAlias = tuple[float, ...]
"""One number per joint, in the order of `RobotSpec.joints`."""
Vector3: TypeAlias = tuple[float, float, float]
Quaternion: TypeAlias = tuple[float, float, float, float]
"""w, x, y, z."""
GRAVITY_MPS2 = 9.81


@dataclass(frozen=True, slots=True)
class RobotState:
    """One sample of all sensors. What a robot does not report is None, which switches its checks off and nothing else.

    `stamp_s` is when it was measured, on the same clock as every `now_s`; `sequence` counts samples.
    """

    robot_hash: str
    """`surefoot_robots.identity.robot_hash` of the robot that it comes from."""
    sequence: int
    stamp_s: float
    joint_position_rad: Floats
    joint_velocity_radps: Floats
    joint_torque_nm: Floats
    """As the motors estimate it."""
    orientation_wxyz: Quaternion
    """Of the base in a frame whose z points up."""
    angular_velocity_in_base_radps: Vector3
    acceleration_in_base_mps2: Vector3
    """As accelerometers have it: at rest it is 9.81 upwards."""
    foot_contact: tuple[bool, ...] | None = None
    """FL, FR, RL, RR."""
    base_height_m: float | None = None
    """Estimated, over the ground under the feet."""
    motor_temperature_c: Floats | None = None
    motor_current_a: Floats | None = None
    battery_voltage_v: float | None = None
    faults: tuple[str, ...] = ()
    """What the robot itself says is wrong."""

    @property
    def gravity_in_base(self) -> Vector3:
        """The direction of down, a unit vector; (0, 0, −1) when level."""
        return gravity_in_base(self.orientation_wxyz)

    @property
    def tilt_rad(self) -> float:
        """Between the base's z axis and up; NaN if the orientation is."""
        return tilt_rad(self.gravity_in_base)


def gravity_in_base(orientation_wxyz: Quaternion) -> Vector3:
    """The world's (0, 0, −1) as seen from the base."""
    w, x, y, z = orientation_wxyz
    return 2.0 * (w * y - x * z), -2.0 * (w * x + y * z), 2.0 * (x * x + y * y) - 1.0


def tilt_rad(gravity: Vector3) -> float:
    """The angle of a gravity direction from straight down, in [0, π]."""
    x, y, z = gravity
    return math.atan2(math.hypot(x, y), -z)


def tilt_rate_radps(gravity: Vector3, angular_velocity_in_base_radps: Vector3) -> float:
    """How fast the tilt grows.

    Gravity turns in the base as ġ = g × ω, and the tilt is acos(−g_z), so its rate is ġ_z / sin(tilt). Level or upside
    down, where that has no value, any turn about a horizontal axis raises or lowers it: the rate is then its size.
    """
    x, y, _ = gravity
    turn_x, turn_y, _ = angular_velocity_in_base_radps
    horizontal = math.hypot(x, y)
    if horizontal < 1e-6:
        return math.hypot(turn_x, turn_y)
    return (x * turn_y - y * turn_x) / horizontal
