"""What can be learned of joints in air; the names are those of results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.spec import RobotSpec

KINDS = ("armature_kgm2", "damping_nms_per_rad", "friction_nm", "encoder_offset_rad", "motor_strength")
"""Per joint, in the order of `JointParameters.table`."""
UNITS = {
    "armature_kgm2": "kg m²",
    "damping_nms_per_rad": "Nm s/rad",
    "friction_nm": "Nm",
    "encoder_offset_rad": "rad",
    "motor_strength": "1",
    "action_delay_s": "s",
}


@dataclass(frozen=True, slots=True, eq=False)
class JointParameters:
    """One robot's joints, each [J] in its order."""

    armature_kgm2: FloatArray
    """Of the rotor, as seen at the joint."""
    damping_nms_per_rad: FloatArray
    """Viscous friction."""
    friction_nm: FloatArray
    """Coulomb friction."""
    encoder_offset_rad: FloatArray
    """Added to the angle: what encoders say, and motors go by."""
    motor_strength: FloatArray
    """Torque given per torque asked for."""
    action_delay_s: float
    """From giving a target to torque at the joint; of all joints."""

    @property
    def table(self) -> FloatArray:
        """[kinds, J]."""
        return np.stack([getattr(self, kind) for kind in KINDS])

    @classmethod
    def of_table(cls, table: FloatArray, action_delay_s: float) -> JointParameters:
        """The inverse of `table`."""
        rows = {kind: row.copy() for kind, row in zip(KINDS, table, strict=True)}
        return cls(**rows, action_delay_s=action_delay_s)


def nominal_parameters(robot: RobotSpec) -> JointParameters:
    """What the robot's file says: encoders without offset, motors that give what they are asked for."""
    joints = len(robot.joint_names)
    return JointParameters(
        robot.armature_kgm2,
        robot.damping_nms_per_rad,
        robot.friction_nm,
        np.zeros(joints),
        np.ones(joints),
        robot.action_delay_s,
    )
