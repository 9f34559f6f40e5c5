"""What to tell whoever starts a robot about the calibration that a policy was trained with, and the robot's own."""

from __future__ import annotations

from surefoot_policy.contract import Contract
from surefoot_robots.calibration import Calibration, called


def calibration_warning(contract: Contract, at_hand: Calibration | None) -> str | None:
    """One line; None where there is nothing to tell. It walks all the same, if worse: so this refuses nothing."""
    trained = contract.trained_with.calibration
    its = called(trained.name, trained.sha256) if trained else "no calibration"
    if at_hand is None:
        return (
            f"the policy was trained with {its}; nobody says what this robot has (--calibration FILE)"
            if trained
            else None
        )
    if trained is not None and trained.sha256 == at_hand.sha256:
        return None
    return f"warning: the policy was trained with {its}, this robot has {at_hand.called}: it may walk worse"
