"""Robots with hidden parameters, moved by a plan, identified: how far off, and whether intervals hold the truth."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.identify import Identification, identify_in_air
from surefoot_calibration.air.parameters import KINDS, JointParameters, nominal_parameters
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.synthetic import hidden_parameters, synthetic_log
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.spec import RobotSpec

RELATIVE = KINDS[:3]
"""Whose errors are told as shares of the truth; offsets in rad, strength as it is, the delay in s."""


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """One hidden robot."""

    seed: int
    truth: JointParameters
    found: Identification
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of parameter, of all robots and joints."""

    name: str
    count: int
    error: str
    """What errors are: relative, or their unit."""
    median: float
    p95: float
    most: float
    inside: float
    """Share of 95 % intervals that hold the truth."""
    identified: float
    """Share of verdicts."""


def recoveries(robot: RobotSpec, robots: int, options: PlanOptions, threads: int) -> Iterator[Recovery]:
    """One after the other: seeds 0, 1, 2 …, all moved by the same plan."""
    plan = make_plan(robot, options, random_phases(np.random.default_rng(0)))
    for seed in range(robots):
        truth = hidden_parameters(robot, seed)
        log = synthetic_log(robot, truth, plan.target_rad, rate_hz=options.rate_hz, seed=seed)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found = identify_in_air([log], robot, _silent, threads)
        yield Recovery(seed, truth, found, time.perf_counter() - wall_s, time.process_time() - cpu_s)


def summary(robot: RobotSpec, done: Iterable[Recovery]) -> list[Row]:
    """A row for each kind of parameter."""
    each = list(done)
    truths = np.stack([np.append(one.truth.table.ravel(), one.truth.action_delay_s) for one in each])
    values, low, high = (
        np.array([[getattr(estimate, key) for estimate in one.found.estimates] for one in each])
        for key in ("value", "low", "high")
    )
    inside = ((low <= truths) & (truths <= high)).astype(np.float64)
    identified = np.array(
        [[float(estimate.verdict == "identified") for estimate in one.found.estimates] for one in each]
    )
    joints, rows = len(robot.joint_names), []
    for number, kind in enumerate((*KINDS, "action_delay_s")):
        places = slice(number * joints, (number + 1) * joints)
        off = np.abs(values - truths)[:, places]
        if kind in RELATIVE:
            off /= truths[:, places]
        rows.append(_row(kind, off, inside[:, places], identified[:, places]))
    return rows


def nominal_errors(robot: RobotSpec, done: Iterable[Recovery]) -> float:
    """How far off the file itself is: the median relative error of armature, damping and friction."""
    own = nominal_parameters(robot)
    off = [np.abs(getattr(own, kind) / getattr(one.truth, kind) - 1.0) for one in done for kind in RELATIVE]
    return float(np.median(off))


def _row(kind: str, off: FloatArray, inside: FloatArray, identified: FloatArray) -> Row:
    unit = "relative" if kind in RELATIVE else {"encoder_offset_rad": "rad", "action_delay_s": "s"}.get(kind, "1")
    return Row(
        name=kind,
        count=off.size,
        error=unit,
        median=float(np.median(off)),
        p95=float(np.quantile(off, 0.95)),
        most=float(off.max()),
        inside=float(inside.mean()),
        identified=float(identified.mean()),
    )


def _silent(_note: str) -> None:
    """Progress is shown robot by robot."""
