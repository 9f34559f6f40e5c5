"""The supervisor between its channels: sample, targets and requests in, command, status and answers out."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from surefoot_safety.channel.channels import COMMAND, STATE, STATUS, TARGET, read_channel, write_channel
from surefoot_safety.channel.memory import Reader, Received, Writer
from surefoot_safety.channel.records import (
    CommandRecord,
    StateRecord,
    StatusRecord,
    TargetRecord,
    bits_of,
    command_record,
    policy_command,
    robot_state,
    velocity_command,
)
from surefoot_safety.command import CommandKind, JointCommand, VelocityCommand
from surefoot_safety.estop import EStop
from surefoot_safety.estop_message import CHECK_IN_MAGIC
from surefoot_safety.mode import STOPS, Mode, Request
from surefoot_safety.process.histogram import Histogram
from surefoot_safety.process.mailbox import REQUESTS, Letter, Mailbox, socket_path
from surefoot_safety.process.mailbox import STOPS as STOP_BOX
from surefoot_safety.process.requests import Answer, answer_message, parse_request
from surefoot_safety.state import RobotState
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Inputs, Output
from surefoot_safety.table import Trigger

LOG = logging.getLogger(__name__)
RATE_HZ = 200.0
AT_REST = frozenset({Mode.OFF, Mode.STOPPED, Mode.DAMPED})
"""Modes in which the process may end."""
WITHOUT_POWER = frozenset({Mode.OFF, Mode.STOPPED})
"""Modes in which a reset lets go of strangers' stops: they have done all they could. Off, it does nothing else."""
QUIET_S = 2.0
"""A trigger that was away for less is the same one still."""
NOT_UNDERSTOOD = "not a request"


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that leads in and out."""

    state: Reader[StateRecord]
    target: Reader[TargetRecord]
    requests: Mailbox
    stops: Mailbox
    command: Writer[CommandRecord]
    status: Writer[StatusRecord]

    @classmethod
    def open(cls, folder: Path) -> Ports:
        """All of one robot's. The command's writer comes first: while it is ours, so are the mailboxes."""
        command = write_channel(folder, COMMAND, CommandRecord)
        return cls(
            state=read_channel(folder, STATE, StateRecord),
            target=read_channel(folder, TARGET, TargetRecord),
            requests=Mailbox(socket_path(folder, REQUESTS)),
            stops=Mailbox(socket_path(folder, STOP_BOX)),
            command=command,
            status=write_channel(folder, STATUS, StatusRecord),
        )

    def close(self) -> None:
        """Leave nothing behind."""
        for port in (self.state, self.target, self.requests, self.stops, self.status, self.command):
            port.close()


class Supervising:
    """One robot's supervisor at work. `tick` is to be called at 200 Hz."""

    def __init__(self, robot: str, supervisor: Supervisor, estop: EStop, ports: Ports) -> None:
        self._robot, self._supervisor, self._estop, self._ports = robot, supervisor, estop, ports
        self._state: tuple[Received[StateRecord], RobotState] | None = None
        self._target: tuple[Received[TargetRecord], JointCommand | None, VelocityCommand | None] | None = None
        self._told_s: dict[Trigger, float] = {}
        self._mode = supervisor.mode
        self._refusals: tuple[str, ...] = ()
        self._began_s = math.inf
        self._answered_s = -math.inf
        self.latencies = Histogram()
        self.settling = False
        """Whether every tick asks for a stop."""

    @property
    def at_rest(self) -> bool:
        """Whether the process may end."""
        return self._supervisor.mode in AT_REST

    def tick(self, clock_s: Callable[[], float]) -> Output:
        """Everything once. The time is taken after the channels were read: nothing can then be from the future."""
        looked_s = clock_s()
        received = self._ports.state.read(looked_s), self._ports.target.read(looked_s)
        now_s = clock_s()
        letters = [*self._ports.stops.take(), *self._ports.requests.take()]
        # Before these letters are read: a stop that comes with a reset, or after it, counts.
        if self._supervisor.mode in WITHOUT_POWER and any(map(_asks_for_reset, letters)):
            self._estop.clear_strangers()
        asked = self._read(letters, now_s)
        requests = tuple(request for _, request, _ in asked)
        state, (command, velocity) = self._state_of(received[0]), self._target_of(received[1])
        self._began_s = min(self._began_s, now_s)
        output = self._supervisor.tick(
            Inputs(
                now_s,
                state,
                command,
                velocity,
                (*requests, Request.STOP) if self.settling else requests,
                self._estop.level(now_s),
            )
        )
        self._ports.command.write(command_record(output.command, output.sample_stamp_s), now_s)
        self._ports.status.write(self._status_record(output, now_s, state, command, velocity), now_s)
        self._answer(asked, output)
        self._tell(output, now_s)
        if output.command.kind is CommandKind.TRACK and output.command.stamp_s != self._answered_s:
            self._answered_s = output.command.stamp_s
            self.latencies.add(1e6 * (now_s - self._answered_s))
        return output

    def _state_of(self, received: Received[StateRecord] | None) -> RobotState | None:
        if received is None:
            return None
        if self._state is None or self._state[0] is not received:
            self._state = received, robot_state(received.record)
        return self._state[1]

    def _target_of(self, received: Received[TargetRecord] | None) -> tuple[JointCommand | None, VelocityCommand | None]:
        if received is None:
            return None, None
        if self._target is None or self._target[0] is not received:
            self._target = received, policy_command(received.record), velocity_command(received.record)
        return self._target[1:]

    def _read(self, letters: list[Letter], now_s: float) -> list[tuple[Letter, Request, int]]:
        """The requests among the letters; e-stop messages are taken and answered here."""
        asked = []
        for letter in letters:
            if letter.data.startswith(CHECK_IN_MAGIC):
                reply = self._estop.check_in(letter.data, now_s)
                if reply.message:
                    self._ports.requests.answer(letter, reply.message)
                continue
            found = parse_request(letter.data)
            if found is None:
                self._ports.requests.answer(letter, answer_message(Answer(0, NOT_UNDERSTOOD, self._supervisor.mode)))
            else:
                asked.append((letter, *found))
        return asked

    def _answer(self, asked: list[tuple[Letter, Request, int]], output: Output) -> None:
        """Say to each what came of it. Stops are never refused; of other requests the first may be followed."""
        refusals = list(output.status.refusals)
        moves = [number for _, request, number in asked if request not in STOPS]
        texts = [*[""] * (len(moves) - len(refusals)), *refusals]
        for letter, request, number in asked:
            refusal = "" if request in STOPS else texts.pop(0)
            self._ports.requests.answer(letter, answer_message(Answer(number, refusal, output.status.mode)))

    def _status_record(
        self,
        output: Output,
        now_s: float,
        state: RobotState | None,
        command: JointCommand | None,
        velocity: VelocityCommand | None,
    ) -> StatusRecord:
        status, walk = output.status, output.velocity
        if status.refusals:
            self._refusals = status.refusals
        volts = None if state is None else state.battery_voltage_v
        warmth = None if state is None else state.motor_temperature_c
        reasons = {**status.latched, **status.active}
        return StatusRecord(
            robot=self._robot,
            mode=status.mode,
            in_mode_s=min(status.in_mode_s, now_s - self._began_s),
            raised=bits_of(status.raised),
            active=bits_of(status.active),
            latched=bits_of(status.latched),
            reasons="\n".join(f"{trigger.value}: {why}" for trigger, why in reasons.items()),
            refusals="\n".join(self._refusals),
            command=output.command.kind,
            clamped=status.verdict.clamped,
            velocity=(walk.vx_mps, walk.vy_mps, walk.yaw_rate_radps),
            state_sequence=0 if state is None else state.sequence,
            state_age_s=math.inf if state is None else now_s - state.stamp_s,
            target_age_s=math.inf if command is None else now_s - command.stamp_s,
            velocity_age_s=math.inf if velocity is None else now_s - velocity.stamp_s,
            battery_voltage_v=math.nan if volts is None else volts,
            hottest_motor_c=max(warmth) if warmth else math.nan,
            estop=self._estop.level(now_s),
            estop_reasons="; ".join(self._estop.reasons(now_s)),
            settling=self.settling,
        )

    def _tell(self, output: Output, now_s: float) -> None:
        """Log what is new; what comes and goes, no more than once in a while."""
        status = output.status
        for trigger, why in status.active.items():
            if now_s - self._told_s.get(trigger, -math.inf) > QUIET_S:
                LOG.warning("%s: %s", trigger.value, why)
            self._told_s[trigger] = now_s
        for refusal in status.refusals:
            LOG.info("%s", refusal)
        if status.mode is not self._mode:
            LOG.info("%s → %s", self._mode.value, status.mode.value)
            self._mode = status.mode


def _asks_for_reset(letter: Letter) -> bool:
    found = parse_request(letter.data)
    return found is not None and found[0] is Request.RESET
