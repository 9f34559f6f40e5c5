"""What may be said of each parameter: identified, weak, or not identifiable from this log, and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.parameters import KINDS, UNITS
from surefoot_calibration.air.priors import Priors
from surefoot_calibration.air.uncertainty import Uncertainty
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.calibration import Verdict
from surefoot_robots.spec import RobotSpec

RELATIVE = 0.1
"""Of the value: armature, damping and friction that are surely no further off to either side are identified. The ranges
that training randomizes over are several times wider."""
LEAST_SHARE = 0.3
"""Of the file's value, which small ones are measured by instead of by themselves."""
ABSOLUTE = {"encoder_offset_rad": 0.005, "motor_strength": 0.05, "action_delay_s": 0.001}
WEAK_SHARE = 0.5
"""Of what was known before: a log that does not halve it tells nothing."""
INSEPARABLE_SHARE = 0.5
"""Of joints whose armature is not identified, from which on a delay that is not either is not to be told from it."""
DELAY, ARMATURE = "action_delay_s", "armature_kgm2"
TIED = 0.9
"""Correlation from which on two parameters are said not to be told apart."""
ADVICE = {
    "armature_kgm2": "a chirp up to 8 Hz or more (`surefoot identify plan`): inertia shows when joints reverse quickly",
    "damping_nms_per_rad": "faster motion: several constant speeds of 1 rad/s and more, and a chirp",
    "friction_nm": "to and fro at several constant speeds, 0.1 rad/s among them",
    "encoder_offset_rad": "poses far apart, each held, so that gravity pulls otherwise; or a pose against the stops",
    "motor_strength": "poses far apart, each held against gravity, and a chirp",
    "action_delay_s": "a chirp up to 8 Hz or more, sampled at 200 Hz or more: below that a delay looks like inertia",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """One parameter of the result."""

    name: str
    joint: str | None
    value: float
    low: float
    """Of the 95 % interval."""
    high: float
    unit: str
    verdict: Verdict
    prior: float
    """The file's value, which one that is not identifiable keeps."""
    tied_to: str
    """The parameter it cannot be told apart from; empty if there is none."""
    advice: str
    """What experiment would settle it; empty if it is settled."""


def names_of(robot: RobotSpec) -> list[tuple[str, str | None]]:
    """Name and joint of each parameter, in the order of the vector."""
    return [*((kind, joint) for kind in KINDS for joint in robot.joint_names), ("action_delay_s", None)]


def verdicts(vector: FloatArray, known: Uncertainty, priors: Priors, robot: RobotSpec) -> list[Verdict]:
    """Of each parameter.

    Delay and armature show in the same moments, when joints reverse quickly, and there friction does what no model of
    it has. A log that settles neither has too few of them: what it says of one hangs on the other, and both are left
    alone.
    """
    names = names_of(robot)
    found = [
        _verdict(name, float(vector[place]), float(known.half_width[place] + known.systematic[place]), priors, place)
        for place, (name, _) in enumerate(names)
    ]
    armature = [verdict for (name, _), verdict in zip(names, found, strict=True) if name == ARMATURE]
    unsettled = sum(verdict != "identified" for verdict in armature)
    if found[-1] == "identified" or unsettled < INSEPARABLE_SHARE * len(armature):
        return found
    return [
        "not_identifiable" if name in {DELAY, ARMATURE} and verdict != "identified" else verdict
        for (name, _), verdict in zip(names, found, strict=True)
    ]


def _verdict(name: str, value: float, reach: float, priors: Priors, place: int) -> Verdict:
    narrow = ABSOLUTE.get(name, RELATIVE * max(abs(value), LEAST_SHARE * float(priors.mean[place])))
    # Half of 95 % of a normal distribution.
    known_before = 1.96 * float(priors.deviation[place])
    if reach > WEAK_SHARE * known_before:
        return "not_identifiable"
    rounding = 1e-6 * float(priors.deviation[place])
    at_bound = not priors.lower[place] + rounding < value < priors.upper[place] - rounding
    # No delay at all is a delay that robots have; the other bounds are where something else is wrong.
    if reach > narrow or (at_bound and name != "action_delay_s"):
        return "weak"
    return "identified"


def estimates(
    vector: FloatArray, known: Uncertainty, found: list[Verdict], priors: Priors, robot: RobotSpec
) -> tuple[Estimate, ...]:
    """With intervals that do not leave the range of what can be."""
    rows = []
    for place, ((name, joint), verdict) in enumerate(zip(names_of(robot), found, strict=True)):
        value, half = float(vector[place]), float(known.half_width[place])
        if verdict == "not_identifiable":  # nothing is known of it but what was known before
            half = max(half, 1.96 * float(priors.deviation[place]))
        rows.append(
            Estimate(
                name=name,
                joint=joint,
                value=value,
                low=max(value - half, min(value, float(priors.lower[place]))),
                high=min(value + half, max(value, float(priors.upper[place]))),
                unit=UNITS[name],
                verdict=verdict,
                prior=float(priors.mean[place]),
                tied_to="" if verdict == "identified" else _tied_to(place, known, robot, found),
                advice="" if verdict == "identified" else ADVICE[name],
            )
        )
    return tuple(rows)


def is_inseparable(found: Sequence[Estimate]) -> bool:
    """Whether delay and armature could not be told apart."""
    return any(one.name == DELAY and one.tied_to == ARMATURE for one in found)


def _both_lost(found: Sequence[Verdict], robot: RobotSpec) -> bool:
    lost = {name for (name, _), verdict in zip(names_of(robot), found, strict=True) if verdict == "not_identifiable"}
    return {DELAY, ARMATURE} <= lost


def _tied_to(place: int, known: Uncertainty, robot: RobotSpec, found: list[Verdict]) -> str:
    own = names_of(robot)[place][0]
    if own in {DELAY, ARMATURE} and found[place] == "not_identifiable" and _both_lost(found, robot):
        return ARMATURE if own == DELAY else DELAY
    row = np.abs(known.correlation[place]).copy()
    row[place] = 0.0
    other = int(np.argmax(row))
    if row[other] < TIED:
        return ""
    name, joint = names_of(robot)[other]
    return name if joint is None else f"{name} of {joint}"
