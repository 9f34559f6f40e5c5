"""What motors and battery report, where they do. Every comparison is written so that NaN trips it."""

from __future__ import annotations

from surefoot_safety.state import Floats
from surefoot_safety.violation import Check, Violation


def motors_too_warm(
    temperature_c: Floats | None, joint_names: tuple[str, ...], warm_c: float, hot_c: float
) -> list[Violation]:
    """Motors that are hot, and those that are warm."""
    found = []
    for name, celsius in zip(joint_names, temperature_c or (), strict=temperature_c is not None):
        if not celsius <= hot_c:
            found.append(Violation(Check.MOTOR_HOT, f"{name} motor at {celsius:.0f} °C > {hot_c:g} °C"))
        if not celsius <= warm_c:
            found.append(Violation(Check.MOTOR_WARM, f"{name} motor at {celsius:.0f} °C > {warm_c:g} °C"))
    return found


def motors_overloaded(current_a: Floats | None, joint_names: tuple[str, ...], limit_a: float) -> list[Violation]:
    """Motors that draw too much, either way."""
    return [
        Violation(Check.MOTOR_CURRENT, f"{name} motor draws {ampere:.1f} A > {limit_a:g} A")
        for name, ampere in zip(joint_names, current_a or (), strict=current_a is not None)
        if not abs(ampere) <= limit_a
    ]


def battery_weak(voltage_v: float | None, low_v: float, empty_v: float) -> list[Violation]:
    """A battery that is nearly empty, or low."""
    if voltage_v is None or voltage_v >= low_v:
        return []
    low = Violation(Check.BATTERY_LOW, f"battery at {voltage_v:.1f} V < {low_v:g} V")
    if not voltage_v >= empty_v:
        return [Violation(Check.BATTERY_EMPTY, f"battery at {voltage_v:.1f} V < {empty_v:g} V"), low]
    return [low]


def faults_reported(faults: tuple[str, ...]) -> list[Violation]:
    """What the robot itself says."""
    return [Violation(Check.ROBOT_FAULT, f"the robot reports: {fault}") for fault in faults]
