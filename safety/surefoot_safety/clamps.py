"""What can be mended in a command: each function gives the values within its limit and what had to be changed.

Order matters: a target is brought near the measured joint and to a bounded rate first and within the joint's limits
last, so that those always hold; then the gains are lowered until the motors' law asks for no more than the motor has.
"""

from __future__ import annotations

from math import isfinite

from surefoot_safety.command import JointTarget
from surefoot_safety.limits import Limits, torque_range_nm
from surefoot_safety.state import Floats, RobotState
from surefoot_safety.violation import Check, Violation


def clamped_between(
    values: Floats, lower: Floats, upper: Floats, names: tuple[str, ...], *, check: Check, unit: str
) -> tuple[Floats, list[Violation]]:
    """Values brought between their limits."""
    found: list[Violation] = []
    kept = []
    for name, value, low, high in zip(names, values, lower, upper, strict=True):
        if low <= value <= high:
            kept.append(value)
            continue
        held = high if value > high else low
        kept.append(held)
        found.append(Violation(check, f"{name} {value:.3f} {unit} was held at {held:.3f} {unit}"))
    return tuple(kept), found


def clamped_target(
    target: JointTarget, state: RobotState, limits: Limits, anchor_rad: Floats, seconds: float
) -> tuple[JointTarget, list[Violation]]:
    """A target within all limits; `anchor_rad` is where the last one was, `seconds` ago."""
    names = limits.joint_names
    position, found = _clamped_position(target.position_rad, state, limits, anchor_rad, seconds)
    fastest, peak = limits.no_load_speed_radps, limits.torque_nm
    velocity, too_fast = clamped_between(
        target.velocity_radps, _negative(fastest), fastest, names, check=Check.TARGET_SPEED, unit="rad/s"
    )
    torque, too_much = clamped_between(
        target.torque_nm, _negative(peak), peak, names, check=Check.TARGET_TORQUE, unit="Nm"
    )
    within = JointTarget(position, velocity, torque, target.kp_nm_per_rad, target.kd_nms_per_rad)
    softened, too_strong = softened_to_torque(within, state, limits)
    return softened, found + too_fast + too_much + too_strong


def _clamped_position(
    position: Floats, state: RobotState, limits: Limits, anchor_rad: Floats, seconds: float
) -> tuple[Floats, list[Violation]]:
    names, lower, upper = limits.joint_names, limits.target_lower_rad, limits.target_upper_rad
    asked, out_of_range = clamped_between(
        position, limits.asked_lower_rad, limits.asked_upper_rad, names, check=Check.TARGET_RANGE, unit="rad"
    )
    position, _ = clamped_between(asked, lower, upper, names, check=Check.TARGET_RANGE, unit="rad")
    reach = limits.settings.command.target_from_measured_rad
    near, too_far = clamped_between(
        position,
        tuple(angle - reach for angle in state.joint_position_rad),
        tuple(angle + reach for angle in state.joint_position_rad),
        names,
        check=Check.TARGET_STEP,
        unit="rad",
    )
    slow, too_fast = clamped_between(
        near,
        tuple(angle - rate * seconds for angle, rate in zip(anchor_rad, limits.target_rate_radps, strict=True)),
        tuple(angle + rate * seconds for angle, rate in zip(anchor_rad, limits.target_rate_radps, strict=True)),
        names,
        check=Check.TARGET_RATE,
        unit="rad",
    )
    # An anchor may have been left behind by a joint that was pushed away, and a joint may stand beyond its limits.
    again, _ = clamped_between(
        slow,
        tuple(min(angle - reach, high) for angle, high in zip(state.joint_position_rad, upper, strict=True)),
        tuple(max(angle + reach, low) for angle, low in zip(state.joint_position_rad, lower, strict=True)),
        names,
        check=Check.TARGET_STEP,
        unit="rad",
    )
    inside, _ = clamped_between(again, lower, upper, names, check=Check.TARGET_RANGE, unit="rad")
    return inside, out_of_range + too_far + too_fast


def softened_to_torque(target: JointTarget, state: RobotState, limits: Limits) -> tuple[JointTarget, list[Violation]]:
    """Gains and torque of a joint lowered in proportion until its motor can give what its law asks for."""
    found: list[Violation] = []
    share = [1.0] * len(limits.joint_names)
    for joint, angle in enumerate(state.joint_position_rad):
        speed = state.joint_velocity_radps[joint]
        asked = (
            target.kp_nm_per_rad[joint] * (target.position_rad[joint] - angle)
            + target.kd_nms_per_rad[joint] * (target.velocity_radps[joint] - speed)
            + target.torque_nm[joint]
        )
        lowest, highest = torque_range_nm(limits, joint, speed)
        if lowest <= asked <= highest:
            continue
        given = highest if asked > highest else lowest
        # Of numbers so large that their sum is none, nothing is left.
        share[joint] = given / asked if isfinite(asked) else 0.0
        name = limits.joint_names[joint]
        found.append(Violation(Check.PD_TORQUE, f"{name} would give {asked:.1f} Nm, was softened to {given:.1f} Nm"))
    if not found:
        return target, found
    return (
        JointTarget(
            target.position_rad,
            target.velocity_radps,
            _scaled(target.torque_nm, share),
            _scaled(target.kp_nm_per_rad, share),
            _scaled(target.kd_nms_per_rad, share),
        ),
        found,
    )


def _negative(values: Floats) -> Floats:
    return tuple(-value for value in values)


def _scaled(values: Floats, share: list[float]) -> Floats:
    return tuple(value * part for value, part in zip(values, share, strict=True))
