"""The link's tick: newest command → own check → motors; sensors → channel."""

from __future__ import annotations

import logging
from collections.abc import Callable

from surefoot_robots.drivers.driver import Driver
from surefoot_safety.channel.memory import Reader, Received, Writer
from surefoot_safety.channel.records import CommandRecord, StateRecord, joint_command, state_record
from surefoot_safety.command import CommandKind, JointCommand
from surefoot_safety.link.guard import GuardMemory, LinkLimits, Order, ordered
from surefoot_safety.process.histogram import Histogram

LOG = logging.getLogger(__name__)
RATE_HZ = 1000.0
QUIET_S = 2.0
"""Between two lines about the same thing."""


class Link:
    """One robot's. `tick` is to be called at 1 kHz."""

    def __init__(
        self, driver: Driver, commands: Reader[CommandRecord], states: Writer[StateRecord], limits: LinkLimits
    ) -> None:
        self._driver, self._commands, self._states, self._limits = driver, commands, states, limits
        self._received: Received[CommandRecord] | None = None
        self._command: JointCommand | None = None
        self._memory = GuardMemory()
        self._samples = 0
        self._error = ""
        self._told_s = -float("inf")
        self.order = Order(CommandKind.DAMP, limits.damping, "no command has come")
        self._answered_s = -float("inf")
        self.latencies = Histogram()

    @property
    def note(self) -> str:
        """Why it does not do what the supervisor wants; empty if it does."""
        return self._error or self.order.reason

    def tick(self, clock_s: Callable[[], float]) -> float:
        """Everything once; when that was. An error of the driver is reported and does not end the loop.

        The time is taken after the channel was read: no command can then be from the future.
        """
        is_new = self._newest(clock_s())
        now_s = clock_s()
        age_s = float("inf") if self._received is None else now_s - self._received.stamp_s
        before = self.order
        self.order, self._memory = ordered(self._command, age_s, self._limits, self._memory)
        if self.order.reason and not before.reason and now_s - self._told_s > QUIET_S:
            LOG.warning("damping: %s", self.order.reason)
            self._told_s = now_s
        try:
            self._driver.write(self.order.target, now_s)
            self._publish(now_s)
        except Exception as error:  # a robot whose link has died damps by its own timeout only
            self._note_error(f"driver: {type(error).__name__}: {error}")
        else:
            self._error = ""
        if is_new and self.order.kind is CommandKind.TRACK and self._command is not None:
            self._note_latency(self._command.stamp_s, now_s)
        return now_s

    def let_go(self, now_s: float) -> None:
        """Damp a last time and close the driver."""
        try:
            self._driver.write(self._limits.damping, now_s)
        finally:
            self._driver.close()

    def _newest(self, now_s: float) -> bool:
        """Take the newest command over; whether it is another one than in the last tick."""
        received = self._commands.read(now_s)
        if received is self._received:
            return False
        self._received = received
        self._command = None if received is None else joint_command(received.record)
        return True

    def _publish(self, now_s: float) -> None:
        sample = self._driver.read(now_s)
        if sample is None:
            return
        self._samples += 1
        faults = (f"the link damps: {self.order.reason}",) if self.order.reason else ()
        self._states.write(state_record(sample, self._limits.robot_hash, self._samples, faults), now_s)

    def _note_latency(self, stamp_s: float, now_s: float) -> None:
        """Of the first command that answers a sample; targets of a policy are repeated until there are others."""
        if stamp_s != self._answered_s:
            self._answered_s = stamp_s
            self.latencies.add(1e6 * (now_s - stamp_s))

    def _note_error(self, text: str) -> None:
        if text != self._error:
            LOG.error(text)
        self._error = text
