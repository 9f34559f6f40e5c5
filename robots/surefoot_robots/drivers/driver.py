"""What a driver offers to the link: a sample of all sensors, and targets to all motors.

A driver is one class in one process. It reads no clock: the time comes in with every call, on the monotonic clock that
all processes of one machine share. It may be called 1000 times a second, so it must never wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

Floats: TypeAlias = tuple[float, ...]
"""One number per joint, in the order of `RobotSpec.joints`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Everything measured at one moment. What the robot does not report is None."""

    stamp_s: float
    """When it was measured, on the clock of the calls."""
    joint_position_rad: Floats
    joint_velocity_radps: Floats
    joint_torque_nm: Floats
    """As the motors estimate it."""
    orientation_wxyz: Floats
    """Of the base in a frame whose z points up."""
    angular_velocity_in_base_radps: Floats
    acceleration_in_base_mps2: Floats
    """As accelerometers have it: at rest it is 9.81 upwards."""
    foot_contact: tuple[bool, ...] | None = None
    """FL, FR, RL, RR."""
    base_height_m: float | None = None
    motor_temperature_c: Floats | None = None
    motor_current_a: Floats | None = None
    battery_voltage_v: float | None = None
    faults: tuple[str, ...] = ()
    """What the robot itself says is wrong."""


class MotorTargets(Protocol):
    """The motors' law: torque = kp (position − measured) + kd (velocity − measured) + torque; one number per joint.

    A stop is one too: damping has kp 0 and kd above it, no torque has zeros alone.
    """

    @property
    def position_rad(self) -> Floats:
        """Where to."""

    @property
    def velocity_radps(self) -> Floats:
        """How fast there."""

    @property
    def torque_nm(self) -> Floats:
        """In addition."""

    @property
    def kp_nm_per_rad(self) -> Floats:
        """Position gains."""

    @property
    def kd_nms_per_rad(self) -> Floats:
        """Velocity gains."""


class Driver(Protocol):
    """One robot. Whatever it raises is counted by the link, which goes on calling it."""

    def read(self, now_s: float) -> Sample | None:
        """The newest sample; None if there is none that was not read before."""

    def write(self, targets: MotorTargets, now_s: float) -> None:
        """Hand targets to the motors, which hold them until the next ones, or until their own timeout."""

    def close(self) -> None:
        """Let the robot go. Called once; the motors have been stopped before."""
