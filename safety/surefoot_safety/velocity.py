"""The velocity command as it may be used: within limits, and fading to zero once it is old, never kept up."""

from __future__ import annotations

from surefoot_safety.command import VelocityCommand, standstill
from surefoot_safety.finite import is_count, is_finite
from surefoot_safety.settings import MotionSettings, TimingSettings
from surefoot_safety.violation import Check, Violation


def usable_velocity(
    command: VelocityCommand | None, now_s: float, timing: TimingSettings, motion: MotionSettings, future_s: float
) -> tuple[VelocityCommand, list[Violation]]:
    """What to walk at now, and what had to be changed; standing still if there is nothing to go by."""
    if command is None:
        return standstill(now_s), [Violation(Check.VELOCITY_STALE, "no velocity command has come")]
    if not _is_finite(command):
        return standstill(now_s), [Violation(Check.VELOCITY_FINITE, "the velocity command is not made of numbers")]
    age_s = now_s - command.stamp_s
    if not age_s >= -future_s:
        message = f"the velocity command is stamped {-age_s:.3f} s in the future"
        return standstill(now_s), [Violation(Check.VELOCITY_FUTURE, message)]
    share, found = faded(age_s, timing.velocity_stale_s, timing.velocity_fade_s)
    vx, fast_x = _held(command.vx_mps, motion.vx_limit_mps, "vx_mps")
    vy, fast_y = _held(command.vy_mps, motion.vy_limit_mps, "vy_mps")
    turn, fast_turn = _held(command.yaw_rate_radps, motion.yaw_rate_limit_radps, "yaw_rate_radps")
    usable = VelocityCommand(command.sequence, command.stamp_s, share * vx, share * vy, share * turn)
    return usable, found + fast_x + fast_y + fast_turn


def velocity_age_s(command: VelocityCommand | None, now_s: float, future_s: float) -> float:
    """How long ago the velocity command was given; for ever if there is none to go by, or one from the future."""
    if command is None or not _is_finite(command) or command.stamp_s > now_s + future_s:
        return float("inf")
    return now_s - command.stamp_s


def faded(age_s: float, stale_s: float, fade_s: float) -> tuple[float, list[Violation]]:
    """Which share of a velocity command of this age is left."""
    if age_s <= stale_s:
        return 1.0, []
    left = 1.0 - (age_s - stale_s) / fade_s if age_s < stale_s + fade_s else 0.0
    message = f"the velocity command is {age_s:.2f} s old > {stale_s:g} s: {100.0 * left:.0f} % of it is left"
    return left, [Violation(Check.VELOCITY_STALE, message)]


def _held(value: float, limit: float, name: str) -> tuple[float, list[Violation]]:
    if abs(value) <= limit:
        return value, []
    held = limit if value > 0.0 else -limit
    return held, [Violation(Check.VELOCITY_RANGE, f"{name} {value:.2f} was held at {held:g}")]


def _is_finite(command: VelocityCommand) -> bool:
    numbers = (command.stamp_s, command.vx_mps, command.vy_mps, command.yaw_rate_radps)
    return is_count(command.sequence) and all(is_finite(number) for number in numbers)
