"""What the body does, from a sample that can be used. Every comparison is written so that NaN trips it."""

from __future__ import annotations

from surefoot_safety.limits import Limits
from surefoot_safety.state import RobotState, Vector3, tilt_rad, tilt_rate_radps
from surefoot_safety.violation import Check, Violation


def joints_out_of_range(state: RobotState, limits: Limits) -> list[Violation]:
    """Joints beyond their limits by more than the overrun."""
    return [
        Violation(Check.JOINT_RANGE, f"{name} at {angle:.3f} rad is outside {low:.3f} to {high:.3f} rad")
        for name, angle, low, high in zip(
            limits.joint_names,
            state.joint_position_rad,
            limits.measured_lower_rad,
            limits.measured_upper_rad,
            strict=True,
        )
        if not low <= angle <= high
    ]


def joints_too_fast(state: RobotState, limits: Limits) -> list[Violation]:
    """Joints faster than their motors can be."""
    return [
        Violation(Check.JOINT_SPEED, f"{name} at {speed:.2f} rad/s > {limit:.2f} rad/s")
        for name, speed, limit in zip(
            limits.joint_names, state.joint_velocity_radps, limits.measured_speed_radps, strict=True
        )
        if not abs(speed) <= limit
    ]


def tilted(gravity: Vector3, limit_rad: float) -> list[Violation]:
    """The base tilted too far."""
    tilt = tilt_rad(gravity)
    if tilt <= limit_rad:
        return []
    return [Violation(Check.TILT, f"tilted by {tilt:.2f} rad > {limit_rad:g} rad")]


def falling(
    gravity: Vector3, angular_velocity_in_base_radps: Vector3, horizon_s: float, limit_rad: float
) -> list[Violation]:
    """The tilt that its rate leads to within the horizon."""
    rate = tilt_rate_radps(gravity, angular_velocity_in_base_radps)
    foreseen = tilt_rad(gravity) + horizon_s * rate
    if foreseen <= limit_rad:
        return []
    return [Violation(Check.FALLING, f"tilting at {rate:.2f} rad/s towards {foreseen:.2f} rad > {limit_rad:g} rad")]


def low_base(height_m: float, least_m: float) -> list[Violation]:
    """The base near the ground."""
    if height_m >= least_m:
        return []
    return [Violation(Check.LOW_BASE, f"the base is {height_m:.3f} m above the ground < {least_m:.3f} m")]


def sinking(trunk_m: float, least_m: float) -> list[Violation]:
    """The trunk on the ground, or about to touch it."""
    if trunk_m >= least_m:
        return []
    return [Violation(Check.SINKING, f"about to be {trunk_m:.3f} m between trunk and ground < {least_m:g} m")]


def no_contact(foot_contact: tuple[bool, ...] | None) -> list[Violation]:
    """No foot on the ground, where that is known."""
    if foot_contact is None or any(foot_contact):
        return []
    return [Violation(Check.NO_CONTACT, "no foot touches the ground")]
