"""What goes into the supervisor at one tick, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surefoot_safety.command import JointCommand, VelocityCommand
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.state import RobotState
from surefoot_safety.table import Trigger
from surefoot_safety.violation import Verdict


@dataclass(frozen=True, slots=True)
class Inputs:
    """The newest of everything. What has not come yet is None."""

    now_s: float
    state: RobotState | None = None
    target: JointCommand | None = None
    """The policy's."""
    velocity: VelocityCommand | None = None
    requests: tuple[Request, ...] = ()
    """Since the last tick."""
    estop: EstopLevel = EstopLevel.ZERO_TORQUE


@dataclass(frozen=True, slots=True)
class Status:
    """What the supervisor is doing and why."""

    mode: Mode
    in_mode_s: float
    raised: Mapping[Trigger, str]
    """Triggers whose cause is there."""
    active: Mapping[Trigger, str]
    """Those of them that count in this mode and have lasted long enough."""
    latched: Mapping[Trigger, str]
    """Those that have acted and are not cleared yet."""
    refusals: tuple[str, ...]
    """Requests of this tick that were not followed, and why."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Output:
    """One tick's result."""

    command: JointCommand
    velocity: VelocityCommand
    """To walk at, limited and faded; the policy must see this one."""
    status: Status
    sample_stamp_s: float | None = None
    """Of the sample that the joints were judged by; None before there is one."""
