"""Joint targets that exercise a robot without a policy: an open-loop trot from leg kinematics."""

from __future__ import annotations

import numpy as np

from surefoot_robots.spec import RobotSpec

_STEP_HEIGHT_M = 0.07
_DUTY = 0.65  # share of the gait cycle a foot is on the ground; above half, so that load passes over from pair to pair
_SENT_BY = 0.4  # share of the swing after which a foot's target is at its front end
_GRAVITY_MPS2 = 9.81


def trot_targets(
    robot: RobotSpec, time_s: np.ndarray, speed_mps: float, *, frequency_hz: float = 2.5, carry: bool = True
) -> np.ndarray:
    """Joint targets [T, J] rad at evenly spaced times [T] of a trot: FL with RR, FR with RL, half a cycle apart.

    The gains of a learned policy are soft: targets that ignore them let the trunk sag by a fifth of its height, and lag
    so far behind that robots hardly get anywhere. With `carry`, each target is ahead of where the joint shall be, by
    what carries the weight (Jacobian transpose) and by what damping takes; robots then reach some two thirds of
    `speed_mps` on the flat. Without, they stay low and hardly ever fall, whatever is randomized. Steps grow over the
    first two cycles, from standing.
    """
    feet, carries = trot_feet(robot, time_s, speed_mps, frequency_hz)
    joints, reachable = robot.kinematics.joint_position(feet)
    assert reachable.all()
    if not carry:
        return joints
    weight_n = robot.total_mass_kg * _GRAVITY_MPS2 * carries / carries.sum(axis=1, keepdims=True)
    push = np.zeros((*weight_n.shape, 3))  # [T, 4, 3] what each foot does to the ground
    push[:, :, 2] = -weight_n
    jacobian = robot.kinematics.foot_jacobian_in_base(joints)
    torque_nm = np.einsum("tlxj,tlx->tlj", jacobian, push).reshape(joints.shape)
    speed = np.gradient(joints, time_s, axis=0) if len(time_s) > 1 else np.zeros_like(joints)
    ahead = (torque_nm + robot.kd_nms_per_rad * speed) / robot.kp_nm_per_rad
    targets: np.ndarray = np.clip(joints + ahead, robot.joint_lower_rad, robot.joint_upper_rad)
    return targets


def trot_feet(
    robot: RobotSpec, time_s: np.ndarray, speed_mps: float, frequency_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    """Foot centres in base [T, 4, 3], and how much each foot carries [T, 4], 0 to 1."""
    stance = robot.kinematics.foot_position_in_base(robot.default_joint_position_rad)  # [4, 3]
    phase = time_s[:, None] * frequency_hz + np.array([0.0, 0.5, 0.5, 0.0])  # [T, 4]
    phase = phase - np.floor(phase)
    grown = np.clip(time_s * frequency_hz / 2.0, 0.0, 1.0)[:, None]
    on_ground = phase < _DUTY
    swing = (phase - _DUTY) / (1.0 - _DUTY)
    # The foot is sent forward early in the swing: soft gains let it arrive some 0.05 s late, and where it lands decides
    # how fast the robot gets.
    sent = np.clip(swing / _SENT_BY, 0.0, 1.0)
    along = np.where(on_ground, 0.5 - phase / _DUTY, sent * sent * (3.0 - 2.0 * sent) - 0.5)
    feet = np.repeat(stance[None], len(time_s), axis=0)
    feet[:, :, 0] += grown * along * speed_mps * _DUTY / frequency_hz
    feet[:, :, 2] += grown * np.where(on_ground, 0.0, np.sin(np.pi * swing)) * _STEP_HEIGHT_M
    # Load comes and goes over a tenth of a cycle at both ends of the stance.
    carries = np.clip(np.minimum(phase, _DUTY - phase) / 0.1, 0.0, 1.0)
    return feet, 1.0 - grown + grown * carries
