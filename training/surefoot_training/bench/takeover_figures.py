"""What became of robots whose policy failed, one by one and all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surefoot_safety.table import Trigger
from surefoot_training.evaluate.metrics import wilson_interval


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the robots of one case."""

    name: str
    speed_mps: float
    trials: int
    """Robots that walked under their supervisor when the policy failed."""
    falls: int
    """Trunk on the ground or tilted by more than 1 rad, from then to the end; or not standing at the end, whatever
    their supervisor thinks. After an operator's stop: tilted by more than 1 rad, or not lying flat at the end."""
    no_fall_share: float
    no_fall_low: float
    """95 % confidence interval of that share (Wilson)."""
    no_fall_high: float
    standing: int
    """Robots that stand at the end and whose supervisor has them standing."""
    stopped: int
    """Robots that their supervisor damped, fallen or not."""
    tripped_before: int
    """Robots that their supervisor took from a sound policy; not among the trials."""
    fell_before: int
    """Robots that the policy let fall before their supervisor acted; not among the trials."""
    speed_at_takeover_mps: float | None
    """Mean of what they really had."""
    at_rest_s: float | None
    """Median of the time from the failure until a robot that did not fall stays below 0.15 m/s."""
    moved_m: float | None
    """Median of how far it went from there."""
    limit_excesses: int
    """Commands of all supervisors that asked for what the robot must not do."""
    clamped_share: float
    """Of the commands, which the gate had to bring within a limit of targets."""
    why_stopped: dict[str, int]
    """Triggers that ended in damping, and how often."""


@dataclass(frozen=True, slots=True)
class Seen:
    """N robots that were simulated together; arrays are [N]."""

    tripped: np.ndarray
    """Before the policy failed."""
    fell_before: np.ndarray
    fell: np.ndarray
    standing: np.ndarray
    stopped: np.ndarray
    why: tuple[frozenset[Trigger], ...]
    speed_mps: np.ndarray
    """When the policy failed."""
    at_rest_s: np.ndarray
    moved_m: np.ndarray
    limit_excesses: int
    commands: int
    hits: int

    @property
    def counted(self) -> np.ndarray:
        """Robots that walked under their supervisor when the policy failed."""
        counted: np.ndarray = ~(self.tripped | self.fell_before)
        return counted


def figures(name: str, speed_mps: float, parts: Sequence[Seen]) -> Result:
    """Of all that were simulated for one case."""

    def all_of(field: str) -> np.ndarray:
        return np.concatenate([getattr(part, field) for part in parts])

    counted = all_of("counted")
    fell, stopped = counted & all_of("fell"), counted & all_of("stopped")
    stood, trials = counted & ~fell, int(counted.sum())
    low, high = wilson_interval(int(stood.sum()), trials) if trials else (0.0, 1.0)
    whys = [why for part in parts for why in part.why]
    why = [trigger.value for index in np.flatnonzero(stopped) for trigger in whys[index]]
    return Result(
        name=name,
        speed_mps=speed_mps,
        trials=trials,
        falls=int(fell.sum()),
        no_fall_share=int(stood.sum()) / trials if trials else 0.0,
        no_fall_low=low,
        no_fall_high=high,
        standing=int((stood & all_of("standing")).sum()),
        stopped=int(stopped.sum()),
        tripped_before=int(all_of("tripped").sum()),
        fell_before=int(all_of("fell_before").sum()),
        speed_at_takeover_mps=float(all_of("speed_mps")[counted].mean()) if trials else None,
        at_rest_s=float(np.median(all_of("at_rest_s")[stood])) if stood.any() else None,
        moved_m=float(np.median(all_of("moved_m")[stood])) if stood.any() else None,
        limit_excesses=sum(part.limit_excesses for part in parts),
        clamped_share=sum(part.hits for part in parts) / max(1, sum(part.commands for part in parts)),
        why_stopped={name: why.count(name) for name in sorted(set(why))},
    )
