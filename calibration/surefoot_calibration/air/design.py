"""The multisine that tells most about the parameters: D-optimal among random phases.

A motion tells as much as its slopes say: their products summed over samples, in units of the noise, are the information
matrix, and its determinant is the inverse volume that parameters are confined to (Fedorov, Theory of Optimal
Experiments, 1972). Phases decide in which direction which joint goes at what angle of the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.fit import STEP_SHARE
from surefoot_calibration.air.model import AirModel
from surefoot_calibration.air.parameters import nominal_parameters
from surefoot_calibration.air.plan import Plan, PlanOptions, make_plan, random_phases
from surefoot_calibration.air.priors import priors_of
from surefoot_calibration.air.synthetic import NO_ERRORS, synthetic_log
from surefoot_calibration.air.windows import cut
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.spec import RobotSpec

TIMESTEP_S = 0.005
NOISE_RAD = 0.0005


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One choice of phases."""

    phases_rad: FloatArray
    information: float
    """Natural logarithm of the determinant, in the priors' deviations: 1 more is 1/e of the volume."""


def candidates(robot: RobotSpec, gains: Gains, options: PlanOptions, count: int, seed: int) -> Iterable[Candidate]:
    """Random choices, one after the other; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        phases_rad = random_phases(rng)
        yield Candidate(phases_rad, _information(robot, gains, options, make_plan(robot, options, phases_rad)))


def best_plan(robot: RobotSpec, options: PlanOptions, found: Iterable[Candidate]) -> Plan:
    """The plan with the most informative phases."""
    return make_plan(robot, options, max(found, key=lambda one: one.information).phases_rad)


def _information(robot: RobotSpec, gains: Gains, options: PlanOptions, plan: Plan) -> float:
    part = _multisine(plan, options)
    log = synthetic_log(robot, nominal_parameters(robot), part, rate_hz=options.rate_hz, gains=gains, senses=NO_ERRORS)
    model = AirModel(log, cut(log, TIMESTEP_S), robot)
    priors = priors_of(robot)
    errors = model.errors_rad(priors.mean)
    slopes = model.slopes(priors.mean, errors, STEP_SHARE * priors.deviation) * priors.deviation / NOISE_RAD
    flat = slopes.reshape(-1, slopes.shape[2])
    return float(np.linalg.slogdet(flat.T @ flat + np.eye(flat.shape[1]))[1])


def _multisine(plan: Plan, options: PlanOptions) -> FloatArray:
    """The one part of the plan that phases decide about."""
    starts = dict(plan.parts)
    first, after = (round(starts[name] * options.rate_hz) for name in ("multisine", "ladder"))
    return plan.target_rad[first:after]
