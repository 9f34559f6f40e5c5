"""Joint targets that exercise a robot without a policy: standing, and an open-loop trot from leg kinematics."""

from __future__ import annotations

import numpy as np

from surefoot_robots.spec import RobotSpec

_STEP_HEIGHT_M = 0.08
_DUTY = 0.55  # share of the gait cycle a foot is on the ground; a little over half keeps four feet down in between


def trot_targets(robot: RobotSpec, time_s: np.ndarray, speed_mps: float, frequency_hz: float = 2.5) -> np.ndarray:
    """Joint targets [T, J] rad at times [T] of a trot forward: FL with RR, FR with RL, half a cycle apart.

    The step grows over the first two cycles, so that it starts from standing.
    """
    stance = robot.kinematics.foot_position_in_base(robot.default_joint_position_rad)  # [4, 3]
    phase = time_s[:, None] * frequency_hz + np.array([0.0, 0.5, 0.5, 0.0])  # [T, 4]
    phase = phase - np.floor(phase)
    grown = np.clip(time_s * frequency_hz / 2.0, 0.0, 1.0)[:, None]
    on_ground = phase < _DUTY
    along = np.where(on_ground, 0.5 - phase / _DUTY, (phase - _DUTY) / (1.0 - _DUTY) - 0.5)
    lift = np.where(on_ground, 0.0, np.sin(np.pi * (phase - _DUTY) / (1.0 - _DUTY)))
    feet = np.repeat(stance[None], len(time_s), axis=0)
    feet[:, :, 0] += grown * along * speed_mps * _DUTY / frequency_hz
    feet[:, :, 2] += grown * lift * _STEP_HEIGHT_M
    targets, reachable = robot.kinematics.joint_position(feet)
    assert reachable.all()
    return targets
