"""Where motors give no more: torques that stay behind what their law asks for, at one height, whatever is asked.

A weak motor stays behind too, but gives more if more is asked for. Where the same is asked for all the time, nobody can
tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.spec import RobotSpec

LEAST_SAMPLES = 20
BEHIND = 1.1
"""Times the torque that was given, which must be asked for to call it a limit."""
NEAR = 0.5
"""Of the file's limit: what stays behind at less is late, not at its limit."""
ALIKE = 0.05
"""Of the height, deviation: heights that differ by more are none of one limit; noise of 0.1 Nm is a tenth of that."""
VARIED = 0.1
"""Of what is asked for, deviation, at least: a motor's weakness would show in heights as much."""
NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Saturation:
    """One joint's."""

    joint: str
    value_nm: float
    low_nm: float
    high_nm: float
    prior_nm: float


def saturations(log: JointLog, robot: RobotSpec, delay_s: float) -> tuple[Saturation, ...]:
    """Of joints that were asked for more than they gave; none if the log has no torques."""
    if log.torque_nm is None or log.velocity_radps is None:
        return ()
    asked = asked_nm(log, delay_s)
    limits, found = robot.torque_limit_nm, []
    for joint, name in enumerate(log.joint_names):
        given, wanted = log.torque_nm[:, joint], asked[:, joint]
        slow = np.abs(log.velocity_radps[:, joint]) < robot.full_torque_speed_radps[joint]
        behind = slow & (wanted * np.sign(given) > BEHIND * np.abs(given)) & (np.abs(given) > NEAR * limits[joint])
        if behind.sum() < LEAST_SAMPLES:
            continue
        heights = np.abs(given[behind])
        if _spread(heights) > ALIKE or _spread(np.abs(wanted[behind])) < VARIED:
            continue
        value = float(np.median(heights))
        half = NORMAL * float(np.std(heights))
        found.append(Saturation(name, value, value - half, value + half, float(limits[joint])))
    return tuple(found)


def _spread(values: FloatArray) -> float:
    """Deviation as a share of the median, that single samples do not change."""
    low, middle, high = np.quantile(values, (0.16, 0.5, 0.84)).tolist()
    return float(0.5 * (high - low) / middle)


def asked_nm(log: JointLog, delay_s: float) -> FloatArray:
    """What the motors' own law asks for at each sample, [T, J]."""
    assert log.velocity_radps is not None
    target = log.target_at_rad(log.stamp_s - delay_s)
    gains = log.gains
    asked: FloatArray = gains.kp_nm_per_rad * (target - log.position_rad) - gains.kd_nms_per_rad * log.velocity_radps
    return asked
