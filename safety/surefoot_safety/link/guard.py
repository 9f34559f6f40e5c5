"""What the link checks for itself before it follows the supervisor. Pure; NaN trips every comparison.

The gate has clamped every command already. This is the second pair of eyes, simpler and of its own code: a command that
is old, not all numbers, another robot's or beyond the robot's limits is not mended but replaced by damping. After that,
and at the start, a stop must come before targets are followed again: a supervisor that was gone for a moment must not
take up a walk that the robot has long fallen out of.
"""

from __future__ import annotations

from dataclasses import dataclass

from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, damping
from surefoot_safety.finite import are_finite, is_count, is_finite
from surefoot_safety.settings import Settings
from surefoot_safety.state import Floats

COMMAND_AGE_S = 0.05
"""As A1-era drivers (see `settings_files`); ten ticks of the supervisor."""
FUTURE_S = 0.005
ROUNDING = 1e-9
"""Of limits that the gate computes in another order."""


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """What a command may be. Tuples are per joint."""

    robot_hash: str
    joint_names: tuple[str, ...]
    lower_rad: Floats
    upper_rad: Floats
    speed_radps: Floats
    torque_nm: Floats
    kp_nm_per_rad: float
    kd_nms_per_rad: float
    damping: JointTarget


def link_limits_of(spec: RobotSpec, settings: Settings) -> LinkLimits:
    """The robot's own limits, and the stiffest gains that its settings allow."""
    digest, command = robot_hash(spec), settings.command
    kd = (command.damping_kd_nms_per_rad,) * len(spec.joint_names)
    return LinkLimits(
        robot_hash=digest,
        joint_names=spec.joint_names,
        lower_rad=tuple(spec.joint_lower_rad.tolist()),
        upper_rad=tuple(spec.joint_upper_rad.tolist()),
        speed_radps=tuple(spec.speed_limit_radps.tolist()),
        torque_nm=tuple(spec.torque_limit_nm.tolist()),
        kp_nm_per_rad=command.kp_limit_nm_per_rad,
        kd_nms_per_rad=command.kd_limit_nms_per_rad,
        damping=damping(digest, 0, 0.0, kd).target,
    )


@dataclass(frozen=True, slots=True)
class GuardMemory:
    """`GuardMemory()` is that of a link that has just begun."""

    trusted: bool = False
    """Whether targets are followed; a stop restores it."""
    judged: JointCommand | None = None
    """The command that `problem` is about: the same one comes several times."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What the motors get."""

    kind: CommandKind
    target: JointTarget
    reason: str = ""
    """Why it is not what the supervisor wants; empty if it is."""


def ordered(
    command: JointCommand | None, age_s: float, limits: LinkLimits, memory: GuardMemory
) -> tuple[Order, GuardMemory]:
    """The newest command or damping; `age_s` is since the supervisor gave it."""
    if command is None:
        return _damped("no command has come", limits), GuardMemory()
    if not -FUTURE_S <= age_s <= COMMAND_AGE_S:
        return _damped(f"the newest command is {age_s:.3f} s old > {COMMAND_AGE_S:g} s", limits), GuardMemory()
    problem = memory.problem if command is memory.judged else problem_of(command, limits)
    if problem:
        return _damped(problem, limits), GuardMemory(judged=command, problem=problem)
    if command.kind is CommandKind.TRACK and not memory.trusted:
        return _damped("a stop must come before targets", limits), GuardMemory(judged=command)
    return Order(command.kind, command.target), GuardMemory(trusted=True, judged=command)


def problem_of(command: JointCommand, limits: LinkLimits) -> str:
    """Why a command cannot be followed; empty if it can."""
    target = command.target
    if command.robot_hash != limits.robot_hash:
        return "the command is for another robot"
    if not (is_count(command.sequence) and is_finite(command.stamp_s)):
        return "the command has no number or stamp"
    if command.kind is CommandKind.TRACK:
        return _beyond_limits(target, limits)
    if any((*target.kp_nm_per_rad, *target.velocity_radps, *target.torque_nm)):  # NaN is not 0 either
        return "a stop that pushes is none"
    if not are_finite(target.position_rad, len(limits.joint_names)):  # times kp 0 it would still be no number
        return "a stop with a position that is no number"
    return _outside("kd", target.kd_nms_per_rad, (0.0,), (limits.kd_nms_per_rad,), limits)


def _beyond_limits(target: JointTarget, limits: LinkLimits) -> str:
    nothing, kp, kd = (0.0,), (limits.kp_nm_per_rad,), (limits.kd_nms_per_rad,)
    speed, torque = limits.speed_radps, limits.torque_nm
    return (
        _outside("position", target.position_rad, limits.lower_rad, limits.upper_rad, limits)
        or _outside("velocity", target.velocity_radps, tuple(-most for most in speed), speed, limits)
        or _outside("torque", target.torque_nm, tuple(-most for most in torque), torque, limits)
        or _outside("kp", target.kp_nm_per_rad, nothing, kp, limits)
        or _outside("kd", target.kd_nms_per_rad, nothing, kd, limits)
    )


def _outside(name: str, values: Floats, lower: Floats, upper: Floats, limits: LinkLimits) -> str:
    """The first value outside; limits are one for all joints, or one each."""
    joints = len(limits.joint_names)
    if not are_finite(values, joints):
        return f"{name} must be {joints} finite numbers"
    if len(lower) == 1:
        lower, upper = lower * joints, upper * joints
    for joint, low, value, high in zip(limits.joint_names, lower, values, upper, strict=True):
        if not low - ROUNDING <= value <= high + ROUNDING:
            return f"{joint}: {name} {value:.3f} is beyond {low:g} to {high:g}"
    return ""


def _damped(reason: str, limits: LinkLimits) -> Order:
    return Order(CommandKind.DAMP, limits.damping, reason)
