"""The protocol from end to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from surefoot_robots.loader import load_robot
from surefoot_training.evaluate.body import Body
from surefoot_training.evaluate.candidate import Candidate
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.evaluate.pushes import PushResult, examine_pushes
from surefoot_training.evaluate.subject import Subject
from surefoot_training.evaluate.terrain import LaneResult, cells_of, examine_terrain
from surefoot_training.evaluate.tracking import (
    SweepPoint,
    Tracking,
    examine_delay,
    examine_friction,
    examine_payload,
    examine_starts,
    examine_tracking,
)
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.terrain import TerrainConfig

_EXAMINE: MappingProxyType[str, Callable[[Subject], Any]] = MappingProxyType(
    {
        "tracking": examine_tracking,
        "terrain": examine_terrain,
        "starts": examine_starts,
        "pushes": examine_pushes,
        "payload": examine_payload,
        "friction": examine_friction,
        "delay": examine_delay,
    }
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was found out, and how. Axes that were left out are None."""

    candidate: str
    is_told_velocity: bool
    """Whether the candidate was told its true velocity, which no robot knows: an upper bound, not a policy."""
    task: str
    robot: str
    body: str | None
    """The calibration or world that the robot is from; None for the robot of the file."""
    axes: tuple[str, ...]
    protocol: Protocol
    tracking: Tracking | None = None
    terrain: tuple[LaneResult, ...] | None = None
    starts: tuple[SweepPoint, ...] | None = None
    pushes: tuple[PushResult, ...] | None = None
    payload: tuple[SweepPoint, ...] | None = None
    friction: tuple[SweepPoint, ...] | None = None
    delay: tuple[SweepPoint, ...] | None = None


def evaluate(
    candidate: Candidate,
    protocol: Protocol,
    axes: tuple[str, ...],
    *,
    task: TaskConfig,
    robot: str | None = None,
    body: Body | None = None,
    threads: int = 0,
    report: Callable[[int], None] = lambda steps: None,
) -> Evaluation:
    """Examine `candidate` along `axes` in `task` (see `judging_task`), with its own robot unless named otherwise.

    `body`, if there is one, says both: which robot, and which task.
    """
    subject = Subject(
        task=body.task if body else task,
        robot=body.robot if body else load_robot(robot or candidate.robot),
        make_walker=candidate.make,
        protocol=protocol,
        threads=threads,
        report=report,
    )
    from surefoot_policy.export_module import one_thread

    with one_thread():
        found = {axis: _EXAMINE[axis](subject) for axis in axes}
    return Evaluation(
        candidate=candidate.name,
        is_told_velocity=candidate.is_told_velocity,
        task=subject.task.name,
        robot=subject.robot.name,
        body=body.called if body else None,
        axes=axes,
        protocol=protocol,
        **found,
    )


def robot_steps(protocol: Protocol, axes: tuple[str, ...], task: TaskConfig) -> int:
    """Robot steps that `evaluate` takes at most: robots on terrain may be done earlier."""
    on_terrain = sum(cell.robots for cell in cells_of(task.terrain or TerrainConfig(), protocol))
    grid = len(protocol.push_forces_n) * len(protocol.push_directions_deg)
    pushed_s = protocol.push_after_s + 0.5 + protocol.push_duration_s + protocol.push_recovery_s
    sweep = protocol.sweep_robots * protocol.sweep_s
    robot_seconds = {
        "tracking": protocol.tracking_robots * protocol.tracking_s,
        "terrain": on_terrain * protocol.terrain_limit_s,
        "starts": len(protocol.start_shares) * protocol.start_robots * protocol.start_s,
        "pushes": grid * protocol.push_robots * pushed_s,
        "payload": len(protocol.payload_shares) * sweep,
        "friction": (len(protocol.friction_factors) + len(protocol.frictions)) * sweep,
        "delay": len(protocol.delays_s) * sweep,
    }
    return round(sum(robot_seconds[axis] for axis in axes) / task.control_dt_s)
