"""Robots on flat ground, many at once, each with a trunk, feet and joints of its own: `mujoco.batch`."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch

from surefoot_calibration.air.parameters import KINDS, JointParameters
from surefoot_calibration.air.robots import INTEGRATOR
from surefoot_calibration.ground.parameters import GroundParameters
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.model import KD_INDEX, KP_INDEX, Integrator, ModelOptions, PhysicsOptions, build_model
from surefoot_robots.spec import RobotSpec

FREE = 7
"""Numbers of a free base's place."""
TRUNK = 1


@dataclass(frozen=True, slots=True, eq=False)
class Stood:
    """What robots did, [n, steps, …] each, after every step."""

    qpos: FloatArray
    """Place of the base, wxyz, and the joints' true angles: [n, steps, 19]."""
    qvel: FloatArray
    torque_nm: FloatArray
    gyro_radps: FloatArray
    """At the IMU, in the base's axes."""
    accelerometer_mps2: FloatArray
    foot_force_n: FloatArray
    """[n, steps, 4, 3], of the ground, in the world's axes."""


class GroundRobots:
    """Robots that stand; each may have its own joints, trunk and feet.

    The integrator is the one of robots in air, for the same reason, unless speed counts for more than a per cent of
    inertia does.
    """

    def __init__(
        self,
        robot: RobotSpec,
        gains: Gains,
        robots: int,
        timestep_s: float,
        threads: int = 0,
        *,
        integrator: Integrator = INTEGRATOR,
    ) -> None:
        physics = PhysicsOptions(timestep_s=timestep_s, integrator=integrator, friction_to_normal_impedance=100.0)
        spec = build_model(robot, ModelOptions(physics=physics, action_delay_s=0.0))
        # A robot that blows up must be seen, not silently put back to its start by the engine.
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        model = spec.compile()
        self._batch, self._gains = Batch(model, robots, threads), gains
        names = (
            *("dof_armature", "dof_damping", "dof_frictionloss", "actuator_gainprm"),
            *("body_mass", "body_ipos", "body_inertia", "body_iquat", "geom_friction"),
        )
        self._fields = {name: self._batch.expand(name) for name in names}
        self._qpos, self._qvel = self._batch.bind("qpos"), self._batch.bind("qvel")
        self._offset = np.zeros((robots, len(robot.joint_names)))
        self._feet = [model.geom(foot).id for foot in robot.foot_names]
        self._gyro, self._accelerometer = (int(model.sensor(name).adr[0]) for name in ("gyro", "accelerometer"))
        self._contact = [int(model.sensor(f"{foot}_contact").adr[0]) + 1 for foot in robot.foot_names]
        to_base = np.empty(9)
        mujoco.mju_quat2Mat(to_base, model.site(robot.imu.name).quat)
        self._imu_in_base = to_base.reshape(3, 3)

    def set_parameters(self, number: int, joints: JointParameters, ground: GroundParameters) -> None:
        """Of one of them; `settle` afterwards."""
        fields, table = self._fields, dict(zip(KINDS, joints.table, strict=True))
        fields["dof_armature"][number, 6:] = table["armature_kgm2"]
        fields["dof_damping"][number, 6:] = table["damping_nms_per_rad"]
        fields["dof_frictionloss"][number, 6:] = table["friction_nm"]
        fields["actuator_gainprm"][number, :, KP_INDEX] = joints.motor_strength * self._gains.kp_nm_per_rad
        fields["actuator_gainprm"][number, :, KD_INDEX] = joints.motor_strength * self._gains.kd_nms_per_rad
        self._offset[number] = table["encoder_offset_rad"]
        moments, axes = np.linalg.eigh(ground.trunk.inertia_kgm2.matrix())
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])  # a turn, and no mirror
        turned = np.empty(4)
        mujoco.mju_mat2Quat(turned, np.ascontiguousarray(axes).ravel())
        fields["body_mass"][number, TRUNK] = ground.trunk.mass_kg
        fields["body_ipos"][number, TRUNK] = ground.trunk.com_m
        fields["body_inertia"][number, TRUNK] = moments
        fields["body_iquat"][number, TRUNK] = turned
        fields["geom_friction"][number, self._feet, 0] = ground.foot_friction

    def settle(self) -> None:
        """Work out what follows from the parameters."""
        self._batch.set_const()

    def roll(self, base: FloatArray, encoder_rad: FloatArray, qvel: FloatArray, targets_rad: FloatArray) -> Stood:
        """From places [n, 7], encoders' angles [n, J] and speeds [n, 6 + J], with targets [n, steps, J]."""
        offset = self._offset[:, None, :]
        self._batch.reset()
        self._qpos[:, :FREE] = base
        self._qpos[:, FREE:] = encoder_rad - self._offset
        self._qvel[:] = qvel
        done = self._batch.rollout(
            targets_rad.shape[1],
            # Motors go by their encoders: an offset of those is one of the target, the other way round.
            control=np.ascontiguousarray(targets_rad - offset),
            control_spec=mujoco.mjtState.mjSTATE_CTRL,
            record=["qpos", "qvel", "actuator_force", "sensordata"],
        )
        sensed = done["sensordata"]
        gyro, force = (sensed[..., at : at + 3] @ self._imu_in_base.T for at in (self._gyro, self._accelerometer))
        feet = np.stack([sensed[..., at : at + 3] for at in self._contact], axis=-2)
        return Stood(done["qpos"], done["qvel"], done["actuator_force"], gyro, force, feet)
