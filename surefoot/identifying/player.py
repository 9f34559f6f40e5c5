"""Plays a motion between the channels of a robot, in the place of a policy, and hears what comes of it.

Time is injected. Nothing goes round the supervisor: targets go to it as a policy's do, with all of its checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from surefoot.identifying.heard import Heard
from surefoot.identifying.motion import SWAY_S, Motion, legs_apart, swaying
from surefoot_calibration.log.joint_log import Gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import COMMAND, STATE, STATUS, read_channel
from surefoot_safety.channel.records import CommandRecord, StateRecord, StatusRecord
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand, standstill
from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.requests import Answer

HandOn: TypeAlias = Callable[[JointCommand, VelocityCommand], None]
"""To the supervisor, by the channel of targets."""
TARGET_S = 0.0049
"""Between targets: 200 Hz, as the supervisor ticks, whatever the clock's grain."""
BEFORE_S = 0.1
"""Targets are given for so long before the supervisor is asked to follow them."""
FRESH_S = 0.2
"""Of a sample, to begin with."""
NO_SAMPLES = "see what it does: surefoot status"
LED_RAD = 0.002
"""Between a target that was given and the one that was sent, once joints are there: what a sway moves in two ticks."""
LEAD_S = 12.0
"""At the supervisor's rate, 0.5 rad/s, every joint has gone through all of its range by then."""
LEADS = 2
"""First legs are spread, then they go where the plan begins."""
SLOW_RADPS = 0.5
"""As the supervisor leads them, which it does to the first target only."""


@dataclass(slots=True)
class Numbers:
    """Of what was handed on last, by whomever."""

    command: int = 0
    velocity: int = 0


@dataclass(frozen=True, slots=True)
class Played:
    """A motion that was played to its end."""

    heard: Heard
    clamped: int
    """Looks at the supervisor's status in which the gate had changed a target."""


class Player:
    """Of one robot, in the air. `play` does it all; `step` lets a millisecond pass and says when it is."""

    mode, begins_by, ends_by = Mode.HANGING, Request.HANG, Request.ARM
    """In which mode targets are followed, and what leads there and back."""

    def __init__(self, robot: RobotSpec, gains: Gains, folder: Path, hand_on: HandOn, numbers: Numbers) -> None:
        self._robot, self._hash = robot, robot_hash(robot)
        self._kp, self._kd = (tuple(each.tolist()) for each in (gains.kp_nm_per_rad, gains.kd_nms_per_rad))
        self._still = (0.0,) * len(robot.joint_names)
        self._hand_on, self._numbers = hand_on, numbers
        self._states = read_channel(folder, STATE, StateRecord)
        self._commands = read_channel(folder, COMMAND, CommandRecord)
        self._statuses = read_channel(folder, STATUS, StatusRecord)
        self._given_s = self._now_s = -float("inf")

    def check(self, now_s: float) -> None:
        """Whether the robot is armed and rests. That it hangs is for the supervisor to judge."""
        state, status = self._states.read(now_s), self._statuses.read(now_s)
        if state is None or status is None or now_s - state.record.stamp_s > FRESH_S:
            raise SurefootError("the robot sends no samples", hint=NO_SAMPLES)
        if status.record.mode is not Mode.DAMPED:
            raise SurefootError(
                f"the robot is {status.record.mode.value}: must be damped, in the air",
                hint="surefoot mode arm; surefoot reset first if it is stopped",
            )

    def play(
        self,
        motion: Motion,
        ask: Callable[[Request], Answer],
        step: Callable[[], float],
        stop: Callable[[], bool] = lambda: False,
    ) -> Played:
        """Be led to where the motion begins, follow it, and go back, whatever happens meanwhile."""
        began_s = now_s = step()
        way = self._way(motion, now_s)
        while now_s < began_s + BEFORE_S:
            self._give(swaying(way[0], now_s - began_s), now_s)
            now_s = step()
        refusal = ask(self.begins_by).refusal
        if refusal:
            raise SurefootError(refusal, hint="surefoot status says what is the matter, docs/identification.md why")
        try:
            for from_rad, to_rad in zip((way[0], *way), way, strict=False):
                self._go(from_rad, to_rad, step, stop)
            return self._moved(motion, step, stop)
        finally:
            # Whatever else it does by now, somebody asked for: an operator, or the supervisor itself.
            if self._is_followed():
                ask(self.ends_by)

    def _is_followed(self) -> bool:
        status = self._statuses.read(self._now_s)
        return status is not None and status.record.mode is self.mode

    def _way(self, motion: Motion, now_s: float) -> tuple[tuple[float, ...], ...]:
        """To where the motion begins: legs are spread first, as they may hang across each other."""
        state = self._states.read(now_s)
        if state is None:
            raise SurefootError("the robot sends no samples", hint=NO_SAMPLES)
        return legs_apart(self._robot, state.record.joint_position_rad), motion.pose_rad

    def _go(
        self,
        from_rad: tuple[float, ...],
        to_rad: tuple[float, ...],
        step: Callable[[], float],
        stop: Callable[[], bool],
    ) -> None:
        """Slowly, and sway there, whole periods, until what is sent is what is asked for."""
        way_s = max(abs(b - a) for a, b in zip(from_rad, to_rad, strict=True)) / SLOW_RADPS
        began_s = now_s = step()
        while now_s < began_s + LEAD_S:
            swayed_s = now_s
            while now_s < swayed_s + SWAY_S:
                share = min(1.0, (now_s - began_s) / way_s) if way_s else 1.0
                at_rad = [a + share * (b - a) for a, b in zip(from_rad, to_rad, strict=True)]
                wanted = swaying(at_rad, now_s - swayed_s)
                self._give(wanted, now_s)
                self._is_clamped(now_s)
                _check_end(stop)
                now_s = step()
            sent = self._commands.read(now_s)
            if share == 1.0 and sent is not None and math.dist(sent.record.position_rad, wanted) < LED_RAD:
                return
        raise SurefootError(f"joints were not led to where they were to be within {LEAD_S:g} s")

    def _moved(self, motion: Motion, step: Callable[[], float], stop: Callable[[], bool]) -> Played:
        heard, clamped = Heard(), 0
        began_s = now_s = step()
        while now_s < began_s + motion.seconds:
            self._give(motion.at(now_s - began_s), now_s)
            self._hear(heard, now_s)
            clamped += self._is_clamped(now_s)
            _check_end(stop)
            now_s = step()
        return Played(heard, clamped)

    def _give(self, position_rad: tuple[float, ...], now_s: float) -> None:
        self._now_s = now_s
        state = self._states.read(now_s)
        if state is None or now_s - self._given_s < TARGET_S:
            return
        self._given_s = now_s
        self._numbers.command += 1
        self._numbers.velocity += 1
        target = JointTarget(position_rad, self._still, self._still, self._kp, self._kd)
        command = JointCommand(self._hash, self._numbers.command, state.record.stamp_s, CommandKind.TRACK, target)
        still = standstill(now_s)
        velocity = VelocityCommand(self._numbers.velocity, now_s, still.vx_mps, still.vy_mps, still.yaw_rate_radps)
        self._hand_on(command, velocity)

    def _hear(self, heard: Heard, now_s: float) -> None:
        command, state = self._commands.read(now_s), self._states.read(now_s)
        if command is not None:
            heard.command(command)
        if state is not None:
            heard.state(state.record)

    def _is_clamped(self, now_s: float) -> bool:
        """Whether the gate changed what was asked for; a supervisor that does something else ends it all."""
        status = self._statuses.read(now_s)
        if status is None or now_s - status.stamp_s > FRESH_S:
            raise SurefootError("the supervisor is silent")
        if status.record.mode is not self.mode:
            why = "; ".join(status.record.reasons.splitlines()) or "somebody asked for it"
            raise SurefootError(f"the supervisor ended it, the robot is {status.record.mode.value}: {why}")
        return status.record.clamped

    def close(self) -> None:
        """Let go."""
        for reader in (self._states, self._commands, self._statuses):
            reader.close()


def _check_end(stop: Callable[[], bool]) -> None:
    if stop():
        raise SurefootError("asked to end: nothing was written")
