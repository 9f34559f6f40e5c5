"""Which parameters make the simulation do what the log says.

1. The delay is aligned first, with all else as the file says: it is what errors depend on most, and least smoothly.
2. All parameters together, in coarse time steps: `mujoco.sysid` minimizes the errors over short windows with free
   beginnings (`projection`), with priors from the file.
3. Once more, in fine time steps and with less weight for samples that are far off (Huber's, from what is left). Slopes
   stay those of the coarse steps: they decide only how quickly the end is reached, and the errors are the exact ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from typing import TypeAlias

import numpy as np

from surefoot_calibration.air.priors import Priors
from surefoot_calibration.air.projection import Projection
from surefoot_calibration.air.sysid import sysid
from surefoot_calibration.air.together import Together
from surefoot_calibration.log.joint_log import FloatArray

DELAYS_S = np.arange(0.0, 0.0301, 0.003)
"""That the alignment tries."""
MOST_ITERATIONS = 12
STEP_SHARE = 1e-3
"""Of a prior's deviation: a parameter's step in finite differences."""
FIRST_NOISE_RAD = 0.001
"""Assumed before there are residuals to tell."""
LEAST_NOISE_RAD = 1e-5
HUBER = 2.5
"""Standard deviations up to which samples count in full."""
ROBUST_DEVIATION = 1.4826
"""From the median of absolute values to the standard deviation of a normal distribution."""
OFF_BOUNDS = 0.002
"""Of a parameter's range: the optimizer does not like to begin at a bound (no delay at all is one)."""
FIT_TOLERANCE = 5e-4
"""Relative to the priors' deviations, of all parameters together; no interval is as narrow."""
LEAST_DAMPING, DAMPING_FACTOR = 1.0, 10.0
"""Of the optimizer's steps. Near the end, finite differences promise more than can be had; by its own finer ones it
would try a hundred steps before it gives up."""

Told: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The best parameters and everything about how well they are known; P parameters, S samples."""

    vector: FloatArray
    """[P]."""
    free: FloatArray
    """[P], 1 for those that were fitted, 0 for those that were held."""
    errors: FloatArray
    """[S, J]: projected, weighted, in standard deviations of noise."""
    slopes: FloatArray
    """[S, J, P]: of those, a step of less than the tolerance before the end."""
    noise_rad: FloatArray
    """[J]: what is left between model and log, standard deviation."""
    outliers: int
    """Samples that counted less."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be fitted."""

    priors: Priors
    free: FloatArray
    """[P], 1 for parameters to fit, 0 for those that stay as they are at the start."""
    start: FloatArray
    """[P]."""


def fit(coarse: Together, fine: Together, task: Task, told: Told) -> Fitted:
    """Minimize: see the module."""
    first = _Run(coarse, task, np.full_like(coarse.measured_rad, 1.0 / FIRST_NOISE_RAD))
    vector = first.minimized(partial(_tell, told, "in coarse steps"))
    left = first.errors_at(vector) / first.scale
    noise = np.maximum(ROBUST_DEVIATION * np.median(np.abs(left), axis=0), LEAST_NOISE_RAD)
    weights = np.sqrt(np.minimum(1.0, HUBER / np.maximum(np.abs(left / noise), 1e-12)))
    # What beginnings can mend depends on the parameters; the file's, which the first run began with, are far off.
    starts = fine.start_slopes(vector, fine.errors_rad(vector))
    second = _Run(fine, replace(task, start=vector), weights / noise, replace(first.raw, starts=starts))
    vector = second.minimized(partial(_tell, told, "in fine steps"))
    outliers = int((weights < 1.0).any(axis=1).sum())
    return Fitted(vector, task.free, second.errors_at(vector), second.slopes, noise, outliers)


def _tell(told: Told, what: str, cost: float) -> None:
    told(f"{what}, cost {cost:.6g}")


def aligned_delay_s(model: Together, priors: Priors) -> float:
    """The delay that fits best with all else as the file says."""
    spread = []
    for delay_s in DELAYS_S:
        vector = priors.mean.copy()
        vector[-1] = delay_s
        spread.append(float(np.median(np.abs(model.errors_rad(vector)))))
    return float(DELAYS_S[int(np.argmin(spread))])


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """Slopes at a vector, in radians, before any weights."""

    at: FloatArray
    parameters: FloatArray
    """[S, J, P]."""
    starts: FloatArray
    """[S, J, 2 ROLES]."""


class _Run:
    """One run of the optimizer: weights, and what beginnings can mend, stay as they are at its start."""

    def __init__(self, model: Together, task: Task, scale: FloatArray, raw: _Raw | None = None) -> None:
        """With `raw` slopes they are kept throughout; else they are found anew at each step."""
        self._model, self._priors, self._start = model, task.priors, task.start
        self.scale, self._keeps = scale, raw is not None
        self._free = np.flatnonzero(task.free)
        self._steps = STEP_SHARE * task.priors.deviation
        start = task.start
        self._last = start, model.errors_rad(start)
        if raw is None:
            raw = _Raw(start, self._raw_slopes(start), model.start_slopes(start, self._last[1]))
        self.raw = raw
        self._projection = Projection(raw.starts * scale[:, :, None], model.window_of)
        self.slopes = self._projected(raw)

    def minimized(self, told: Callable[[float], None]) -> FloatArray:
        """The best vector."""
        tools, priors = sysid(), self._priors
        lower, upper = self._scaled(priors.lower), self._scaled(priors.upper)
        parameters = tools.ParameterDict()
        parameters.add(tools.Parameter("joints", self._scaled(self._start).clip(lower, upper), lower, upper))
        parameters.move_off_bounds(OFF_BOUNDS)
        _, result = tools.optimize(
            parameters,
            lambda x, _: ([self._residual(self._vector(x))], None, None),
            optimizer="mujoco",
            verbose=False,
            jacobian=lambda x, _: self._jacobian(self._vector(x)),
            iter_callback=lambda trace: told(float(trace[-1].objective)),
            max_iters=MOST_ITERATIONS,
            xtol=FIT_TOLERANCE,
            mu_min=LEAST_DAMPING,
            mu_factor=DAMPING_FACTOR,
            output=StringIO(),  # its `verbose` never gets as far as to the optimizer
        )
        return self._vector(result.x)

    def errors_at(self, vector: FloatArray) -> FloatArray:
        """[S, J], projected, in standard deviations of noise."""
        return self._projection.of(self._plain(vector) * self.scale)

    def _plain(self, vector: FloatArray) -> FloatArray:
        if not np.array_equal(vector, self._last[0]):
            self._last = vector, self._model.errors_rad(vector)
        return self._last[1]

    def _raw_slopes(self, vector: FloatArray) -> FloatArray:
        return self._model.slopes(vector, self._plain(vector), self._steps)

    def _projected(self, raw: _Raw) -> FloatArray:
        return self._projection.of(raw.parameters * self.scale[:, :, None])

    def _scaled(self, vector: FloatArray) -> FloatArray:
        """The free parameters, in the priors' deviations, so that one tolerance suits all."""
        return (vector / self._priors.deviation)[self._free]

    def _vector(self, x: FloatArray) -> FloatArray:
        """The inverse, with all else as at the start."""
        vector = self._start.copy()
        vector[self._free] = np.asarray(x).ravel() * self._priors.deviation[self._free]
        return vector

    def _residual(self, vector: FloatArray) -> FloatArray:
        from_prior = ((vector - self._priors.mean) / self._priors.deviation)[self._free]
        return np.concatenate((self.errors_at(vector).ravel(), from_prior))[:, None]

    def _jacobian(self, vector: FloatArray) -> FloatArray:
        if not (self._keeps or np.array_equal(vector, self.raw.at)):
            self.raw = _Raw(vector, self._raw_slopes(vector), self.raw.starts)
            self.slopes = self._projected(self.raw)
        flat = self.slopes.reshape(-1, self.slopes.shape[2]) * self._priors.deviation
        return np.concatenate((flat[:, self._free], np.eye(len(self._free))))
