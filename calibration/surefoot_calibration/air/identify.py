"""From logs of a robot in air to what its joints are: fit, intervals, verdicts, and a check on what was held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.air.fit import Task, Told, aligned_delay_s, fit
from surefoot_calibration.air.model import AirModel
from surefoot_calibration.air.play import Played, played, rms_rad
from surefoot_calibration.air.priors import Priors, priors_of
from surefoot_calibration.air.together import Together
from surefoot_calibration.air.uncertainty import Uncertainty, uncertainty
from surefoot_calibration.air.verdicts import Estimate, estimates, verdicts
from surefoot_calibration.air.windows import MOST_HZ, WINDOW_S, cut, evenly, split
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.calibration import Verdict
from surefoot_robots.spec import RobotSpec

MOST_S = 60.0
"""Of all logs together, windows spread evenly: a minute says more of joints than any model of them is worth, and slopes
of an hour would not fit into memory."""
COARSE_S, FINE_S = 0.005, 0.001
"""Time steps. Targets that come within one are spread over it, which smooths them: steps of 4 ms cost a per cent of
damping and 0.04 ms of delay, and it falls with their square."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Errors on the windows that nothing was fitted to, root mean square."""

    joints: tuple[str, ...]
    before_rad: tuple[float, ...]
    """By joint, with the robot's file."""
    after_rad: tuple[float, ...]
    """By joint, with what was identified."""

    @property
    def before(self) -> float:
        """Of all joints."""
        return float(np.sqrt(np.mean(np.square(self.before_rad))))

    @property
    def after(self) -> float:
        """Of all joints."""
        return float(np.sqrt(np.mean(np.square(self.after_rad))))


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The result."""

    estimates: tuple[Estimate, ...]
    held_out: HeldOut
    noise_rad: tuple[float, ...]
    """By joint: what is left between model and log where it was fitted, standard deviation."""
    samples: int
    outliers: int
    """Samples that counted less, being far off."""
    correlation: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    """[P, P], of the parameters' errors; of those that were held, their own only. For pictures; no file has it."""
    played: tuple[Played, ...] = ()
    """The held-out windows, log by log. For pictures, too."""


def identify_in_air(logs: Sequence[JointLog], robot: RobotSpec, told: Told, threads: int = 0) -> Identification:
    """Fit all logs together; `told` hears how far it is."""
    priors = priors_of(robot)
    for log in logs:
        told(f"{log.origin}: {log.seconds:.0f} s, of which at most {_most_windows(logs) * WINDOW_S:g} s are used")
    coarse, fine, apart = _models(logs, robot, threads)
    told("aligning the delay")
    start = priors.mean.copy()
    start[-1] = aligned_delay_s(coarse, priors)
    fitted = fit(coarse, fine, Task(priors, np.ones_like(start), start), told)
    rate_hz = min(MOST_HZ, float(np.median([log.report.rate_hz for log in logs])))
    known = uncertainty(fitted, priors, fine.window_of, rate_hz)
    vector, known, found = _settled(_Fit(coarse, fine, priors, robot, told), fitted.vector, known)
    told("held-out windows")
    both = [played(model, robot.joint_names, priors.mean, vector) for model in apart]
    return Identification(
        estimates=estimates(vector, known, found, priors, robot),
        held_out=_held_out(both, robot),
        noise_rad=tuple(fitted.noise_rad.tolist()),
        samples=len(fitted.errors),
        outliers=fitted.outliers,
        correlation=known.correlation,
        played=tuple(both),
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """What is needed to fit once more."""

    coarse: Together
    fine: Together
    priors: Priors
    robot: RobotSpec
    told: Told

    def without(self, lost: NDArray[np.bool_], vector: FloatArray) -> FloatArray:
        """All but some parameters, around the file's values of those."""
        self.told(f"{lost.sum()} parameters are not identifiable: the rest again, around the file's values")
        start = np.where(lost, self.priors.mean, vector)
        if lost.all():
            return start
        return fit(self.coarse, self.fine, Task(self.priors, 1.0 - lost.astype(np.float64), start), self.told).vector


def _settled(again: _Fit, vector: FloatArray, known: Uncertainty) -> tuple[FloatArray, Uncertainty, list[Verdict]]:
    """Values with the file's where nothing can be said, and what may be said then.

    A parameter that moves as others are put back to the file's values is no surer than by how much: its interval grows
    by that, and it may be the next of which nothing can be said.
    """
    found = verdicts(vector, known, again.priors, again.robot)
    lost = _lost(found)
    if not lost.any():
        return vector, known, found
    moved = again.without(lost, vector)
    wider = replace(known, half_width=known.half_width + np.where(lost, 0.0, np.abs(moved - vector)))
    more = lost | _lost(verdicts(moved, wider, again.priors, again.robot))
    if (more != lost).any():
        moved = again.without(more, moved)
        wider = replace(known, half_width=known.half_width + np.where(more, 0.0, np.abs(moved - vector)))
    found = verdicts(moved, wider, again.priors, again.robot)
    return (
        moved,
        wider,
        ["not_identifiable" if gone else _weak(verdict) for gone, verdict in zip(more, found, strict=True)],
    )


def _lost(found: list[Verdict]) -> NDArray[np.bool_]:
    return np.array([verdict == "not_identifiable" for verdict in found])


def _weak(verdict: Verdict) -> Verdict:
    """What keeps the value that it was given by the log is weak at least."""
    return "weak" if verdict == "not_identifiable" else verdict


def _models(logs: Sequence[JointLog], robot: RobotSpec, threads: int) -> tuple[Together, Together, list[AirModel]]:
    """To fit coarsely, to fit finely, to judge by, log by log."""
    most = _most_windows(logs)
    coarse = Together([AirModel(log, split(evenly(cut(log, COARSE_S), most))[0], robot, threads) for log in logs])
    halves = [split(evenly(cut(log, FINE_S), most)) for log in logs]
    fine, apart = (
        [AirModel(log, half[place], robot, threads) for log, half in zip(logs, halves, strict=True)]
        for place in range(2)
    )
    return coarse, Together(fine), apart


def _most_windows(logs: Sequence[JointLog]) -> int:
    """Of each log; two are the least that can be split."""
    return max(2, int(MOST_S / WINDOW_S / len(logs)))


def _held_out(both: Sequence[Played], robot: RobotSpec) -> HeldOut:
    """Plain errors from measured beginnings: no fit of anything to what is judged by."""
    before, after = rms_rad(both)
    return HeldOut(robot.joint_names, tuple(before.tolist()), tuple(after.tolist()))
