"""The whole stack below the robot node in one process and in injected time: no clock, the same run every time.

Link, supervisor, channels and simulated robot are those of `surefoot up --sim`; only their loops are stepped here. For
tests and for campaigns that need more runs than real time allows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import COMMAND, STATE, TARGET, read_channel, write_channel
from surefoot_safety.channel.records import CommandRecord, StateRecord, TargetRecord, target_record
from surefoot_safety.command import JointCommand, VelocityCommand
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gait import Gaits
from surefoot_safety.limits import limits_of
from surefoot_safety.link.guard import link_limits_of
from surefoot_safety.link.link import Link
from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.mailbox import REQUESTS, Mail, socket_path
from surefoot_safety.process.requests import Answer, parse_answer, request_message
from surefoot_safety.process.supervising import Ports, Supervising
from surefoot_safety.settings import Settings
from surefoot_safety.supervisor import Supervisor
from surefoot_safety.supervisor_io import Output
from surefoot_training.simulated.config import World
from surefoot_training.simulated.robot import SimulatedRobot

LINK_MS, SUPERVISOR_MS = 1, 5
KEY = bytes(32)
"""Of the e-stop: nobody else is there."""
START_MS = 10_000
"""Clocks do not begin at 0, and what takes 0 for never must be found out."""


class Stepped:
    """One robot. `hung` names loops that do not run meanwhile, as after SIGSTOP: `link`, `supervisor`, `console`."""

    def __init__(self, spec: RobotSpec, settings: Settings, gaits: Gaits, world: World, folder: Path) -> None:
        self._ms = START_MS
        self.robot = SimulatedRobot(spec, world)
        self._states = write_channel(folder, STATE, StateRecord)
        self._targets = write_channel(folder, TARGET, TargetRecord)
        self._ports = Ports.open(folder)
        self._commands = read_channel(folder, COMMAND, CommandRecord)
        self.link = Link(self.robot, self._commands, self._states, link_limits_of(spec, settings))
        estop = EStop(KEY)
        estop.configure(
            [Endpoint("operator", settings.estop.timeout_s, settings.estop.zero_torque_after_s)], motors_on=False
        )
        limits = limits_of(spec, settings)
        self.supervising = Supervising(spec.name, Supervisor(limits, gaits), estop, self._ports)
        self._console = EstopEndpoint("operator", KEY)
        self._mail = Mail(socket_path(folder, REQUESTS))
        self._answers: list[Answer] = []
        self.hung: set[str] = set()
        self.output: Output | None = None
        """The supervisor's last."""

    @property
    def now_s(self) -> float:
        """The time that it is."""
        return 0.001 * self._ms

    @property
    def mode(self) -> Mode:
        """What the robot is doing."""
        return Mode.OFF if self.output is None else self.output.status.mode

    def target(self, command: JointCommand | None, velocity: VelocityCommand | None) -> None:
        """What the robot node would hand on."""
        self._targets.write(target_record(command, velocity), self.now_s)

    def ask(self, request: Request) -> Answer:
        """An operator's request, and what the supervisor says to it."""
        self._answers.clear()
        self._mail.send(request_message(request, 1))
        self.run(0.001 * 2 * SUPERVISOR_MS)
        return self._answers[-1]

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> float:
        """Let time pass, at most until something is so; how much it was."""
        began_ms = self._ms
        for _ in range(round(1000.0 * seconds)):
            self._tick()
            if until is not None and until():
                break
        return 0.001 * (self._ms - began_ms)

    def close(self) -> None:
        """Leave nothing behind."""
        for port in (self._states, self._targets, self._commands, self._mail):
            port.close()
        self._ports.close()
        self.robot.close()

    def _tick(self) -> None:
        self._ms += LINK_MS
        if "link" not in self.hung:
            self.link.tick(lambda: self.now_s)
        if self._ms % SUPERVISOR_MS:
            return
        if "console" not in self.hung:
            self._mail.send(self._console.check_in(EstopLevel.RELEASED))
        if "supervisor" not in self.hung:
            self.output = self.supervising.tick(lambda: self.now_s)
        while (data := self._mail.answer()) is not None:
            answer = parse_answer(data)
            if answer is not None:
                self._answers.append(answer)
            else:
                self._console.challenged(data)
