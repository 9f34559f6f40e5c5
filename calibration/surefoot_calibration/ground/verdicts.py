"""What may be said of a trunk and its feet: identified, weak, or not identifiable, and what would settle it."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.air.verdicts import TIED, WEAK_SHARE, Estimate
from surefoot_calibration.ground.friction import Friction
from surefoot_calibration.ground.parameters import COM, INERTIA, MASS, TRUNK_NAMES, UNITS
from surefoot_calibration.ground.parameters import FRICTION as FRICTION_NAME
from surefoot_calibration.ground.saturation import Saturation
from surefoot_calibration.ground.uncertainty import TrunkUncertainty
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.calibration import Verdict

MASS_SHARE = 0.03
COM_M = 0.005
INERTIA_SHARE = 0.2
"""Of the mass, of the moment of inertia; of a product of inertia, of the root of both axes' moments. Training
randomizes masses by 20 %, centres by 3 to 5 cm and inertias by 20 %."""
FRICTION_SHARE = 0.1
WITHOUT_AIR = (
    "a calibration of the joints in air (`--calibration`): motors that are stronger than the file says look like a "
    "lighter robot"
)
ADVICE = {
    MASS: "slow squats, and joints calibrated in air as warm as they are here",
    COM[0]: "squats and sways as of `surefoot identify plan --protocol ground`, and joints calibrated in air",
    COM[1]: "squats and sways as of `surefoot identify plan --protocol ground`, and joints calibrated in air",
    COM[2]: "tilts and quick sways: height shows only where the trunk leans or is accelerated sideways",
    **dict.fromkeys(INERTIA, "turning quickly: roll, pitch and yaw to and fro at 2 Hz and more"),
    FRICTION_NAME: "feet that slide: `surefoot identify plan --protocol ground --slide`",
}


def trunk_verdicts(values: FloatArray, known: TrunkUncertainty, free: tuple[str, ...]) -> dict[str, Verdict]:
    """Of each of `TRUNK_NAMES`; what is not among `free` is not identifiable."""
    found: dict[str, Verdict] = {}
    narrow = _narrow(values)
    for place, name in enumerate(TRUNK_NAMES):
        half = float(known.half_width[place])
        if name not in free or half > WEAK_SHARE * float(known.known_before[place]):
            found[name] = "not_identifiable"
        else:
            found[name] = "identified" if half <= narrow[place] else "weak"
    # Moments of inertia are one body's: without one of them, the others say nothing that a simulator could use.
    if any(found[name] == "not_identifiable" for name in INERTIA[:3]):
        found |= dict.fromkeys(INERTIA, "not_identifiable")
    return found


def _narrow(values: FloatArray) -> FloatArray:
    xx, yy, zz = values[4:7]
    sizes = [xx, yy, zz, np.sqrt(xx * yy), np.sqrt(xx * zz), np.sqrt(yy * zz)]
    return np.array([MASS_SHARE * values[0], *(COM_M,) * 3, *(INERTIA_SHARE * size for size in sizes)])


def trunk_estimates(
    values: FloatArray,
    before: FloatArray,
    known: TrunkUncertainty,
    found: dict[str, Verdict],
    *,
    calibrated: bool = True,
) -> tuple[Estimate, ...]:
    """With intervals that hold what was known before where nothing is known now.

    Of joints that nobody has `calibrated` hangs all that is not settled.
    """
    rows = []
    for place, name in enumerate(TRUNK_NAMES):
        verdict, value = found[name], float(values[place])
        half = float(known.half_width[place])
        if verdict == "not_identifiable":
            half, value = max(half, float(known.known_before[place])), float(before[place])
        positive = name in {MASS, *INERTIA[:3]}
        rows.append(
            Estimate(
                name=name,
                joint=None,
                value=value,
                low=max(value - half, 0.0) if positive else value - half,
                high=value + half,
                unit=UNITS[name],
                verdict=verdict,
                prior=float(before[place]),
                tied_to="" if verdict == "identified" else _tied_to(place, known),
                advice="" if verdict == "identified" else ADVICE[name] if calibrated else WITHOUT_AIR,
            )
        )
    return tuple(rows)


def _tied_to(place: int, known: TrunkUncertainty) -> str:
    row = np.abs(known.correlation[place]).copy()
    row[place] = 0.0
    other = int(np.argmax(row))
    return TRUNK_NAMES[other] if row[other] >= TIED else ""


def friction_estimate(found: Friction, prior: float) -> Estimate:
    """Of the feet's friction on the ground of this log."""
    if found.slid:
        verdict: Verdict = "identified" if 0.5 * (found.high - found.low) <= FRICTION_SHARE * found.value else "weak"
        value = found.value
    else:
        # Without sliding there is a lower bound: the file's value stands, unless the log has more than it allows.
        value = max(prior, found.low)
        verdict = "not_identifiable" if value == prior else "weak"
    return Estimate(
        name=FRICTION_NAME,
        joint=None,
        value=value,
        low=found.low,
        high=max(found.high, value),
        unit=UNITS[FRICTION_NAME],
        verdict=verdict,
        prior=prior,
        tied_to="",
        advice="" if verdict == "identified" else ADVICE[FRICTION_NAME],
    )


def saturation_estimates(found: tuple[Saturation, ...]) -> tuple[Estimate, ...]:
    """Of joints whose motors were asked for more than they gave."""
    return tuple(
        Estimate(
            name="torque_limit_nm",
            joint=one.joint,
            value=one.value_nm,
            low=one.low_nm,
            high=one.high_nm,
            unit="Nm",
            verdict="identified" if one.high_nm - one.low_nm <= 0.2 * one.value_nm else "weak",
            prior=one.prior_nm,
            tied_to="",
            advice="" if one.high_nm - one.low_nm <= 0.2 * one.value_nm else "asking for more, for longer",
        )
        for one in found
    )
