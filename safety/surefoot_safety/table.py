"""The table: what trips, what follows, after how long, and how it clears. Data; the supervisor only reads it.

Actions and delays as they apply come from the robot's file (`settings_files/*.yaml`), which may be stricter than this
table and never milder.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from surefoot_safety.action import Action, Need
from surefoot_safety.mode import ARMED, BY_IMU, EVERY_MODE, FOLLOW, ON_FEET, POWERED, Mode
from surefoot_safety.violation import Check


class Trigger(Enum):
    """Reasons to do something, by name."""

    INTERNAL_ERROR = "internal_error"
    CLOCK = "clock"
    TICK_LATE = "tick_late"
    STATE_LATE = "state_late"
    STATE_STALE = "state_stale"
    STATE_BAD = "state_bad"
    JOINT_RANGE = "joint_range"
    JOINT_SPEED = "joint_speed"
    TILT = "tilt"
    FALLING = "falling"
    LOW_BASE = "low_base"
    SINKING = "sinking"
    SHOVED = "shoved"
    NO_CONTACT = "no_contact"
    FOOT_CONTACT = "foot_contact"
    TRUNK_MOVES = "trunk_moves"
    LEG_LOADED = "leg_loaded"
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
    POLICY_SILENT = "policy_silent"
    POLICY_LATE = "policy_late"
    POLICY_BAD = "policy_bad"
    LIMIT_HITS = "limit_hits"
    VELOCITY_STALE = "velocity_stale"
    VELOCITY_SILENT = "velocity_silent"
    OPERATOR_SILENT = "operator_silent"
    FALLBACK_OVER = "fallback_over"
    GAIT_BAD = "gait_bad"
    STAND_UP_TIMEOUT = "stand_up_timeout"
    SETTLE_TIMEOUT = "settle_timeout"
    HANG_TIMEOUT = "hang_timeout"
    OPERATOR_STOP = "operator_stop"
    OPERATOR_DAMP = "operator_damp"
    OPERATOR_ZERO_TORQUE = "operator_zero_torque"
    ESTOP_SETTLE = "estop_settle"
    ESTOP_ZERO_TORQUE = "estop_zero_torque"


class Clears(Enum):
    """How a trigger is over once its cause is gone."""

    BY_ITSELF = "by itself"
    BY_OPERATOR = "by the operator's next request"
    """The robot stays in the mode that followed; asking for another one clears it."""
    BY_RESET = "by reset"
    """Latched: the robot ends stopped, and a reset, refused while the cause lasts, leaves it disarmed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One trigger."""

    trigger: Trigger
    meaning: str
    watched: frozenset[Mode]
    """Modes in which it acts. In others its cause still keeps requests from entering one of these."""
    least_action: Action
    """What follows; a robot's file may say something more severe."""
    longest_delay_s: float
    """How long the cause must last at most before that; a robot's file may say less."""
    clears: Clears
    spoils: frozenset[Need] = frozenset()
    """What can no longer be relied on: actions that need it fall through to the next more severe one."""


T, A = Trigger, Action
ITSELF, OPERATOR, RESET = Clears.BY_ITSELF, Clears.BY_OPERATOR, Clears.BY_RESET
WALK = frozenset({Mode.WALKING})
HANG = frozenset({Mode.HANGING})
"""Not on its feet, where there is nothing milder than to damp: whatever acts here ends so, whatever the table says."""
STEP = frozenset({Mode.WALKING, Mode.FALLBACK})
UP = ON_FEET - {Mode.SETTLING, Mode.STANDING_UP}
WATCHFUL = ARMED | {Mode.STOPPED}
"""All but off: where samples are expected."""

FALLBACK, STANDING_UP, SETTLING = (frozenset({mode}) for mode in (Mode.FALLBACK, Mode.STANDING_UP, Mode.SETTLING))
NO_STATE, NO_ENCODERS, NO_IMU, NO_UPRIGHT, NO_GAIT = (
    frozenset({need}) for need in (Need.STATE, Need.ENCODERS, Need.IMU, Need.UPRIGHT, Need.GAIT)
)

TABLE: tuple[Row, ...] = (
    Row(T.INTERNAL_ERROR, "the supervisor itself failed", EVERY_MODE, A.DAMP, 0.0, RESET, NO_STATE),
    Row(T.CLOCK, "time stood still, went back or is no number", ARMED, A.DAMP, 0.0, RESET, NO_STATE),
    Row(T.TICK_LATE, "the supervisor was not run for too long", POWERED, A.DAMP, 0.0, RESET),
    Row(T.STATE_LATE, "the newest sample is late, or some were lost", ARMED, A.WARN, 0.1, ITSELF),
    Row(T.STATE_STALE, "no sample, or an old one", WATCHFUL, A.DAMP, 0.0, RESET, NO_STATE),
    Row(T.STATE_BAD, "samples make no sense or are not its own", WATCHFUL, A.DAMP, 0.05, RESET, NO_STATE),
    Row(T.JOINT_RANGE, "a joint is beyond its limits", POWERED, A.DAMP, 0.05, RESET),
    Row(T.JOINT_SPEED, "a joint is faster than its motor can be", POWERED, A.DAMP, 0.05, RESET),
    Row(T.TILT, "tilted too far", ON_FEET, A.DAMP, 0.3, RESET, NO_UPRIGHT),
    Row(T.FALLING, "about to tilt too far", ON_FEET, A.DAMP, 0.1, RESET, NO_UPRIGHT),
    Row(T.LOW_BASE, "the base is near the ground", UP, A.SETTLE, 0.3, OPERATOR),
    Row(T.SINKING, "the trunk is about to touch the ground", WALK, A.FALLBACK, 0.05, OPERATOR),
    Row(T.SHOVED, "pushed or pulled along the ground", WALK, A.FALLBACK, 0.1, OPERATOR),
    Row(T.NO_CONTACT, "no foot touches the ground", UP, A.STAND, 1.0, OPERATOR),
    Row(T.FOOT_CONTACT, "a foot touches something, and should hang", HANG, A.DAMP, 0.05, RESET),
    Row(T.TRUNK_MOVES, "the trunk tilts, turns or is moved, and should hang still", HANG, A.DAMP, 0.1, RESET),
    Row(T.LEG_LOADED, "a leg that should hang takes more than its own weight", HANG, A.DAMP, 0.02, RESET),
    Row(T.ENCODER_FROZEN, "a joint's angle stands still while it moves", POWERED, A.DAMP, 0.05, RESET, NO_ENCODERS),
    Row(T.ENCODER_JUMP, "a joint's angle jumped", POWERED, A.DAMP, 0.05, RESET, NO_ENCODERS),
    Row(T.IMU_FROZEN, "the IMU repeats itself", BY_IMU, A.SETTLE, 0.1, RESET, NO_IMU),
    Row(T.IMU_DISAGREES, "gyro and orientation contradict each other", BY_IMU, A.SETTLE, 0.1, RESET, NO_IMU),
    Row(T.MOTOR_WARM, "a motor is warm", ARMED, A.WARN, 2.0, ITSELF),
    Row(T.MOTOR_HOT, "a motor is hot", POWERED, A.SETTLE, 2.0, RESET),
    Row(T.MOTOR_CURRENT, "a motor draws too much", POWERED, A.DAMP, 0.3, RESET),
    Row(T.BATTERY_LOW, "the battery is low", ARMED, A.WARN, 5.0, ITSELF),
    Row(T.BATTERY_EMPTY, "the battery is nearly empty", POWERED, A.SETTLE, 5.0, RESET),
    Row(T.ROBOT_FAULT, "the robot reports a fault", POWERED, A.DAMP, 0.0, RESET),
    Row(T.POLICY_SILENT, "no joint targets come", FOLLOW, A.FALLBACK, 0.0, OPERATOR),
    Row(T.POLICY_LATE, "too many joint targets missed their deadlines", FOLLOW, A.FALLBACK, 0.0, OPERATOR),
    Row(T.POLICY_BAD, "joint targets are refused, never change or leap", FOLLOW, A.FALLBACK, 0.0, OPERATOR),
    Row(T.LIMIT_HITS, "joint targets had to be clamped again and again", FOLLOW, A.FALLBACK, 0.0, OPERATOR),
    Row(T.VELOCITY_STALE, "the velocity command is old and fades to zero", STEP, A.WARN, 0.0, ITSELF),
    Row(T.VELOCITY_SILENT, "no velocity command", STEP, A.STAND, 0.0, OPERATOR),
    Row(T.OPERATOR_SILENT, "no velocity command for very long, and nobody asked to stand", UP, A.SETTLE, 0.0, OPERATOR),
    Row(T.FALLBACK_OVER, "a fallback nobody asked for has lasted long enough", FALLBACK, A.STAND, 0.0, OPERATOR),
    Row(T.GAIT_BAD, "a gait failed or its joint targets are refused", POWERED, A.DAMP, 0.0, RESET, NO_GAIT),
    Row(T.STAND_UP_TIMEOUT, "standing up takes too long", STANDING_UP, A.SETTLE, 0.0, OPERATOR),
    Row(T.SETTLE_TIMEOUT, "sitting down takes too long", SETTLING, A.DAMP, 0.0, RESET),
    Row(T.HANG_TIMEOUT, "hanging has lasted long enough", HANG, A.DAMP, 0.0, RESET),
    Row(T.OPERATOR_STOP, "an operator's stop: sit down, then damp", EVERY_MODE, A.SETTLE, 0.0, RESET),
    Row(T.OPERATOR_DAMP, "an operator's stop: damp", EVERY_MODE, A.DAMP, 0.0, RESET),
    Row(T.OPERATOR_ZERO_TORQUE, "an operator's stop: no torque", EVERY_MODE, A.ZERO_TORQUE, 0.0, RESET),
    Row(T.ESTOP_SETTLE, "the e-stop: an endpoint is silent or asks to settle", WATCHFUL, A.SETTLE, 0.0, RESET),
    Row(T.ESTOP_ZERO_TORQUE, "the e-stop: silent for long, pressed or not set up", WATCHFUL, A.ZERO_TORQUE, 0.0, RESET),
)  # fmt: skip

ROWS: dict[Trigger, Row] = {row.trigger: row for row in TABLE}

TRIGGER_OF_CHECK: dict[Check, Trigger] = {
    Check.STATE_MISSING: Trigger.STATE_STALE,
    Check.STATE_LOST: Trigger.STATE_LATE,
    **dict.fromkeys(
        (Check.STATE_FINITE, Check.STATE_ROBOT, Check.STATE_FUTURE, Check.STATE_ORDER, Check.ORIENTATION_NORM),
        Trigger.STATE_BAD,
    ),
    **{check: Trigger(check.value) for check in Check if check.value in {trigger.value for trigger in Trigger}},
}
"""Which trigger a violation raises; those of commands are counted by who sent the command."""
