"""The robot's body in MuJoCo: stepped at 1 kHz with torques at the joints."""

from __future__ import annotations

import math

import mujoco
import numpy as np
from numpy.typing import NDArray

from surefoot_robots.model import ModelOptions, PhysicsOptions, build_model
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.blow_up import SPEED_LIMIT, keep_engine_quiet
from surefoot_training.simulated.config import HELD, Ground, World, own_values

FloatArray = NDArray[np.float64]
STEP_S = 0.001
TRUNK = 1
"""The first body after the world."""
HUNG_M = 1.0
"""Of a held trunk above where it would be on the ground: no leg reaches that far."""
HELD_KG = 1e8
"""Added to a held trunk's mass, and its inertia in kg m², in the equations of motion alone: gravity does not pull at
it. It moves by 1 µm/s² then, and joints feel nothing of that."""
HELD_TOLERANCE = 1e-12


class Body:
    """One robot on its ground; torques and pushes in, motion out. Same calls, same motion, to the last bit."""

    def __init__(self, robot: RobotSpec, world: World) -> None:
        keep_engine_quiet()
        self.model, height_m = build_world(robot, world)
        self.data = mujoco.MjData(self.model)
        self._start(robot, world, height_m)
        names = [f"{foot}_contact" for foot in robot.foot_names]
        self._contact = [int(self.model.sensor(name).adr[0]) + 1 for name in names]  # behind its count: fx, fy, fz
        self._trunk_contact = int(self.model.sensor("trunk_contact").adr[0])
        self._accelerometer = int(self.model.sensor("accelerometer").adr[0])
        imu_in_base = np.empty(9)
        mujoco.mju_quat2Mat(imu_in_base, self.model.site(robot.imu.name).quat)
        self._imu_in_base = imu_in_base.reshape(3, 3)
        self.blow_ups = 0
        self._home = self.data.qpos.copy()

    def _start(self, robot: RobotSpec, world: World, height_m: float) -> None:
        mujoco.mj_resetDataKeyframe(self.model, self.data, self.model.key(world.start_pose).id)
        hung_m = HUNG_M if world.trunk == HELD else 0.0
        self.data.qpos[2] = robot.pose_height_m(world.start_pose) + height_m + hung_m
        if world.ground.kind == "slope":
            pitch = -world.ground.slope_rad
            self.data.qpos[3:7] = (math.cos(pitch / 2), 0.0, math.sin(pitch / 2), 0.0)
        mujoco.mj_forward(self.model, self.data)

    def step(self, torque_nm: FloatArray, push_n: FloatArray) -> None:
        """One millisecond. A simulation that blows up starts anew, and is counted."""
        data = self.data
        data.qfrc_applied[6:] = torque_nm
        data.xfrc_applied[TRUNK, :3] = push_n
        mujoco.mj_step(self.model, data)
        speed = data.qvel
        if not (speed.min() > -SPEED_LIMIT and speed.max() < SPEED_LIMIT):  # NaN trips it
            self.blow_ups += 1
            self.restart()

    def restart(self) -> None:
        """Back to where it began; time goes on."""
        time_s = self.data.time
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] = self._home
        self.data.time = time_s
        mujoco.mj_forward(self.model, self.data)

    @property
    def joint_position_rad(self) -> FloatArray:
        """[12], a view."""
        view: FloatArray = self.data.qpos[7:]
        return view

    @property
    def joint_velocity_radps(self) -> FloatArray:
        """[12], a view."""
        view: FloatArray = self.data.qvel[6:]
        return view

    @property
    def orientation_wxyz(self) -> FloatArray:
        """Of the base, a view."""
        view: FloatArray = self.data.qpos[3:7]
        return view

    @property
    def angular_velocity_in_base_radps(self) -> FloatArray:
        """MuJoCo's free joint keeps it in the body's frame; a view."""
        view: FloatArray = self.data.qvel[3:6]
        return view

    @property
    def acceleration_in_base_mps2(self) -> FloatArray:
        """Of the IMU's place, in the base's axes, as accelerometers have it; of the last step's beginning."""
        first = self._accelerometer
        acceleration: FloatArray = self._imu_in_base @ self.data.sensordata[first : first + 3]
        return acceleration

    @property
    def foot_force_n(self) -> list[float]:
        """FL, FR, RL, RR: size of the ground's force."""
        sensed = self.data.sensordata
        return [math.hypot(*sensed[first : first + 3].tolist()) for first in self._contact]

    @property
    def trunk_contact(self) -> bool:
        """Whether the trunk touches the ground."""
        return bool(self.data.sensordata[self._trunk_contact] > 0.0)


def build_world(robot: RobotSpec, world: World) -> tuple[mujoco.MjModel, float]:
    """The robot as it is in truth on its ground, and the ground's height below its start."""
    flat = world.ground.kind == "flat"
    options = ModelOptions(physics=PhysicsOptions(timestep_s=STEP_S), ground="plane" if flat else "none")
    spec = build_model(robot, options)
    height_m = 0.0
    if world.ground.kind == "slope":
        half = -0.5 * world.ground.slope_rad
        spec.worldbody.add_geom(
            name="ground",
            type=mujoco.mjtGeom.mjGEOM_PLANE,
            size=[0.0, 0.0, 1.0],
            quat=[math.cos(half), 0.0, math.sin(half), 0.0],
        )
    elif not flat:
        height_m = _add_tile(spec, world.ground)
    # Motors are torques here: the engine's own position servos know neither speed targets nor torques of their own.
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ACTUATION)
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
    model = spec.compile()
    _apply_truth(model, robot, world)
    return model, height_m


def _add_tile(spec: mujoco.MjSpec, ground: Ground) -> float:
    """A field of one tile of the wanted level, the robot's start in its middle."""
    from surefoot_training.sim.terrain_model import add_terrain
    from surefoot_training.task.terrain import TerrainConfig, build_terrain

    terrain = build_terrain(TerrainConfig(seed=ground.seed, columns=(ground.kind,)))
    x, y, z = terrain.tile_origin_in_world[ground.level, 0].tolist()
    add_terrain(spec, terrain)
    geom = spec.geom("terrain")
    geom.pos = [geom.pos[0] - x, geom.pos[1] - y, geom.pos[2]]
    return float(z)


def _apply_truth(model: mujoco.MjModel, robot: RobotSpec, world: World) -> None:
    truth, own = world.truth, own_values(world.truth, robot)
    model.dof_armature[6:] = own["armature_kgm2"]
    model.dof_damping[6:] = np.reshape(own["damping_nms_per_rad"], model.dof_damping[6:].shape)
    model.dof_frictionloss[6:] = own["friction_nm"]
    if truth.base_mass_kg is not None:
        model.body_inertia[TRUNK] *= truth.base_mass_kg / model.body_mass[TRUNK]
        model.body_mass[TRUNK] = truth.base_mass_kg
    if truth.base_com_x_m is not None:
        model.body_ipos[TRUNK, 0] = truth.base_com_x_m
    if truth.foot_friction is not None:
        for foot in robot.foot_names:
            model.geom(foot).friction[0] = truth.foot_friction
    mujoco.mj_setConst(model, mujoco.MjData(model))
    if world.trunk == HELD:
        _hold(model)


def _hold(model: mujoco.MjModel) -> None:
    """Make the trunk too heavy to be moved."""
    usual_kgm2 = model.stat.meaninertia
    model.dof_armature[:6] = HELD_KG
    mujoco.mj_setConst(model, mujoco.MjData(model))
    # By both, the solver judges when forces are near enough: beside such a trunk's, those of joints' friction count for
    # nothing.
    model.stat.meaninertia = usual_kgm2
    model.opt.tolerance = HELD_TOLERANCE
