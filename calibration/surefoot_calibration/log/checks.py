"""Whether a log can be this robot's, in SI units. Joints say nothing about units; their size does."""

from __future__ import annotations

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

DEGREES_PER_RAD = 180.0 / np.pi
OVERRUN_RAD = 0.35
"""20°: encoders whose zero was never set are off by as much; the next joint's range, or another unit, by more."""
TARGET_OVERRUN_RAD = 1.5
"""Policies ask for angles beyond the stops, so as to push against them."""
OVERRUN_SHARE = 0.01
"""Of samples that may lie beyond: single wrong readings are the fit's matter."""
SPEED_RATIO = (0.5, 2.0)
"""Measured speed to the slope of measured angles, where joints move; filters cost some, other units far more."""
LEAST_SPEED_RADPS = 0.3
LEAST_MOVING = 50
MOST_COMPARED = 20_000
"""Samples, evenly spread over the log; more would say the same."""
TORQUE_SHARE = 3.0
"""Of the peak: estimated torques overshoot, but not by that."""


def check_log(log: JointLog, robot: RobotSpec) -> None:
    """Raise for the first thing that cannot be."""
    _check_finite(log)
    _check_angles(log.position_rad, "q", OVERRUN_RAD, log, robot)
    _check_angles(log.target_rad, "q_cmd", TARGET_OVERRUN_RAD, log, robot)
    _check_speeds(log)
    _check_torques(log, robot)


def _check_finite(log: JointLog) -> None:
    stamped = (
        ("q", log.stamp_s, log.position_rad),
        ("dq", log.stamp_s, log.velocity_radps),
        ("tau", log.stamp_s, log.torque_nm),
        ("q_cmd", log.target_stamp_s, log.target_rad),
    )
    for name, stamp_s, values in stamped:
        if values is None or np.isfinite(values).all():
            continue
        row, joint = (int(index) for index in np.argwhere(~np.isfinite(values))[0])
        raise SurefootError(
            f"{log.origin}: {name} of {log.joint_names[joint]} is {values[row, joint]} in sample {row}, at "
            f"{stamp_s[row]:.3f} s: must be finite",
            hint="cut the log there, or mend the recorder",
        )


def _check_angles(angle: FloatArray, name: str, overrun_rad: float, log: JointLog, robot: RobotSpec) -> None:
    lower, upper = robot.joint_lower_rad - overrun_rad, robot.joint_upper_rad + overrun_rad
    share = ((angle < lower) | (angle > upper)).mean(axis=0)
    if (share <= OVERRUN_SHARE).all():
        return
    joint = int(np.argmax(share))
    found = angle[:, joint]
    raise SurefootError(
        f"{log.origin}: {name} of {log.joint_names[joint]} goes from {found.min():.4g} to {found.max():.4g}: "
        f"{robot.name} has {robot.joint_lower_rad[joint]:.4g} to {robot.joint_upper_rad[joint]:.4g} rad",
        hint=_why_so_large(angle, lower, upper, robot),
    )


def _why_so_large(angle: FloatArray, lower: FloatArray, upper: FloatArray, robot: RobotSpec) -> str:
    as_radians = angle / DEGREES_PER_RAD
    if ((as_radians < lower) | (as_radians > upper)).mean() <= OVERRUN_SHARE:
        return "these look like degrees: convert them to radians"
    return f"is this a log of {robot.name}, with angles counted from its URDF's zero?"


def _check_speeds(log: JointLog) -> None:
    """Where a joint moves, its speed and the slope of its angle must be alike."""
    if log.velocity_radps is None:
        return
    rows = np.arange(1, log.samples - 1, max(1, log.samples // MOST_COMPARED))
    span_s = (log.stamp_s[rows + 1] - log.stamp_s[rows - 1])[:, None]
    slope = (log.position_rad[rows + 1] - log.position_rad[rows - 1]) / span_s
    for joint, name in enumerate(log.joint_names):
        moving = np.abs(slope[:, joint]) > LEAST_SPEED_RADPS
        if moving.sum() < LEAST_MOVING:
            continue
        along = log.velocity_radps[rows[moving], joint] * np.sign(slope[moving, joint])
        # Of medians: a single wrong angle makes the steepest slopes of all.
        ratio = float(np.median(along) / np.median(np.abs(slope[moving, joint])))
        if not SPEED_RATIO[0] <= ratio <= SPEED_RATIO[1]:
            raise SurefootError(
                f"{log.origin}: dq of {name} is {ratio:.3g} times the slope of its q: must be about 1",
                hint="speeds are rad/s at the joint, of the same joint as q" + _speed_guess(ratio),
            )


def _speed_guess(ratio: float) -> str:
    return "; these look like degrees/s" if 0.5 < ratio / DEGREES_PER_RAD < 2.0 else ""


def _check_torques(log: JointLog, robot: RobotSpec) -> None:
    if log.torque_nm is None:
        return
    most = np.quantile(np.abs(log.torque_nm), 0.99, axis=0)
    over = most / (TORQUE_SHARE * robot.torque_limit_nm)
    if over.max() > 1.0:
        joint = int(np.argmax(over))
        raise SurefootError(
            f"{log.origin}: tau of {log.joint_names[joint]} reaches {most[joint]:.4g}: {robot.name} has at most "
            f"{robot.torque_limit_nm[joint]:.4g} Nm there",
            hint="torques are Nm at the joint, behind the gears",
        )
