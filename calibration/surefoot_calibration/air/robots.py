"""Robots with a held trunk, many at once, each with joints of its own: `mujoco.batch`."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from mujoco.batch import Batch

from surefoot_calibration.air.parameters import KINDS
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.model import KD_INDEX, KP_INDEX, Integrator, ModelOptions, PhysicsOptions, build_model
from surefoot_robots.spec import RobotSpec

ARMATURE, DAMPING, FRICTION, OFFSET, STRENGTH = range(len(KINDS))
TOLERANCE = 1e-12
"""Of friction's solver: differences of a thousandth of a parameter must come out as such."""
INTEGRATOR: Integrator = "rk4"
"""What is identified is the robot, not the robot and an integrator. The engine's others are of first order: their
implicit damping looks like an inertia of half a step times the damping, the motor's included, which at 1 ms is 7 % of a
Go2's armature and at 5 ms a third. This one costs as much at 4 ms as they do at 1 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class Rolled:
    """What robots did, [n, steps, J] each, after every step."""

    encoder_rad: FloatArray
    """Angles as their encoders would say without noise."""
    velocity_radps: FloatArray
    torque_nm: FloatArray
    """At the joints."""


class AirRobots:
    """Robots whose trunk is held. Nothing touches anything: legs are moved one by one, or kept apart by the motion."""

    def __init__(self, robot: RobotSpec, gains: Gains, robots: int, timestep_s: float, threads: int = 0) -> None:
        physics = PhysicsOptions(timestep_s=timestep_s, tolerance=TOLERANCE, integrator=INTEGRATOR)
        options = ModelOptions(
            physics=physics, base="fixed", ground="none", self_collision="none", sensors=False, action_delay_s=0.0
        )
        spec = build_model(robot, options)
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONTACT)
        # A robot that blows up must be seen, not silently put back to its start by the engine.
        spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._batch = Batch(spec.compile(), robots, threads)
        self._gains = gains
        self._fields = {
            name: self._batch.expand(name)
            for name in ("dof_armature", "dof_damping", "dof_frictionloss", "actuator_gainprm")
        }
        self._qpos, self._qvel = self._batch.bind("qpos"), self._batch.bind("qvel")
        self._offset = np.zeros((robots, len(robot.joint_names)))

    def set_parameters(self, table: FloatArray) -> None:
        """[n, kinds, J]: see `JointParameters.table`."""
        fields = self._fields
        fields["dof_armature"][:] = table[:, ARMATURE]
        fields["dof_damping"][:] = table[:, DAMPING]
        fields["dof_frictionloss"][:] = table[:, FRICTION]
        fields["actuator_gainprm"][:, :, KP_INDEX] = table[:, STRENGTH] * self._gains.kp_nm_per_rad
        fields["actuator_gainprm"][:, :, KD_INDEX] = table[:, STRENGTH] * self._gains.kd_nms_per_rad
        self._offset[:] = table[:, OFFSET]
        # How soft friction is follows from the inertia it works on.
        self._batch.set_const()

    def roll(self, encoder_rad: FloatArray, velocity_radps: FloatArray, targets_rad: FloatArray) -> Rolled:
        """From encoders' angles [n, J] and speeds [n, J], with a target for each step, [n, steps, J]."""
        offset = self._offset[:, None, :]
        self._batch.reset()
        self._qpos[:] = encoder_rad - self._offset
        self._qvel[:] = velocity_radps
        done = self._batch.rollout(
            targets_rad.shape[1],
            # Motors go by their encoders: an offset of those is one of the target, the other way round.
            control=np.ascontiguousarray(targets_rad - offset),
            control_spec=mujoco.mjtState.mjSTATE_CTRL,
            record=["qpos", "qvel", "actuator_force"],
        )
        return Rolled(done["qpos"] + offset, done["qvel"], done["actuator_force"])
