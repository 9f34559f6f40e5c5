"""What the robot node must know of the policy: read from the policy's file, so that nobody copies it by hand."""

from __future__ import annotations

from pathlib import Path

from surefoot_control.intake import DIGEST_LETTERS, PolicyFacts
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec


def facts_of(spec: RobotSpec, policy: Path | None) -> PolicyFacts:
    """The gains of the policy, in the robot's order of joints; without a policy the robot's own."""
    if policy is None:
        kp, kd = tuple(spec.kp_nm_per_rad.tolist()), tuple(spec.kd_nms_per_rad.tolist())
        return PolicyFacts(robot_hash(spec), spec.joint_names, kp, kd)
    from surefoot_policy.checks import load_candidate
    from surefoot_policy.shipped import policy_file

    contract = load_candidate(policy_file(policy), spec).known_contract  # refused unless its joints are the robot's
    gains = contract.gains
    digest = contract.sha256[:DIGEST_LETTERS]
    return PolicyFacts(robot_hash(spec), spec.joint_names, gains.kp_nm_per_rad, gains.kd_nms_per_rad, digest)
