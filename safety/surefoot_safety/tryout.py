"""A supervisor to play with: around it a robot that does as it is told, and any cause of trouble on demand.

Everything is made up: joints go at once where targets send them, the body stays level unless told otherwise. It shows
what the supervisor does, not how a robot falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gait import Gait, Gaits
from surefoot_safety.limits import Limits
from surefoot_safety.mode import Mode, Request
from surefoot_safety.pose_gait import pose_gaits
from surefoot_safety.state import Floats, Quaternion, RobotState
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Inputs, Output, Status
from surefoot_safety.table import Trigger

TICK_S = 0.005
STEP_RAD = 0.1
"""In one tick: 20 rad/s."""
POLICY_TICKS = 4
"""Ticks of the supervisor to one of the policy."""


class SpoilableGait:
    """A gait that can be made to fail, or never to arrive."""

    def __init__(self, gait: Gait) -> None:
        self._gait = gait
        self.fails = self.never_arrives = False

    def begin(self, state: RobotState) -> None:
        """As the gait within."""
        self._gait.begin(state)

    def tick(self, state: RobotState, command: VelocityCommand, now_s: float) -> JointTarget:
        """As the gait within, unless it is made to fail."""
        if self.fails:
            raise ValueError("this gait was made to fail")
        return self._gait.tick(state, command, now_s)

    @property
    def finished(self) -> bool:
        """As the gait within, unless it is never to arrive."""
        return self._gait.finished and not self.never_arrives


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line."""

    now_s: float
    text: str


class Tryout:
    """A supervisor at 200 Hz in a made-up world."""

    def __init__(self, limits: Limits, spec: RobotSpec, gaits: Gaits | None = None) -> None:
        """With gaits that know poses only, unless others are given."""
        own = gaits or pose_gaits(spec)
        self._gaits = [SpoilableGait(gait) for gait in (own.stand_up, own.stand, own.sit, own.fallback)]
        self.limits = limits
        self.supervisor = Supervisor(limits, Gaits(*self._gaits))
        self.faults: set[Trigger] = set()
        """Causes that are there now."""
        self._told: frozenset[Trigger] = frozenset()
        """Triggers that have acted and whose causes are not over."""
        self._default: Floats = tuple(spec.default_joint_position_rad.tolist())
        self._kp: Floats = tuple(spec.kp_nm_per_rad.tolist())
        self._kd: Floats = tuple(spec.kd_nms_per_rad.tolist())
        self._joints: Floats = tuple(spec.pose_rad("lying").tolist())
        self._speeds: Floats = (0.0,) * len(self._joints)
        self._frozen_rad = self._joints[0]
        """What the first joint's encoder said before it froze."""
        self._ticks, self._sequence, self._now_s = 0, 0, 0.0
        self._answered = (0, 0.0)
        self._output = self.supervisor.tick(self._inputs(()))

    @property
    def mode(self) -> Mode:
        """What the robot is doing."""
        return self.supervisor.mode

    @property
    def output(self) -> Output:
        """What left the supervisor last."""
        return self._output

    def advance(self, seconds: float, *requests: Request) -> list[Event]:
        """Let time pass; the requests come with the first tick."""
        events = []
        for tick in range(max(1, round(seconds / TICK_S))):
            events += self._tick(requests if tick == 0 else ())
        return events

    def time_ticks(self, ticks: int, clock_ns: Callable[[], int]) -> list[int]:
        """What so many ticks of the supervisor take, each by itself and without this world around it."""
        times = []
        for _ in range(ticks):
            self._ticks, self._sequence, self._now_s = self._ticks + 1, self._sequence + 1, self._now_s + TICK_S
            inputs = self._inputs(())
            start = clock_ns()
            self._output = self.supervisor.tick(inputs)
            times.append(clock_ns() - start)
        return times

    def _tick(self, requests: tuple[Request, ...]) -> list[Event]:
        before = self._output.status
        self._ticks += 1
        self._now_s += 0.1 if Trigger.TICK_LATE in self.faults else TICK_S
        for gait in self._gaits:
            gait.fails = Trigger.GAIT_BAD in self.faults
        stand_up, _, sit, _ = self._gaits
        stand_up.never_arrives = Trigger.STAND_UP_TIMEOUT in self.faults
        sit.never_arrives = Trigger.SETTLE_TIMEOUT in self.faults
        self._sequence += 100 if Trigger.STATE_LATE in self.faults else 1
        inputs = self._inputs(requests)
        for trigger, spoil in SPOILS.items():
            if trigger in self.faults:
                inputs = spoil(inputs)
        self._output = self.supervisor.tick(inputs)
        self._move()
        return self._events(before)

    def _move(self) -> None:
        """Joints go to their targets, or where somebody forces them, no faster than motors can."""
        command = self._output.command
        wanted = command.target.position_rad if command.kind is CommandKind.TRACK else self._joints
        lower, upper = self.limits.target_lower_rad, self.limits.target_upper_rad
        wanted = tuple(min(high, max(low, to)) for low, to, high in zip(lower, wanted, upper, strict=True))
        if Trigger.JOINT_RANGE in self.faults:
            wanted = _first(wanted, 3.0)
        if Trigger.LEG_LOADED in self.faults:  # somebody lifts a foot
            wanted = _first(wanted, self._default[0] + 0.5)
        if Trigger.SINKING in self.faults:  # knees give way
            wanted = tuple(
                max(lower[joint], self._joints[joint] - 0.5 * STEP_RAD) if joint % 3 == 2 else to
                for joint, to in enumerate(wanted)
            )
        moved = tuple(at + min(STEP_RAD, max(-STEP_RAD, to - at)) for at, to in zip(self._joints, wanted, strict=True))
        self._speeds = tuple((b - a) / TICK_S for a, b in zip(self._joints, moved, strict=True))
        self._joints = moved

    def _inputs(self, requests: tuple[Request, ...]) -> Inputs:
        """All is well."""
        now_s, still = self._now_s, (0.0,) * len(self._joints)
        if Trigger.ENCODER_FROZEN not in self.faults:
            self._frozen_rad = self._joints[0]
        digest = self.limits.robot_hash
        state = RobotState(
            robot_hash=digest,
            sequence=self._sequence,
            stamp_s=now_s,
            joint_position_rad=_first(self._joints, self._frozen_rad),
            joint_velocity_radps=self._told_speeds(),
            joint_torque_nm=still,
            orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
            angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
            # Of the noise of an IMU this much is left: it never repeats itself.
            acceleration_in_base_mps2=(0.0, 0.0, 9.81 + 1e-6 * self._ticks),
            battery_voltage_v=self.limits.settings.health.battery_low_v - (Trigger.BATTERY_LOW in self.faults),
        )
        # A late policy leaves out every other answer.
        every = 2 * POLICY_TICKS if Trigger.POLICY_LATE in self.faults else POLICY_TICKS
        if self._ticks % every == 0:
            self._answered = (self._ticks, now_s)
        # A policy that looks at its sensors never says the same twice.
        answer = (*self._default[:-1], self._default[-1] + 1e-9 * (self._ticks // every % 7))
        law = JointTarget(answer, still, still, self._kp, self._kd)
        policy = JointCommand(digest, *self._answered, CommandKind.TRACK, law)
        velocity = VelocityCommand(self._ticks, now_s, 0.5, 0.0, 0.0)
        return Inputs(now_s, state, policy, velocity, requests, EstopLevel.RELEASED)

    def _told_speeds(self) -> Floats:
        """Of the joints. One that is too fast goes to and fro, or its angle would have to go along."""
        if Trigger.JOINT_SPEED not in self.faults:
            return self._speeds
        return _first(self._speeds, 1.02 * self.limits.measured_speed_radps[0] * (-1) ** self._ticks)

    def _events(self, before: Status) -> list[Event]:
        """What is new. What a mode does not watch any more is not over: its cause is still there."""
        status = self._output.status
        texts = [*status.refusals]
        texts += [f"{trigger.value}: {why}" for trigger, why in status.active.items() if trigger not in before.active]
        over = [trigger for trigger in self._told if trigger not in status.raised]
        texts += [f"{trigger.value} is over" for trigger in over]
        self._told = (self._told | status.active.keys()) - set(over)
        if status.mode is not before.mode:
            texts.append(f"{before.mode.value} → {status.mode.value} ({self._output.command.kind.value})")
        return [Event(self._now_s, text) for text in texts]


Spoil = Callable[[Inputs], Inputs]


def _with_state(**changes: Any) -> Spoil:  # noqa: ANN401, fields of a sample, each of its own type
    return lambda inputs: replace(inputs, state=replace(_state(inputs), **changes))


def _state(inputs: Inputs) -> RobotState:
    assert inputs.state is not None
    return inputs.state


def _policy(inputs: Inputs) -> JointCommand:
    assert inputs.target is not None
    return inputs.target


def _first(values: Floats, value: float) -> Floats:
    return (value, *values[1:])


def _turned(angle_rad: float) -> Quaternion:
    return (math.cos(0.5 * angle_rad), math.sin(0.5 * angle_rad), 0.0, 0.0)


def _moved_first_joint(inputs: Inputs, angle_rad: float) -> Inputs:
    state = _state(inputs)
    return replace(inputs, state=replace(state, joint_position_rad=_first(state.joint_position_rad, angle_rad)))


def _first_joint_speed(inputs: Inputs, speed_radps: float) -> Inputs:
    state = _state(inputs)
    return replace(inputs, state=replace(state, joint_velocity_radps=_first(state.joint_velocity_radps, speed_radps)))


def _pulled(inputs: Inputs, acceleration_mps2: float) -> Inputs:
    """Forward, by somebody's grip."""
    state = _state(inputs)
    _, y, z = state.acceleration_in_base_mps2
    return replace(inputs, state=replace(state, acceleration_in_base_mps2=(acceleration_mps2, y, z)))


def _policy_target(inputs: Inputs, angle_rad: float) -> Inputs:
    policy = _policy(inputs)
    target = replace(policy.target, position_rad=_first(policy.target.position_rad, angle_rad))
    return replace(inputs, target=replace(policy, target=target))


def _velocity_of_ago(age_s: float) -> Spoil:
    return lambda inputs: replace(inputs, velocity=VelocityCommand(0, inputs.now_s - age_s, 0.5, 0.0, 0.0))


def _asking(request: Request) -> Spoil:
    return lambda inputs: replace(inputs, requests=(*inputs.requests, request))


SPOILS: dict[Trigger, Spoil] = {
    Trigger.CLOCK: lambda inputs: replace(inputs, now_s=math.nan),
    Trigger.TICK_LATE: lambda inputs: inputs,  # made by the clock of the tryout
    Trigger.STATE_LATE: lambda inputs: inputs,  # made where samples are counted
    Trigger.STATE_BAD: _with_state(robot_hash="that of another robot"),
    Trigger.JOINT_RANGE: lambda inputs: inputs,  # made where joints move
    Trigger.JOINT_SPEED: lambda inputs: inputs,  # made where samples are, by the robot's own limit
    Trigger.TILT: _with_state(orientation_wxyz=_turned(1.05)),
    Trigger.FALLING: _with_state(angular_velocity_in_base_radps=(8.0, 0.0, 0.0)),
    Trigger.LOW_BASE: _with_state(base_height_m=0.05),
    Trigger.SINKING: lambda inputs: inputs,  # made where joints move
    Trigger.SHOVED: lambda inputs: _pulled(inputs, 30.0),
    Trigger.NO_CONTACT: _with_state(foot_contact=(False,) * 4),
    Trigger.FOOT_CONTACT: _with_state(foot_contact=(False, False, True, False)),
    Trigger.TRUNK_MOVES: _with_state(angular_velocity_in_base_radps=(0.0, 0.0, 0.6)),
    Trigger.LEG_LOADED: lambda inputs: inputs,  # made where joints move
    Trigger.ENCODER_FROZEN: lambda inputs: _first_joint_speed(inputs, 5.0),  # its angle is where samples are made
    Trigger.ENCODER_JUMP: lambda inputs: _moved_first_joint(inputs, 0.3 * (-1) ** _state(inputs).sequence),
    Trigger.IMU_FROZEN: _with_state(acceleration_in_base_mps2=(0.0, 0.0, 9.81)),
    Trigger.IMU_DISAGREES: _with_state(orientation_wxyz=_turned(0.6)),
    Trigger.MOTOR_WARM: _with_state(motor_temperature_c=(75.0,) * 12),
    Trigger.MOTOR_HOT: _with_state(motor_temperature_c=(95.0,) * 12),
    Trigger.MOTOR_CURRENT: _with_state(motor_current_a=(99.0,) * 12),
    Trigger.BATTERY_LOW: lambda inputs: inputs,  # made by the tryout, which knows what is low for this robot
    Trigger.BATTERY_EMPTY: _with_state(battery_voltage_v=0.0),
    Trigger.ROBOT_FAULT: _with_state(faults=("motor 3 has lost its encoder",)),
    Trigger.POLICY_LATE: lambda inputs: inputs,  # made where the policy answers
    Trigger.POLICY_BAD: lambda inputs: _policy_target(inputs, math.nan),
    Trigger.LIMIT_HITS: lambda inputs: _policy_target(inputs, 10.0),
    Trigger.VELOCITY_STALE: _velocity_of_ago(0.5),
    Trigger.VELOCITY_SILENT: _velocity_of_ago(3.0),
    Trigger.OPERATOR_SILENT: _velocity_of_ago(20.0),
    Trigger.GAIT_BAD: lambda inputs: inputs,  # made by the gaits of the tryout
    Trigger.STAND_UP_TIMEOUT: lambda inputs: inputs,
    Trigger.SETTLE_TIMEOUT: lambda inputs: inputs,
    Trigger.OPERATOR_STOP: _asking(Request.STOP),
    Trigger.OPERATOR_DAMP: _asking(Request.DAMP),
    Trigger.OPERATOR_ZERO_TORQUE: _asking(Request.ZERO_TORQUE),
    Trigger.ESTOP_SETTLE: lambda inputs: replace(inputs, estop=EstopLevel.SETTLE_THEN_DAMP),
    Trigger.ESTOP_ZERO_TORQUE: lambda inputs: replace(inputs, estop=EstopLevel.ZERO_TORQUE),
    # What takes something away comes last: the others bend it.
    Trigger.STATE_STALE: lambda inputs: replace(inputs, state=None),
    Trigger.POLICY_SILENT: lambda inputs: replace(inputs, target=None),
    Trigger.INTERNAL_ERROR: lambda inputs: replace(inputs, requests=None),  # type: ignore[arg-type]  # on purpose
}
"""How each cause is made. A fallback, or hanging, that lasts too long has no cause of its own: it takes patience."""
