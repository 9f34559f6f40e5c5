"""Robots with hidden joints, trunks and feet, measured in air and then on the ground: how far off, how honest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.identify import Identification, identify_in_air
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.synthetic import synthetic_log
from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.bench.recovery import Row
from surefoot_calibration.ground.identify import GroundIdentification, identify_on_ground
from surefoot_calibration.ground.parameters import COM, FRICTION, INERTIA, MASS, TRUNK_NAMES, nominal_ground, values_of
from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, standing_gains
from surefoot_calibration.ground.synthetic import HiddenRobot, ground_log, hidden_robot
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec

NAMES = (*TRUNK_NAMES, FRICTION)
RELATIVE = (MASS, *INERTIA[:3], FRICTION)


@dataclass(frozen=True, slots=True, eq=False)
class GroundRecovery:
    """One hidden robot."""

    seed: int
    truth: HiddenRobot
    found: GroundIdentification
    wall_s: float
    """Of the part on the ground."""
    cpu_s: float


def ground_recoveries(robot: RobotSpec, robots: int, options: GroundOptions, threads: int) -> Iterator[GroundRecovery]:
    """One after the other: seeds 0, 1, 2 …, all moved by the same plans; what is known of joints is from the air."""
    air_options, gains = PlanOptions(), standing_gains(robot)
    in_air = make_plan(robot, air_options, random_phases(np.random.default_rng(0)))
    plan = make_ground_plan(robot, options, gains)
    for seed in range(robots):
        truth = hidden_robot(robot, seed)
        log = synthetic_log(robot, truth.joints, in_air.target_rad, rate_hz=air_options.rate_hz, seed=seed)
        joints = calibration_of(robot, identify_in_air([log], robot, _silent, threads))
        log = ground_log(robot, truth, plan.target_rad, gains, rate_hz=options.rate_hz, seed=seed)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        found = identify_on_ground([log], robot, joints, _silent, threads)
        yield GroundRecovery(seed, truth, found, time.perf_counter() - wall_s, time.process_time() - cpu_s)


def calibration_of(robot: RobotSpec, found: Identification) -> Calibration:
    """As read from the file that would have been written."""
    rows = (Measured(one.name, one.joint, one.value, one.low, one.high, one.verdict) for one in found.estimates)
    return Calibration("in air", "0" * 64, robot.name, robot_hash(robot), "in-air", tuple(rows))


def truth_of(one: HiddenRobot) -> FloatArray:
    """Values of `NAMES`."""
    return np.append(values_of(one.ground.trunk), one.ground.foot_friction)


def ground_summary(done: Sequence[GroundRecovery]) -> list[Row]:
    """A row for each parameter, centres of mass as one."""
    truths = np.stack([truth_of(one.truth) for one in done])
    values, low, high = (
        np.array([[getattr(estimate, key) for estimate in _known(one)] for one in done])
        for key in ("value", "low", "high")
    )
    inside = (low <= truths) & (truths <= high)
    identified = np.array([[estimate.verdict == "identified" for estimate in _known(one)] for one in done])
    off = np.abs(values - truths)
    for place, name in enumerate(NAMES):
        if name in RELATIVE:
            off[:, place] /= truths[:, place]
    groups = [(MASS, [0]), *((name, [NAMES.index(name)]) for name in COM)]
    groups += [(name, [NAMES.index(name)]) for name in INERTIA[:3]]
    groups += [("products of inertia", [NAMES.index(name) for name in INERTIA[3:]]), (FRICTION, [len(NAMES) - 1])]
    groups.append(("all of these", list(range(len(NAMES)))))
    return [
        Row(
            name=name,
            count=off[:, places].size,
            error=_unit(name),
            median=float(np.median(off[:, places])),
            p95=float(np.quantile(off[:, places], 0.95)),
            most=float(off[:, places].max()),
            inside=float(inside[:, places].mean()),
            identified=float(identified[:, places].mean()),
        )
        for name, places in groups
    ]


def file_off(robot: RobotSpec, done: Sequence[GroundRecovery]) -> float:
    """How far off the file's mass is, median of shares."""
    own = nominal_ground(robot).trunk.mass_kg
    return float(np.median([abs(own / one.truth.ground.trunk.mass_kg - 1.0) for one in done]))


def _known(one: GroundRecovery) -> list[Estimate]:
    """Estimates in the order of `NAMES`; torque limits are not among the hidden."""
    by_name = {estimate.name: estimate for estimate in one.found.estimates}
    return [by_name[name] for name in NAMES]


def _unit(name: str) -> str:
    if name in RELATIVE:
        return "relative"
    return "m" if name in COM else {"all of these": "mixed"}.get(name, "kg m²")


def _silent(_note: str) -> None:
    """Progress is shown robot by robot."""
