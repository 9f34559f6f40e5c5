"""A supervisor on one robot of a rig, and what becomes of its robot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from surefoot_safety.command import JointCommand, JointTarget, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.gait import Gaits
from surefoot_safety.mode import Mode, Request
from surefoot_safety.state import Floats, RobotState
from surefoot_safety.supervisor import HITS, Supervisor
from surefoot_safety.supervisor_io import Inputs, Output
from surefoot_safety.table import Trigger
from surefoot_training.bench.takeover_rig import Rig


class Failure(Enum):
    """How a policy fails."""

    NONE = "none"
    """It does not."""
    SILENT = "silent"
    """No more joint targets."""
    LATE = "late"
    """Every other answer is missing."""
    BAD = "bad"
    """Joint targets that are no numbers."""


class AtOnce:
    """In place of standing up, for robots that walk already: has arrived where it begins."""

    def __init__(self, kp_nm_per_rad: Floats, kd_nms_per_rad: Floats) -> None:
        self._kp, self._kd = kp_nm_per_rad, kd_nms_per_rad
        self._still: Floats = (0.0,) * len(kp_nm_per_rad)
        self._position: Floats = self._still

    def begin(self, state: RobotState) -> None:
        """Here."""
        self._position = state.joint_position_rad

    def tick(self, _state: RobotState, _command: VelocityCommand, _now_s: float) -> JointTarget:
        """Where it began."""
        return JointTarget(self._position, self._still, self._still, self._kp, self._kd)

    @property
    def finished(self) -> bool:
        """Always."""
        return True


@dataclass(slots=True)
class Guard:
    """One robot's supervisor; until `obeyed` its commands go nowhere."""

    rig: Rig
    robot: int
    supervisor: Supervisor
    obeyed: bool = False
    obeyed_at: int = -1
    """The rig's tick of the newest command that was obeyed."""
    commands: int = 0
    hits: int = 0
    """Commands that the gate had to bring within limits, other than those of torque at speed."""
    why: frozenset[Trigger] = frozenset()
    """What has acted so far, and only what is worse than a warning."""

    @classmethod
    def of(cls, rig: Rig, robot: int, gaits: Gaits) -> Guard:
        """Switched off."""
        return cls(rig, robot, Supervisor(rig.limits, gaits))

    @property
    def mode(self) -> Mode:
        """Where the supervisor is."""
        return self.supervisor.mode

    def tick(self, policy: JointCommand | None, velocity: VelocityCommand | None, *requests: Request) -> Output:
        """One tick; the motors obey if they are to."""
        rig = self.rig
        inputs = Inputs(rig.time_s, rig.state_of(self.robot), policy, velocity, requests, EstopLevel.RELEASED)
        output = self.supervisor.tick(inputs)
        self.why = self.why | output.status.latched.keys()
        if self.obeyed:
            rig.motors.obey(self.robot, output.command)
            self.commands += 1
            self.obeyed_at = rig.ticks
            self.hits += bool(output.status.verdict.checks & HITS)
        return output


def excesses(guards: Sequence[Guard]) -> int:
    """How many of this tick's commands ask for what the robot must not do."""
    rig = guards[0].rig
    rows = np.array([guard.robot for guard in guards if guard.obeyed_at == rig.ticks], dtype=int)
    measured = rig.measured
    return int(rig.motors.excess(rows, measured.joint_position[rows], measured.joint_velocity[rows]).sum())


def spoilt(command: JointCommand) -> JointCommand:
    """Joint targets that are no numbers."""
    return replace(command, target=replace(command.target, position_rad=(math.nan,) * len(command.target.position_rad)))
