"""What a robot's sensors say, in words: radians for machines, degrees beside them for people."""

from __future__ import annotations

import math
from collections.abc import Sequence

from surefoot.sensing import Sensed
from surefoot_robots.spec import JOINT_ROLES, LEG_NAMES
from surefoot_safety.channel.records import (
    BATTERY,
    BETWEEN_FAULTS,
    CONTACT,
    CURRENT,
    HEIGHT,
    TEMPERATURE,
    CommandRecord,
    StateRecord,
)
from surefoot_safety.command import CommandKind
from surefoot_safety.state import Quaternion, gravity_in_base

JOINT_NAMES = tuple(f"{leg}_{role}_joint" for leg in LEG_NAMES for role in JOINT_ROLES)
"""Of every robot: see `surefoot_robots.loader`."""
MOVED_RAD = math.radians(2.0)
"""What a hand does on purpose, and noise does not."""
LEAN_RAD = math.radians(1.0)
COLUMNS = ("joint", "rad", "deg", "moved deg", "rad/s", "Nm", "kp", "kd", "motor °C")
WIDTHS = (14, 7, 7, 9, 7, 7, 5, 5, 8)
ABSENT = "–"


def sensor_lines(sensed: Sensed, robot: str) -> list[str]:
    """Everything, for a person at the robot; 80 columns wide."""
    state = sensed.state
    if state is None:
        return [f"{robot}: no samples: the link is not running, or its driver has none yet"]
    return [
        f"{robot}: {_age(sensed)}; {_motors(sensed)}",
        *([f"link: {sensed.link_note}"] if sensed.link_note else []),
        "",
        _row(COLUMNS),
        *(_row(cells) for cells in _joint_cells(state, sensed)),
        "",
        *_imu_lines(state),
        *_other_lines(state),
        *([f"moved most: {moved}"] if (moved := _most_moved(sensed)) else []),
    ]


def sensor_json(sensed: Sensed) -> dict[str, object] | None:
    """Everything, for machines, in SI; null for what the robot does not report, None without a sample."""
    state = sensed.state
    if state is None:
        return None
    wxyz = _quaternion(state)
    roll_rad, pitch_rad, yaw_rad = roll_pitch_yaw_rad(wxyz)
    return {
        "age_s": sensed.age_s,
        "rate_hz": sensed.rate_hz,
        "sequence": state.sequence,
        "stamp_s": state.stamp_s,
        "joints": _joints_json(state, sensed),
        "imu": {
            "orientation_wxyz": wxyz,
            "roll_rad": roll_rad,
            "pitch_rad": pitch_rad,
            "yaw_rad": yaw_rad,
            "gravity_in_base": gravity_in_base(wxyz),
            "angular_velocity_in_base_radps": state.angular_velocity_in_base_radps,
            "acceleration_in_base_mps2": state.acceleration_in_base_mps2,
        },
        "foot_contact": _if(state, CONTACT, dict(zip(LEG_NAMES, state.foot_contact, strict=True))),
        "base_height_m": _if(state, HEIGHT, state.base_height_m),
        "battery_voltage_v": _if(state, BATTERY, state.battery_voltage_v),
        "motors": None if sensed.command is None else sensed.command.kind,
        "link_note": sensed.link_note,
        "faults": [fault for fault in state.faults.split(BETWEEN_FAULTS) if fault],
    }


def roll_pitch_yaw_rad(orientation_wxyz: Quaternion) -> tuple[float, float, float]:
    """About x, then y, then z of the world (REP-103): right side down, nose down and turned left are positive."""
    w, x, y, z = orientation_wxyz
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    pitch = math.asin(max(-1.0, min(1.0, 2.0 * (w * y - x * z))))
    return roll, pitch, math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def _joints_json(state: StateRecord, sensed: Sensed) -> list[dict[str, object]]:
    command, moved = sensed.command, sensed.moved_rad
    follows = command is not None and command.kind is CommandKind.TRACK
    return [
        {
            "name": name,
            "position_rad": state.joint_position_rad[joint],
            "moved_rad": None if moved is None else moved[joint],
            "velocity_radps": state.joint_velocity_radps[joint],
            "torque_nm": state.joint_torque_nm[joint],
            "target_rad": command.position_rad[joint] if command is not None and follows else None,
            "kp_nm_per_rad": None if command is None else command.kp_nm_per_rad[joint],
            "kd_nms_per_rad": None if command is None else command.kd_nms_per_rad[joint],
            "temperature_c": _if(state, TEMPERATURE, state.motor_temperature_c[joint]),
            "current_a": _if(state, CURRENT, state.motor_current_a[joint]),
        }
        for joint, name in enumerate(JOINT_NAMES)
    ]


def _joint_cells(state: StateRecord, sensed: Sensed) -> list[tuple[str, ...]]:
    return [
        (
            name,
            f"{state.joint_position_rad[joint]:+.3f}",
            f"{math.degrees(state.joint_position_rad[joint]):+.1f}",
            ABSENT if sensed.moved_rad is None else f"{math.degrees(sensed.moved_rad[joint]):+.1f}",
            f"{state.joint_velocity_radps[joint]:+.2f}",
            f"{state.joint_torque_nm[joint]:+.2f}",
            *_gains(sensed.command, joint),
            f"{state.motor_temperature_c[joint]:.0f}" if state.reported & TEMPERATURE else ABSENT,
        )
        for joint, name in enumerate(JOINT_NAMES)
    ]


def _gains(command: CommandRecord | None, joint: int) -> tuple[str, str]:
    if command is None:
        return ABSENT, ABSENT
    return f"{command.kp_nm_per_rad[joint]:.4g}", f"{command.kd_nms_per_rad[joint]:.4g}"


def _imu_lines(state: StateRecord) -> list[str]:
    wxyz = _quaternion(state)
    roll, pitch, yaw = roll_pitch_yaw_rad(wxyz)
    leans = [
        *([f"{'right' if roll > 0 else 'left'} side down"] if abs(roll) > LEAN_RAD else []),
        *([f"nose {'down' if pitch > 0 else 'up'}"] if abs(pitch) > LEAN_RAD else []),
    ]
    turns = state.angular_velocity_in_base_radps
    return [
        f"IMU  roll {_angle(roll)}  pitch {_angle(pitch)}  yaw {_angle(yaw)}"
        + (f"  ({', '.join(leans)})" if leans else ""),
        f"     gravity      {_vector(gravity_in_base(wxyz))}   (level: 0, 0, −1)",
        f"     turning      {_vector(turns)} rad/s  ({', '.join(f'{math.degrees(turn):+.0f}' for turn in turns)} °/s)",
        f"     acceleration {_vector(state.acceleration_in_base_mps2)} m/s²  (at rest: 9.81 upwards)",
    ]


def _other_lines(state: StateRecord) -> list[str]:
    parts = []
    if state.reported & CONTACT:
        touching = [leg for leg, touches in zip(LEG_NAMES, state.foot_contact, strict=True) if touches]
        parts.append(f"feet on the ground: {', '.join(touching) or 'none'}")
    if state.reported & HEIGHT:
        parts.append(f"trunk {state.base_height_m:.3f} m high")
    if state.reported & BATTERY:
        parts.append(f"battery {state.battery_voltage_v:.1f} V")
    parts += [f"faults: {state.faults}"] if state.faults else []
    return ["; ".join(parts)] if parts else []


def _most_moved(sensed: Sensed) -> str:
    if sensed.moved_rad is None:
        return ""
    moved_rad, name = max(zip(sensed.moved_rad, JOINT_NAMES, strict=True), key=lambda pair: abs(pair[0]))
    if abs(moved_rad) < MOVED_RAD:
        return "nothing yet (move a leg by hand: its joint is named here)"
    return (
        f"{name}, which {'has grown' if moved_rad > 0 else 'has shrunk'} by {_angle(abs(moved_rad)).replace('+', '')}"
    )


def _age(sensed: Sensed) -> str:
    rate = "" if sensed.rate_hz is None else f", {sensed.rate_hz:.0f} samples a second"
    return f"sample {1000.0 * sensed.age_s:.0f} ms old{rate}"


def _motors(sensed: Sensed) -> str:
    return "no supervisor" if sensed.command is None else f"motors told: {sensed.command.kind.value}"


def _row(cells: Sequence[str]) -> str:
    name, *numbers = cells
    texts = [f"{cell:>{width}}" for cell, width in zip(numbers, WIDTHS[1:], strict=True)]
    return " ".join([f"{name:<{WIDTHS[0]}}", *texts])


def _angle(angle_rad: float) -> str:
    """Both ways."""
    return f"{angle_rad:+.3f} rad = {math.degrees(angle_rad):+.1f}°"


def _vector(values: Sequence[float]) -> str:
    return " ".join(f"{value + 0.0:+7.2f}" for value in values)  # −0.0 + 0.0 is 0.0


def _quaternion(state: StateRecord) -> Quaternion:
    w, x, y, z = state.orientation_wxyz
    return w, x, y, z


def _if(state: StateRecord, bit: int, value: object) -> object:
    """What the robot reports; None for what it does not."""
    return value if state.reported & bit else None
