"""What the tests of the environment share: quick versions of the two walking tasks, ways to run and compare them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task import rewards
from surefoot_training.task.commands import CommandConfig
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.environment import Observations, StepResult, WalkingEnvironment
from surefoot_training.task.observations import policy_terms
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.scan_sensor import ScanConfig
from surefoot_training.task.sensors import SensorConfig
from surefoot_training.task.tasks import TASKS, make_environment
from surefoot_training.task.terms import ObservationTerm, RewardTerm
from surefoot_training.task.terrain import ScanGrid, Terrain, TerrainConfig, build_terrain

NEVER_S = (1e6, 1e6)
NOTHING = (0.0, 0.0)

NOMINAL_ROBOTS = RandomizationConfig(
    base_mass_added_kg=NOTHING,
    link_mass_scale=(1.0, 1.0),
    link_inertia_scale=(1.0, 1.0),
    base_com_shift_x_m=NOTHING,
    base_com_shift_y_m=NOTHING,
    base_com_shift_z_m=NOTHING,
    joint_friction_scale=(1.0, 1.0),
    joint_damping_scale=(1.0, 1.0),
    armature_scale=(1.0, 1.0),
    kp_scale=(1.0, 1.0),
    kd_scale=(1.0, 1.0),
    motor_strength=(1.0, 1.0),
    torque_limit_scale=(1.0, 1.0),
    supply_voltage_scale=(1.0, 1.0),
    dead_zone_rad=NOTHING,
    action_delay_s=NOTHING,
    foot_friction=(0.8, 0.8),
    restitution=(0.135, 0.135),
    gravity_error_mps2=NOTHING,
    initial_joint_offset_rad=NOTHING,
    initial_joint_velocity_radps=NOTHING,
    initial_position_m=NOTHING,
    initial_height_added_m=NOTHING,
    initial_tilt_rad=NOTHING,
    initial_yaw_rad=NOTHING,
    initial_velocity_mps=NOTHING,
    initial_angular_velocity_radps=NOTHING,
    payload_interval_s=NEVER_S,
)
PERFECT_SENSORS = SensorConfig(
    gyro_noise_radps=0.0,
    gyro_bias_radps=NOTHING,
    gyro_drift_radps_per_sqrt_s=0.0,
    gravity_noise=0.0,
    tilt_bias_rad=NOTHING,
    tilt_drift_rad_per_sqrt_s=0.0,
    encoder_noise_rad=0.0,
    encoder_offset_rad=NOTHING,
    encoder_step_rad=0.0,
    joint_speed_noise_radps=0.0,
    imu_latency_s=NOTHING,
    encoder_latency_s=NOTHING,
    imu_drop_probability=0.0,
    encoder_drop_probability=0.0,
    # Captured at every control step, and shown at once.
    scan=ScanConfig(
        period_s=(0.02, 0.02), latency_s=NOTHING, noise_m=0.0, offset_m=NOTHING, drop_probability=0.0, lost_share=0.0
    ),
)
NO_PUSHES = PushConfig(kick_mps=NOTHING, force_n=NOTHING, kick_interval_s=NEVER_S, force_interval_s=NEVER_S)

FLAT = TASKS["velocity-flat"]
SCAN = ScanGrid(spacing_m=0.1)
ROUGH = replace(
    TASKS["velocity-rough"],
    terrain=TerrainConfig(columns=("rough", "stairs_up", "gaps"), level_count=3, border_m=8.0),
    curriculum=CurriculumConfig(levels=3),
)
SEEING = replace(ROUGH, name="rough-seeing", observation=policy_terms(12, SCAN.size))


class RecordingSimulator(MujocoBatch):
    """Keeps the truth as it was at the end of a step, before robots that finished were reset."""

    after_step: RobotState

    def step(self, joint_target: np.ndarray) -> None:
        super().step(joint_target)
        state = self.state()
        self.after_step = RobotState(**{field.name: getattr(state, field.name).copy() for field in fields(RobotState)})


def joint_acceleration(joint_acceleration: np.ndarray) -> np.ndarray:
    """Mean acceleration of the joints over the control step [N, J], rad/s²."""
    return joint_acceleration


@dataclass(frozen=True)
class Lab:
    """Tasks that build and run quickly, and what to do with them."""

    tasks: Mapping[str, TaskConfig]

    def busy(self, task: TaskConfig) -> TaskConfig:
        """All that happens seldom happens many times a second: commands, pushes, payloads, falls, time-outs, levels."""
        return replace(
            self.telling(self.with_limits(task, time_s=0.7, tilt_rad=0.6)),
            commands=CommandConfig(interval_s=(0.1, 0.4)),
            pushes=PushConfig(kick_interval_s=(0.1, 0.4), force_interval_s=(0.1, 0.3), force_duration_s=(0.03, 0.1)),
            sensors=replace(
                task.sensors,
                imu_latency_s=(0.0, 0.05),
                encoder_latency_s=(0.0, 0.05),
                imu_drop_probability=0.2,
                encoder_drop_probability=0.2,
            ),
            randomization=replace(task.randomization, payload_interval_s=(0.02, 0.3), payload_change_share=0.7),
            curriculum=replace(
                task.curriculum,
                minimum_commanded_m=0.0,
                early_fall_share=0.0,
                promote_score=0.02,
                promote_distance_share=0.0,
                demote_score=0.01,
                demote_distance_share=0.0,
                unlock_success_share=0.1,
                unlock_episodes=2,
            ),
        )

    def telling(self, task: TaskConfig) -> TaskConfig:
        """With terms that show what the tables leave unseen: swings, stances, and the joints' acceleration."""
        swings = (
            RewardTerm("long_swings", rewards.long_swings, 1.0),
            RewardTerm("short_swings", rewards.short_swings, -1.0),
            RewardTerm("swing_variance", rewards.swing_variance, -1.0),
            RewardTerm("landing_force", rewards.landing_force, -0.01),
        )
        acceleration = ObservationTerm("joint_acceleration", joint_acceleration, 12, "rad/s²")
        return replace(task, rewards=(*task.rewards, *swings), privileged=(*task.privileged, acceleration))

    def quiet(self, task: TaskConfig, **randomization: tuple[float, float]) -> TaskConfig:
        """Nominal robots in their default pose with perfect sensors, left alone; `randomization` overrides that."""
        return replace(
            task,
            sensors=PERFECT_SENSORS,
            pushes=NO_PUSHES,
            randomization=replace(NOMINAL_ROBOTS, **randomization),
        )

    def with_limits(
        self, task: TaskConfig, *, time_s: float | None = None, tilt_rad: float | None = None
    ) -> TaskConfig:
        """Other limits on time and tilt."""
        limits = {"time_out": {"limit_s": time_s}, "tilt": {"limit_rad": tilt_rad}}
        terms = (
            replace(term, parameters=limits[term.name])
            if None not in limits.get(term.name, {"": None}).values()
            else term
            for term in task.terminations
        )
        return replace(task, terminations=tuple(terms))

    def make(
        self, task: TaskConfig, robots: int = 6, *, seed: int = 1, threads: int = 1, dump_folder: Path | None = None
    ) -> WalkingEnvironment:
        """An environment of `task`."""
        return make_environment(task, robots, seed=seed, threads=threads, dump_folder=dump_folder)

    def make_recording(self, task: TaskConfig, robots: int = 6, *, seed: int = 1) -> WalkingEnvironment:
        """An environment whose simulator has `after_step`."""
        simulator = RecordingSimulator(
            load_robot(task.robot),
            build_terrain(task.terrain) if task.terrain else Terrain.flat(),
            robots,
            physics=task.physics,
            max_action_delay_s=task.max_action_delay_s,
            threads=1,
        )
        return WalkingEnvironment(task, simulator, seed)

    def stance(self, environment: WalkingEnvironment) -> np.ndarray:
        """Joint targets that hold the default pose."""
        return np.tile(environment.simulator.robot.default_joint_position_rad, (environment.robots, 1)).astype(
            np.float32
        )

    def targets(
        self,
        environment: WalkingEnvironment,
        steps: int,
        *,
        spread_rad: float = 0.4,
        poison: float = 0.0,
        seed: int = 7,
    ) -> list[np.ndarray]:
        """Joint targets of an untrained policy; a share `poison` of the rows holds a NaN."""
        draws = np.random.default_rng(seed)
        targets = []
        for _ in range(steps):
            target = self.stance(environment) + draws.normal(0.0, spread_rad, (environment.robots, 12))
            target[draws.random(environment.robots) < poison, draws.integers(12)] = np.nan
            targets.append(target.astype(np.float32))
        return targets

    def run(self, environment: WalkingEnvironment, targets: Iterable[np.ndarray]) -> list[StepResult]:
        """What every step gave."""
        return [environment.step(target) for target in targets]

    def assert_same(self, one: Iterable[StepResult], other: Iterable[StepResult]) -> None:
        """To the last bit."""
        for step, (a, b) in enumerate(zip(one, other, strict=True)):
            for name, left in self.arrays_of(a).items():
                right = self.arrays_of(b)[name]
                assert left.dtype == right.dtype, name
                np.testing.assert_array_equal(left, right, err_msg=f"{name}, step {step}", strict=True)
            assert a.log == b.log, f"step {step}"

    def arrays_of(self, result: StepResult) -> dict[str, np.ndarray]:
        """Every array of a step's result, by name."""
        arrays: dict[str, np.ndarray] = {}
        for field in fields(StepResult):
            value = getattr(result, field.name)
            if isinstance(value, Observations):
                arrays |= {f"{field.name}.policy": value.policy, f"{field.name}.privileged": value.privileged}
            elif field.name != "log":
                arrays[field.name] = value
        return arrays

    def part(self, environment: WalkingEnvironment, observations: Observations, name: str) -> np.ndarray:
        """The columns of one term of the privileged observation, or of the policy's where that has it."""
        for table, array in (
            (environment.task.observation, observations.policy),
            (environment.task.privileged, observations.privileged),
        ):
            first = 0
            for term in table:
                if term.name == name:
                    columns: np.ndarray = array[:, first : first + term.size]
                    return columns
                first += term.size
        raise KeyError(name)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab({"flat": FLAT, "rough": ROUGH, "seeing": SEEING})
