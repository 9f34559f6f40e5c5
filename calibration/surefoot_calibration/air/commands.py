"""Targets on the time steps of a simulation, however they are timed and delayed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray


@dataclass(frozen=True, slots=True)
class Steps:
    """Equal time steps one after the other."""

    start_s: float
    count: int
    timestep_s: float

    @property
    def edges_s(self) -> FloatArray:
        """Begin and end of each, [count + 1]."""
        return self.start_s + self.timestep_s * np.arange(self.count + 1, dtype=np.float64)


def targets_on_steps(stamp_s: FloatArray, target_rad: FloatArray, delay_s: float, steps: Steps) -> FloatArray:
    """What motors go by in each step, [count, J]: targets [C, J], each held until the next one, `delay_s` later.

    A target that comes within a step counts for the rest of it: the step has the mean over its time. Motors are linear
    in their target, so the push is the same, and it changes smoothly with the delay, which can then be fitted to less
    than a step. Before the first target it is the first.
    """
    edges_s = steps.edges_s - delay_s
    # The integral of what is held: straight lines between the stamps, with one more before and behind.
    ends_s = np.concatenate(([min(stamp_s[0], edges_s[0]) - 1.0], stamp_s, [max(stamp_s[-1], edges_s[-1]) + 1.0]))
    held = np.concatenate((target_rad[:1], target_rad))
    # From the first target on, so that nothing is lost to a large sum of nearly equal numbers.
    reference = target_rad[0]
    area = np.concatenate((np.zeros_like(held[:1]), np.cumsum((held - reference) * np.diff(ends_s)[:, None], axis=0)))
    at_edges = np.stack([np.interp(edges_s, ends_s, column) for column in area.T], axis=1)
    means: FloatArray = reference + np.diff(at_edges, axis=0) / steps.timestep_s
    return means
