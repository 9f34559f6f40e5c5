"""What a trigger does, from mild to severe, and what each needs in order to be possible."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum


class Action(IntEnum):
    """Ordered by severity; the most severe wins."""

    NONE = 0
    WARN = 1
    FALLBACK = 2
    """A gait that needs no policy, on the spot."""
    STAND = 3
    SETTLE = 4
    """Sit down under control."""
    DAMP = 5
    """Motors that only brake."""
    ZERO_TORQUE = 6


class Need(Enum):
    """What a controlled movement takes for granted."""

    STATE = "state"
    """Samples arrive and make sense."""
    ENCODERS = "encoders"
    IMU = "imu"
    UPRIGHT = "upright"
    FEET = "feet"
    """The legs carry the robot, or are about to."""
    GAIT = "gait"
    """What moves the joints without a policy does its work."""


NEEDS: dict[Action, frozenset[Need]] = {
    Action.NONE: frozenset(),
    Action.WARN: frozenset(),
    Action.FALLBACK: frozenset({Need.STATE, Need.ENCODERS, Need.IMU, Need.UPRIGHT, Need.FEET, Need.GAIT}),
    Action.STAND: frozenset({Need.STATE, Need.ENCODERS, Need.IMU, Need.UPRIGHT, Need.FEET, Need.GAIT}),
    # Sitting down takes joint angles alone, so it is what is left when the IMU is not.
    Action.SETTLE: frozenset({Need.STATE, Need.ENCODERS, Need.UPRIGHT, Need.FEET, Need.GAIT}),
    Action.DAMP: frozenset(),
    Action.ZERO_TORQUE: frozenset(),
}


def possible_action(wanted: Action, missing: Iterable[Need]) -> Action:
    """The wanted action, or the next more severe one that can do without what is missing."""
    absent = frozenset(missing)
    return next(action for action in Action if action >= wanted and not NEEDS[action] & absent)
