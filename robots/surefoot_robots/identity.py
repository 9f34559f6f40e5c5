"""The robot's hash: the facts that a policy takes for granted, as one short text that two sides can compare."""

from __future__ import annotations

import hashlib
import json

from surefoot_robots.spec import RobotSpec


def robot_hash(spec: RobotSpec) -> str:
    """SHA-256 (hex) of the names, the order, the limits and the default pose.

    Two robots with the same hash take the same joint targets the same way. What training randomizes (masses, inertias,
    friction, delay) and what the policy brings along (gains) is not in it.
    """
    facts = {
        "robot": spec.name,
        "joint_names": list(spec.joint_names),
        "foot_names": list(spec.foot_names),
        "joint_lower_rad": _plain(spec.joint_lower_rad.tolist()),
        "joint_upper_rad": _plain(spec.joint_upper_rad.tolist()),
        "torque_limit_nm": _plain(spec.torque_limit_nm.tolist()),
        "speed_limit_radps": _plain(spec.speed_limit_radps.tolist()),
        "default_joint_position_rad": _plain(spec.default_joint_position_rad.tolist()),
    }
    # Canonical JSON: sorted keys, no spaces, ASCII; Python writes the shortest digits that read back as the same
    # double, which do not depend on the platform.
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(values: list[float]) -> list[float]:
    """Without negative zeros, which are the same angle but another text."""
    return [value + 0.0 for value in values]
