"""How well commands are followed on a plane; and how that changes with one property of the robots, held fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from surefoot_training.evaluate.arena import examined, starts_of
from surefoot_training.evaluate.metrics import Figures, figures_of, speed_error_mps
from surefoot_training.evaluate.recording import Examiner, Recording
from surefoot_training.evaluate.subject import Subject
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.settings import Span

HISTOGRAM_STEP_MPS = 0.02
HISTOGRAM_BINS = 50  # the last one holds everything beyond


@dataclass(frozen=True, slots=True)
class Tracking:
    """The whole box of commands, drawn evenly, none of them to stand."""

    command_low: tuple[float, float, float]
    command_high: tuple[float, float, float]
    figures: Figures
    speed_error_histogram: tuple[float, ...]
    """Share of control steps by speed error, in steps of 0.02 m/s; the last holds what is beyond."""


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """One value of what is swept, in the unit of its axis."""

    value: float
    label: str
    figures: Figures


def examine_tracking(subject: Subject) -> Tracking:
    """Follow commands for the protocol's time."""
    protocol = subject.protocol
    task = _commanded(examined(subject.task, protocol.tracking_s))
    recording = subject.record(subject.arena(task, protocol.tracking_robots), Examiner(), protocol.tracking_s)
    return Tracking(
        command_low=task.commands.low,
        command_high=task.commands.high,
        figures=figures_of(recording),
        speed_error_histogram=_histogram(recording),
    )


def examine_starts(subject: Subject) -> tuple[SweepPoint, ...]:
    """From standing to thrown, at once under any command."""
    protocol, points = subject.protocol, []
    for share in protocol.start_shares:
        task = _commanded(examined(subject.task, protocol.start_s, **starts_of(subject.task, share)))
        recording = subject.record(subject.arena(task, protocol.start_robots), Examiner(), protocol.start_s)
        points.append(SweepPoint(share, f"{share:.0%} of training's", figures_of(recording)))
    return tuple(points)


def examine_payload(subject: Subject) -> tuple[SweepPoint, ...]:
    """Mass on the trunk, or taken from it, in shares of the robot's."""
    mass_kg = subject.robot.total_mass_kg
    return tuple(
        _point(subject, share, f"{share * mass_kg:+.2f} kg", {"base_mass_added_kg": (share * mass_kg,) * 2})
        for share in subject.protocol.payload_shares
    )


def examine_friction(subject: Subject) -> tuple[SweepPoint, ...]:
    """Friction of the feet: around nominal, and from end to end of what floors have."""
    nominal = subject.robot.foot_friction
    values = {round(nominal * factor, 6) for factor in subject.protocol.friction_factors}
    return tuple(
        _point(subject, value, f"{value / nominal:.2f} × nominal", {"foot_friction": (value, value)})
        for value in sorted(values | set(subject.protocol.frictions))
    )


def examine_delay(subject: Subject) -> tuple[SweepPoint, ...]:
    """Time from a joint target to the motors."""
    return tuple(
        _point(subject, delay_s, f"{1000 * delay_s:.0f} ms", {"action_delay_s": (delay_s, delay_s)})
        for delay_s in subject.protocol.delays_s
    )


def _point(subject: Subject, value: float, label: str, held: Mapping[str, Span]) -> SweepPoint:
    protocol = subject.protocol
    task = _commanded(examined(subject.task, protocol.sweep_s, **held))
    recording = subject.record(subject.arena(task, protocol.sweep_robots), Examiner(), protocol.sweep_s)
    return SweepPoint(value, label, figures_of(recording))


def _commanded(task: TaskConfig) -> TaskConfig:
    """The whole box: no command to stand, and none for a heading, whose yaw rates are small most of the time."""
    return replace(task, commands=replace(task.commands, standing_share=0.0, heading_share=0.0))


def _histogram(recording: Recording) -> tuple[float, ...]:
    error = speed_error_mps(recording.command, recording.velocity_in_base)[recording.known]
    bins = np.minimum((error / HISTOGRAM_STEP_MPS).astype(np.int64), HISTOGRAM_BINS - 1)
    counted = np.bincount(bins, minlength=HISTOGRAM_BINS) / len(bins)
    return tuple(float(share) for share in counted)
