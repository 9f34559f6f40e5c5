"""A robot in MuJoCo on a plane, for run_policy.py; it knows nothing of policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from surefoot_robots.loader import load_robot
from surefoot_robots.model import KD_INDEX, KP_INDEX, build_model
from surefoot_robots.spec import DEFAULT_POSE


class SimulatedRobot:
    """Begins in its default pose and is asked for one velocity."""

    def __init__(self, name: str, velocity_command: list[float]) -> None:
        self._command = velocity_command
        self._model = build_model(load_robot(name)).compile()
        self._data = mujoco.MjData(self._model)
        mujoco.mj_resetDataKeyframe(self._model, self._data, self._model.key(DEFAULT_POSE).id)
        mujoco.mj_forward(self._model, self._data)

    def sense(self, joint_names: Sequence[str]) -> dict[str, Any]:
        """What the sensors of a robot without cameras tell, of the joints in this order."""

        def of_joints(kind: str) -> list[float]:
            return [float(self._data.sensor(f"{joint}_{kind}").data[0]) for joint in joint_names]

        axes = np.empty(9)
        mujoco.mju_quat2Mat(axes, self._data.sensor("orientation").data)
        return {
            "angular_velocity_in_base": self._data.sensor("gyro").data,
            "gravity_in_base": -axes.reshape(3, 3)[2],  # the world's downward axis in the base's frame
            "velocity_command": self._command,
            "joint_position": of_joints("position"),
            "joint_velocity": of_joints("velocity"),
        }

    def hold(self, contract: dict[str, Any], joint_target: np.ndarray) -> None:
        """Hold joint targets for one tick, by the motors' own position loops."""
        gains = contract["gains"]
        rows = zip(contract["joint_names"], joint_target, gains["kp_nm_per_rad"], gains["kd_nms_per_rad"], strict=True)
        for name, target, kp, kd in rows:
            self._data.actuator(name).ctrl = target
            self._model.actuator(name).gainprm[[KP_INDEX, KD_INDEX]] = kp, kd
        mujoco.mj_step(self._model, self._data, round(contract["control_dt_s"] / self._model.opt.timestep))

    def report(self) -> str:
        """How far it came."""
        x, y, z = self._data.qpos[:3]
        return f"after {self._data.time:.1f} s: {x:.2f} m ahead, {y:.2f} m to the left, trunk {z:.2f} m high"
