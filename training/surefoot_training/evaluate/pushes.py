"""Who stays up when pushed, and is soon back at the speed asked for: forces of all strengths from all sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_training.evaluate.arena import examined
from surefoot_training.evaluate.metrics import speed_error_mps, wilson_interval
from surefoot_training.evaluate.recording import Examiner, Recording
from surefoot_training.evaluate.subject import Subject
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.arrays import Rng

AVERAGED_S = 0.5
"""Speed errors are averaged over so long, a gait cycle, before they are compared with the threshold."""

_PHASES_S = 0.5  # pushes begin within so long of each other


@dataclass(frozen=True, slots=True)
class PushResult:
    """One force from one direction."""

    force_n: float
    direction_deg: float
    robots: int
    recovered_share: float
    """Robots that did not fall, from the push until the time for recovery was over, and whose speed was right then."""

    recovered_low: float
    """95 % confidence interval of that share (Wilson)."""

    recovered_high: float
    """As above."""

    fell: int
    """Robots that fell in that time, for the first time."""

    fell_before: int
    """Robots that fell before the push; they have not recovered either."""

    recovery_mean_s: float | None
    """From the end of the push until the speed was right and stayed so, of those who recovered."""


@dataclass(frozen=True, slots=True)
class Pulses:
    """What pushes N robots, once each."""

    begin: np.ndarray  # [N] control step
    steps: int
    force_n: np.ndarray  # [N]
    direction_rad: np.ndarray  # [N] in the base's frame as the push begins: 0 forwards, π/2 to the left


class PushExaminer(Examiner):
    """Asks for one speed, and pushes."""

    def __init__(self, pulses: Pulses, speed_mps: float) -> None:
        """Everybody is asked for the same, straight ahead."""
        robots = len(pulses.begin)
        self._pulses = pulses
        self._command = np.tile(np.array([speed_mps, 0.0, 0.0], dtype=np.float32), (robots, 1))
        self._direction_in_world = np.zeros(robots)

    def command(self, step: int, state: RobotState) -> np.ndarray:
        """Always the same."""
        return self._command

    def force(self, step: int, state: RobotState) -> np.ndarray:
        """The direction is that of the base as its push begins, and does not turn with it."""
        pulses = self._pulses
        begins = step == pulses.begin
        seen_from_world = np.asarray(state.heading_rad, dtype=np.float64) + pulses.direction_rad
        self._direction_in_world = np.where(begins, seen_from_world, self._direction_in_world)
        acting = (step >= pulses.begin) & (step < pulses.begin + pulses.steps)
        length = np.where(acting, pulses.force_n, 0.0)
        x, y = np.cos(self._direction_in_world), np.sin(self._direction_in_world)
        return np.stack([length * x, length * y, np.zeros_like(length)], axis=-1)


def examine_pushes(subject: Subject) -> tuple[PushResult, ...]:
    """The whole grid of forces and directions at once."""
    protocol, dt_s = subject.protocol, subject.task.control_dt_s
    cells = [(force, angle) for force in protocol.push_forces_n for angle in protocol.push_directions_deg]
    grid = np.repeat(np.array(cells, dtype=np.float64), protocol.push_robots, axis=0)
    late_steps = Rng(protocol.seed, np).integers(0, round(_PHASES_S / dt_s), len(grid))
    pulses = Pulses(
        begin=round(protocol.push_after_s / dt_s) + late_steps,
        steps=round(protocol.push_duration_s / dt_s),
        force_n=grid[:, 0],
        direction_rad=np.deg2rad(grid[:, 1]),
    )
    seconds = protocol.push_after_s + _PHASES_S + protocol.push_duration_s + protocol.push_recovery_s
    arena = subject.arena(examined(subject.task, seconds), len(grid))
    recording = subject.record(arena, PushExaminer(pulses, protocol.push_speed_mps), seconds)
    outcome = judge(recording, pulses, protocol.push_recovery_s, protocol.push_speed_error_mps)
    return tuple(
        _result(force, angle, outcome, slice(index * protocol.push_robots, (index + 1) * protocol.push_robots))
        for index, (force, angle) in enumerate(cells)
    )


@dataclass(frozen=True, slots=True)
class PushOutcome:
    """What became of N robots."""

    fell: np.ndarray  # [N] bool, from the push on, and not before
    fell_before: np.ndarray  # [N] bool
    recovered: np.ndarray  # [N] bool
    recovery_s: np.ndarray  # [N] NaN where not recovered


def judge(recording: Recording, pulses: Pulses, recovery_s: float, threshold_mps: float) -> PushOutcome:
    """Falls from the beginning of each robot's push on, and its speed from the push's end on."""
    dt_s = recording.control_dt_s
    error = speed_error_mps(recording.command, recording.velocity_in_base).astype(np.float64)
    after = round(recovery_s / dt_s)
    step, robots = np.arange(len(error))[:, None], np.arange(error.shape[1])
    end = pulses.begin + pulses.steps
    fell_before: np.ndarray = np.any(recording.fell & (step < pulses.begin), axis=0)
    in_time = (step >= pulses.begin) & (step < end + after)
    fell: np.ndarray = np.any(recording.fell & in_time, axis=0) & ~fell_before
    since_push = error[end + np.arange(after)[:, None], robots]  # [after, N]
    right = trailing_mean(since_push, round(AVERAGED_S / dt_s)) < threshold_mps
    # Steps after the last one at which speed was wrong.
    wrong_until = np.where(~right, np.arange(after)[:, None] + 1, 0).max(axis=0)
    recovered = right[-1] & ~(fell | fell_before)
    return PushOutcome(fell, fell_before, recovered, np.where(recovered, wrong_until * dt_s, np.nan))


def trailing_mean(values: np.ndarray, steps: int) -> np.ndarray:
    """Mean over the last `steps` rows [T, N], over fewer at the beginning."""
    total = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values]), axis=0)
    last = np.arange(1, len(values) + 1)
    first = np.maximum(last - steps, 0)
    mean: np.ndarray = (total[last] - total[first]) / (last - first)[:, None]
    return mean


def _result(force_n: float, direction_deg: float, outcome: PushOutcome, rows: slice) -> PushResult:
    recovered = outcome.recovered[rows]
    low, high = wilson_interval(int(recovered.sum()), len(recovered))
    return PushResult(
        force_n=force_n,
        direction_deg=direction_deg,
        robots=len(recovered),
        recovered_share=float(recovered.mean()),
        recovered_low=low,
        recovered_high=high,
        fell=int(outcome.fell[rows].sum()),
        fell_before=int(outcome.fell_before[rows].sum()),
        recovery_mean_s=float(outcome.recovery_s[rows][recovered].mean()) if recovered.any() else None,
    )
