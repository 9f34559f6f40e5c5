"""The model the batch simulates: the robot, the terrain, and sensors for what the task wants to know."""

from __future__ import annotations

from collections.abc import Iterable

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
    """Takes rows of sensor data apart into the contact and foot fields of `RobotState`."""

    def __init__(self, model: mujoco.MjModel, robot: RobotSpec) -> None:
        """Look up by name where in a row each field lies."""

        def columns(names: Iterable[str], first: int, size: int) -> np.ndarray:
            return np.array([model.sensor(name).adr[0] + first + i for name in names for i in range(size)])

        feet, thighs = robot.foot_names, [leg.links[1].name for leg in robot.legs]
        calves = [leg.links[2].shapes[0].name for leg in robot.legs]
        self._force = columns([f"{foot}_contact" for foot in feet], 1, 3)  # behind its `found`
        self._position = columns([f"{foot}_position" for foot in feet], 0, 3)
        self._velocity = columns([f"{foot}_velocity" for foot in feet], 0, 3)
        self._flags = columns(
            ["trunk_contact", *(f"{n}_contact" for n in thighs), *(f"{n}_contact" for n in calves), "self_collision"],
            0,
            1,
        )

    def read(self, sensed: np.ndarray) -> dict[str, np.ndarray]:
        """`sensed` [n, S] -> field name of RobotState -> array."""
        n = len(sensed)
        found = sensed[:, self._flags] > 0
        return {
            "foot_force_in_world_n": sensed[:, self._force].reshape(n, 4, 3),
            "foot_position_in_world": sensed[:, self._position].reshape(n, 4, 3),
            "foot_velocity_in_world": sensed[:, self._velocity].reshape(n, 4, 3),
            "trunk_contact": found[:, 0],
            "thigh_contact": found[:, 1:5],
            "calf_contact": found[:, 5:9],
            "self_collision": found[:, 9],
        }
