"""From keys or a joystick to a velocity, with a dead-man: nothing held, no velocity. No ROS here."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import TypeAlias

from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Request

Velocity: TypeAlias = tuple[float, float, float]
"""vx, vy m/s and yaw rate rad/s."""
STILL: Velocity = (0.0, 0.0, 0.0)
HELD_S = 0.6
"""A key counts as held for so long: terminals repeat the first time after up to 0.5 s, and tell nobody of a release."""
STEP = 1.25
"""What a key makes faster or slower."""
AXIS_OF_KEY = {"w": (0, 1.0), "s": (0, -1.0), "q": (1, 1.0), "e": (1, -1.0), "a": (2, 1.0), "d": (2, -1.0)}
REQUEST_OF_KEY = {
    "1": Request.ARM,
    "2": Request.STAND,
    "3": Request.WALK,
    "4": Request.SIT,
    "5": Request.DISARM,
    "9": Request.RESET,
    "0": Request.STOP,
}
FASTER, SLOWER, HALT = "r", "f", " "
HELP = (
    "hold w/s ahead/back, a/d turn left/right, q/e left/right; r/f faster/slower; space: stand still\n"
    "1 arm, 2 stand, 3 walk, 4 sit, 5 disarm; 0 STOP, 9 reset; Ctrl-C ends (the robot then stands, and sits down)"
)


@dataclass(frozen=True, slots=True)
class Speeds:
    """Of a key or stick that is fully held."""

    ahead_mps: float = 0.5
    sideways_mps: float = 0.25
    turn_radps: float = 0.8

    def times(self, factor: float) -> Speeds:
        """Faster or slower."""
        return Speeds(self.ahead_mps * factor, self.sideways_mps * factor, self.turn_radps * factor)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a course."""

    velocity: Velocity
    seconds: float


@dataclass(frozen=True, slots=True)
class Course:
    """Velocities one after the other, held by nobody."""

    stretches: tuple[Stretch, ...]

    @property
    def seconds(self) -> float:
        """All of it."""
        return sum(stretch.seconds for stretch in self.stretches)

    def velocity(self, elapsed_s: float) -> Velocity:
        """So long after the beginning; none after the end."""
        for stretch in self.stretches:
            if elapsed_s < stretch.seconds:
                return stretch.velocity
            elapsed_s -= stretch.seconds
        return STILL


def parse_course(text: str) -> Course:
    """From what is typed: `0.5 0 0 4, 0.3 0 0.8 2` is four seconds ahead, then a curve to the left for two."""
    return Course(tuple(_stretch(part) for part in text.split(",")))


def _stretch(text: str) -> Stretch:
    try:
        vx, vy, yaw, seconds = (float(word) for word in text.split())
    except ValueError:
        vx = vy = yaw = seconds = math.nan
    if not (all(map(math.isfinite, (vx, vy, yaw))) and 0.0 < seconds < math.inf):
        raise SurefootError(
            f"{text.strip()!r} is no part of a course: must be VX VY YAW SECONDS, in m/s, rad/s and s",
            hint='parts are separated by commas, as in --course "0.5 0 0 4, 0.3 0 0.8 2"',
        )
    return Stretch((vx, vy, yaw), seconds)


class Keys:
    """A velocity from keys, each of which counts for as long as it repeats."""

    def __init__(self, speeds: Speeds) -> None:
        self.speeds = speeds
        self._held: dict[int, tuple[float, float]] = {}

    def press(self, key: str, now_s: float) -> Request | None:
        """Take a key; what it asks of the supervisor, if anything."""
        if key in AXIS_OF_KEY:
            axis, sign = AXIS_OF_KEY[key]
            self._held[axis] = sign, now_s
        elif key in {FASTER, SLOWER}:
            self.speeds = self.speeds.times(STEP if key == FASTER else 1.0 / STEP)
        else:
            self._held.clear()  # whoever hits another key wants something else
        return REQUEST_OF_KEY.get(key)

    def velocity(self, now_s: float) -> Velocity:
        """What is held now."""
        x, y, turn = (self._share(axis, now_s) for axis in range(3))
        return x * self.speeds.ahead_mps, y * self.speeds.sideways_mps, turn * self.speeds.turn_radps

    def _share(self, axis: int, now_s: float) -> float:
        sign, pressed_s = self._held.get(axis, (0.0, -math.inf))
        return sign if 0.0 <= now_s - pressed_s <= HELD_S else 0.0


EVENT = struct.Struct("<IhBB")
"""Of joydev: time ms, value, kind, number (linux/joystick.h)."""
BUTTON, AXIS, INITIAL = 0x01, 0x02, 0x80
FULL = 32767.0
DEAD_ZONE = 0.08
DEAD_MAN_BUTTON = 4
"""The left shoulder button of the pads that Linux knows as Xbox-like."""
AHEAD_AXIS, SIDEWAYS_AXIS, TURN_AXIS = 1, 0, 3
"""Left stick, right stick; joydev's axes point right and towards the holder."""


class Joystick:
    """A velocity from a joystick, while the dead-man button is held. Events are those of Linux's joydev."""

    def __init__(self, speeds: Speeds) -> None:
        self.speeds = speeds
        self._axes: dict[int, float] = {}
        self._holds = False

    def event(self, data: bytes) -> None:
        """Take an event."""
        _time, value, kind, number = EVENT.unpack(data)
        if kind & ~INITIAL == AXIS:
            self._axes[number] = value / FULL
        elif kind & ~INITIAL == BUTTON and number == DEAD_MAN_BUTTON:
            self._holds = value != 0

    def velocity(self) -> Velocity:
        """What is held now."""
        if not self._holds:
            return STILL
        ahead, sideways, turn = (-self._stick(axis) for axis in (AHEAD_AXIS, SIDEWAYS_AXIS, TURN_AXIS))
        speeds = self.speeds
        return ahead * speeds.ahead_mps, sideways * speeds.sideways_mps, turn * speeds.turn_radps

    def _stick(self, axis: int) -> float:
        value = max(-1.0, min(1.0, self._axes.get(axis, 0.0)))
        return 0.0 if abs(value) < DEAD_ZONE else value


def open_joystick(device: Path) -> RawIOBase:
    """The device, not waiting for events."""
    try:
        return os.fdopen(os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0)
    except OSError as error:
        raise SurefootError(
            f"{device}: {error.strerror}", hint="plug it in, or name another one with --joystick; `ls /dev/input/js*`"
        ) from error
