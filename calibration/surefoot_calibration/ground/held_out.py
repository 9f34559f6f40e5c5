"""What a log's targets make of simulated robots on the ground, window by window: the file's, and the calibrated one.

Nothing of the fit is in it but its result: contacts, friction and motors are the simulator's, as in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.air.play import Played
from surefoot_calibration.ground.fit import HELD_OUT_EVERY, WINDOW_S, Rows
from surefoot_calibration.ground.motion import Motion, motion_of
from surefoot_calibration.ground.robots import FREE, GroundRobots
from surefoot_calibration.ground.synthetic import HiddenRobot
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.spec import RobotSpec

TIMESTEP_S = 0.001
LEAD_S = 0.5
"""Simulated before a window: feet that begin a tenth of a millimetre too deep have come to rest by then."""
MOST_WINDOWS = 12
"""Of one log."""
SUNK_M = 0.0005
"""How deep feet stand in the simulator's ground, about."""


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """What is simulated of one log; n windows."""

    begins_s: FloatArray
    """[n], of each simulation."""
    base: FloatArray
    """[n, 7]."""
    angle_rad: FloatArray
    """[n, J], of encoders."""
    qvel: FloatArray
    """[n, 6 + J]."""
    rows: tuple[Rows, ...]
    """Of the log, the samples in each."""


def played_on_ground(
    log: JointLog,
    robot: RobotSpec,
    before: HiddenRobot,
    after: HiddenRobot,
    *,
    every: int = HELD_OUT_EVERY,
    threads: int = 0,
) -> Played | None:
    """One log's windows; None if it has none that are kept for judging."""
    motion = motion_of(log, 0.0)
    starts = _starts(motion, every)
    if not len(starts):
        return None
    base, qvel = _bases(robot, motion, starts)
    rows = tuple(_samples(log, motion, start) for start in starts.tolist())
    windows = _Windows(motion.stamp_s[starts], base, motion.angle_rad[starts], qvel, rows)
    stamp_s = np.concatenate([log.stamp_s[each] for each in rows])
    return Played(
        log.origin,
        robot.joint_names,
        stamp_s,
        np.repeat(np.arange(len(rows), dtype=np.intp), [len(each) for each in rows]),
        log.target_at_rad(stamp_s),
        np.concatenate([log.position_rad[each] for each in rows]),
        _simulated(log, robot, before, windows, threads),
        _simulated(log, robot, after, windows, threads),
    )


def _starts(motion: Motion, every: int) -> Rows:
    """Rows at which simulations begin: `LEAD_S` before each window that is judged and lies within one stretch."""
    step_s = float(motion.stamp_s[1] - motion.stamp_s[0])
    length, found = round((LEAD_S + WINDOW_S) / step_s), []
    last = int(motion.stamp_s[-1] // WINDOW_S)
    for number in range(last + 1):
        if number % every != every // 2:
            continue
        row = int(np.searchsorted(motion.stamp_s, number * WINDOW_S - LEAD_S - 1e-9))
        whole = row + length < motion.samples and motion.stretch[row] == motion.stretch[row + length]
        if whole and abs(motion.stamp_s[row] - (number * WINDOW_S - LEAD_S)) < 2.0 * step_s:
            found.append(row)
    if len(found) > MOST_WINDOWS:
        found = [found[round(place)] for place in np.linspace(0, len(found) - 1, MOST_WINDOWS)]
    return np.array(found, dtype=np.intp)


def _samples(log: JointLog, motion: Motion, row: int) -> Rows:
    begins_s = motion.stamp_s[row] + LEAD_S
    return np.flatnonzero((log.stamp_s >= begins_s) & (log.stamp_s < begins_s + WINDOW_S))


def _bases(robot: RobotSpec, motion: Motion, rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Places [n, 7] and speeds [n, 18] of robots whose feet touch the ground as they lean."""
    kinematics, down = robot.kinematics, motion.down[rows]
    angle, speed = motion.angle_rad[rows], motion.speed_radps[rows]
    foot, jacobian = kinematics.foot_position_in_base(angle), kinematics.foot_jacobian_in_base(angle)
    radius = np.array([leg.foot.radius_m for leg in robot.legs])
    height = np.mean(radius + np.einsum("nli,ni->nl", foot, down), axis=1) - SUNK_M
    base = np.zeros((len(rows), FREE))
    base[:, 2], base[:, 3:] = height, leaning_wxyz(down)
    turn = motion.turn_radps[rows]
    moving = np.cross(turn[:, None, :], foot) + np.einsum("nlij,nlj->nli", jacobian, speed.reshape(len(rows), -1, 3))
    qvel = np.concatenate((_in_world(base[:, 3:], -np.median(moving, axis=1)), turn, speed), axis=1)
    return base, qvel


def leaning_wxyz(down: FloatArray) -> FloatArray:
    """The smallest turn [n, 4] of a base in which down is `down` [n, 3]."""
    # From the base's axes to the world's: takes `down` to (0, 0, -1).
    axis = np.stack((-down[:, 1], down[:, 0], np.zeros(len(down))), axis=1)
    wxyz = np.concatenate((1.0 - down[:, 2:], axis), axis=1)
    found: FloatArray = wxyz / np.linalg.norm(wxyz, axis=1, keepdims=True)
    return found


def _in_world(wxyz: FloatArray, vectors: FloatArray) -> FloatArray:
    w, axis = wxyz[:, :1], wxyz[:, 1:]
    across = 2.0 * np.cross(axis, vectors)
    turned: FloatArray = vectors + w * across + np.cross(axis, across)
    return turned


def _simulated(log: JointLog, robot: RobotSpec, one: HiddenRobot, windows: _Windows, threads: int) -> FloatArray:
    """Encoders' angles at each sample, [S, J]."""
    count = round((LEAD_S + WINDOW_S) / TIMESTEP_S)
    steps = [Steps(float(start_s), count, TIMESTEP_S) for start_s in windows.begins_s]
    delay_s = one.joints.action_delay_s
    targets = np.stack([targets_on_steps(log.target_stamp_s, log.target_rad, delay_s, each) for each in steps])
    robots = GroundRobots(robot, log.gains, len(steps), TIMESTEP_S, threads, integrator="implicitfast")
    for number in range(len(steps)):
        robots.set_parameters(number, one.joints, one.ground)
    robots.settle()
    stood = robots.roll(windows.base, windows.angle_rad, windows.qvel, targets)
    encoders = stood.qpos[..., FREE:] + one.joints.encoder_offset_rad
    return np.concatenate(
        [
            np.stack([np.interp(log.stamp_s[each], at.edges_s[1:], column) for column in angles.T], axis=1)
            for each, at, angles in zip(windows.rows, steps, encoders, strict=True)
        ]
    )
