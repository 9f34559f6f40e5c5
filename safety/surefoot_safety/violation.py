"""What a check found, and what the gate does about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Remedy(Enum):
    """What the gate does about a violation."""

    REPORT = "report"
    """Nothing by itself: the supervisor's table says what follows."""
    CLAMP = "clamp"
    """The command was changed to keep the limit."""
    STOP = "stop"
    """The command was replaced by damping."""


class Check(Enum):
    """Everything that is looked at, by name."""

    CLOCK = "clock"
    TICK_LATE = "tick_late"

    STATE_MISSING = "state_missing"
    STATE_FINITE = "state_finite"
    STATE_ROBOT = "state_robot"
    STATE_FUTURE = "state_future"
    STATE_ORDER = "state_order"
    STATE_LOST = "state_lost"
    STATE_LATE = "state_late"
    STATE_STALE = "state_stale"
    ORIENTATION_NORM = "orientation_norm"

    JOINT_RANGE = "joint_range"
    JOINT_SPEED = "joint_speed"
    TILT = "tilt"
    FALLING = "falling"
    LOW_BASE = "low_base"
    SINKING = "sinking"
    SHOVED = "shoved"
    NO_CONTACT = "no_contact"

    ENCODER_FROZEN = "encoder_frozen"
    ENCODER_JUMP = "encoder_jump"
    IMU_FROZEN = "imu_frozen"
    IMU_DISAGREES = "imu_disagrees"

    MOTOR_WARM = "motor_warm"
    MOTOR_HOT = "motor_hot"
    MOTOR_CURRENT = "motor_current"
    BATTERY_LOW = "battery_low"
    BATTERY_EMPTY = "battery_empty"
    ROBOT_FAULT = "robot_fault"

    COMMAND_FINITE = "command_finite"
    COMMAND_ROBOT = "command_robot"
    COMMAND_FUTURE = "command_future"
    COMMAND_AGE = "command_age"
    COMMAND_ORDER = "command_order"
    COMMAND_LOST = "command_lost"
    COMMAND_GAIN = "command_gain"
    COMMAND_RANGE = "command_range"
    TARGET_RANGE = "target_range"
    TARGET_STEP = "target_step"
    TARGET_RATE = "target_rate"
    TARGET_SPEED = "target_speed"
    TARGET_TORQUE = "target_torque"
    PD_TORQUE = "pd_torque"

    VELOCITY_FINITE = "velocity_finite"
    VELOCITY_FUTURE = "velocity_future"
    VELOCITY_STALE = "velocity_stale"
    VELOCITY_RANGE = "velocity_range"

    INTERNAL_ERROR = "internal_error"


STOPPING = frozenset(
    {
        Check.CLOCK,
        Check.STATE_MISSING,
        Check.STATE_FINITE,
        Check.STATE_ROBOT,
        Check.STATE_FUTURE,
        Check.STATE_ORDER,
        Check.STATE_STALE,
        Check.ORIENTATION_NORM,
        Check.COMMAND_FINITE,
        Check.COMMAND_ROBOT,
        Check.COMMAND_FUTURE,
        Check.COMMAND_AGE,
        Check.COMMAND_ORDER,
        Check.COMMAND_GAIN,
        Check.COMMAND_RANGE,
        Check.INTERNAL_ERROR,
    }
)
"""Without a sample to measure a target against, or with a command that cannot be mended, there is only a stop."""

CLAMPING = frozenset(
    {
        Check.TARGET_RANGE,
        Check.TARGET_STEP,
        Check.TARGET_RATE,
        Check.TARGET_SPEED,
        Check.TARGET_TORQUE,
        Check.PD_TORQUE,
        Check.VELOCITY_FINITE,
        Check.VELOCITY_FUTURE,
        Check.VELOCITY_STALE,
        Check.VELOCITY_RANGE,
    }
)


def remedy_of(check: Check) -> Remedy:
    """What the gate does when this check is violated."""
    if check in STOPPING:
        return Remedy.STOP
    return Remedy.CLAMP if check in CLAMPING else Remedy.REPORT


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit that was passed: which, and one line with the value and the limit."""

    check: Check
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found in one tick; empty if nothing was."""

    violations: tuple[Violation, ...] = ()

    @property
    def stopped(self) -> bool:
        """Whether the command was replaced by damping."""
        return any(violation.check in STOPPING for violation in self.violations)

    @property
    def clamped(self) -> bool:
        """Whether the command was changed."""
        return any(violation.check in CLAMPING for violation in self.violations)

    @property
    def checks(self) -> frozenset[Check]:
        """Which checks were violated."""
        return frozenset(violation.check for violation in self.violations)
