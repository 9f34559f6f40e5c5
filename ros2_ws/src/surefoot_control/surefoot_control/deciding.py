"""The policy between a sample and joint targets: which ticks, which velocity, what it remembers. No ROS here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from surefoot_control.senses import Pace, Sensed, Vector
from surefoot_policy.contract import Contract
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_policy.shipped import policy_file
from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import VelocityCommand
from surefoot_safety.mode import Mode
from surefoot_safety.settings import Settings
from surefoot_safety.velocity import usable_velocity

SENSED = {"angular_velocity_in_base", "gravity_in_base", "velocity_command", "joint_position", "joint_velocity"}
SCAN, SCAN_VALID = "height_scan", "height_scan_valid"
VELOCITY_ESTIMATE = "velocity_in_base"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a tick came to, joints in the contract's order."""

    joint_target_rad: Vector
    velocity_in_base_mps: Vector | None
    """As the policy believes; None if it does not say."""


class Deciding:
    """A loaded policy at work."""

    def __init__(self, policy: Policy, settings: Settings) -> None:
        self.policy, self.contract = policy, policy.contract
        self._settings = settings
        self._pace = Pace(policy.contract.control_dt_s)
        self._low, self._high = policy.command_low, policy.command_high
        self._sizes = {entry.term: entry.size for entry in policy.contract.observation}
        self.mode: str | None = None
        """What the robot does; None if nobody says."""
        self.velocity: VelocityCommand | None = None

    @classmethod
    def of_file(cls, file: Path, spec: RobotSpec, settings: Settings) -> Self:
        """Load, verify, warm up; refused with the reason."""
        policy = Policy.load(policy_file(file), spec)
        _check_terms(policy.contract)
        return cls(policy, settings)

    def restart(self) -> None:
        """Remember nothing; tick on the next sample."""
        self.policy.reset()
        self._pace = Pace(self.contract.control_dt_s)

    def decide(self, sensed: Sensed, now_s: float) -> Decided | None:
        """Joint targets for a sample; None if the next tick is not due.

        Until the robot walks, each tick is the first one: targets must be there before a walk may begin, but what
        follows in memory and gait clock belongs to a robot that does what it is told.
        """
        if not self._pace.is_due(sensed.stamp_ns):
            return None
        if self.mode != Mode.WALKING.value:
            self.policy.reset()
        target = self.policy.tick(self.policy.pack(self._terms(sensed, now_s)))
        believed = self.policy.estimates().get(VELOCITY_ESTIMATE)
        return Decided(tuple(target.tolist()), None if believed is None else tuple(believed.tolist()))

    def _terms(self, sensed: Sensed, now_s: float) -> dict[str, np.ndarray]:
        values = {
            "angular_velocity_in_base": sensed.angular_velocity_in_base_radps,
            "gravity_in_base": sensed.gravity_in_base,
            "velocity_command": self._wanted(now_s),
            "joint_position": sensed.joint_position_rad,
            "joint_velocity": sensed.joint_velocity_radps,
        }
        terms = {name: np.array(value) for name, value in values.items() if name in self._sizes}
        # Nothing here measures the ground: such a policy is told so.
        for name in (SCAN, SCAN_VALID):
            if name in self._sizes:
                terms[name] = np.zeros(self._sizes[name])
        return terms

    def _wanted(self, now_s: float) -> np.ndarray:
        """The velocity as the supervisor would have it, within what the policy was trained for."""
        settings = self._settings
        usable, _ = usable_velocity(self.velocity, now_s, settings.timing, settings.motion, settings.command.future_s)
        return np.clip([usable.vx_mps, usable.vy_mps, usable.yaw_rate_radps], self._low, self._high)


def _check_terms(contract: Contract) -> None:
    """Whether it observes only what there is."""
    names = {entry.term for entry in contract.observation}
    if SCAN in names and SCAN_VALID not in names:
        raise PolicyError(
            "contract.observation",
            found=f"{SCAN} without {SCAN_VALID}",
            expected=", ".join(sorted(SENSED)),
            hint="nothing here measures the ground: take a policy that can walk without seeing it",
        )
