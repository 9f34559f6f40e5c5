"""From logs of a robot that stands to its trunk and its feet: fit, intervals, verdicts, a check by simulation.

The trunk is not fitted to the windows that are simulated. The friction of feet is from all of a log: feet slide for a
few seconds, all of which may lie in such a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surefoot_calibration.air.identify import HeldOut
from surefoot_calibration.air.play import Played, rms_rad
from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.ground.balance import Contacts, contacts_of
from surefoot_calibration.ground.fit import Fitted, Told, fit
from surefoot_calibration.ground.friction import SYSTEMATIC, UNCALIBRATED, Friction, friction_of
from surefoot_calibration.ground.held_out import played_on_ground
from surefoot_calibration.ground.motion import motion_of
from surefoot_calibration.ground.parameters import (
    COM,
    INERTIA,
    MASS,
    THETA,
    TRUNK_NAMES,
    GroundParameters,
    nominal_ground,
    physical,
    trunk_of,
    values_of,
)
from surefoot_calibration.ground.priors import GroundPriors, ground_priors
from surefoot_calibration.ground.saturation import Saturation, saturations
from surefoot_calibration.ground.synthetic import HiddenRobot
from surefoot_calibration.ground.uncertainty import TrunkUncertainty, trunk_uncertainty
from surefoot_calibration.ground.verdicts import (
    friction_estimate,
    saturation_estimates,
    trunk_estimates,
    trunk_verdicts,
)
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.calibration import Calibration, Verdict
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.state import GRAVITY_MPS2

PLACES = {MASS: (0,), COM[0]: (7,), COM[1]: (8,), COM[2]: (9,), **dict.fromkeys(INERTIA[:3], (1, 2, 3))} | {
    INERTIA[3]: (4,),
    INERTIA[5]: (5,),
    INERTIA[4]: (6,),
}
"""Of a trunk's log-Cholesky coordinates, those that are held where a value is not identifiable."""

LEAST_SHARE, MOST_SHARE = 0.4, 4.0
"""Of the file's weight, that feet carry: a light trunk on the file's legs has 0.7 of it, the heaviest payload doubles
it; motors half as strong as they are taken for double it again."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundIdentification:
    """The result."""

    estimates: tuple[Estimate, ...]
    """Of the trunk, the feet and motors at their limit; joints are in the calibration that it began with."""
    held_out: HeldOut
    robot: HiddenRobot
    """As it was found."""
    payload: Estimate
    """What the trunk has more than the file's, kg; part of no file."""
    wrench_noise: tuple[float, ...]
    """What is left in the trunk's equations of motion, three forces in N and three moments in Nm, deviations."""
    samples: int
    outliers: int
    slid_samples: int
    correlation: FloatArray
    """[10, 10], of `TRUNK_NAMES`."""
    played: tuple[Played, ...]


def identify_on_ground(
    logs: Sequence[JointLog], robot: RobotSpec, air: Calibration | None, told: Told, threads: int = 0
) -> GroundIdentification:
    """Fit all logs together; `air` is what is known of the joints."""
    priors = ground_priors(robot, air, len(logs))
    contacts = [contacts_of(robot, motion_of(log, priors.known.joints.action_delay_s), priors.known) for log in logs]
    for log, each in zip(logs, contacts, strict=True):
        _check_standing(log, robot, each)
    everything = np.ones(len(priors.mean))
    fitted = fit(logs, robot, priors, everything, told)
    known = trunk_uncertainty(fitted, priors)
    fitted, known, found = _settled(logs, robot, priors, (fitted, known), told)
    told("feet")
    friction = _friction(contacts, priors)
    saturated = _saturated(logs, robot, priors.known.joints.action_delay_s)
    values, before = physical(fitted.vector[:THETA]), values_of(robot.trunk.inertial)
    rows = trunk_estimates(values, before, known, found, calibrated=priors.calibrated)
    feet = friction_estimate(friction, robot.foot_friction)
    begun = HiddenRobot(priors.known.joints, nominal_ground(robot))
    after = HiddenRobot(begun.joints, GroundParameters(trunk_of(fitted.vector[:THETA]), feet.value))
    told("held-out windows")
    both = [played_on_ground(log, robot, begun, after, threads=threads) for log in logs]
    played = tuple(one for one in both if one is not None)
    if not played:
        raise SurefootError(
            "no window of two seconds without gaps is left to judge by", hint="record for 10 s and more, without gaps"
        )
    return GroundIdentification(
        estimates=(*rows, feet, *saturation_estimates(saturated)),
        held_out=_held_out(played, robot),
        robot=after,
        payload=_payload(rows[0]),
        wrench_noise=tuple(fitted.wrench_noise.tolist()),
        samples=len(fitted.errors),
        outliers=fitted.outliers,
        slid_samples=friction.samples,
        correlation=known.correlation,
        played=played,
    )


def _settled(
    logs: Sequence[JointLog],
    robot: RobotSpec,
    priors: GroundPriors,
    first: tuple[Fitted, TrunkUncertainty],
    told: Told,
) -> tuple[Fitted, TrunkUncertainty, dict[str, Verdict]]:
    """Once more with the file's values where nothing can be said; what moves by that is no surer than by how much."""
    fitted, known = first
    found = trunk_verdicts(physical(fitted.vector[:THETA]), known, TRUNK_NAMES)
    lost = {name for name, verdict in found.items() if verdict == "not_identifiable"}
    if not lost:
        return fitted, known, found
    told(f"{len(lost)} parameters are not identifiable: the rest again, around the file's values")
    free = np.ones(len(priors.mean))
    free[sorted({place for name in lost for place in PLACES[name]})] = 0.0
    again = fit(logs, robot, priors, free, told)
    moved = np.abs(physical(again.vector[:THETA]) - physical(fitted.vector[:THETA]))
    held = np.array([name in lost for name in TRUNK_NAMES])
    wider = replace(known, half_width=known.half_width + np.where(held, 0.0, moved))
    kept = tuple(name for name in TRUNK_NAMES if name not in lost)
    settled = trunk_verdicts(physical(again.vector[:THETA]), wider, kept)
    return again, wider, {name: _weak(verdict) if name in kept else verdict for name, verdict in settled.items()}


def _weak(verdict: Verdict) -> Verdict:
    """What keeps the value that it was given by the log is weak at least."""
    return "weak" if verdict == "not_identifiable" else verdict


def _check_standing(log: JointLog, robot: RobotSpec, contacts: Contacts) -> None:
    """A robot that hangs, or whose feet are not what carries it, tells nothing of its trunk so."""
    carried_n = float(np.median(-(contacts.force_n * contacts.down[:, None, :]).sum(axis=(1, 2))))
    weight_n = robot.total_mass_kg * GRAVITY_MPS2
    if not LEAST_SHARE * weight_n <= carried_n <= MOST_SHARE * weight_n:
        raise SurefootError(
            f"{log.origin}: feet carry {carried_n:.0f} N, by the motors' torques; {robot.name} weighs {weight_n:.0f}",
            hint="is it a log of the robot standing, with the gains it had (--gains)? in air: --protocol in-air",
        )


def _friction(each: Sequence[Contacts], priors: GroundPriors) -> Friction:
    """Of the log that tells most of it: one in which feet slid, else the one with the highest lower bound."""
    systematic = SYSTEMATIC if priors.calibrated else UNCALIBRATED
    found = [friction_of(contacts, systematic) for contacts in each]
    return max(found, key=lambda one: (one.slid, one.samples if one.slid else one.low))


def _saturated(logs: Sequence[JointLog], robot: RobotSpec, delay_s: float) -> tuple[Saturation, ...]:
    """Of each joint, in the first log that shows it."""
    found = [one for log in logs for one in saturations(log, robot, delay_s)]
    return tuple({one.joint: one for one in reversed(found)}.values())


def _held_out(played: Sequence[Played], robot: RobotSpec) -> HeldOut:
    before, after = rms_rad(played)
    return HeldOut(robot.joint_names, tuple(before.tolist()), tuple(after.tolist()))


def _payload(mass: Estimate) -> Estimate:
    less = mass.prior
    return replace(
        mass, name="payload_kg", value=mass.value - less, low=mass.low - less, high=mass.high - less, prior=0.0
    )
