"""A policy at work without ROS, between the channels of samples and targets; its answers go wrong on demand.

`python -m surefoot.faults.walker`: a process of its own, so that it can be killed and held. It does what policy
node and robot node do together, with their own code.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.faults.kinds import Answer
from surefoot_control.clock import NS_PER_S
from surefoot_control.deciding import Deciding
from surefoot_control.facts import facts_of
from surefoot_control.intake import TargetIntake
from surefoot_control.senses import Sensed, Senses
from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import STATE, STATUS, TARGET, channel_path, read_channel, write_channel
from surefoot_safety.channel.records import StateRecord, StatusRecord, TargetRecord, target_record
from surefoot_safety.command import JointCommand, VelocityCommand
from surefoot_safety.process.ending import Ending, end_with
from surefoot_safety.process.mailbox import Letter, Mailbox
from surefoot_safety.process.main import clear_away
from surefoot_safety.process.phases import TELLING_S
from surefoot_safety.process.ticker import Ticker
from surefoot_safety.settings_loader import load_settings

RATE_HZ = 200.0
VELOCITY_S = 0.05
"""Between velocities: 20 Hz, as teleop sends them."""
LOOK_S = 0.02
BEYOND_RAD = 1.0
"""So far outside its limits a saturated joint is sent."""
Positions = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """Joint targets that answer a sample."""

    position_rad: Positions
    stamp_s: float


class Spoiling:
    """From the policy's answers to what is handed on. Pure but for what it remembers."""

    def __init__(self, answer: Answer, ticks: int, seed: int, lower_rad: Positions, upper_rad: Positions) -> None:
        self._answer, self._ticks, self._random = answer, ticks, random.Random(seed)
        self._lower, self._upper = lower_rad, upper_rad
        self._first: Positions | None = None
        self._past: deque[Due] = deque()

    def spoilt(self, due: Due) -> Due | None:
        """What is handed on instead; None for nothing yet."""
        if self._answer is Answer.DELAYED:
            self._past.append(due)
            return self._past.popleft() if len(self._past) > self._ticks else None
        return Due(self._positions(due.position_rad), due.stamp_s)

    def _positions(self, wanted: Positions) -> Positions:
        match self._answer:
            case Answer.NAN:
                return (float("nan"),) * len(wanted)
            case Answer.INF:
                return (float("inf"),) * len(wanted)
            case Answer.CONSTANT:
                self._first = self._first or wanted
                return self._first
            case Answer.SATURATED:
                return tuple(upper + BEYOND_RAD for upper in self._upper)
            case Answer.RANDOM:
                return tuple(self._random.uniform(*span) for span in zip(self._lower, self._upper, strict=True))
            case _:
                return wanted[::-1]


class Walker:
    """One robot's policy."""

    def __init__(self, spec: RobotSpec, folder: Path, policy: Path) -> None:
        self._deciding = Deciding.of_file(policy, spec, load_settings(spec.name))
        self._senses = Senses(self._deciding.contract.joint_names)
        self._names = spec.joint_names
        self._lower, self._upper = tuple(spec.joint_lower_rad.tolist()), tuple(spec.joint_upper_rad.tolist())
        self._states = read_channel(folder, STATE, StateRecord)
        self._statuses = read_channel(folder, STATUS, StatusRecord)
        before = read_channel(folder, TARGET, TargetRecord)
        found = before.read(time.monotonic())
        before.close()
        sequence, self._number = (0, 0) if found is None else _numbers(found.record)
        self._intake = TargetIntake(facts_of(spec, policy), sequence)
        self._targets = write_channel(folder, TARGET, TargetRecord)
        self._command: JointCommand | None = None
        self._velocity = (0.0, 0.0, 0.0)
        self._said_s = -float("inf")
        self._spoiling: Spoiling | None = None
        self._waiting: Callable[[float], None] | None = None
        """Who wants to know when the first wrong answer went out."""

    def order(self, found: dict[str, Any], answer: Callable[[dict[str, float]], None], now_s: float) -> None:
        """A velocity to walk at, or how to go wrong."""
        if "velocity" in found:
            vx, vy, yaw = found["velocity"]
            self._velocity, self._said_s = (vx, vy, yaw), -float("inf")
            answer({"at_s": now_s})
            return
        if found.get("misdeed") is None:
            self._spoiling = None
            answer({"at_s": now_s})
            return
        kind = Answer(found["misdeed"])
        self._spoiling = Spoiling(kind, found["ticks"], found["seed"], self._lower, self._upper)
        if kind is Answer.DELAYED:  # what is wrong is that nothing comes
            answer({"at_s": now_s})
        else:
            self._waiting = lambda at_s: answer({"at_s": at_s})

    def tick(self, now_s: float) -> None:
        """Look for a sample; answer it if it is time."""
        sensed = self._sensed(now_s)
        status = self._statuses.read(now_s)
        self._deciding.mode = None if status is None else status.record.mode.value
        decided = None if sensed is None else self._deciding.decide(sensed, now_s)
        speak = now_s - self._said_s >= VELOCITY_S
        if speak:
            self._said_s, self._number = now_s, self._number + 1
            self._deciding.velocity = VelocityCommand(self._number, now_s, *self._velocity)
        if decided is not None and sensed is not None:
            speak = self._hand_on(Due(decided.joint_target_rad, sensed.stamp_ns / NS_PER_S), now_s) or speak
        if speak:
            self._targets.write(target_record(self._command, self._deciding.velocity), now_s)
        if decided is not None and self._waiting is not None:
            self._waiting(now_s)
            self._waiting = None

    def close(self) -> None:
        """Leave nothing behind."""
        for port in (self._states, self._statuses, self._targets):
            port.close()

    def _sensed(self, now_s: float) -> Sensed | None:
        received = self._states.read(now_s)
        if received is None:
            return None
        record, stamp_ns = received.record, round(received.record.stamp_s * NS_PER_S)
        self._senses.joints(stamp_ns, self._names, record.joint_position_rad, record.joint_velocity_radps)
        found = self._senses.imu(stamp_ns, record.orientation_wxyz, record.angular_velocity_in_base_radps)
        return None if isinstance(found, str) else found

    def _hand_on(self, due: Due, now_s: float) -> bool:
        found = due if self._spoiling is None else self._spoiling.spoilt(due)
        if found is None:
            return False
        names = self._deciding.contract.joint_names
        taken = self._intake.take(names, found.position_rad, found.stamp_s, "", now_s)
        if isinstance(taken, str):
            return False
        self._command = taken
        return True


def _numbers(record: TargetRecord) -> tuple[int, int]:
    return record.command_sequence, record.velocity_sequence


def run(robot: str, root: Path, policy: Path, box: Path) -> None:
    """Walk until asked to end."""
    from surefoot_safety.channel.place import folder_of

    ending, folder = Ending(), folder_of(robot, root)
    while not channel_path(folder, STATE).exists() and not ending.asked:
        time.sleep(LOOK_S)  # a folder that somebody else has put something in is refused by `surefoot up`
    walker = Walker(load_robot(robot), folder, policy)
    mailbox = Mailbox(box)
    ticker = Ticker(RATE_HZ, phase_s=TELLING_S)
    try:
        while not ending.asked:
            now_s = ticker.wait()
            for letter in mailbox.take():
                walker.order(json.loads(letter.data), _answering(mailbox, letter), now_s)
            walker.tick(now_s)
    finally:
        mailbox.close()
        walker.close()
        clear_away(folder)


def _answering(mailbox: Mailbox, letter: Letter) -> Callable[[dict[str, float]], None]:
    return lambda told: mailbox.answer(letter, json.dumps(told).encode())


def main(words: list[str]) -> int:
    """The program."""
    made = argparse.ArgumentParser(prog="python -m surefoot.faults.walker", allow_abbrev=False)
    made.add_argument("--robot", required=True)
    made.add_argument("--run-dir", type=Path, required=True)
    made.add_argument("--policy", type=Path, required=True)
    made.add_argument("--box", type=Path, required=True, help="the socket that orders come to")
    made.add_argument("--parent", type=int, required=True)
    arguments = made.parse_args(words)
    end_with(arguments.parent)
    run(arguments.robot, arguments.run_dir, arguments.policy, arguments.box)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
