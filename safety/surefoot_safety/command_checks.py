"""Whether a command can be used at all. NaN trips every one of these checks."""

from __future__ import annotations

from surefoot_safety.command import CommandKind, JointCommand
from surefoot_safety.finite import are_finite, is_count, is_finite
from surefoot_safety.limits import Limits
from surefoot_safety.violation import Check, Violation


def command_not_finite(command: JointCommand, joints: int) -> list[Violation]:
    """A field that is not so many finite floats."""
    target, per_joint = command.target, f"{joints} finite numbers"
    return [
        Violation(Check.COMMAND_FINITE, f"{name} must be {valid}")
        for name, right, valid in (
            ("sequence", is_count(command.sequence), "a number of at least 0"),
            ("stamp_s", is_finite(command.stamp_s), "finite"),
            ("kind", isinstance(command.kind, CommandKind), "a kind of command"),
            ("position_rad", are_finite(target.position_rad, joints), per_joint),
            ("velocity_radps", are_finite(target.velocity_radps, joints), per_joint),
            ("torque_nm", are_finite(target.torque_nm, joints), per_joint),
            ("kp_nm_per_rad", are_finite(target.kp_nm_per_rad, joints), per_joint),
            ("kd_nms_per_rad", are_finite(target.kd_nms_per_rad, joints), per_joint),
        )
        if not right
    ]


def command_of_wrong_robot(command: JointCommand, limits: Limits) -> list[Violation]:
    """A command that was made for another robot."""
    if command.robot_hash == limits.robot_hash:
        return []
    return [Violation(Check.COMMAND_ROBOT, f"a command for robot {command.robot_hash!r:.60} came to a {limits.robot}")]


def command_too_old(stamp_s: float, now_s: float, limit_s: float) -> list[Violation]:
    """A command that answers a sample of long ago."""
    age_s = now_s - stamp_s
    if age_s <= limit_s:
        return []
    return [Violation(Check.COMMAND_AGE, f"answers a sample of {age_s:.3f} s ago > {limit_s:g} s")]


def gains_out_of_range(command: JointCommand, limits: Limits) -> list[Violation]:
    """Gains below zero, which would push instead of hold, or beyond what this robot may have."""
    allowed, target = limits.settings.command, command.target
    return [
        Violation(Check.COMMAND_GAIN, f"{joint} {name} {gain:g} is outside 0 to {most:g}")
        for name, gains, most in (
            ("kp_nm_per_rad", target.kp_nm_per_rad, allowed.kp_limit_nm_per_rad),
            ("kd_nms_per_rad", target.kd_nms_per_rad, allowed.kd_limit_nms_per_rad),
        )
        for joint, gain in zip(limits.joint_names, gains, strict=True)
        if not 0.0 <= gain <= most
    ]
