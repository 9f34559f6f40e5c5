"""What a gait offers to the supervisor: stand up, stand, sit down, crawl, trot in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.state import RobotState


class Gait(Protocol):
    """From measurements to joint targets, 200 times a second. Time comes in with every call; no clock is read.

    The supervisor lets targets leave the measured pose at a bounded rate, so a gait may begin wherever it wants to be.
    What it gives is judged by the gate like any other command. If it cannot go on it raises: the robot is then damped.
    """

    def begin(self, state: RobotState) -> None:
        """Forget everything and start from this measured state, whose stamp is the time."""

    def tick(self, state: RobotState, command: VelocityCommand, now_s: float) -> JointTarget:
        """Targets with gains, [12] each. Called after `begin`, also after it has finished."""

    @property
    def finished(self) -> bool:
        """Whether it has arrived (stood up, sat down). One that goes on for ever never has."""


@dataclass(frozen=True, slots=True)
class Gaits:
    """What the supervisor can do without a policy."""

    stand_up: Gait
    """From the floor to standing; `finished` when it stands."""
    stand: Gait
    """Standing, balanced."""
    sit: Gait
    """From any pose on the feet down to the floor; `finished` when it lies. It goes on holding what it gives then."""
    fallback: Gait
    """Takes over from a policy in mid-stride: crawl, or trot in place."""
