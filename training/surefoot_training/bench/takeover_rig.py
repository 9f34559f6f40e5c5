"""Simulated robots at 200 Hz, each of which may have its own supervisor with its own gaits.

Robots, ground and sensors are those of training; time goes in ticks of 5 ms, one physics step each. The supervisor is
the one of the robot: everything between a sample and the motors' law is what would run there.
"""

from __future__ import annotations

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_safety.limits import limits_of
from surefoot_safety.settings_loader import load_settings
from surefoot_safety.state import RobotState
from surefoot_training.bench.takeover_motors import Motors
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import Placement
from surefoot_training.task.arrays import Rng
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.robots import RandomizedRobots
from surefoot_training.task.sensors import MEASURED_NAMES, Measurement, SensorModel
from surefoot_training.task.terms import bind_all
from surefoot_training.task.terrain import Terrain

TICK_S = 0.005
FALLEN_RAD = 1.0
"""As the tasks' own termination, and the tilt at which the supervisor damps."""
STANDING_WITHIN = 0.3
"""A robot whose trunk is off its standing height by more than this share of it does not stand: it crouches or lies."""
STANDING_RAD = 0.35
"""Nor does one that is tilted more than this: it leans on something or sits like a dog."""
LYING_BELOW = 0.5
"""Of the standing height: where the trunk of a robot is that sat down or sank."""
LYING_RAD = 0.5
ACCELEROMETER_NOISE_MPS2 = 0.3
"""White, per tick: ten times what a common unit has at rest, since legs shake it. Training models none."""
ACCELEROMETER_BIAS_MPS2 = 0.1
"""Either way, per axis: zero offset of common units after calibration, 10 mg."""
GRAVITY_MPS2 = 9.81


class Rig:
    """N robots, different from each other, and what they measure now."""

    def __init__(
        self, task: TaskConfig, robot: RobotSpec, robots: int, *, seed: int, terrain: Terrain | None = None
    ) -> None:
        """On a plane unless there is a terrain."""
        self.task, self.robot, self.robots, self.rng = task, robot, robots, Rng(seed, np)
        self.limits = limits_of(robot, load_settings(robot.name))
        self.simulator = MujocoBatch(
            robot,
            terrain or Terrain.flat(),
            robots,
            physics=task.physics,
            control_dt_s=TICK_S,
            max_action_delay_s=task.max_action_delay_s,
            threads=1,
        )
        self._everyone = np.arange(robots)
        RandomizedRobots(task.randomization, self.simulator).reset(self._everyone, self.rng)
        self.motors = Motors(self.simulator, self.limits)
        self._terms = bind_all(task.observation, MEASURED_NAMES)
        self._sensors = SensorModel(task.sensors, robots, len(robot.joint_names), TICK_S, np)
        self._imu_ticks = self.rng.integers(0, round(task.sensors.imu_latency_s[1] / TICK_S) + 1, robots)
        self._accelerations = np.zeros((int(self._imu_ticks.max()) + 1, robots, 3))
        self._bias = self.rng.uniform(-ACCELEROMETER_BIAS_MPS2, ACCELEROMETER_BIAS_MPS2, (robots, 3))
        self.command = np.zeros((robots, 3), dtype=np.float32)
        self._down = np.array([0.0, 0.0, -1.0])
        self.ticks = 0
        self.touched = np.zeros(robots, dtype=bool)
        """Trunk on the ground, now."""
        self.tilted = np.zeros(robots, dtype=bool)
        """By more than `FALLEN_RAD`, since `forget_falls`."""
        self.fallen = np.zeros(robots, dtype=bool)
        """Tilted or touched, since `forget_falls`."""

    def place(self, placement: Placement) -> None:
        """Put everybody somewhere, and look."""
        self.simulator.reset(self._everyone, placement)
        self._sensors.reset(self._everyone, self.rng)
        kp, kd = self.robot.kp_nm_per_rad, self.robot.kd_nms_per_rad
        self.motors.track(self._everyone, np.asarray(placement.joint_position), kp, kd)
        self._velocity_in_world = self._velocity()
        self._accelerations[:] = [0.0, 0.0, GRAVITY_MPS2]
        self.measured = self._measure(self._everyone)
        self._rows: list[RobotState] | None = None

    def lean(self, slope_rad: float, towards_rad: np.ndarray | float = 0.0) -> None:
        """Make the ground a slope upwards in a direction [N] of the world's: gravity leans instead.

        To robot and ground there is no difference; what is measured leans with it.
        """
        sin = np.broadcast_to(np.sin(slope_rad), (self.robots,))
        down = [-sin * np.cos(towards_rad), -sin * np.sin(towards_rad), np.full(self.robots, -np.cos(slope_rad))]
        self._down = np.stack(down, axis=-1)
        pull = np.linalg.norm(self.simulator.get_parameters(self._everyone)["gravity_mps2"], axis=-1, keepdims=True)
        self.simulator.set_parameters(self._everyone, {"gravity_mps2": pull * self._down})

    def forget_falls(self) -> None:
        """Whoever was on the ground until now was to be there."""
        self.fallen[:] = False
        self.tilted[:] = False

    @property
    def tilt_rad(self) -> np.ndarray:
        """Of trunks to the ground's normal, [N]; π where there is no number."""
        up = -np.asarray(self.simulator.state().gravity_in_base)[:, 2]
        tilt: np.ndarray = np.arccos(np.clip(np.nan_to_num(up, nan=-1.0), -1.0, 1.0))
        return tilt

    @property
    def stands(self) -> np.ndarray:
        """Who is at its standing height and level, now, [N]; on a plane, which may lean."""
        height = self.robot.standing_height_m
        off = np.abs(self.simulator.state().base_position_in_world[:, 2] - height)
        stands: np.ndarray = (off <= STANDING_WITHIN * height) & (self.tilt_rad < STANDING_RAD)
        return stands

    @property
    def lies(self) -> np.ndarray:
        """Whose trunk is low and level, now, [N]; on a plane, which may lean."""
        low = self.simulator.state().base_position_in_world[:, 2] < LYING_BELOW * self.robot.standing_height_m
        lies: np.ndarray = low & (self.tilt_rad < LYING_RAD)
        return lies

    @property
    def time_s(self) -> float:
        """Since the start."""
        return self.ticks * TICK_S

    def step(self) -> None:
        """One tick with the commands that stand."""
        self.simulator.step(self.motors.send())
        self.ticks += 1
        self._feel()
        self.measured = self._measure(None)
        self._rows = None
        state = self.simulator.state()
        self.touched = np.asarray(state.trunk_contact) | self.simulator.failed()
        self.tilted |= self.simulator.failed() | (state.gravity_in_base[:, 2] > -np.cos(FALLEN_RAD))
        self.fallen |= self.touched | self.tilted

    def observation(self) -> np.ndarray:
        """What policies see, [N, D]."""
        return np.concatenate([term(self.measured) for term in self._terms], axis=-1)

    def state_of(self, robot: int) -> RobotState:
        """What one robot measures, as the supervisor gets it: no foot contacts, no height, no temperatures."""
        if self._rows is None:
            self._rows = self._states()
        return self._rows[robot]

    def felt(self) -> np.ndarray:
        """What the accelerometers say now, [N, 3]."""
        at = (self.ticks - self._imu_ticks) % len(self._accelerations)
        felt: np.ndarray = self._accelerations[at, self._everyone]
        return felt

    def orientation(self) -> np.ndarray:
        """What the inertial units make of down, [N, 4]: the turn without yaw from the base's up to the world's."""
        x, y, z = -self.measured.gravity_in_base.T.astype(np.float64)
        length = np.maximum(np.sqrt((1.0 + z) ** 2 + x * x + y * y), 1e-6)
        return np.stack([(1.0 + z) / length, y / length, -x / length, np.zeros_like(x)], axis=-1)

    def _states(self) -> list[RobotState]:
        measured, stamp_s, digest = self.measured, self.time_s, self.limits.robot_hash
        columns = (
            measured.joint_position,
            measured.joint_velocity,
            self.simulator.state().joint_torque_nm,
            self.orientation(),
            measured.angular_velocity_in_base,
            self.felt(),
        )
        rows = zip(*(map(tuple, np.asarray(column).tolist()) for column in columns), strict=True)
        return [RobotState(digest, self.ticks, stamp_s, *row) for row in rows]

    def _down_in_base(self, rows: np.ndarray | slice) -> np.ndarray:
        rotation = self.simulator.state().base_rotation[rows]
        down = np.broadcast_to(self._down, (self.robots, 3))[rows]
        in_base: np.ndarray = (down[:, None] @ rotation)[:, 0].astype(np.float32)
        return in_base

    def _velocity(self) -> np.ndarray:
        state = self.simulator.state()
        velocity: np.ndarray = (state.base_rotation @ state.base_velocity_in_base[:, :, None])[:, :, 0]
        return velocity

    def _feel(self) -> None:
        """What the accelerometer felt over the last tick, at the base's origin."""
        before, self._velocity_in_world = self._velocity_in_world, self._velocity()
        felt = (self._velocity_in_world - before) / TICK_S - GRAVITY_MPS2 * self._down
        noise = ACCELEROMETER_NOISE_MPS2 * self.rng.normal((self.robots, 3)) + self._bias
        newest = self.ticks % len(self._accelerations)
        self._accelerations[newest] = (felt[:, None] @ self.simulator.state().base_rotation)[:, 0] + noise

    def _measure(self, ids: np.ndarray | None) -> Measurement:
        state = self.simulator.state()
        return self._sensors.measure(
            angular_velocity_in_base=state.angular_velocity_in_base,
            gravity_in_base=self._down_in_base(slice(None) if ids is None else ids),
            joint_position=state.joint_position,
            joint_velocity=state.joint_velocity,
            velocity_command=self.command,
            height_scan_m=np.zeros((self.robots, 0), dtype=np.float32),
            rng=self.rng,
            ids=ids,
        )
