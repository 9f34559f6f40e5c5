"""What goes through the channels: flat records of fixed size, and the way to and from what the safety layer uses."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from surefoot_robots.drivers.driver import Sample
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode
from surefoot_safety.state import RobotState
from surefoot_safety.table import Trigger

JOINTS = 12
PeriodCounts: TypeAlias = Annotated[tuple[int, ...], 192]
"""See `surefoot_safety.process.histogram`."""
PerJoint: TypeAlias = Annotated[tuple[float, ...], JOINTS]
Vector: TypeAlias = Annotated[tuple[float, ...], 3]

CONTACT, HEIGHT, TEMPERATURE, CURRENT, BATTERY = 1, 2, 4, 8, 16
"""Bits of `StateRecord.reported`: absent and NaN are different things."""
BETWEEN_FAULTS = "; "
TRIGGERS = tuple(Trigger)


@dataclass(frozen=True, slots=True)
class StateRecord:
    """`state`, link →: one sample. See `surefoot_safety.state.RobotState`."""

    robot_hash: Annotated[str, 64]
    sequence: int
    stamp_s: float
    joint_position_rad: PerJoint
    joint_velocity_radps: PerJoint
    joint_torque_nm: PerJoint
    orientation_wxyz: Annotated[tuple[float, ...], 4]
    angular_velocity_in_base_radps: Vector
    acceleration_in_base_mps2: Vector
    reported: int
    foot_contact: Annotated[tuple[bool, ...], 4]
    base_height_m: float
    motor_temperature_c: PerJoint
    motor_current_a: PerJoint
    battery_voltage_v: float
    faults: Annotated[str, 200]


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """`command`, supervisor →: what the motors are to do. See `surefoot_safety.command.JointCommand`."""

    robot_hash: Annotated[str, 64]
    sequence: int
    stamp_s: float
    kind: CommandKind
    position_rad: PerJoint
    velocity_radps: PerJoint
    torque_nm: PerJoint
    kp_nm_per_rad: PerJoint
    kd_nms_per_rad: PerJoint
    sample_stamp_s: float
    """Of the sample that the joints were judged by; NaN if there was none. For whoever judges the supervisor."""


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """`target`, robot node →: the policy's newest joint targets and the operator's newest velocity, where there are."""

    has_command: bool
    command_sequence: int
    command_stamp_s: float
    robot_hash: Annotated[str, 64]
    position_rad: PerJoint
    velocity_radps: PerJoint
    torque_nm: PerJoint
    kp_nm_per_rad: PerJoint
    kd_nms_per_rad: PerJoint
    has_velocity: bool
    velocity_sequence: int
    velocity_stamp_s: float
    velocity: Vector


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """`status`, supervisor →: what it does and why."""

    robot: Annotated[str, 32]
    mode: Mode
    in_mode_s: float
    raised: int
    """Bits, in the order of `TRIGGERS`; `triggers_of` takes them apart."""
    active: int
    latched: int
    reasons: Annotated[str, 800]
    """One line for each trigger that is active or latched."""
    refusals: Annotated[str, 200]
    command: CommandKind
    clamped: bool
    velocity: Vector
    """To walk at: what a policy must see."""
    state_sequence: int
    state_age_s: float
    target_age_s: float
    velocity_age_s: float
    """Ages of what never came are infinite."""
    battery_voltage_v: float
    hottest_motor_c: float
    """NaN if the robot does not report them."""
    estop: EstopLevel
    estop_reasons: Annotated[str, 200]
    settling: bool
    """Whether the process has been asked to end, and brings the robot to rest first."""


@dataclass(frozen=True, slots=True)
class LoopRecord:
    """`link`, `supervisor`, `robot_node`, `policy_node`: how a process keeps its time."""

    process: int
    rate_hz: float
    ticks: int
    overruns: int
    """Ticks that ended after the next one was due."""
    skipped: int
    """Ticks that were due and never ran."""
    longest_period_us: float
    periods: PeriodCounts
    longest_latency_us: float
    latencies: PeriodCounts
    """From the stamp of a sample to the hand-over of the first command that answers it."""
    cpu_s: float
    """Processor time of the process so far."""
    real_time: Annotated[str, 300]
    note: Annotated[str, 200]
    """What it has to say: of a link, why it does not follow the supervisor."""


NOTHING = (0.0,) * JOINTS
NO_FEET = (False,) * 4


def state_record(sample: Sample, robot_hash: str, sequence: int, faults: tuple[str, ...]) -> StateRecord:
    """A sample as it goes through the channel; `faults` are further ones, found by the link."""
    contact, height, volts = sample.foot_contact, sample.base_height_m, sample.battery_voltage_v
    temperature, current = sample.motor_temperature_c, sample.motor_current_a
    reported = (
        (CONTACT if contact is not None else 0)
        | (HEIGHT if height is not None else 0)
        | (TEMPERATURE if temperature is not None else 0)
        | (CURRENT if current is not None else 0)
        | (BATTERY if volts is not None else 0)
    )
    return StateRecord(
        robot_hash,
        sequence,
        sample.stamp_s,
        sample.joint_position_rad,
        sample.joint_velocity_radps,
        sample.joint_torque_nm,
        sample.orientation_wxyz,
        sample.angular_velocity_in_base_radps,
        sample.acceleration_in_base_mps2,
        reported,
        NO_FEET if contact is None else contact,
        0.0 if height is None else height,
        NOTHING if temperature is None else temperature,
        NOTHING if current is None else current,
        0.0 if volts is None else volts,
        BETWEEN_FAULTS.join((*sample.faults, *faults)),
    )


def robot_state(record: StateRecord) -> RobotState:
    """The sample as the supervisor judges it."""
    reported = record.reported
    w, x, y, z = record.orientation_wxyz
    return RobotState(
        record.robot_hash,
        record.sequence,
        record.stamp_s,
        record.joint_position_rad,
        record.joint_velocity_radps,
        record.joint_torque_nm,
        (w, x, y, z),
        _three(record.angular_velocity_in_base_radps),
        _three(record.acceleration_in_base_mps2),
        record.foot_contact if reported & CONTACT else None,
        record.base_height_m if reported & HEIGHT else None,
        record.motor_temperature_c if reported & TEMPERATURE else None,
        record.motor_current_a if reported & CURRENT else None,
        record.battery_voltage_v if reported & BATTERY else None,
        tuple(record.faults.split(BETWEEN_FAULTS)) if record.faults else (),
    )


def command_record(command: JointCommand, sample_stamp_s: float | None) -> CommandRecord:
    """What the supervisor decided, and by which sample, as it goes through the channel."""
    target = command.target
    return CommandRecord(
        command.robot_hash,
        command.sequence,
        command.stamp_s,
        command.kind,
        target.position_rad,
        target.velocity_radps,
        target.torque_nm,
        target.kp_nm_per_rad,
        target.kd_nms_per_rad,
        math.nan if sample_stamp_s is None else sample_stamp_s,
    )


def joint_command(record: CommandRecord) -> JointCommand:
    """What the supervisor decided, as it was."""
    target = JointTarget(
        record.position_rad, record.velocity_radps, record.torque_nm, record.kp_nm_per_rad, record.kd_nms_per_rad
    )
    return JointCommand(record.robot_hash, record.sequence, record.stamp_s, record.kind, target)


def target_record(command: JointCommand | None, velocity: VelocityCommand | None) -> TargetRecord:
    """Joint targets and velocity, as they go through the channel; None for what there is not."""
    target = None if command is None else command.target
    return TargetRecord(
        command is not None,
        0 if command is None else command.sequence,
        0.0 if command is None else command.stamp_s,
        "" if command is None else command.robot_hash,
        NOTHING if target is None else target.position_rad,
        NOTHING if target is None else target.velocity_radps,
        NOTHING if target is None else target.torque_nm,
        NOTHING if target is None else target.kp_nm_per_rad,
        NOTHING if target is None else target.kd_nms_per_rad,
        velocity is not None,
        0 if velocity is None else velocity.sequence,
        0.0 if velocity is None else velocity.stamp_s,
        (0.0,) * 3 if velocity is None else (velocity.vx_mps, velocity.vy_mps, velocity.yaw_rate_radps),
    )


def policy_command(record: TargetRecord) -> JointCommand | None:
    """The policy's joint targets; None if it gave none. Without kind on the way: a policy can only track."""
    if not record.has_command:
        return None
    target = JointTarget(
        record.position_rad, record.velocity_radps, record.torque_nm, record.kp_nm_per_rad, record.kd_nms_per_rad
    )
    return JointCommand(record.robot_hash, record.command_sequence, record.command_stamp_s, CommandKind.TRACK, target)


def velocity_command(record: TargetRecord) -> VelocityCommand | None:
    """The operator's velocity; None if there was none."""
    if not record.has_velocity:
        return None
    return VelocityCommand(record.velocity_sequence, record.velocity_stamp_s, *record.velocity)


def bits_of(triggers: Iterable[Trigger]) -> int:
    """Triggers as bits."""
    return sum(BIT[trigger] for trigger in triggers)


def triggers_of(bits: int) -> tuple[Trigger, ...]:
    """The triggers that bits stand for."""
    return tuple(trigger for trigger in TRIGGERS if bits & BIT[trigger])


BIT = {trigger: 1 << number for number, trigger in enumerate(TRIGGERS)}


def _three(values: tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = values
    return x, y, z
