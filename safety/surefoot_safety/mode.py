"""The states of the robot under its supervisor, and where an operator may move it."""

from __future__ import annotations

from enum import Enum

from surefoot_safety.action import Action


class Mode(Enum):
    """What the robot is doing."""

    OFF = "off"
    """Disarmed, no torque."""
    DAMPED = "damped"
    """Armed, motors only brake."""
    SITTING = "sitting"
    STANDING_UP = "standing_up"
    STANDING = "standing"
    WALKING = "walking"
    """By the policy."""
    FALLBACK = "fallback"
    """By a gait that needs no policy."""
    SETTLING = "settling"
    """Sitting down under control."""
    HANGING = "hanging"
    """Up in the air, its legs free: joints follow whoever measures them."""
    STOPPED = "stopped"
    """Latched: damping or no torque until an operator resets."""


class Request(Enum):
    """What an operator may ask for. The three stops work in every state and are never refused."""

    ARM = "arm"
    DISARM = "disarm"
    STAND = "stand"
    WALK = "walk"
    CRAWL = "crawl"
    SIT = "sit"
    HANG = "hang"
    """Follow joint targets in the air."""
    RESET = "reset"
    STOP = "stop"
    """Sit down, then damp."""
    DAMP = "damp"
    ZERO_TORQUE = "zero_torque"


STOPS = frozenset({Request.STOP, Request.DAMP, Request.ZERO_TORQUE})

SEVERITY: dict[Mode, Action] = {
    Mode.WALKING: Action.NONE,
    Mode.HANGING: Action.NONE,
    Mode.FALLBACK: Action.FALLBACK,
    Mode.STANDING_UP: Action.STAND,
    Mode.STANDING: Action.STAND,
    Mode.SETTLING: Action.SETTLE,
    Mode.SITTING: Action.SETTLE,
    Mode.DAMPED: Action.DAMP,
    Mode.STOPPED: Action.DAMP,
    Mode.OFF: Action.ZERO_TORQUE,
}
"""Which action a mode is as severe as: a trigger only moves towards more."""

MODE_OF_ACTION: dict[Action, Mode] = {
    Action.FALLBACK: Mode.FALLBACK,
    Action.STAND: Mode.STANDING,
    Action.SETTLE: Mode.SETTLING,
    Action.DAMP: Mode.STOPPED,
    Action.ZERO_TORQUE: Mode.STOPPED,
}

ON_FEET = frozenset({Mode.STANDING_UP, Mode.STANDING, Mode.WALKING, Mode.FALLBACK, Mode.SETTLING})
BY_IMU = ON_FEET | {Mode.HANGING}
"""What goes on is judged by the IMU."""
FOLLOW = frozenset({Mode.WALKING, Mode.HANGING})
"""Joint targets come from outside."""
TO_HANG = frozenset({Mode.DAMPED, Mode.HANGING})
"""Where it hangs, or may do so next: joint targets from outside can be meant for nothing else."""
POWERED = BY_IMU | {Mode.SITTING}
"""Joints are held by targets."""
ARMED = POWERED | {Mode.DAMPED}
EVERY_MODE = frozenset(Mode)

MOVES: dict[Request, dict[Mode, Mode]] = {
    # Out of the air there is no other way by request: it has no feet under it.
    Request.ARM: {Mode.OFF: Mode.DAMPED, Mode.HANGING: Mode.DAMPED},
    Request.DISARM: {Mode.DAMPED: Mode.OFF, Mode.SITTING: Mode.OFF},
    Request.STAND: {
        Mode.DAMPED: Mode.STANDING_UP,
        Mode.SITTING: Mode.STANDING_UP,
        Mode.SETTLING: Mode.STANDING_UP,
        Mode.WALKING: Mode.STANDING,
        Mode.FALLBACK: Mode.STANDING,
    },
    Request.WALK: {Mode.STANDING: Mode.WALKING, Mode.FALLBACK: Mode.WALKING},
    Request.CRAWL: {Mode.STANDING: Mode.FALLBACK, Mode.WALKING: Mode.FALLBACK},
    Request.SIT: {
        Mode.STANDING_UP: Mode.SETTLING,
        Mode.STANDING: Mode.SETTLING,
        Mode.WALKING: Mode.SETTLING,
        Mode.FALLBACK: Mode.SETTLING,
    },
    # From DAMPED only: damped legs carry nothing, so that no robot that stands gets there on its feet.
    Request.HANG: {Mode.DAMPED: Mode.HANGING},
    # Never further than OFF: a reset permits, it starts nothing (ISO 13850).
    Request.RESET: {Mode.STOPPED: Mode.OFF},
}
"""Where a request leads from each mode; from a mode that is not listed it is refused."""

ARRIVALS: dict[Mode, Mode] = {Mode.STANDING_UP: Mode.STANDING, Mode.SETTLING: Mode.SITTING}
"""Where a mode leads by itself once its gait has finished."""
