"""How a run is doing, for people: the last iterations' means, as numbers and as a line."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_RECENT = 20  # iterations


@dataclass(frozen=True, slots=True)
class Status:
    """After an iteration; None of what no episode has told yet."""

    iteration: int
    steps: int
    elapsed_s: float
    progress: float
    left_s: float | None
    steps_per_s: float
    reward_per_s: float
    speed_error_mps: float | None
    yaw_rate_error_radps: float | None
    falls_per_minute: float
    """Of one robot."""
    level: float | None
    """Mean terrain level; None where there is one only."""
    speeds_unlocked: float | None
    """Share of the commanded speeds."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """What one iteration said of itself."""

    steps: int
    duration_s: float
    log: Mapping[str, float]


class Recent:
    """The last few iterations of a run."""

    def __init__(self, control_dt_s: float, highest_level: int) -> None:
        self._dt_s, self._highest_level = control_dt_s, highest_level
        self._iterations: deque[Iteration] = deque(maxlen=_RECENT)

    def add(self, iteration: Iteration) -> None:
        """The newest; the oldest is forgotten."""
        self._iterations.append(iteration)

    @property
    def steps_per_s(self) -> float:
        """0 before the first."""
        duration_s = sum(each.duration_s for each in self._iterations)
        return sum(each.steps for each in self._iterations) / duration_s if duration_s > 0 else 0.0

    def status(
        self, *, iteration: int, steps: int, elapsed_s: float, progress: float, left_s: float | None, processes: int
    ) -> Status:
        """Means over the iterations that are remembered."""
        newest = self._iterations[-1].log
        # Logs are of the leader's robots, steps of all.
        robot_minutes = sum(each.steps for each in self._iterations) / processes * self._dt_s / 60.0
        falls = sum(
            each.log.get("episode/falls", 0.0) * each.log.get("episode/count", 0.0) for each in self._iterations
        )
        return Status(
            iteration=iteration,
            steps=steps,
            elapsed_s=elapsed_s,
            progress=progress,
            left_s=left_s,
            steps_per_s=self.steps_per_s,
            reward_per_s=self._mean("reward/step") / self._dt_s,
            speed_error_mps=self._mean_of_episodes("episode/speed_error_mps"),
            yaw_rate_error_radps=self._mean_of_episodes("episode/yaw_rate_error_radps"),
            falls_per_minute=falls / robot_minutes,
            level=newest.get("curriculum/level_mean") if self._highest_level else None,
            speeds_unlocked=newest.get("curriculum/unlocked_share"),
        )

    def _mean(self, name: str) -> float:
        values = [each.log[name] for each in self._iterations if name in each.log]
        return sum(values) / len(values) if values else math.nan

    @staticmethod
    def _total_of_episodes(log: Mapping[str, float], name: str) -> float:
        return log.get(name, 0.0) * log.get("episode/count", 0.0)

    def _mean_of_episodes(self, name: str) -> float | None:
        told = [(each.log[name], each.log["episode/count"]) for each in self._iterations if name in each.log]
        episodes = sum(count for _, count in told)
        return sum(value * count for value, count in told) / episodes if episodes else None


def line_of(status: Status) -> str:
    """One line for a log."""
    parts = [
        f"iteration {status.iteration}",
        f"{100 * status.progress:.0f} %",
        f"{count_text(status.steps)} steps",
        f"reward {status.reward_per_s:.2f}/s",
    ]
    if status.speed_error_mps is not None:
        parts.append(f"speed error {status.speed_error_mps:.3f} m/s")
    if status.yaw_rate_error_radps is not None:
        parts.append(f"yaw error {status.yaw_rate_error_radps:.3f} rad/s")
    parts.append(f"{status.falls_per_minute:.2f} falls/min")
    if status.level is not None:
        parts.append(f"level {status.level:.1f}")
    if status.speeds_unlocked is not None:
        parts.append(f"{100 * status.speeds_unlocked:.0f} % of speeds")
    parts.append(f"{status.steps_per_s:,.0f} steps/s")
    if status.left_s is not None:
        parts.append(f"{time_text(status.left_s)} left")
    return ", ".join(parts)


def count_text(count: float) -> str:
    """`1.25 M`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:.0f}"


def time_text(seconds: float) -> str:
    """`1 h 05 min`, `2 min 05 s`, `7 s`."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
