"""How well a trunk is known: as of joints in air (`air.uncertainty`), and carried over to kilograms and metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.sysid import sysid
from surefoot_calibration.air.uncertainty import NORMAL, widening
from surefoot_calibration.ground.fit import Fitted, strength_places
from surefoot_calibration.ground.parameters import THETA, slopes_of
from surefoot_calibration.ground.priors import GroundPriors
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError

CORRELATED_S = 0.5
"""Over which errors are taken to be alike: friction where joints reverse lasts for as long as they are slow."""


UNMODELLED = 1.5
"""Times wider than the errors of the log itself say: what no model of friction has repeats itself in each of a motion's
reversals, and looks like a little more inertia each time. On simulated robots, whose friction is softer than Coulomb's,
errors were so much larger than their intervals said; the share of intervals that hold the truth is in
`surefoot identify bench --protocol ground`."""
SHARED = 0.5
"""Of the variance of motors' strength that nobody measured, what all motors share: warmth and the battery's voltage."""


@dataclass(frozen=True, slots=True, eq=False)
class TrunkUncertainty:
    """Of `TRUNK_NAMES`."""

    half_width: FloatArray
    """[10], of the 95 % interval; 0 of what was held."""
    correlation: FloatArray
    """[10, 10]."""
    known_before: FloatArray
    """[10], half the width of the 95 % interval before the log."""


def trunk_uncertainty(fitted: Fitted, priors: GroundPriors) -> TrunkUncertainty:
    """From the errors and slopes at the end of a fit."""
    free = np.flatnonzero(fitted.free)
    slopes = (fitted.slopes * priors.deviation)[:, :, free]
    besides = np.concatenate((np.eye(len(free)), (fitted.rows * priors.deviation)[:, free]))
    whole = np.concatenate((slopes.reshape(-1, len(free)), besides))
    covariance, _ = sysid().calculate_intervals(
        [np.concatenate((fitted.errors.ravel(), np.zeros(len(besides))))], whole
    )
    lags = max(1, round(CORRELATED_S * fitted.rate_hz))
    wider = widening(slopes, fitted.errors, fitted.window_of, whole.T @ whole, lags)
    spread = UNMODELLED**2 * covariance * np.outer(wider, wider) + _from_strength(fitted, priors, whole)
    full = np.zeros((len(fitted.free),) * 2)
    full[np.ix_(free, free)] = spread * np.outer(priors.deviation[free], priors.deviation[free])
    to_values = slopes_of(fitted.vector[:THETA])
    values = to_values @ full[:THETA, :THETA] @ to_values.T
    if not np.isfinite(values).all():
        raise SurefootError(
            "the fit's intervals are not finite numbers",
            hint="record again, for 10 s and more, by a plan for the ground",
        )
    deviation = np.sqrt(np.diag(values).clip(0.0))
    safe = np.where(deviation > 0.0, deviation, 1.0)  # what was held has no errors
    before = slopes_of(priors.mean[:THETA]) * priors.deviation[:THETA]
    return TrunkUncertainty(
        NORMAL * deviation,
        np.eye(THETA) + np.where(np.eye(THETA) > 0.0, 0.0, values / np.outer(safe, safe)),
        NORMAL * np.linalg.norm(before, axis=1),
    )


def _from_strength(fitted: Fitted, priors: GroundPriors, whole: FloatArray) -> FloatArray:
    """What motors that are stronger or weaker than they were taken for do to the free parameters: a covariance.

    Strength is not fitted (see `fit`); an error of it moves all else as least squares would (Schmidt 1966).
    """
    place = strength_places(priors)
    pushes = fitted.slopes[:, :, place].reshape(-1, len(place))
    moved = np.linalg.solve(whole.T @ whole, whole[: len(pushes)].T @ pushes)
    deviation = priors.deviation[place]
    together = 0.0 if priors.calibrated else SHARED
    spread = np.outer(deviation, deviation) * (together + (1.0 - together) * np.eye(len(place)))
    covariance: FloatArray = moved @ spread @ moved.T
    return covariance
