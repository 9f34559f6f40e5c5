"""A log beside what simulated robots do when they are given its commands: the file's robot, and the calibrated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.air.model import AirModel
from surefoot_calibration.log.joint_log import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """Windows of one log; S samples. Each simulation begins at what was measured then, and sees no more of the log."""

    origin: str
    joints: tuple[str, ...]
    stamp_s: FloatArray
    """[S]."""
    window_of: NDArray[np.intp]
    """[S], counted from 0."""
    target_rad: FloatArray
    """[S, J], in force when each sample was measured."""
    measured_rad: FloatArray
    """[S, J]."""
    before_rad: FloatArray
    """[S, J], of the file's robot."""
    after_rad: FloatArray
    """[S, J], of the calibrated one."""

    @property
    def windows(self) -> int:
        """How many."""
        return int(self.window_of[-1]) + 1

    def rows(self, window: int) -> NDArray[np.intp]:
        """The samples of a window."""
        return np.flatnonzero(self.window_of == window)

    def window_rms_rad(self) -> tuple[FloatArray, FloatArray]:
        """Errors before and after, root mean square over each window, [W, J] both."""
        starts = np.searchsorted(self.window_of, np.arange(self.windows))
        counts = np.diff(np.append(starts, len(self.window_of)))[:, None]
        before, after = (
            np.sqrt(np.add.reduceat(np.square(simulated - self.measured_rad), starts, axis=0) / counts)
            for simulated in (self.before_rad, self.after_rad)
        )
        return before, after


def played(model: AirModel, joints: tuple[str, ...], before: FloatArray, after: FloatArray) -> Played:
    """The model's windows with two vectors of parameters."""
    log, measured = model.log, model.measured_rad
    stamp_s = np.concatenate([log.stamp_s[rows] for rows in model.windows.rows])
    return Played(
        log.origin,
        joints,
        stamp_s,
        model.window_of.astype(np.intp),
        log.target_at_rad(stamp_s),
        measured,
        model.errors_rad(before) + measured,
        model.errors_rad(after) + measured,
    )


def rms_rad(each: Sequence[Played]) -> tuple[FloatArray, FloatArray]:
    """Errors of several logs together, before and after, root mean square over all samples, [J] both."""
    measured = np.concatenate([one.measured_rad for one in each])
    before, after = (
        np.sqrt(np.mean(np.square(np.concatenate(simulated) - measured), axis=0))
        for simulated in ([one.before_rad for one in each], [one.after_rad for one in each])
    )
    return before, after
