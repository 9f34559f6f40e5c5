"""Records of the channels as standard ROS messages: joints and IMU (REP-145), status and diagnostics."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Header

from surefoot_control.clock import Stamp
from surefoot_safety.channel.records import LoopRecord, StateRecord, StatusRecord, triggers_of

IMU_FRAME, BASE_FRAME = "imu_link", "base_link"
HARDWARE = "surefoot"
OK, WARN, ERROR, STALE = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR, DiagnosticStatus.STALE


def header(stamp: Stamp, frame: str = "") -> Header:
    """A header."""
    made = Header(frame_id=frame)
    made.stamp.sec, made.stamp.nanosec = stamp
    return made


def joint_state(names: Sequence[str], record: StateRecord, stamp: Stamp) -> JointState:
    """Angles, speeds and estimated torques by name."""
    made = JointState(header=header(stamp), name=list(names))
    # Arrays of the right type are taken as they are; lists are looked through number by number.
    made.position = array("d", record.joint_position_rad)
    made.velocity = array("d", record.joint_velocity_radps)
    made.effort = array("d", record.joint_torque_nm)
    return made


def imu(record: StateRecord, stamp: Stamp) -> Imu:
    """Orientation and rates of the base; covariances 0: unknown (REP-145)."""
    made = Imu(header=header(stamp, IMU_FRAME))
    turned, rate, force = made.orientation, made.angular_velocity, made.linear_acceleration
    turned.w, turned.x, turned.y, turned.z = record.orientation_wxyz
    rate.x, rate.y, rate.z = record.angular_velocity_in_base_radps
    force.x, force.y, force.z = record.acceleration_in_base_mps2
    return made


def diagnostics(stamp: Stamp, parts: Iterable[DiagnosticStatus]) -> DiagnosticArray:
    """All of them with one stamp."""
    return DiagnosticArray(header=header(stamp), status=list(parts))


def supervisor_part(status: StatusRecord | None) -> DiagnosticStatus:
    """What the supervisor does and why; None: it is silent."""
    if status is None:
        return part("supervisor", STALE, "silent: the link damps the robot", {})
    level = ERROR if status.latched else WARN if status.active or status.refusals else OK
    because = "; ".join(status.reasons.split("\n")) if status.reasons else ""
    values = {
        "mode": status.mode.value,
        "in_mode_s": status.in_mode_s,
        "command": status.command.value,
        "clamped": status.clamped,
        "active": _names(status.active),
        "latched": _names(status.latched),
        "reasons": status.reasons,
        "last_refusals": status.refusals,
        "estop": status.estop.name.lower(),
        "estop_reasons": status.estop_reasons,
        "state_age_s": status.state_age_s,
        "target_age_s": status.target_age_s,
        "velocity_age_s": status.velocity_age_s,
        "battery_voltage_v": status.battery_voltage_v,
        "hottest_motor_c": status.hottest_motor_c,
    }
    return part("supervisor", level, f"{status.mode.value}{': ' if because else ''}{because}", values)


def loop_part(name: str, loop: LoopRecord | None) -> DiagnosticStatus:
    """How a process keeps its time; None: it is silent."""
    if loop is None:
        return part(name, STALE, "silent", {})
    values = {
        "rate_hz": loop.rate_hz,
        "ticks": loop.ticks,
        "overruns": loop.overruns,
        "skipped": loop.skipped,
        "longest_period_us": loop.longest_period_us,
        "longest_latency_us": loop.longest_latency_us,
        "cpu_s": loop.cpu_s,
        "real_time": loop.real_time,
    }
    return part(name, WARN if loop.note else OK, loop.note or "running", values)


def dropped_part(name: str, counts: Mapping[str, int], last: Mapping[str, str]) -> DiagnosticStatus:
    """What a node has dropped so far, and why the last of each kind."""
    values = {f"{kind} dropped": count for kind, count in counts.items()}
    reasons = {f"{kind} dropped last": why for kind, why in last.items()}
    return part(name, WARN if counts else OK, "; ".join(last.values()) or "nothing dropped", {**values, **reasons})


def part(name: str, level: bytes, message: str, values: Mapping[str, object]) -> DiagnosticStatus:
    """One line of diagnostics with its values; what is not known is left out."""
    pairs = [KeyValue(key=key, value=_text(value)) for key, value in values.items() if not _is_unknown(value)]
    return DiagnosticStatus(
        name=f"{HARDWARE}: {name}", level=level, message=message, hardware_id=HARDWARE, values=pairs
    )


def _names(bits: int) -> str:
    return ", ".join(trigger.value for trigger in triggers_of(bits))


def _is_unknown(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
