"""From any pose on the feet down to the floor, and up again from it."""

from __future__ import annotations

from math import cos, pi

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits.balance import balancing_n
from surefoot_safety.gaits.drive import Drive, carrying_nm, slow_rates
from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.plan import SLOW_RADPS, Plan
from surefoot_safety.gaits.senses import Attitude, Clock, check_usable
from surefoot_safety.leg import feet_of
from surefoot_safety.state import Floats, RobotState, Vector3

MOVE_S = 1.5
"""Up or down: the 20 cm of a Go2 at 0.2 m/s at most; its maker's examples take 1.5 to 2 s."""
FOLD_S = 1.0
"""For legs that lie anywhere to come under the trunk, at the least; at the drive's rate a whole range takes 2 s."""
FOLDED_RAD = 0.1
"""So near to the lying pose counts as folded: what a joint under its leg's weight sags, and an encoder's offset."""
FOLD_PATIENCE_S = 2.5
"""Then it gets up from where the legs have come: the floor may be in their way."""
ARRIVED_RAD = 0.3
"""So near to its target counts as there: a leg on a stone is; motors that do not move a joint are found out."""
ON_FEET_SHARE = 0.55
"""Of the standing height that all feet are below the base of a robot that is on them: lying, a Go2 has 0.4."""
CAN_STAND_UP_RAD = 0.6
"""Lying on its belly on a slope or a step. On its side or back no leg could lift it."""


def eased(share: float) -> float:
    """From 0 to 1 without a jolt at either end."""
    return 0.5 - 0.5 * cos(pi * max(0.0, min(1.0, share)))


class _Move:
    """Feet from where they are to where they should be, in a straight line, carrying the trunk."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._from_m = self._to_m = plan.feet_m
        self._gone_s = 0.0

    def begin(self, from_m: tuple[Vector3, ...], to_m: tuple[Vector3, ...]) -> None:
        self._from_m, self._to_m, self._gone_s = from_m, to_m, 0.0

    def advance(self, dt_s: float) -> tuple[Vector3, ...]:
        self._gone_s += dt_s
        s = eased(self.share)
        return tuple(
            (a + s * (x - a), b + s * (y - b), c + s * (z - c))
            for (a, b, c), (x, y, z) in zip(self._from_m, self._to_m, strict=True)
        )

    @property
    def share(self) -> float:
        return min(1.0, self._gone_s / MOVE_S)


def _off_rad(state: RobotState, drive: Drive) -> float:
    """Of the joint that is furthest from its target."""
    return max(abs(at - to) for at, to in zip(state.joint_position_rad, drive.position_rad, strict=True))


class Sit:
    """Down to the lying pose; `finished` when it lies, which it then goes on doing."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock, self._attitude, self._move = Clock(), Attitude(), _Move(plan)
        self._drive = Drive(plan, slow_rates(plan, SLOW_RADPS))
        self._off_rad = 0.0
        self._lying_m = _feet_m(plan, plan.lying_rad)

    def begin(self, state: RobotState) -> None:
        """From where the feet are."""
        check_usable(state, state.stamp_s, len(self._plan.lower_rad))
        self._clock.begin(state.stamp_s)
        self._attitude.begin(state)
        self._drive.begin(state.joint_position_rad)
        self._move.begin(_feet_m(self._plan, state.joint_position_rad), self._lying_m)

    def tick(self, state: RobotState, _command: VelocityCommand, now_s: float) -> JointTarget:
        """A bit further down; the legs let go of the weight as the trunk reaches the floor."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        self._attitude.update(state, dt_s)
        self._off_rad = _off_rad(state, self._drive)
        target = self._move.advance(dt_s)
        feet = feet_of(plan.legs, state.joint_position_rad)
        loads = balancing_n(plan, self._attitude, [foot for foot, _ in feet], (1.0,) * len(feet))
        left = 1.0 - self._move.share
        torque = carrying_nm(feet, [(left * x, left * y, left * z) for x, y, z in loads])
        return self._drive.to_feet(target, dt_s, torque)

    @property
    def finished(self) -> bool:
        """Whether it lies, and its joints are where they were told to be."""
        return self._move.share >= 1.0 and self._off_rad <= ARRIVED_RAD


class StandUp:
    """From the floor: legs under the trunk first, then up; `finished` when it stands."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock, self._attitude, self._move = Clock(), Attitude(), _Move(plan)
        self._drive = Drive(plan, slow_rates(plan, SLOW_RADPS))
        self._rising = False
        self._folding_s = self._off_rad = 0.0

    def begin(self, state: RobotState) -> None:
        """Legs may lie anywhere; a robot whose feet are well below it already just rises."""
        plan = self._plan
        check_usable(state, state.stamp_s, len(plan.lower_rad))
        self._clock.begin(state.stamp_s)
        self._attitude.begin(state)
        self._drive.begin(state.joint_position_rad)
        self._rising, self._folding_s = False, 0.0
        self._check_upright()
        feet = _feet_m(plan, state.joint_position_rad)
        if all(-z > ON_FEET_SHARE * plan.height_m for _, _, z in feet):
            self._rise()

    def tick(self, state: RobotState, _command: VelocityCommand, now_s: float) -> JointTarget:
        """Fold, then rise."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        self._attitude.update(state, dt_s)
        self._off_rad = _off_rad(state, self._drive)
        if not self._rising:
            self._check_upright()
            return self._fold(state, dt_s)
        target = self._move.advance(dt_s)
        feet = feet_of(plan.legs, state.joint_position_rad)
        loads = balancing_n(plan, self._attitude, [foot for foot, _ in feet], (1.0,) * len(feet))
        share = min(1.0, 3.0 * self._move.share)  # the legs take the weight over while the trunk still lies
        torque = carrying_nm(feet, [(share * x, share * y, share * z) for x, y, z in loads])
        return self._drive.to_feet(target, dt_s, torque)

    @property
    def finished(self) -> bool:
        """Whether it stands, on joints that are where they were told to be."""
        return self._rising and self._move.share >= 1.0 and self._off_rad <= ARRIVED_RAD

    def _fold(self, state: RobotState, dt_s: float) -> JointTarget:
        self._folding_s += dt_s
        wanted = self._plan.lying_rad
        off = max(abs(at - to) for at, to in zip(state.joint_position_rad, wanted, strict=True))
        if (off < FOLDED_RAD and self._folding_s > 0.0) or self._folding_s >= FOLD_PATIENCE_S:
            self._rise()
        return self._drive.to_joints(wanted, dt_s, (0.0,) * len(wanted))

    def _rise(self) -> None:
        self._rising = True
        self._move.begin(_feet_m(self._plan, self._drive.position_rad), self._plan.feet_m)

    def _check_upright(self) -> None:
        if not -self._attitude.down[2] > cos(CAN_STAND_UP_RAD):
            raise GaitError(
                "the robot lies on its side or back and cannot stand up",
                hint="turn it over onto its belly",
            )


class Collapse:
    """Legs that only brake: the robot sinks; `finished` when nothing has moved for a while."""

    STILL_RADPS = 0.5
    """Averaged over all joints, which takes the noise out of each."""
    STILL_S = 0.5

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._clock = Clock()
        self._still_s = 0.0

    def begin(self, state: RobotState) -> None:
        """Start counting."""
        check_usable(state, state.stamp_s, len(self._plan.lower_rad))
        self._clock.begin(state.stamp_s)
        self._still_s = 0.0

    def tick(self, state: RobotState, _command: VelocityCommand, now_s: float) -> JointTarget:
        """No stiffness, all damping; the position is where the joints are, and means nothing."""
        plan = self._plan
        check_usable(state, now_s, len(plan.lower_rad))
        dt_s = self._clock.passed_s(now_s)
        mean = sum(abs(speed) for speed in state.joint_velocity_radps) / len(plan.lower_rad)
        self._still_s = self._still_s + dt_s if mean < self.STILL_RADPS else 0.0
        still = (0.0,) * len(plan.lower_rad)
        position = tuple(
            min(high, max(low, angle))
            for low, angle, high in zip(plan.lower_rad, state.joint_position_rad, plan.upper_rad, strict=True)
        )
        return JointTarget(position, still, still, still, plan.damping_kd_nms_per_rad)

    @property
    def finished(self) -> bool:
        """Whether it has come to rest."""
        return self._still_s >= self.STILL_S


def _feet_m(plan: Plan, joint_position_rad: Floats) -> tuple[Vector3, ...]:
    return tuple(foot for foot, _ in feet_of(plan.legs, joint_position_rad))
