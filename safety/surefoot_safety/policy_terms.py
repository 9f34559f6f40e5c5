"""What a policy's contract promises, and whether joint targets keep to it.

The supervisor reads the contract for itself (`process/policy_file.py`): whoever hands targets on cannot choose other
gains than those the policy was made with.
"""

from __future__ import annotations

from dataclasses import dataclass

from surefoot_safety.command import JointTarget
from surefoot_safety.state import Floats
from surefoot_safety.violation import Check, Violation

BEYOND_RANGE_RAD = 1e-3
"""The widest tolerance of a policy's own self-test; graphs clip in single precision."""
GAIN_OFF = 1e-6
"""Gains are handed on as they were read; this is for another writer's digits."""


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """Joints in the robot's order."""

    sha256: str
    kp_nm_per_rad: Floats
    kd_nms_per_rad: Floats
    lower_rad: Floats
    upper_rad: Floats


def terms_broken(target: JointTarget, terms: PolicyTerms, joint_names: tuple[str, ...]) -> list[Violation]:
    """Gains or targets that the policy's contract rules out; whatever is no number is out, too."""
    promised = ((target.kp_nm_per_rad, terms.kp_nm_per_rad, "kp"), (target.kd_nms_per_rad, terms.kd_nms_per_rad, "kd"))
    added = ((target.velocity_radps, "velocity"), (target.torque_nm, "torque"))
    ranges = zip(joint_names, target.position_rad, terms.lower_rad, terms.upper_rad, strict=True)
    return [
        *(
            Violation(Check.COMMAND_GAIN, f"{joint} {name} {gain:g}, the policy's contract says {right:g}")
            for gains, rights, name in promised
            for joint, gain, right in zip(joint_names, gains, rights, strict=True)
            if not abs(gain - right) <= GAIN_OFF
        ),
        *(
            Violation(Check.COMMAND_RANGE, f"{joint} {name} {value:g}, a policy gives none")
            for values, name in added
            for joint, value in zip(joint_names, values, strict=True)
            if value != 0.0
        ),
        *(
            Violation(
                Check.COMMAND_RANGE, f"{joint} at {angle:.3f} rad, the policy's contract says {low:g} to {high:g}"
            )
            for joint, angle, low, high in ranges
            if not low - BEYOND_RANGE_RAD <= angle <= high + BEYOND_RANGE_RAD
        ),
    ]
