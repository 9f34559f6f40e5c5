"""What is heard while a plan is played: each sample of the link, each command that left the supervisor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.log.joint_log import Gains, ImuLog, JointLog, LogReport
from surefoot_calibration.log.stamps import newest_kept, steadiness
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import CommandRecord, StateRecord
from surefoot_safety.command import CommandKind

COMMANDS = "commands to the motors, behind the safety gate, at their hand-over"
GAIN_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Losses:
    """What a log of this kind may lack."""

    samples: int
    commands: int


class Heard:
    """Remembers. Channels hold the newest record only: what came between two looks is counted as lost."""

    def __init__(self) -> None:
        self._states: list[StateRecord] = []
        self._commands: list[Received[CommandRecord]] = []

    def state(self, record: StateRecord) -> None:
        """Take a sample; the same one again is passed over."""
        if not self._states or record.sequence != self._states[-1].sequence:
            self._states.append(record)

    def command(self, received: Received[CommandRecord]) -> None:
        """Take a command; the same one again is passed over."""
        if not self._commands or received.sequence != self._commands[-1].sequence:
            self._commands.append(received)

    @property
    def losses(self) -> Losses:
        """By gaps in the numbers of both."""
        samples, commands = ([each.sequence for each in found] for found in (self._states, self._commands))
        return Losses(*(found[-1] - found[0] + 1 - len(found) if found else 0 for found in (samples, commands)))

    def log(self, robot: RobotSpec, gains: Gains, origin: str, unix_s: float) -> JointLog:
        """All of it; `unix_s` is what the wall clock was ahead of the channels' clock."""
        self._check(gains)
        states = self._states
        stamps = np.array([state.stamp_s for state in states])
        kept = newest_kept(stamps, origin, "sample")
        states, stamps = [states[row] for row in kept], stamps[kept]
        stamp_s = stamps - stamps[0]
        steady = steadiness(stamp_s, origin)
        return JointLog(
            origin=origin,
            robot=robot.name,
            joint_names=robot.joint_names,
            start_s=unix_s + float(stamps[0]),
            stamp_s=stamp_s,
            position_rad=np.array([state.joint_position_rad for state in states]),
            velocity_radps=np.array([state.joint_velocity_radps for state in states]),
            torque_nm=np.array([state.joint_torque_nm for state in states]),
            target_stamp_s=np.array([command.stamp_s for command in self._commands]) - stamps[0],
            target_rad=np.array([command.record.position_rad for command in self._commands]),
            gains=gains,
            imu=ImuLog(
                stamp_s,
                np.array([state.angular_velocity_in_base_radps for state in states]),
                np.array([state.acceleration_in_base_mps2 for state in states]),
            ),
            report=LogReport(
                format="channels",
                rate_hz=steady.rate_hz,
                jitter_s=steady.jitter_s,
                missing=steady.missing,
                gaps=steady.gaps,
                repeated=len(self._states) - len(states),
                command_times=COMMANDS,
                clock_offset_s=(),
                ignored=(),
            ),
        )

    def _check(self, gains: Gains) -> None:
        """What was sent must be targets, with one set of gains: else no model of such logs fits."""
        if not self._states or not self._commands:
            raise SurefootError("nothing was heard of the robot while it moved")
        for received in self._commands:
            record = received.record
            if record.kind is not CommandKind.TRACK:
                raise SurefootError("the supervisor stopped following the plan's targets")
            off = max(
                float(np.abs(np.subtract(one, other)).max())
                for one, other in (
                    (record.kp_nm_per_rad, gains.kp_nm_per_rad),
                    (record.kd_nms_per_rad, gains.kd_nms_per_rad),
                )
            )
            if off > GAIN_TOLERANCE or any(record.torque_nm) or any(record.velocity_radps):
                raise SurefootError(
                    "the supervisor softened the motors' gains, because they could not have given the torque",
                    hint="make a milder plan: surefoot identify plan --scale 0.7",
                )
