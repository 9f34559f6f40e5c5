"""The model the batch simulates: the robot, the terrain, and sensors for what the task wants to know."""

from __future__ import annotations

import mujoco
import numpy as np

from surefoot_robots.model import ModelOptions, PhysicsOptions, add_contact_sensors, build_model
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.terrain_model import add_terrain
from surefoot_training.task.terrain import Terrain


def build_task_model(
    robot: RobotSpec, terrain: Terrain, physics: PhysicsOptions, max_action_delay_s: float
) -> mujoco.MjModel:
    """Compile `robot` on `terrain`; onboard sensors are left out, they are modelled by the task from the state."""
    options = ModelOptions(physics=physics, ground="none", sensors=False, max_action_delay_s=max_action_delay_s)
    spec = build_model(robot, options)
    add_terrain(spec, terrain)
    add_contact_sensors(spec, robot)
    for foot in robot.foot_names:
        for name, quantity in (
            ("position", mujoco.mjtSensor.mjSENS_FRAMEPOS),
            ("velocity", mujoco.mjtSensor.mjSENS_FRAMELINVEL),
        ):
            spec.add_sensor(name=f"{foot}_{name}", type=quantity, objtype=mujoco.mjtObj.mjOBJ_GEOM, objname=foot)
    # A blown-up robot must be seen, not silently put back to its start by the engine.
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    return spec.compile()


class TaskSensors:
    """Takes rows of sensor data apart into the contact and foot fields of `RobotState`, without copying."""

    def __init__(self, model: mujoco.MjModel, robot: RobotSpec) -> None:
        """Look up where each group of sensors lies; within a group they follow one another, leg by leg."""
        feet = robot.foot_names
        parts = [name for leg in robot.legs for name in (leg.links[1].name, leg.links[2].shapes[0].name)]
        flags = ["trunk_contact", *(f"{part}_contact" for part in parts), "self_collision"]
        self._contact = _span(model, [f"{foot}_contact" for foot in feet], size=4)
        self._motion = _span(model, [f"{foot}_{what}" for foot in feet for what in ("position", "velocity")], size=3)
        self._flags = _span(model, flags, size=1)

    def read(self, sensed: np.ndarray) -> dict[str, np.ndarray]:
        """`sensed` [n, S] -> field name of RobotState -> array."""
        n = len(sensed)
        motion = sensed[:, self._motion].reshape(n, 4, 6)
        found = sensed[:, self._flags] > 0
        return {
            "foot_force_in_world_n": sensed[:, self._contact].reshape(n, 4, 4)[:, :, 1:],  # behind its `found`
            "foot_position_in_world": motion[:, :, :3],
            "foot_velocity_in_world": motion[:, :, 3:],
            "trunk_contact": found[:, 0],
            "thigh_contact": found[:, 1:9:2],
            "calf_contact": found[:, 2:9:2],
            "self_collision": found[:, 9],
        }


def _span(model: mujoco.MjModel, names: list[str], size: int) -> slice:
    """Columns of sensors that follow one another, `size` numbers each."""
    first = int(model.sensor(names[0]).adr[0])
    columns = [(int(model.sensor(name).adr[0]), int(model.sensor(name).dim[0])) for name in names]
    assert columns == [(first + size * i, size) for i in range(len(names))], "sensors are not where they should be"
    return slice(first, first + size * len(names))
