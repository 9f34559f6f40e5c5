"""Whether a sample can be used at all: numbers, this robot's, in time and in order. NaN trips every one of them."""

from __future__ import annotations

from surefoot_safety.finite import are_finite, is_count, is_finite
from surefoot_safety.limits import Limits
from surefoot_safety.state import Quaternion, RobotState
from surefoot_safety.violation import Check, Violation

NORM_TOLERANCE = 0.02
"""Of a quaternion's length. Float32 drivers are off by 1e-6; an orientation of zeros or in other units by far more."""
FEET = 4


def not_finite(state: RobotState, joints: int) -> list[Violation]:
    """A field that is not so many finite floats; what the robot does not report may be None."""
    return [
        Violation(Check.STATE_FINITE, f"{name} {_shown(value)} must be {valid}")
        for name, value, right, valid in (
            ("sequence", state.sequence, is_count(state.sequence), "a number of at least 0"),
            ("stamp_s", state.stamp_s, is_finite(state.stamp_s), "finite"),
            *_vectors(state, joints),
            *_reported(state, joints),
        )
        if not right
    ]


_Field = tuple[str, object, bool, str]


def _vectors(state: RobotState, joints: int) -> tuple[_Field, ...]:
    position, speed, torque = state.joint_position_rad, state.joint_velocity_radps, state.joint_torque_nm
    turn, acceleration = state.angular_velocity_in_base_radps, state.acceleration_in_base_mps2
    per_joint = f"{joints} finite numbers"
    return (
        ("joint_position_rad", position, are_finite(position, joints), per_joint),
        ("joint_velocity_radps", speed, are_finite(speed, joints), per_joint),
        ("joint_torque_nm", torque, are_finite(torque, joints), per_joint),
        ("orientation_wxyz", state.orientation_wxyz, are_finite(state.orientation_wxyz, 4), "4 finite numbers"),
        ("angular_velocity_in_base_radps", turn, are_finite(turn, 3), "3 finite numbers"),
        ("acceleration_in_base_mps2", acceleration, are_finite(acceleration, 3), "3 finite numbers"),
    )


def _reported(state: RobotState, joints: int) -> tuple[_Field, ...]:
    contact, height, volts = state.foot_contact, state.base_height_m, state.battery_voltage_v
    temperature, current = state.motor_temperature_c, state.motor_current_a
    per_joint = f"{joints} finite numbers, or None"
    return (
        ("foot_contact", contact, contact is None or _are_flags(contact), f"{FEET} times True or False, or None"),
        ("base_height_m", height, height is None or is_finite(height), "finite, or None"),
        ("motor_temperature_c", temperature, temperature is None or are_finite(temperature, joints), per_joint),
        ("motor_current_a", current, current is None or are_finite(current, joints), per_joint),
        ("battery_voltage_v", volts, volts is None or is_finite(volts), "finite, or None"),
        ("faults", state.faults, _are_texts(state.faults), "a tuple of texts"),
    )


def wrong_robot(state: RobotState, limits: Limits) -> list[Violation]:
    """A sample of another robot."""
    if state.robot_hash == limits.robot_hash:
        return []
    return [Violation(Check.STATE_ROBOT, f"a sample of robot {_shown(state.robot_hash)} came to a {limits.robot}")]


def in_future(stamp_s: float, now_s: float, future_s: float, check: Check) -> list[Violation]:
    """A stamp that now has not reached."""
    if stamp_s - now_s <= future_s:
        return []
    return [Violation(check, f"stamped {stamp_s - now_s:.4f} s in the future > {future_s:g} s")]


def out_of_order(previous: tuple[int, float] | None, sequence: int, stamp_s: float, check: Check) -> list[Violation]:
    """A sequence number or stamp that lies before the previous one, or an old number with a new stamp."""
    if previous is None:
        return []
    last, last_s = previous
    if sequence == last and stamp_s == last_s:
        return []  # the same one again: its age will tell
    if sequence > last and stamp_s >= last_s:
        return []
    return [Violation(check, f"number {sequence} of {stamp_s:.4f} s came after number {last} of {last_s:.4f} s")]


def lost(previous: tuple[int, float] | None, sequence: int, at_most: float, check: Check) -> list[Violation]:
    """Sequence numbers that never came."""
    if previous is None or sequence - previous[0] - 1 <= at_most:
        return []
    return [Violation(check, f"{sequence - previous[0] - 1} lost before number {sequence} > {at_most:g}")]


def wrong_norm(orientation_wxyz: Quaternion) -> list[Violation]:
    """A quaternion that is no orientation."""
    w, x, y, z = orientation_wxyz
    square = w * w + x * x + y * y + z * z
    if abs(square - 1.0) <= 2.0 * NORM_TOLERANCE:
        return []
    return [Violation(Check.ORIENTATION_NORM, f"the orientation's squared length is {square:.3f}, must be 1")]


def too_old(age_s: float, late_s: float, stale_s: float, future_s: float) -> list[Violation]:
    """The age of the newest sample that could be used; after a clock that went back it is negative, and no age."""
    if not -future_s <= age_s <= stale_s:
        return [Violation(Check.STATE_STALE, f"the newest sample is {age_s:.3f} s old, not 0 to {stale_s:g} s")]
    if age_s > late_s:
        return [Violation(Check.STATE_LATE, f"the newest sample is {age_s:.3f} s old > {late_s:g} s")]
    return []


def _are_flags(values: object) -> bool:
    return isinstance(values, tuple) and len(values) == FEET and all(type(value) is bool for value in values)


def _are_texts(values: object) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, str) for value in values)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
