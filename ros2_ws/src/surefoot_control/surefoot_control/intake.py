"""What comes from ROS on its way to the supervisor: taken over as it is, or dropped with the reason. No ROS here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from surefoot_control.names import ByName
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand

FUTURE_S = 0.005
"""As much as the gate tolerates by itself: clocks of one machine do not differ."""
SOURCE_SILENT_S = 0.5
"""After so long another publisher may take over."""
VELOCITY_OLD_S = 0.25
"""interfaces.md: a velocity is stale after that; one that was held up for as long on its way is not taken at all."""
SOURCE_PREFIX = "policy"
"""Of `frame_id` of joint targets, by which ours say who sent them: policy:DIGEST:NUMBER."""
DIGEST_LETTERS = 16


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What the robot node knows of the policy whose targets it hands on, from the contract and nowhere else."""

    robot_hash: str
    joint_names: tuple[str, ...]
    """In the robot's order."""
    kp_nm_per_rad: tuple[float, ...]
    kd_nms_per_rad: tuple[float, ...]
    digest: str = ""
    """The beginning of the policy's sha256; empty if nobody said which policy it is to be."""


class TargetIntake:
    """Joint targets: from one publisher at a time, each newer than the last."""

    def __init__(self, facts: PolicyFacts, sequence: int = 0) -> None:
        """`sequence`: of the last target that the supervisor was given, by whomever."""
        self._facts = facts
        self._joints = ByName(facts.joint_names)
        self._zeros = (0.0,) * len(facts.joint_names)
        self._sequence = sequence
        self._newest_s = -math.inf
        self._heard_s = -math.inf
        self._source = ""

    def take(
        self, names: Sequence[str], position_rad: Sequence[float], stamp_s: float, source: str, now_s: float
    ) -> JointCommand | str:
        """The command for the supervisor, or why there is none.

        Targets that are no numbers are handed on: the supervisor stops following the policy at once, while a policy
        that was silently dropped would have to be missed first.
        """
        fault = self._fault(names, position_rad, stamp_s, source, now_s)
        if fault:
            return fault
        self._sequence += 1
        self._newest_s, self._heard_s, self._source = stamp_s, now_s, source
        target = JointTarget(
            self._joints.ordered(position_rad),
            self._zeros,
            self._zeros,
            self._facts.kp_nm_per_rad,
            self._facts.kd_nms_per_rad,
        )
        return JointCommand(self._facts.robot_hash, self._sequence, stamp_s, CommandKind.TRACK, target)

    def _fault(
        self, names: Sequence[str], position_rad: Sequence[float], stamp_s: float, source: str, now_s: float
    ) -> str:
        if len(position_rad) != len(names):
            return f"{len(position_rad)} positions for {len(names)} joints"
        return (
            self._joints.fault(names)
            or self._stranger(source, now_s)
            or _untimely(stamp_s, self._newest_s, now_s, math.inf)
        )

    def _stranger(self, source: str, now_s: float) -> str:
        if source != self._source and now_s - self._heard_s < SOURCE_SILENT_S:
            return f"from {source!r} while {self._source!r} is heard"
        digest = source.split(":")[1] if source.startswith(f"{SOURCE_PREFIX}:") else ""
        if digest and self._facts.digest and digest != self._facts.digest:
            return f"of policy {digest}, must be {self._facts.digest}: start the robot node with the same policy file"
        return ""


class VelocityIntake:
    """Velocities: with a stamp of their own, each newer than the last, or without one, stamped on arrival."""

    def __init__(self, sequence: int = 0) -> None:
        """`sequence`: of the last velocity that the supervisor was given, by whomever."""
        self._sequence = sequence
        self._newest_s = -math.inf

    def take(self, velocity: tuple[float, float, float], stamp_s: float | None, now_s: float) -> VelocityCommand | str:
        """The command for the supervisor, or why there is none; vx, vy m/s and yaw rate rad/s."""
        if not all(map(math.isfinite, velocity)):
            return f"not made of numbers: {velocity}"
        if stamp_s is not None:
            fault = _untimely(stamp_s, self._newest_s, now_s, VELOCITY_OLD_S)
            if fault:
                return fault
            self._newest_s = stamp_s
        self._sequence += 1
        return VelocityCommand(self._sequence, now_s if stamp_s is None else stamp_s, *velocity)


def _untimely(stamp_s: float, newest_s: float, now_s: float, old_s: float) -> str:
    if not stamp_s <= now_s + FUTURE_S:
        return f"stamped {stamp_s - now_s:.3f} s in the future"
    if not stamp_s > newest_s:
        return f"not newer than the last: {newest_s - stamp_s:.3f} s older"
    if now_s - stamp_s > old_s:
        return f"{now_s - stamp_s:.2f} s old"
    return ""
