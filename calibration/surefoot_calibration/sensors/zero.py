"""Encoders' zeros, from joints that were brought to where they are known to be, again and again.

Two ways. *Stops*: each joint is pressed against a mechanical stop by hand, let off, and pressed again; what its encoder
says there, less the stop's angle, is the offset. Both stops of a joint tell more than one: whether the range between
them is the file's. *Pose*: the robot lies or is held as a jig holds it, is moved, and laid down again.

What repeats tells of the settling alone. How well the stop or the jig itself is known, no log says: it is told
(`known_rad`), and counts in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from surefoot_calibration.air.priors import ABSOLUTE as BEFORE
from surefoot_calibration.air.verdicts import ABSOLUTE as NARROW
from surefoot_calibration.air.verdicts import WEAK_SHARE
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_calibration.sensors.figures import Figure, judged
from surefoot_calibration.sensors.sensor_log import SensorLog, need_joints
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

Where = Literal["lower", "upper", "pose"]
NAME = "encoder_offset_rad"
KNOWN_RAD = 0.01
"""Own choice, 0.6°: a robot's file has the drawing's stops, without rubber, wear and tolerance."""
NEAR_RAD = 0.2
"""As far off the known angle a zero may be; beyond, the joint is elsewhere."""
WINDOW_S = 0.1
STILL_RAD = 0.005
"""Range within a window: a hand that presses trembles less."""
SETTLED_S = 0.4
AWAY_RAD = 0.05
"""How far a joint goes between two settles: else they are one."""
SAME_RAD = 0.02
"""Of settles at a stop, those as near to the outermost one: others rest beside it."""
LEAST_SETTLES = 3
ONE_DEVIATION_RAD = 0.003
"""Own choice. Of settles that are fewer than that, how far they may scatter."""
PRESS = (
    "each joint against a stop by hand, let off by 3° and more, three times and more; --known-error, if you measured"
)


@dataclass(frozen=True, slots=True)
class Settles:
    """Of one joint at one known place."""

    where: Where
    known_rad: float
    said_rad: tuple[float, ...]
    """By the encoder, one for each settle."""

    @property
    def mean_rad(self) -> float:
        """How far the encoder is off there."""
        return float(np.mean(self.said_rad)) - self.known_rad

    @property
    def repeat_rad(self) -> float | None:
        """Standard deviation from settle to settle; None of one."""
        return float(np.std(self.said_rad, ddof=1)) if len(self.said_rad) > 1 else None


@dataclass(frozen=True, slots=True)
class Zero:
    """One joint."""

    joint: str
    settles: tuple[Settles, ...]
    """By place; empty if it never settled at one."""
    offset: Figure
    """What the encoder adds to the angle."""
    range_off_rad: float | None
    """What lies between both stops, less what the file has; None if not both were reached."""


def zeros_at_stops(logs: Sequence[SensorLog], robot: RobotSpec, known_rad: float = KNOWN_RAD) -> tuple[Zero, ...]:
    """Of every joint; those that were not pressed against a stop are not identifiable."""
    found = []
    ends: tuple[tuple[Where, FloatArray, float], ...] = (
        ("lower", robot.joint_lower_rad, -1.0),
        ("upper", robot.joint_upper_rad, 1.0),
    )
    for place, joint in enumerate(robot.joint_names):
        settles = []
        for where, stops, outward in ends:
            said = [float(rest[0]) for log in logs for rest in _rests(log, [place])]
            at_stop = _outermost([rest for rest in said if abs(rest - stops[place]) < NEAR_RAD], outward)
            # One rest near a stop is where joints lie, not where somebody pressed them.
            if len(at_stop) >= LEAST_SETTLES:
                settles.append(Settles(where, float(stops[place]), tuple(at_stop)))
        found.append(_zero(joint, tuple(settles), known_rad))
    _need_any(logs, found)
    return tuple(found)


def zeros_in_pose(
    logs: Sequence[SensorLog], robot: RobotSpec, pose_rad: FloatArray, known_rad: float = KNOWN_RAD
) -> tuple[Zero, ...]:
    """Of every joint, of a robot that was brought into a known pose [J] several times: in one log, or one each."""
    every = list(range(len(pose_rad)))
    rests = [rest for log in logs for rest in _rests(log, every) if np.abs(rest - pose_rad).max() < NEAR_RAD]
    if not rests:
        raise SurefootError(
            f"{', '.join(log.origin for log in logs)}: the robot never rests within {NEAR_RAD:g} rad of the pose",
            hint=f"hold it there for {SETTLED_S:g} s and more; joints: {', '.join(robot.joint_names)}",
        )
    said = np.array(rests)
    return tuple(
        _zero(joint, (Settles("pose", float(pose_rad[place]), tuple(said[:, place].tolist())),), known_rad)
        for place, joint in enumerate(robot.joint_names)
    )


def _need_any(logs: Sequence[SensorLog], found: Sequence[Zero]) -> None:
    if not any(zero.settles for zero in found):
        raise SurefootError(
            f"{', '.join(log.origin for log in logs)}: no joint was pressed against a stop {LEAST_SETTLES} times",
            hint=PRESS,
        )


def _zero(joint: str, settles: tuple[Settles, ...], known_rad: float) -> Zero:
    if not settles:
        half = 1.96 * BEFORE[NAME]
        return Zero(joint, (), Figure(0.0, -half, half, "not_identifiable", PRESS), None)
    offs = [each.mean_rad for each in settles]
    range_off = offs[1] - offs[0] if len(offs) == 2 else None
    # Of two stops that are wrong by themselves, the middle is wrong by less; and what their distance is off by, shows.
    known = known_rad if range_off is None else max(known_rad / np.sqrt(2.0), 0.5 * abs(range_off))
    value = float(np.mean(offs))
    half = float(np.hypot(np.sqrt(sum(_error(each) ** 2 for each in settles)) / len(settles), known))
    offset = judged(
        *(value, value - half, value + half),
        narrow=NARROW[NAME],
        known=WEAK_SHARE * 1.96 * BEFORE[NAME],
        needs=PRESS,
    )
    return Zero(joint, settles, offset, range_off)


def _error(each: Settles) -> float:
    """Half of the 95 % interval of the settles' mean."""
    count = len(each.said_rad)
    if each.repeat_rad is None or count < LEAST_SETTLES:
        return 1.96 * ONE_DEVIATION_RAD / float(np.sqrt(count))
    return float(student.ppf(0.975, count - 1)) * each.repeat_rad / float(np.sqrt(count))


def _outermost(rests: Sequence[float], outward: float) -> list[float]:
    if not rests:
        return []
    stop = max(outward * rest for rest in rests)
    return [rest for rest in rests if outward * rest > stop - SAME_RAD]


def _rests(log: SensorLog, places: Sequence[int]) -> list[FloatArray]:
    """Where joints [K] settled together, one each time that one of them had been away."""
    joints = need_joints(log)
    angles = joints.position_rad[:, places]
    rests: list[FloatArray] = []
    before = 0
    for first, after in _still(joints.stamp_s, angles):
        if not rests or np.abs(angles[before:after] - rests[-1]).max() > AWAY_RAD:
            rests.append(np.median(angles[first:after], axis=0))
        before = after
    return rests


def _still(stamp_s: FloatArray, angles_rad: FloatArray) -> list[tuple[int, int]]:
    """Rows from which and up to which none of the angles [T, K] moves, long enough."""
    number = np.floor((stamp_s - stamp_s[0]) / WINDOW_S).astype(np.int64)
    starts: NDArray[np.intp] = np.flatnonzero(np.concatenate(([True], np.diff(number) > 0)))
    spread = np.maximum.reduceat(angles_rad, starts, axis=0) - np.minimum.reduceat(angles_rad, starts, axis=0)
    middle = np.add.reduceat(angles_rad, starts, axis=0) / np.diff(np.append(starts, len(angles_rad)))[:, None]
    is_still = np.all(spread < STILL_RAD, axis=1)
    # Slow motion passes within a window, not from one to the next.
    creeps = np.any(np.abs(np.diff(middle, axis=0)) > STILL_RAD, axis=1)
    ends = np.append(starts, len(angles_rad))
    found, first = [], None
    for window in range(len(starts) + 1):
        goes_on = window < len(starts) and is_still[window] and not (first is not None and creeps[window - 1])
        if first is not None and not goes_on:
            if stamp_s[ends[window] - 1] - stamp_s[starts[first]] >= SETTLED_S:
                found.append((int(starts[first]), int(ends[window])))
            first = None
        if first is None and window < len(starts) and is_still[window]:
            first = window
    return found
