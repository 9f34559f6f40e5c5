"""Newton's and Euler's equations of the trunk, at every moment of a log.

The legs' joints are driven by torques that are known: what motors are asked for, less friction. Less what moves the
legs themselves, each leg's three torques are its foot's force on the ground. Legs and feet together push the trunk; how
it is pushed and how it moves tell its mass, its centre and its inertia. Nothing is assumed of the ground but where it
is: feet may slide, be pressed together, or lift.

All of it is in the base's frame. An accelerometer measures what is felt there, acceleration less gravity, so that
neither velocity nor heading nor height is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import mujoco
import numpy as np

from surefoot_calibration.air.parameters import KINDS, JointParameters
from surefoot_calibration.ground.motion import Motion
from surefoot_calibration.ground.parameters import pi_of
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.inertia import Inertial
from surefoot_robots.model import ModelOptions, build_model
from surefoot_robots.spec import RobotSpec

OFFSET_STEP_RAD = 1e-3
BIAS_STEP_MPS2 = 0.02
PI = 13


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """Of T moments; wrenches are three forces and three moments about the base's origin."""

    trunk: FloatArray
    """[T, 6, PI]: what the trunk needs to move so, for each number of `pi_of`."""
    others: FloatArray
    """[T, 6]: what legs push the trunk with."""
    slopes: FloatArray
    """[T, 6, nuisances]: how `others` changes with what is known of joints and IMU; see `Nuisances`."""
    torque: FloatArray
    """[T, 6, J]: how it changes with each joint's torque."""
    foot_force_n: FloatArray
    """[T, 4, 3], of the ground on the feet."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is taken for known of a robot's joints and its IMU."""

    joints: JointParameters
    force_bias_mps2: FloatArray
    """[3]: what the accelerometer shows too much."""

    @property
    def vector(self) -> FloatArray:
        """[5 J + 1 + 3]: joints kind by kind, the delay, the bias."""
        return np.concatenate((self.joints.table.ravel(), [self.joints.action_delay_s], self.force_bias_mps2))

    @classmethod
    def of_vector(cls, vector: FloatArray) -> Known:
        """The inverse."""
        table = vector[:-4].reshape(len(KINDS), -1)
        return cls(JointParameters.of_table(table, float(vector[-4])), vector[-3:].copy())


def balance_of(robot: RobotSpec, motion: Motion, known: Known) -> Balance:
    """What can be said before the trunk is known; the motion's torques must be of the known delay."""
    legs = _Legs(robot)
    at = legs.pushed(motion, known)
    joints, shifted = len(robot.joint_names), []
    for joint in range(joints):
        moved = known.joints.encoder_offset_rad.copy()
        moved[joint] += OFFSET_STEP_RAD
        other = replace(known, joints=replace(known.joints, encoder_offset_rad=moved))
        shifted.append((legs.pushed(motion, other).wrench - at.wrench) / OFFSET_STEP_RAD)
    biased, trunk = [], _trunk(robot, motion, known)
    for axis in range(3):
        moved = known.force_bias_mps2.copy()
        moved[axis] += BIAS_STEP_MPS2
        biased.append((legs.pushed(motion, replace(known, force_bias_mps2=moved)).wrench - at.wrench) / BIAS_STEP_MPS2)
    own = known.joints
    strength = at.torque * motion.asked_nm[:, None, :]
    friction = -at.torque * motion.sliding[:, None, :]
    damping = -at.torque * motion.speed_radps[:, None, :]
    armature = -at.torque * motion.acceleration_radps2[:, None, :]
    later = np.einsum("tkj,tj->tk", at.torque, own.motor_strength * motion.asked_later_nm)
    by_kind = {
        "armature_kgm2": armature,
        "damping_nms_per_rad": damping,
        "friction_nm": friction,
        "encoder_offset_rad": np.stack(shifted, axis=2),
        "motor_strength": strength,
    }
    slopes = np.concatenate([by_kind[kind] for kind in KINDS] + [later[:, :, None], np.stack(biased, axis=2)], axis=2)
    return Balance(trunk, at.wrench, slopes, at.torque, at.foot_force_n)


def _felt(robot: RobotSpec, motion: Motion, known: Known) -> FloatArray:
    """Acceleration less gravity of the base's origin, [T, 3]."""
    lever = np.array(robot.imu.position_in_base_m)
    turn, growth = motion.turn_radps, motion.turn_growth_radps2
    felt: FloatArray = (
        motion.force_mps2 - known.force_bias_mps2 - np.cross(growth, lever) - np.cross(turn, np.cross(turn, lever))
    )
    return felt


def _trunk(robot: RobotSpec, motion: Motion, known: Known) -> FloatArray:
    """[T, 6, PI]."""
    felt, turn, growth = _felt(robot, motion, known), motion.turn_radps, motion.turn_growth_radps2
    turning = skew(growth) + skew(turn) @ skew(turn)
    found = np.zeros((motion.samples, 6, PI))
    found[:, :3, 0] = felt
    found[:, :3, 1:4] = turning
    found[:, 3:, 1:4] = -skew(felt)
    for row in range(3):
        for column in range(3):
            # I α + ω × I ω, of the inertia's one number: e_row (e_column · α) and ω × e_row (e_column · ω).
            unit = np.eye(3)[row]
            found[:, 3:, 4 + 3 * row + column] = (
                unit * growth[:, column : column + 1] + np.cross(turn, unit) * (turn[:, column : column + 1])
            )
    return found


def skew(vectors: FloatArray) -> FloatArray:
    """[..., 3] → [..., 3, 3]: the matrix whose product is the cross product."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    none = np.zeros_like(x)
    rows = ((none, -z, y), (z, none, -x), (-y, x, none))
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


@dataclass(frozen=True, slots=True, eq=False)
class _Pushed:
    wrench: FloatArray
    """[T, 6]."""
    torque: FloatArray
    """[T, 6, J]."""
    foot_force_n: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """Feet on the ground, in the base's axes; T moments."""

    force_n: FloatArray
    """[T, 4, 3], of the ground."""
    velocity_mps: FloatArray
    """[T, 4, 3], of the points that touch it, less the base's own."""
    down: FloatArray
    """[T, 3]."""


def contacts_of(robot: RobotSpec, motion: Motion, known: Known) -> Contacts:
    """Where feet press and how they move."""
    legs = _Legs(robot)
    angle = motion.angle_rad - known.joints.encoder_offset_rad
    foot, jacobian = legs.contact(angle, motion.down)
    speed = motion.speed_radps.reshape(len(angle), -1, 3)
    velocity = np.cross(motion.turn_radps[:, None, :], foot) + np.einsum("tlij,tlj->tli", jacobian, speed)
    return Contacts(legs.pushed(motion, known).foot_force_n, velocity, motion.down)


class _Legs:
    """The legs alone: a robot whose trunk is next to nothing, with no ground."""

    def __init__(self, robot: RobotSpec) -> None:
        self._robot, self._kinematics = robot, robot.kinematics
        options = ModelOptions(ground="none", self_collision="none", sensors=False, action_delay_s=0.0)
        spec = build_model(robot, options)
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONSTRAINT | mujoco.mjtDisableBit.mjDSBL_ACTUATION)
        spec.option.gravity = [0.0, 0.0, 0.0]
        self._model = spec.compile()
        self._model.dof_damping[:] = 0.0
        self._model.dof_armature[:] = 0.0
        self._pi = pi_of(robot.trunk.inertial)

    def pushed(self, motion: Motion, known: Known) -> _Pushed:
        """What they push the trunk with."""
        own, felt = known.joints, _felt(self._robot, motion, known)
        angle = motion.angle_rad - own.encoder_offset_rad
        needed = self._needed(motion, angle, felt)
        joints = needed[:, 6:] + own.armature_kgm2 * motion.acceleration_radps2
        given = (
            own.motor_strength * motion.asked_nm
            - own.friction_nm * motion.sliding
            - own.damping_nms_per_rad * motion.speed_radps
        )
        foot, jacobian = self.contact(angle, motion.down)
        # A leg's joints: what they need is what motors give and what the ground gives, Jᵀ f.
        back = np.linalg.inv(np.swapaxes(jacobian, -1, -2))
        legs = foot.shape[1]
        force = np.einsum("tlij,tlj->tli", back, (joints - given).reshape(-1, legs, 3))
        on_trunk = np.concatenate((np.broadcast_to(np.eye(3), back.shape), skew(foot)), axis=2)
        wrench = np.einsum("tlki,tli->tk", on_trunk, force) - (needed[:, :6] - self._of_trunk(motion, felt))
        torque = -np.moveaxis(on_trunk @ back, 1, 2).reshape(len(foot), 6, -1)
        return _Pushed(wrench, torque, force)

    def _of_trunk(self, motion: Motion, felt: FloatArray) -> FloatArray:
        """What the file's trunk needs, which is in `needed`, too."""
        still = replace(motion, force_mps2=felt)
        return _trunk(_without_lever(self._robot), still, _NO_BIAS) @ self._pi

    def _needed(self, motion: Motion, angle: FloatArray, felt: FloatArray) -> FloatArray:
        """Generalized forces [T, 6 + J] by inverse dynamics, of a base accelerated by what it feels."""
        data, found = mujoco.MjData(self._model), np.empty((motion.samples, 6 + angle.shape[1]))
        rows = zip(
            angle,
            motion.speed_radps,
            motion.acceleration_radps2,
            motion.turn_radps,
            motion.turn_growth_radps2,
            felt,
            strict=True,
        )
        data.qpos[:7] = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
        for row, (position, speed, acceleration, turn, growth, base) in enumerate(rows):
            data.qpos[7:] = position
            data.qvel[3:6], data.qvel[6:] = turn, speed
            data.qacc[:3], data.qacc[3:6], data.qacc[6:] = base, growth, acceleration
            mujoco.mj_inverse(self._model, data)
            found[row] = data.qfrc_inverse
        return found

    def contact(self, angle: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where the feet touch the ground, [T, 4, 3], and how those points move with the joints, [T, 4, 3, 3]."""
        radius = np.array([leg.foot.radius_m for leg in self._robot.legs])
        below = radius[:, None] * down[:, None, :]
        centre = self._kinematics.foot_position_in_base(angle)
        hip = angle.reshape(len(angle), -1, 3)[..., 0]
        about_hip = np.broadcast_to(np.array([1.0, 0.0, 0.0]), centre.shape)
        about_knee = np.stack((np.zeros_like(hip), np.cos(hip), np.sin(hip)), axis=-1)
        turned = np.stack([np.cross(axis, below) for axis in (about_hip, about_knee, about_knee)], axis=-1)
        return centre + below, self._kinematics.foot_jacobian_in_base(angle) + turned


_NO_BIAS = Known(JointParameters.of_table(np.zeros((len(KINDS), 0)), 0.0), np.zeros(3))


def _without_lever(robot: RobotSpec) -> RobotSpec:
    return replace(robot, imu=replace(robot.imu, position_in_base_m=(0.0, 0.0, 0.0)))


def wrench_of(trunk: Inertial, balance: Balance) -> FloatArray:
    """What a trunk needs beyond what pushes it, [T, 6]: nothing, if it is the one."""
    return balance.trunk @ pi_of(trunk) - balance.others
