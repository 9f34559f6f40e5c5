"""The gate: nothing reaches the motors that has not come through here.

Whatever comes in, what leaves is a stop (damping or no torque) or finite targets and gains within this robot's limits.
Pure: the memory of the last tick comes in and that of this one goes out; time comes in; no exception leaves.

`gate` does all of it. The supervisor does its two halves one after the other: `observe` the sample, then, having made
up its mind, `decide` on the command.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from surefoot_safety.body_checks import (
    falling,
    joints_out_of_range,
    joints_too_fast,
    low_base,
    no_contact,
    sinking,
    tilted,
)
from surefoot_safety.clamps import clamped_target
from surefoot_safety.clearance import clearance
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, damping, zero_torque
from surefoot_safety.command_checks import (
    command_not_finite,
    command_of_wrong_robot,
    command_too_old,
    gains_out_of_range,
)
from surefoot_safety.finite import is_finite
from surefoot_safety.health_checks import battery_weak, faults_reported, motors_overloaded, motors_too_warm
from surefoot_safety.limits import Limits
from surefoot_safety.plausibility import (
    EncoderMemory,
    ImuMemory,
    encoders_at_first,
    encoders_implausible,
    imu_at_first,
    imu_implausible,
)
from surefoot_safety.shove import ShoveMemory, shoved
from surefoot_safety.state import Floats, RobotState
from surefoot_safety.state_checks import (
    in_future,
    lost,
    not_finite,
    out_of_order,
    too_old,
    wrong_norm,
    wrong_robot,
)
from surefoot_safety.violation import STOPPING, Check, Verdict, Violation

NO_SAMPLE = Violation(Check.STATE_MISSING, "no sample that can be used has come from the robot")


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest sample that could be used, and what was found in it."""

    state: RobotState
    encoders: EncoderMemory
    imu: ImuMemory
    shove: ShoveMemory
    found: tuple[Violation, ...]


@dataclass(frozen=True, slots=True)
class GateMemory:
    """What the gate remembers from tick to tick; `GateMemory()` is that of a new one."""

    now_s: float | None = None
    sample: Sample | None = None
    command: tuple[int, float] | None = None
    """Sequence and stamp of the last command."""
    sent_rad: Floats | None = None
    """The last joint targets that left, if what left last was no stop."""
    seconds: float = 0.0
    """Between the last two ticks."""
    sent: int = 0
    """Commands that have left."""

    @property
    def time_s(self) -> float:
        """Now, or the last time that was one."""
        return 0.0 if self.now_s is None else self.now_s

    def with_other_source(self) -> GateMemory:
        """For commands that come from somewhere else from now on: their numbers and targets start anew."""
        return replace(self, command=None, sent_rad=None)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one tick's sample and clock came to."""

    violations: tuple[Violation, ...]
    memory: GateMemory


@dataclass(frozen=True, slots=True)
class Judgement:
    """What leaves the gate, why, and what it remembers."""

    command: JointCommand
    verdict: Verdict
    memory: GateMemory


def gate(
    command: JointCommand | None,
    state: RobotState | None,
    now_s: float,
    limits: Limits,
    memory: GateMemory,
) -> Judgement:
    """Judge a command (None: there is none, so damp) against the newest sample (None: there is none)."""
    observation = observe(state, now_s, limits, memory)
    return decide(command, now_s, limits, observation)


def observe(state: RobotState | None, now_s: float, limits: Limits, memory: GateMemory) -> Observation:
    """Look at the clock and at the newest sample."""
    try:
        return _observe(state, now_s, limits, memory)
    except Exception as error:  # whatever was handed over: it is a reason to stop, not to crash
        return Observation((_internal(error),), memory)


def decide(command: JointCommand | None, now_s: float, limits: Limits, observation: Observation) -> Judgement:
    """What leaves, given what was observed in this tick."""
    try:
        return _decide(command, now_s, limits, observation)
    except Exception as error:
        return _stopped((*observation.violations, _internal(error)), limits, observation.memory)


def command_violations(
    command: JointCommand, now_s: float, limits: Limits, previous: tuple[int, float] | None
) -> list[Violation]:
    """Everything that makes a command unusable, or that is worth a report; `previous` is the one before it."""
    try:
        found = command_not_finite(command, len(limits.joint_names))
    except AttributeError as error:
        return [Violation(Check.COMMAND_FINITE, f"not a command: {error}")]
    if found:
        return found
    settings = limits.settings.command
    sequence, stamp_s = command.sequence, command.stamp_s
    return [
        *command_of_wrong_robot(command, limits),
        *in_future(stamp_s, now_s, settings.future_s, Check.COMMAND_FUTURE),
        *command_too_old(stamp_s, now_s, settings.command_age_s),
        *out_of_order(previous, sequence, stamp_s, Check.COMMAND_ORDER),
        *lost(previous, sequence, settings.lost_in_a_row, Check.COMMAND_LOST),
        *gains_out_of_range(command, limits),
    ]


def _internal(error: Exception) -> Violation:
    return Violation(Check.INTERNAL_ERROR, f"{type(error).__name__}: {error}")


def _observe(state: RobotState | None, now_s: float, limits: Limits, memory: GateMemory) -> Observation:
    clock, memory = _clock(now_s, limits, memory)
    rejected, memory = _newest(state, now_s, limits, memory)
    timing = limits.settings.timing
    if memory.sample is None:
        return Observation((*clock, *rejected, NO_SAMPLE), memory)
    age_s, future_s = now_s - memory.sample.state.stamp_s, limits.settings.command.future_s
    age = too_old(age_s, timing.state_late_s, timing.state_stale_s, future_s)
    return Observation((*clock, *rejected, *age, *memory.sample.found), memory)


def _clock(now_s: float, limits: Limits, memory: GateMemory) -> tuple[list[Violation], GateMemory]:
    """Time must go on, and not in leaps. One that went back is reported once and then the time it is."""
    last_s, gap_s = memory.now_s, limits.settings.timing.tick_gap_s
    if not is_finite(now_s):
        return [Violation(Check.CLOCK, f"now is {now_s!r}")], replace(memory, seconds=0.0)
    if last_s is None:
        return [], replace(memory, now_s=now_s, seconds=0.0)
    if not now_s > last_s:
        found = [Violation(Check.CLOCK, f"now is {now_s:.4f} s, and before it was {last_s:.4f} s")]
        return found, replace(memory, now_s=now_s, seconds=0.0)
    seconds = now_s - last_s
    late = [Violation(Check.TICK_LATE, f"{seconds:.3f} s since the last tick > {gap_s:g} s")] if seconds > gap_s else []
    return late, replace(memory, now_s=now_s, seconds=seconds)


def _newest(
    state: RobotState | None, now_s: float, limits: Limits, memory: GateMemory
) -> tuple[list[Violation], GateMemory]:
    """Take the newest sample over if it can be used; if not, what is wrong with it."""
    if state is None or (memory.sample is not None and state is memory.sample.state):
        return [], memory
    rejected = not_finite(state, len(limits.joint_names))
    if rejected:
        return rejected, memory
    last = None if memory.sample is None else (memory.sample.state.sequence, memory.sample.state.stamp_s)
    settings = limits.settings.command
    rejected = [
        *wrong_robot(state, limits),
        *in_future(state.stamp_s, now_s, settings.future_s, Check.STATE_FUTURE),
        *out_of_order(last, state.sequence, state.stamp_s, Check.STATE_ORDER),
        *wrong_norm(state.orientation_wxyz),
    ]
    if rejected or last == (state.sequence, state.stamp_s):
        return rejected, memory
    missing = lost(last, state.sequence, settings.lost_in_a_row, Check.STATE_LOST)
    return [], replace(memory, sample=_sampled(state, limits, memory.sample, missing))


def _sampled(state: RobotState, limits: Limits, last: Sample | None, missing: list[Violation]) -> Sample:
    """Everything that one usable sample tells."""
    sensors, names = limits.settings.sensors, limits.joint_names
    found = (*missing, *_body(state, limits), *_health(state, limits))
    if last is None:
        return Sample(state, encoders_at_first(state), imu_at_first(state), ShoveMemory(state.stamp_s), found)
    jumps, encoders = encoders_implausible(state, last.encoders, names, sensors)
    tales, imu = imu_implausible(state, last.imu, sensors)
    blows, shove = shoved(state, last.shove, limits.settings.body.shove_mps)
    return Sample(state, encoders, imu, shove, (*found, *jumps, *tales, *blows))


def _body(state: RobotState, limits: Limits) -> list[Violation]:
    body, down = limits.settings.body, state.gravity_in_base
    beyond = joints_out_of_range(state, limits)
    return [
        *beyond,
        *joints_too_fast(state, limits),
        *tilted(down, body.tilt_rad),
        *falling(down, state.angular_velocity_in_base_radps, body.falling_horizon_s, body.falling_tilt_rad),
        # Of joints that are nowhere there is no telling where the feet are; they are reason enough to stop.
        *([] if beyond else _near_ground(state, limits)),
        *no_contact(state.foot_contact),
    ]


def _near_ground(state: RobotState, limits: Limits) -> list[Violation]:
    """By the legs; by what the robot says of its height too, if it does."""
    body = limits.settings.body
    above = clearance(limits.underside, state, body.sinking_horizon_s)
    told_m = above.base_m if state.base_height_m is None else state.base_height_m
    return [
        *(low_base(above.base_m, limits.least_base_height_m) or low_base(told_m, limits.least_base_height_m)),
        *sinking(above.trunk_m, body.sinking_clearance_m),
    ]


def _health(state: RobotState, limits: Limits) -> list[Violation]:
    health, names = limits.settings.health, limits.joint_names
    return [
        *motors_too_warm(state.motor_temperature_c, names, health.motor_warm_c, health.motor_hot_c),
        *motors_overloaded(state.motor_current_a, names, health.motor_current_a),
        *battery_weak(state.battery_voltage_v, health.battery_low_v, health.battery_empty_v),
        *faults_reported(state.faults),
    ]


def _decide(command: JointCommand | None, now_s: float, limits: Limits, observation: Observation) -> Judgement:
    seen, memory = observation.violations, observation.memory
    if command is None or command.kind is CommandKind.DAMP:
        return _stopped(seen, limits, memory)
    if command.kind is CommandKind.ZERO_TORQUE:
        return _released(seen, limits, memory)
    found = command_violations(command, now_s, limits, memory.command)
    violations = (*seen, *found)
    if memory.sample is None or any(violation.check in STOPPING for violation in violations):
        return _stopped(violations, limits, memory)
    state = memory.sample.state
    anchor = state.joint_position_rad if memory.sent_rad is None else memory.sent_rad
    target, changed = clamped_target(command.target, state, limits, anchor, memory.seconds)
    return _tracked(command, target, Verdict((*violations, *changed)), limits, memory)


def _tracked(
    command: JointCommand, target: JointTarget, verdict: Verdict, limits: Limits, memory: GateMemory
) -> Judgement:
    sent = memory.sent + 1
    leaving = JointCommand(limits.robot_hash, sent, command.stamp_s, CommandKind.TRACK, target)
    number = (command.sequence, command.stamp_s)
    return Judgement(leaving, verdict, replace(memory, command=number, sent_rad=target.position_rad, sent=sent))


def _stopped(violations: tuple[Violation, ...], limits: Limits, memory: GateMemory) -> Judgement:
    sent = memory.sent + 1
    leaving = damping(limits.robot_hash, sent, memory.time_s, limits.damping_kd_nms_per_rad)
    return Judgement(leaving, Verdict(violations), replace(memory, sent_rad=None, sent=sent))


def _released(violations: tuple[Violation, ...], limits: Limits, memory: GateMemory) -> Judgement:
    sent = memory.sent + 1
    leaving = zero_torque(limits.robot_hash, sent, memory.time_s, len(limits.joint_names))
    return Judgement(leaving, Verdict(violations), replace(memory, sent_rad=None, sent=sent))
