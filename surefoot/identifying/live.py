"""A plan played on a robot that runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from surefoot.identifying.motion import Motion
from surefoot.identifying.player import HandOn, Numbers, Played, Player
from surefoot.operating import Operator
from surefoot_calibration.log.joint_log import Gains
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import TARGET, read_channel, write_channel
from surefoot_safety.channel.memory import Writer
from surefoot_safety.channel.records import TargetRecord, target_record
from surefoot_safety.command import JointCommand, VelocityCommand
from surefoot_safety.process.ending import Ending
from surefoot_safety.process.phases import TELLING_S
from surefoot_safety.process.ticker import Ticker

RATE_HZ = 1000.0
"""Looks at the channels: the link's samples come at 500 Hz, the supervisor's commands at 200."""


@dataclass(frozen=True, slots=True)
class Place:
    """A robot that runs."""

    robot: RobotSpec
    folder: Path


def played(place: Place, motion: Motion, gains: Gains, kind: type[Player] = Player) -> Played:
    """Play a motion; whatever goes wrong is an error, and the robot goes back to where it began, or stops."""
    ending, numbers = Ending(), _numbers_before(place.folder)
    targets = write_channel(place.folder, TARGET, TargetRecord)
    player = kind(place.robot, gains, place.folder, _handing_on(targets), numbers)
    try:
        player.check(time.monotonic())
        ticker = Ticker(RATE_HZ, phase_s=TELLING_S)
        with Operator(place.folder) as operator:
            return player.play(motion, operator.ask, ticker.wait, lambda: ending.asked > 0)
    finally:
        player.close()
        targets.close()
        ending.restore()


def _handing_on(targets: Writer[TargetRecord]) -> HandOn:
    def hand_on(command: JointCommand, velocity: VelocityCommand) -> None:
        targets.write(target_record(command, velocity), time.monotonic())

    return hand_on


def _numbers_before(folder: Path) -> Numbers:
    """The supervisor takes no target with a number that it has seen."""
    reader = read_channel(folder, TARGET, TargetRecord)
    found = reader.read(time.monotonic())
    reader.close()
    return Numbers() if found is None else Numbers(found.record.command_sequence, found.record.velocity_sequence)


def unix_ahead_s() -> float:
    """What the wall clock is ahead of the channels' clock."""
    return time.time() - time.monotonic()
