"""Which commands ask for what the robot must not do, and how far its joints went in truth. Pure.

Written anew from the robot's spec and settings, not taken from gate or link: this is what judges them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.spec import RobotSpec
from surefoot_safety.settings import Settings
from surefoot_training.simulated.recording import Ticks

Bools: TypeAlias = NDArray[np.bool_]
Array: TypeAlias = NDArray[np.float64]
ROUNDING = 1e-6
SAMPLES = 4
"""Where it is not known by which sample the supervisor judged a command, it was one of the newest that there were."""


def beyond_limits(ticks: Ticks, robot: RobotSpec, settings: Settings) -> Bools:
    """[n]: which commands ask for what the robot must not do, once for each tick in which they did."""
    if not len(ticks):
        return np.zeros(0, dtype=bool)
    position, velocity, torque, kp, kd = np.moveaxis(ticks["law"], 1, 0)
    tracked = kp > 0.0
    command = settings.command
    wrong = (kp < 0.0) | (kd < 0.0) | (kp > command.kp_limit_nm_per_rad) | (kd > command.kd_limit_nms_per_rad)
    lower, upper = np.asarray(robot.joint_lower_rad), np.asarray(robot.joint_upper_rad)
    wrong |= tracked & ((position < lower - ROUNDING) | (position > upper + ROUNDING))
    wrong |= abs(velocity) > np.asarray(robot.speed_limit_radps) + ROUNDING
    wrong |= abs(torque) > np.asarray(robot.torque_limit_nm) + ROUNDING
    wrong |= ~np.isfinite(ticks["law"]).all(axis=1)
    found: Bools = wrong.any(axis=1) | _of_their_sample(ticks, robot, settings)
    return found


def joints_went(ticks: Ticks, robot: RobotSpec) -> dict[str, float]:
    """How far in truth: beyond their range in rad (negative: inside), speed and torque in shares of their limits."""
    if not len(ticks):
        return {}
    at = ticks["true_position_rad"]
    outside = np.maximum(np.asarray(robot.joint_lower_rad) - at, at - np.asarray(robot.joint_upper_rad))
    return {
        "beyond_range_rad": float(outside.max()),
        "speed_share": float((abs(ticks["true_velocity_radps"]) / np.asarray(robot.speed_limit_radps)).max()),
        "torque_share": float((abs(ticks["true_torque_nm"]) / np.asarray(robot.torque_limit_nm)).max()),
    }


def _of_their_sample(ticks: Ticks, robot: RobotSpec, settings: Settings) -> Bools:
    """[n]: laws that, by the sample they were made for, ask for too much torque, too far from it or in a leap.

    Judged when a law is new: what happens to the joint in the milliseconds that it then stands is cut by the motor.
    """
    law, stamps, given_s = ticks["law"], ticks["sample_s"], ticks["command_s"]
    new = np.ones(len(ticks), dtype=bool)
    new[1:] = (law[1:] != law[:-1]).any(axis=(1, 2))
    new &= (law[:, 3] > 0.0).any(axis=1)
    arrived = np.flatnonzero(np.isfinite(stamps) & np.append(True, stamps[1:] != stamps[:-1]))
    found = np.zeros(len(ticks), dtype=bool)
    for at in np.flatnonzero(new):
        until_s = given_s[at] if np.isfinite(given_s[at]) else ticks["now_s"][at]
        last = int(np.searchsorted(ticks["now_s"][arrived], until_s, side="right"))
        before = arrived[:last]
        # However long the supervisor was held up between looking and deciding.
        judged = before[stamps[before] == ticks["judged_s"][at]]
        seen = ticks[judged[-1:] if len(judged) else before[-SAMPLES:]]
        if not len(seen):  # it is older than the record: the next one will be judged
            continue
        fitting = [one for one in seen if _is_within(law[at], one, robot, settings)]
        found[at] = not fitting or (at > 0 and _leaps(ticks, int(at), fitting, robot, settings))
    return found


def _is_within(law: Array, sample: np.void, robot: RobotSpec, settings: Settings) -> bool:
    """Whether a law [5, 12] asks for no more than the motors have and no further than they reach from a sample."""
    position, velocity, torque, kp, kd = law
    at, speed = sample["position_rad"], sample["velocity_radps"]
    with np.errstate(invalid="ignore"):  # what is no number is found by others, and is within nothing here
        asked = kp * (position - at) + kd * (velocity - speed) + torque
        drives = asked * speed > 0.0
    peak, no_load = np.asarray(robot.torque_limit_nm), np.asarray(robot.speed_limit_radps)
    share = (no_load - abs(speed)) / (no_load - np.asarray(robot.full_torque_speed_radps))
    most = np.where(drives, peak * np.clip(share, 0.0, 1.0), peak)
    near = abs(position - at) <= settings.command.target_from_measured_rad + ROUNDING
    return bool((near & (abs(asked) <= most * (1.0 + ROUNDING) + ROUNDING)).all())


def _leaps(ticks: Ticks, at: int, seen: Sequence[np.void], robot: RobotSpec, settings: Settings) -> bool:
    """Whether targets went faster than they may, from the ones before and from the measured joints alike.

    The gate counts from the measured joints when others begin to give targets, and lets a target follow a joint that
    would else be out of its reach.
    """
    seconds = ticks["command_s"][at] - ticks["command_s"][at - 1]
    if not np.isfinite(seconds):  # the law before was the link's own, or nobody knows when one of them was given
        seconds = _seconds_since_known(ticks, at)
    if not np.isfinite(seconds):
        return False
    position, before = ticks["law"][at, 0], ticks["law"][at - 1, 0]
    step = settings.command.target_rate_share * np.asarray(robot.speed_limit_radps) * seconds + ROUNDING
    reach = settings.command.target_from_measured_rad
    starts = [before] if (ticks["law"][at - 1, 3] > 0.0).any() else []
    for sample in seen:
        on_edge = abs(abs(position - sample["position_rad"]) - reach) <= ROUNDING
        for start in (*starts, sample["position_rad"]):
            if ((abs(position - start) <= step) | on_edge).all():
                return False
    return True


def _seconds_since_known(ticks: Ticks, at: int) -> float:
    """Between this command and the last one before it of which is known when it was given."""
    known = np.flatnonzero(np.isfinite(ticks["command_s"][:at]))
    return float(ticks["command_s"][at] - ticks["command_s"][known[-1]]) if len(known) else float("nan")
