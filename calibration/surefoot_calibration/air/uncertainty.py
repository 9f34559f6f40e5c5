"""How well parameters are known.

`mujoco.sysid` gives intervals for errors that are independent from sample to sample. Errors of a model are not: what it
does not know lasts for as long as a motion does. Intervals are widened by as much as correlated errors move parameters
more than independent ones (Newey & West, Econometrica 55, 1987), and never narrowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.fit import Fitted
from surefoot_calibration.air.priors import Priors
from surefoot_calibration.air.sysid import sysid
from surefoot_calibration.log.joint_log import FloatArray

CORRELATED_S = 0.1
"""Over which errors are taken to be alike: a swing at 5 Hz goes half its way."""
UNKNOWN_RAD = 0.0001
"""Error, root mean square, that no such model gets rid of (backlash, belts, friction that is not Coulomb's), in the one
shape that misleads most about a parameter. An assumption: a fifth of an encoder's noise, so that it hides in it. It
decides verdicts and is no part of intervals, which say what the log's own errors say."""
NORMAL = 1.96
DISCRETE_S = 1e-5
"""Of the delay, what the simulation's own steps may cost: 4 µs at 1 ms, as it was measured on logs without noise.
Twenty seconds of chirps tell the delay to 6 µs: without this, its intervals would miss the truth too often."""


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """Of the free parameters; those that were held have 0."""

    half_width: FloatArray
    """[P], of the 95 % interval."""
    correlation: FloatArray
    """[P, P], of independent errors."""
    systematic: FloatArray
    """[P], what `UNKNOWN_RAD` of error can move each parameter by."""


def uncertainty(fitted: Fitted, priors: Priors, window_of: FloatArray, rate_hz: float) -> Uncertainty:
    """From the errors and slopes at the end of a fit."""
    free = np.flatnonzero(fitted.free)
    slopes = (fitted.slopes * priors.deviation)[:, :, free]
    with_prior = np.concatenate((slopes.reshape(-1, len(free)), np.eye(len(free))))
    from_prior = ((fitted.vector - priors.mean) / priors.deviation)[free]
    errors = np.concatenate((fitted.errors.ravel(), from_prior))
    covariance, half = sysid().calculate_intervals([errors], with_prior)
    information = with_prior.T @ with_prior
    widened = half * widening(slopes, fitted.errors, window_of, information, max(1, round(CORRELATED_S * rate_hz)))
    half_width = np.zeros(len(fitted.free))
    half_width[free] = widened * priors.deviation[free]
    half_width[-1] = np.hypot(half_width[-1], DISCRETE_S * fitted.free[-1])
    deviation = np.sqrt(np.diag(covariance))
    correlation = np.eye(len(fitted.free))
    correlation[np.ix_(free, free)] = covariance / np.outer(deviation, deviation)
    # Of a parameter's slope, in noise, that no other parameter mends, the length is NORMAL / half.
    length = UNKNOWN_RAD / float(np.median(fitted.noise_rad)) * np.sqrt(len(fitted.errors))
    systematic = np.zeros(len(fitted.free))
    systematic[free] = length * half / NORMAL * priors.deviation[free]
    # Of what all joints share, all of them may mislead together.
    systematic[-1] *= np.sqrt(fitted.errors.shape[1])
    return Uncertainty(half_width, correlation, systematic)


def widening(
    slopes: FloatArray, errors: FloatArray, window_of: FloatArray, information: FloatArray, lags: int
) -> FloatArray:
    """The ratio of deviations with correlated and with independent errors, at least 1, [P]."""
    pushes = np.einsum("sjp,sj->sp", slopes, errors)
    independent = np.einsum("sjp,sjq->pq", slopes, slopes) * float(np.mean(errors**2))
    correlated = np.zeros_like(independent)
    for window in np.unique(window_of):
        mine = pushes[window_of == window]
        correlated += mine.T @ mine
        for lag in range(1, min(lags, len(mine) - 1) + 1):
            shared = mine[lag:].T @ mine[:-lag]
            correlated += (1.0 - lag / (lags + 1.0)) * (shared + shared.T)
    inverse = np.linalg.inv(information)
    # A parameter that nothing depends on has nothing to widen; its interval is the prior's.
    least = np.finfo(np.float64).tiny
    ratio = np.diag(inverse @ correlated @ inverse) / np.diag(inverse @ independent @ inverse).clip(least)
    wider: FloatArray = np.sqrt(np.maximum(ratio, 1.0))
    return wider
