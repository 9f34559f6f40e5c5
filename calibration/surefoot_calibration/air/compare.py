"""Whether a calibration predicts a log that it was not fitted to better than the robot's file does.

Windows are the samples of this test: of each joint and window it sees how many times smaller the calibrated robot's
error is than the file's. *Better* is a joint whose error over the whole log is smaller and whose mean logarithm of that
ratio is above zero with 97.5 % confidence (Student's t over windows); *worse* is the same the other way round; all else
is *no different*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import t as student

from surefoot_calibration.air.identify import FINE_S
from surefoot_calibration.air.model import AirModel
from surefoot_calibration.air.parameters import nominal_parameters
from surefoot_calibration.air.play import Played, played, rms_rad
from surefoot_calibration.air.windows import WINDOW_S, cut, evenly
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

Judgement = Literal["better", "no different", "worse"]
LEAST_WINDOWS = 3
"""Of two there is no telling how much they differ by chance."""
MOST_WINDOWS = 60
"""Spread over the log."""
CONFIDENCE = 0.975
LEAST_RAD = 1e-9
"""Errors below are as good as none, and have no logarithm."""


@dataclass(frozen=True, slots=True)
class Row:
    """One joint."""

    joint: str
    before_rad: float
    """Error of the file's robot, root mean square."""
    after_rad: float
    """Of the calibrated one."""
    verdict: Judgement


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found."""

    rows: tuple[Row, ...]
    before_rad: float
    """Of all joints, root mean square."""
    after_rad: float
    verdict: Judgement
    """Of all joints together."""
    windows: int
    played: Played


def compare(log: JointLog, robot: RobotSpec, calibrated: FloatArray, threads: int = 0) -> Comparison:
    """Simulate a log with the file's parameters and with calibrated ones, a vector as `AirModel` has it."""
    windows = cut(log, FINE_S)
    if windows.count < LEAST_WINDOWS:
        raise SurefootError(
            f"{log.origin}: has {windows.count} windows of about {WINDOW_S:g} s: must be at least {LEAST_WINDOWS}",
            hint=f"record for {LEAST_WINDOWS * WINDOW_S + 1.0:g} s and more",
        )
    model = AirModel(log, evenly(windows, MOST_WINDOWS), robot, threads)
    own = nominal_parameters(robot)
    both = played(model, robot.joint_names, np.append(own.table.ravel(), own.action_delay_s), calibrated)
    return judged(both)


def judged(both: Played) -> Comparison:
    """The comparison that two simulations come to."""
    before, after = rms_rad([both])
    in_windows = both.window_rms_rad()
    rows = tuple(
        Row(joint, float(before[j]), float(after[j]), _verdict(before[j], after[j], *(one[:, j] for one in in_windows)))
        for j, joint in enumerate(both.joints)
    )
    whole_before, whole_after = (float(np.sqrt(np.mean(np.square(one)))) for one in (before, after))
    together_before, together_after = (np.sqrt(np.mean(np.square(one), axis=1)) for one in in_windows)
    verdict = _verdict(whole_before, whole_after, together_before, together_after)
    return Comparison(rows, whole_before, whole_after, verdict, both.windows, both)


def _verdict(before: float, after: float, in_windows_before: FloatArray, in_windows_after: FloatArray) -> Judgement:
    """Of errors of the whole log, and of each window."""
    gains = np.log(in_windows_before.clip(LEAST_RAD) / in_windows_after.clip(LEAST_RAD))
    reach = float(student.ppf(CONFIDENCE, len(gains) - 1)) * float(gains.std(ddof=1)) / np.sqrt(len(gains))
    if after < before and gains.mean() - reach > 0.0:
        return "better"
    if after > before and gains.mean() + reach < 0.0:
        return "worse"
    return "no different"
