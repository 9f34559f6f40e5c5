"""The embedded simulator: MuJoCo on the CPU, N robots on a thread pool (`mujoco.batch`).

The PD loop, the torque-speed limit and the action delay run inside the engine at the physics rate; Python runs once per
control step. Results are bit-identical at any number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
from array_api_compat import numpy as array_namespace
from mujoco.batch import Batch, SimulationError

from surefoot_robots.errors import SurefootError
from surefoot_robots.model import PhysicsOptions
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.blow_up import (
    TARGET_LIMIT_RAD,
    FlightRecorder,
    keep_engine_quiet,
    robots_out_of_bounds,
    rows_beyond,
)
from surefoot_training.sim.identity import as_arrays, check_identity, digest
from surefoot_training.sim.mujoco_model import TaskSensors, build_task_model
from surefoot_training.sim.mujoco_parameters import RobotParameters
from surefoot_training.sim.simulator import Array, Parameter, Placement, RobotState
from surefoot_training.task.arrays import gravity_in_base, rotation_of, yaw_of
from surefoot_training.task.terrain import Terrain


class MujocoBatch:
    """The `Simulator` protocol on `mujoco.batch`."""

    arrays = array_namespace

    def __init__(
        self,
        robot: RobotSpec,
        terrain: Terrain,
        robots: int,
        *,
        physics: PhysicsOptions | None = None,
        control_dt_s: float = 0.02,
        max_action_delay_s: float = 0.04,
        threads: int = 0,
        dump_folder: Path | None = None,
    ) -> None:
        """Compile `robot` on `terrain` and make `robots` of it; `threads` 0 takes every processor.

        `dump_folder` receives the last moments of simulations that blow up; without it they are only counted.
        """
        if robots < 1:
            raise SurefootError(f"robots {robots} < 1", hint="simulate at least one robot")
        if threads < 0:
            raise SurefootError(f"threads {threads} < 0", hint="give the number of threads, or 0 for every processor")
        physics = physics or PhysicsOptions()
        self.robot, self.terrain, self.robots = robot, terrain, robots
        self.physics_dt_s = physics.timestep_s
        self.control_dt_s = control_dt_s
        self.substeps = _whole_substeps(control_dt_s, physics.timestep_s)
        self.model = build_task_model(robot, terrain, physics, max_action_delay_s)
        keep_engine_quiet()
        self._batch = Batch(self.model, robots, threads)
        self._bind()
        self._parameters = RobotParameters(self._batch, self.model, robot, max_action_delay_s)
        self._sensors = TaskSensors(self.model, robot)
        self._identity = {
            "robot": digest(replace(robot, origin="", sourced_numbers=())),  # what is said about its numbers is free
            "terrain": digest(terrain.heights_m, terrain.cell_m, terrain.tile_origin_in_world, terrain.is_plane),
            "physics": digest(physics, control_dt_s, max_action_delay_s),
        }
        self._recorder = FlightRecorder(robots, self._batch.nstate, self.model.nu, dump_folder)
        self._kick = np.zeros((robots, 3))
        self._failed = np.zeros(robots, dtype=bool)
        self._state = _empty_state(robots, len(robot.joint_names))
        self._rest()

    def _bind(self) -> None:
        batch = self._batch
        self._qpos, self._qvel = batch.bind("qpos"), batch.bind("qvel")
        self._ctrl, self._history = batch.bind("ctrl"), batch.bind("history")
        self._base_force = batch.bind("xfrc_applied")[:, self.model.body(self.robot.trunk.name).id, :3]
        self._sensordata, self._actuator_force = batch.bind("sensordata"), batch.bind("actuator_force")

    def _rest(self) -> None:
        """Everyone in the default pose above the middle of the terrain, so that a state exists before any reset."""
        everyone = np.arange(self.robots)
        height = self.robot.standing_height_m + float(self.terrain.heights_m.max())
        self.reset(
            everyone,
            Placement(
                base_position_in_world=np.tile([0.0, 0.0, height], (self.robots, 1)),
                base_quaternion_wxyz=np.tile([1.0, 0.0, 0.0, 0.0], (self.robots, 1)),
                joint_position=np.tile(self.robot.default_joint_position_rad, (self.robots, 1)),
            ),
        )

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Physical parameters that can differ between robots."""
        return self._parameters.described

    def set_parameters(self, ids: Array, values: Mapping[str, Array]) -> None:
        """Give robots `ids` their own values: name -> [n, ...]."""
        ids = np.asarray(ids)
        self._parameters.set(ids, values)
        # A dump replays with the parameters at its end: what was before they changed would come out otherwise.
        self._recorder.restart(ids, self._batch.state)

    def get_parameters(self, ids: Array) -> dict[str, Array]:
        """The values robots `ids` have now."""
        return self._parameters.get(np.asarray(ids))

    def reset(self, ids: Array, placement: Placement) -> None:
        """Put robots `ids` where `placement` says, with empty delay lines and no disturbance."""
        ids = np.asarray(ids)
        if not len(ids):
            return
        self._batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        self._qpos[ids, :3] = placement.base_position_in_world
        self._qpos[ids, 3:7] = placement.base_quaternion_wxyz
        self._qpos[ids, 7:] = placement.joint_position
        if placement.base_velocity_in_world is not None:
            self._qvel[ids, :3] = placement.base_velocity_in_world
        if placement.angular_velocity_in_base is not None:
            self._qvel[ids, 3:6] = placement.angular_velocity_in_base
        if placement.joint_velocity is not None:
            self._qvel[ids, 6:] = placement.joint_velocity
        self._ctrl[ids] = placement.joint_position
        self._kick[ids] = 0.0
        self._parameters.fill_delay_lines(self._history, ids, np.asarray(placement.joint_position))
        self._failed[ids] = False
        self._batch.forward(ids)
        self._recorder.restart(ids, self._batch.state)
        state, _ = self._read(ids)
        for name, rows in _fields(state).items():
            getattr(self._state, name)[ids] = rows

    def push(self, velocity_kick_in_world: Array) -> None:
        """Add a velocity to every base at the start of the next step: [N, 3] m/s."""
        self._kick[:] = velocity_kick_in_world

    def set_base_force(self, force_in_world_n: Array) -> None:
        """Hold a force on every base until the next call: [N, 3] N at the trunk's centre of mass."""
        self._base_force[:] = force_in_world_n

    def step(self, joint_target: Array) -> None:
        """One control step with joint targets [N, J] rad."""
        unusable = rows_beyond(joint_target, TARGET_LIMIT_RAD)
        if unusable.any():
            joint_target = np.where(unusable[:, None], self._qpos[:, 7:], joint_target)
        self._ctrl[:] = self._parameters.through_dead_zone(joint_target, self._state.joint_position)
        self._recorder.note_step(self._batch.state, self._ctrl, self._base_force, self._kick)
        self._qvel[:, :3] += self._kick
        self._kick[:] = 0.0
        self._failed[:] = unusable
        try:
            self._batch.step(nstep=self.substeps)
        except SimulationError as error:
            self._failed[error.ids] = True
        self._state, out_of_bounds = self._read(slice(None))
        self._failed |= out_of_bounds
        if self._failed.any():
            self._recorder.keep_last_moments(np.flatnonzero(self._failed), self)

    def state(self) -> RobotState:
        """The truth after the last step or reset."""
        return self._state

    def failed(self) -> Array:
        """Robots whose simulation blew up in the last step: [N] bool."""
        return self._failed.copy()

    @property
    def batch(self) -> Batch:
        """The engine itself, for tools that look inside (drawing one robot, dumping it)."""
        return self._batch

    @property
    def blow_ups(self) -> int:
        """How many simulations have blown up since the start."""
        return self._recorder.blow_ups

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that decides the future, as named arrays, and what it is the future of."""
        parts = as_arrays(self._identity) | {
            "batch_state": self._batch.state.copy(),
            "failed": self._failed.copy(),
            "kick": self._kick.copy(),
            "blow_ups": np.array(self._recorder.blow_ups),
        }
        parts |= {f"parameter.{name}": value for name, value in self.get_parameters(np.arange(self.robots)).items()}
        parts |= {f"state.{name}": value.copy() for name, value in _fields(self._state).items()}
        return parts

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Take up a snapshot of a simulator with the same robot, terrain, physics and number of robots."""
        check_identity(snapshot, as_arrays(self._identity), f"the {self.robot.name} simulated here")
        if snapshot["batch_state"].shape != self._batch.state.shape:
            raise SurefootError(
                f"snapshot of {snapshot['batch_state'].shape} does not fit {self._batch.state.shape}",
                hint="restore with the same robot, terrain, physics and number of robots",
            )
        everyone = np.arange(self.robots)
        prefix = "parameter."
        self.set_parameters(
            everyone, {name.removeprefix(prefix): v for name, v in snapshot.items() if name.startswith(prefix)}
        )
        self._batch.state[:] = snapshot["batch_state"]
        self._failed[:] = snapshot["failed"]
        self._kick[:] = snapshot["kick"]
        self._recorder.restart(everyone, self._batch.state)
        self._recorder.blow_ups = int(snapshot["blow_ups"])
        for name in _fields(self._state):
            getattr(self._state, name)[:] = snapshot[f"state.{name}"]

    def _read(self, rows: np.ndarray | slice) -> tuple[RobotState, np.ndarray]:
        """The state of `rows`, converted from the engine's float64 once, and which of them are out of bounds [n].

        Rows that blew up may hold anything.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            qpos, qvel = self._qpos[rows].astype(np.float32), self._qvel[rows].astype(np.float32)
            return self._described(rows, qpos, qvel), robots_out_of_bounds(qpos, qvel)

    def _described(self, rows: np.ndarray | slice, qpos: np.ndarray, qvel: np.ndarray) -> RobotState:
        rotation = rotation_of(qpos[:, 3:7])
        return RobotState(
            base_position_in_world=qpos[:, :3],
            base_quaternion_wxyz=qpos[:, 3:7],
            base_rotation=rotation,
            base_velocity_in_base=(qvel[:, None, :3] @ rotation)[:, 0],
            angular_velocity_in_base=qvel[:, 3:6],  # MuJoCo's free joint keeps it in the body frame
            gravity_in_base=gravity_in_base(rotation),
            heading_rad=yaw_of(rotation),
            joint_position=qpos[:, 7:].copy(),  # many terms work on these two: side by side they take half the time
            joint_velocity=qvel[:, 6:].copy(),
            joint_torque_nm=self._actuator_force[rows].astype(np.float32),
            **self._sensors.read(self._sensordata[rows].astype(np.float32)),
        )


def _whole_substeps(control_dt_s: float, timestep_s: float) -> int:
    substeps = round(control_dt_s / timestep_s)
    if substeps < 1 or abs(substeps * timestep_s - control_dt_s) > 1e-9:
        raise SurefootError(
            f"control step {control_dt_s:g} s is not a whole number of physics steps of {timestep_s:g} s",
            hint="choose timestep_s so that it divides control_dt_s",
        )
    return substeps


def _fields(state: RobotState) -> dict[str, np.ndarray]:
    return {name: getattr(state, name) for name in RobotState.__slots__}


def _empty_state(robots: int, joints: int) -> RobotState:
    def zeros(*shape: int) -> np.ndarray:
        return np.zeros((robots, *shape), dtype=np.float32)

    def flags(*shape: int) -> np.ndarray:
        return np.zeros((robots, *shape), dtype=bool)

    return RobotState(
        base_position_in_world=zeros(3),
        base_quaternion_wxyz=zeros(4),
        base_rotation=zeros(3, 3),
        base_velocity_in_base=zeros(3),
        angular_velocity_in_base=zeros(3),
        gravity_in_base=zeros(3),
        heading_rad=zeros(),
        joint_position=zeros(joints),
        joint_velocity=zeros(joints),
        joint_torque_nm=zeros(joints),
        foot_position_in_world=zeros(4, 3),
        foot_velocity_in_world=zeros(4, 3),
        foot_force_in_world_n=zeros(4, 3),
        trunk_contact=flags(),
        thigh_contact=flags(4),
        calf_contact=flags(4),
        self_collision=flags(),
    )
