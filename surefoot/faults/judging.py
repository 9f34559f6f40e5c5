"""What became of one trial: judged from the record of the motors and the supervisor's modes. Pure.

The limits are written anew from the robot's spec, not taken from the gate or the link: this is what judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot.faults.table import GOING_ON, Must, Place, State
from surefoot.faults.watching import Timeline
from surefoot_robots.spec import RobotSpec
from surefoot_safety.action import Action
from surefoot_safety.mode import SEVERITY, Mode
from surefoot_safety.settings import Settings
from surefoot_training.simulated.recording import Ticks

Bools: TypeAlias = NDArray[np.bool_]
Array: TypeAlias = NDArray[np.float64]
ROUNDING = 1e-6
SAMPLES = 4
"""The supervisor judged a command by one of the newest samples that there were: which, is not recorded."""
FALLEN_RAD = 1.0
HELD = frozenset({Mode.STANDING, Mode.WALKING, Mode.FALLBACK})
"""Modes in which the trunk has no business on the ground."""
JUST_S = 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one trial."""

    right: bool
    """Whether what must follow did."""
    what: str
    """What followed."""
    safe_s: float | None
    """From the fault to the first safe command; None if there was none, or none was needed."""
    beyond_limits: int
    """Ticks of the link whose command asks for what the robot must not do."""
    ticks: int
    """That were looked at."""
    unlatched: bool
    """Whether a stop was taken back by nobody."""
    fell: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """All there is to judge by."""

    ticks: Ticks
    timeline: Timeline
    at_s: float
    """When the fault came."""
    undone_s: float
    """When it was taken away: until then what must follow has to."""
    end_s: float


def judged(happened: Happened, state: State, must: Must, robot: RobotSpec, settings: Settings) -> Verdict:
    """Everything about one trial."""
    ticks, line = happened.ticks, happened.timeline
    watched = ticks[ticks["now_s"] >= happened.at_s - JUST_S]
    safe_s = _safe_after_s(happened, state, must)
    return Verdict(
        right=_is_right(happened, state, must, safe_s),
        what=line.told(happened.at_s - JUST_S),
        safe_s=safe_s,
        beyond_limits=int(beyond_limits(watched, robot, settings).sum()),
        ticks=len(watched),
        unlatched=is_unlatched(line, must, happened.undone_s),
        fell=_fell(watched, line),
    )


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
    found: Bools = wrong.any(axis=1) | _pulls_too_much(ticks, robot)
    return found


def _pulls_too_much(ticks: Ticks, robot: RobotSpec) -> Bools:
    """[n]: whether the law asks for more torque than the motor has at its speed, whichever sample it was made for.

    Judged when a law is new: what happens to the joint in the milliseconds that it then stands is cut by the motor.
    """
    law = ticks["law"]
    new = np.ones(len(ticks), dtype=bool)
    new[1:] = (law[1:] != law[:-1]).any(axis=(1, 2))
    new &= (law[:, 3] > 0.0).any(axis=1)
    stamps = ticks["sample_s"]
    arrived = np.flatnonzero(np.isfinite(stamps) & np.append(True, stamps[1:] != stamps[:-1]))
    found = np.zeros(len(ticks), dtype=bool)
    for at in np.flatnonzero(new):
        made_s = ticks["command_s"][at]
        until_s = made_s if np.isfinite(made_s) else ticks["now_s"][at]
        last = int(np.searchsorted(ticks["now_s"][arrived], until_s, side="right"))
        seen = ticks[arrived[max(0, last - SAMPLES) : last]]
        if len(seen):  # else it is older than the record: the next one will be judged
            found[at] = not any(_is_within(law[at], one["position_rad"], one["velocity_radps"], robot) for one in seen)
    return found


def _is_within(law: Array, at: Array, speed: Array, robot: RobotSpec) -> bool:
    """Whether a law [5, 12] asks for no more than the motors have, joints being where they are."""
    position, velocity, torque, kp, kd = law
    with np.errstate(invalid="ignore"):  # what is no number is found by others, and is within nothing here
        asked = kp * (position - at) + kd * (velocity - speed) + torque
        drives = asked * speed > 0.0
    peak, no_load = np.asarray(robot.torque_limit_nm), np.asarray(robot.speed_limit_radps)
    share = (no_load - abs(speed)) / (no_load - np.asarray(robot.full_torque_speed_radps))
    most = np.where(drives, peak * np.clip(share, 0.0, 1.0), peak)
    return bool((abs(asked) <= most * (1.0 + ROUNDING) + ROUNDING).all())


def _safe_after_s(happened: Happened, state: State, must: Must) -> float | None:
    """From the fault to the first command that is safe enough; None if none came, or it was safe already."""
    if must.free or must.action is Action.NONE:
        return None
    if must.action >= Action.DAMP and must.place is Place.MOTORS:
        ticks = happened.ticks[happened.ticks["now_s"] >= happened.at_s]
        limp = np.flatnonzero((ticks["law"][:, 3] == 0.0).all(axis=1))
        return float(ticks["now_s"][limp[0]] - happened.at_s) if len(limp) else None
    began_s = _began_s(happened, must.action)
    if began_s is None or (must.action <= Action.SETTLE and _is_safe_already(state, must.action)):
        return None
    if must.place is Place.SUPERVISOR:
        return began_s - happened.at_s
    ticks = happened.ticks
    told = np.flatnonzero((ticks["command_s"] >= began_s - ROUNDING) & (ticks["now_s"] >= began_s))
    return float(ticks["now_s"][told[0]] - happened.at_s) if len(told) else None


def _is_safe_already(state: State, action: Action) -> bool:
    return all(SEVERITY[mode] >= action for mode in GOING_ON[state])


def _began_s(happened: Happened, action: Action) -> float | None:
    """When the first mode began, since the fault, that is severe enough."""
    since_s = happened.at_s - JUST_S
    for entered in happened.timeline.modes:
        if entered.at_s >= since_s and SEVERITY[entered.mode] >= action:
            return entered.at_s
    return None


def _is_right(happened: Happened, state: State, must: Must, safe_s: float | None) -> bool:
    line = happened.timeline
    if must.free:
        return True
    entered = [found.mode for found in line.modes if found.at_s >= happened.at_s - JUST_S]
    if must.action is Action.NONE:
        new = {trigger for trigger in line.latched if line.triggers.get(trigger, 0.0) >= happened.at_s - JUST_S}
        return set(entered) <= GOING_ON[state] and not new
    if must.triggers and not must.triggers & line.triggers.keys():
        return False
    if must.latched and line.modes and line.modes[-1].mode is not Mode.STOPPED:
        return False
    return safe_s is not None or _is_safe_already(state, must.action)


def is_unlatched(line: Timeline, must: Must, undone_s: float) -> bool:
    """Whether a stop ended although nobody has asked for it: none of what was watched holds a request.

    A supervisor that was started anew is off, which is no less of a stop.
    """
    for before, after in zip(line.modes, line.modes[1:], strict=False):
        if before.mode is Mode.STOPPED and after.mode not in {Mode.STOPPED, Mode.OFF}:
            return True
        if before.mode is Mode.STOPPED and after.mode is Mode.OFF and before.writer == after.writer:
            return True
    del undone_s
    stopped = any(entered.mode is Mode.STOPPED for entered in line.modes)
    return must.latched and stopped and not line.latched and line.modes[-1].mode is not Mode.OFF


def _fell(ticks: Ticks, line: Timeline) -> bool:
    """Tilted beyond what any gait does, or with the trunk on the ground while it was held up.

    A supervisor that was killed says nothing more, while the link lets the robot down.
    """
    if (ticks["up_z"] < np.cos(FALLEN_RAD)).any():
        return True
    touches = (ticks["trunk_contact"] > 0.0) & (ticks["law"][:, 3] > 0.0).any(axis=1)
    for entered, until_s in _spans(line).items():
        inside = (ticks["now_s"] >= entered) & (ticks["now_s"] < until_s)
        if touches[inside].any():
            return True
    return False


def _spans(line: Timeline) -> Mapping[float, float]:
    """When the robot was to be on its feet: from when, until when."""
    ends = [*(entered.at_s for entered in line.modes[1:]), float("inf")]
    return {entered.at_s: end_s for entered, end_s in zip(line.modes, ends, strict=True) if entered.mode in HELD}
