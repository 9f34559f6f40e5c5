"""Which engine settings are fast enough and still true: cost and error of each against a fine-step reference.

Motions without a policy: a robot dropped by 3 cm that comes to stand, on a plane and on the height field of a rough
tile, where MuJoCo finds contacts in another way; an open-loop trot; and a standing robot that is pushed (a kick of
0.5 m/s, then 100 N for 0.1 s). The reference steps ten times finer than training and runs the solver to convergence
(`surefoot_robots.model.fine_reference`).

There is no trot on uneven ground: whether a foot catches an edge or slips off it divides trajectories for good, finer
steps no less than coarse ones (docs/simulation.md).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from mujoco.batch import Batch

from surefoot_robots.model import ModelOptions, PhysicsOptions, add_contact_sensors, build_model, fine_reference
from surefoot_robots.spec import RobotSpec
from surefoot_training.bench.motions import trot_targets
from surefoot_training.sim.blow_up import keep_engine_quiet
from surefoot_training.sim.terrain_model import add_terrain
from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain, heights_at

CONTROL_DT_S = 0.02
_STEPS = 100  # 2 s of each motion
_ROBOTS = 8  # the same motion with slightly different starts: one start alone could be lucky
_TIMED_ROBOTS = 256
_ROUNDS = 5
_DROP_M = 0.03


@dataclass(frozen=True, slots=True)
class Error:
    """Root mean square over time and starts; the last is about the whole motion."""

    height_m: float
    tilt_rad: float
    joint_rad: float
    speed_mps: float


# What may differ from the reference. 0.01 rad is the order of the encoder offsets that training randomizes over (mjlab:
# ±0.015 rad), 3 mm are 1 % of the standing height, 0.05 m/s is less than a velocity estimator misses.
TOLERANCE = Error(height_m=0.003, tilt_rad=0.02, joint_rad=0.01, speed_mps=0.05)

MOTIONS = ("stand", "walk", "push", "stand on rough")
_ROUGH = TerrainConfig(columns=("rough",), level_count=3, border_m=2.0)
_ROUGH_LEVEL = 1  # of half the amplitude: ±3.5 cm


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table: what differs from the defaults."""

    name: str
    physics: PhysicsOptions
    self_collision: bool = True
    sensors: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost and error of one setting."""

    setting: Setting
    control_step_us: float  # per robot and core, walking
    errors: dict[str, Error]  # by motion

    @property
    def worst(self) -> Error:
        """The largest of each kind over all motions; NaN if any is."""
        largest = {
            name: float(np.max([getattr(error, name) for error in self.errors.values()])) for name in Error.__slots__
        }
        return Error(**largest)

    @property
    def within_tolerance(self) -> bool:
        """Whether every error of every motion is; NaN is not."""
        return all(getattr(self.worst, name) <= getattr(TOLERANCE, name) for name in Error.__slots__)


def settings() -> tuple[Setting, ...]:
    """The defaults, and one or two things changed at a time."""
    chosen = PhysicsOptions()
    soft_friction = replace(chosen, friction_to_normal_impedance=1.0)
    return (
        Setting("training default", chosen),
        Setting("step 2.5 ms", replace(chosen, timestep_s=0.0025)),
        Setting("step 6.67 ms", replace(chosen, timestep_s=CONTROL_DT_S / 3)),
        Setting("step 10 ms", replace(chosen, timestep_s=0.010)),
        Setting("step 20 ms", replace(chosen, timestep_s=0.020)),
        Setting("MuJoCo's default cone and friction", replace(soft_friction, cone="pyramidal")),
        Setting("elliptic cone, impratio 1", soft_friction),
        Setting("elliptic cone, impratio 3", replace(chosen, friction_to_normal_impedance=3.0)),
        Setting("elliptic cone, impratio 100", replace(chosen, friction_to_normal_impedance=100.0)),
        Setting("pyramidal cone, impratio 10", replace(chosen, cone="pyramidal")),
        Setting("solver: at most 10 iterations", replace(chosen, iterations=10)),
        Setting("solver: at most 5 iterations", replace(chosen, iterations=5)),
        Setting("solver: tolerance 1e-8", replace(chosen, tolerance=1e-8)),
        Setting("solver: tolerance 1e-4", replace(chosen, tolerance=1e-4)),
        Setting("solver: conjugate gradient", replace(chosen, solver="cg")),
        Setting("feet with torsional friction", replace(chosen, foot_contact_dimensions=4)),
        Setting("integrator: Euler", replace(chosen, integrator="euler")),
        Setting("integrator: implicit", replace(chosen, integrator="implicit")),
        Setting("no self-collision", chosen, self_collision=False),
        Setting("no contact sensors", chosen, sensors=False),
    )


def measurements() -> int:
    """How often `study` reports."""
    return (1 + _ROUNDS) * len(settings())


def study(robot: RobotSpec, threads: int, report: Callable[[], None] = lambda: None) -> list[Outcome]:
    """Measure every setting; costs are medians over rounds in which the settings take turns."""
    keep_engine_quiet()  # a setting that is bad enough blows up; its errors say so
    truth = {motion: _play(robot, Setting("reference", fine_reference()), motion, threads) for motion in MOTIONS}
    rows = settings()
    costs = np.empty((_ROUNDS, len(rows)))
    for place in np.ndindex(costs.shape):
        costs[place] = _cost_us(robot, rows[place[1]], threads)
        report()
    outcomes = []
    for setting, cost in zip(rows, np.median(costs, axis=0), strict=True):
        errors = {motion: error_between(_play(robot, setting, motion, threads), truth[motion]) for motion in MOTIONS}
        outcomes.append(Outcome(setting, float(cost), errors))
        report()
    return outcomes


def _compile(robot: RobotSpec, setting: Setting, terrain: Terrain | None = None) -> mujoco.MjModel:
    options = ModelOptions(
        physics=setting.physics,
        ground="none" if terrain else "plane",
        self_collision="all" if setting.self_collision else "none",
        sensors=False,
        action_delay_s=robot.action_delay_s,
        max_action_delay_s=2 * CONTROL_DT_S,
    )
    spec = build_model(robot, options)
    if terrain:
        add_terrain(spec, terrain)
    if setting.sensors:
        add_contact_sensors(spec, robot)
    return spec.compile()


def _start(robot: RobotSpec, model: mujoco.MjModel, robots: int, threads: int) -> Batch:
    batch = Batch(model, robots, threads)
    rng = np.random.default_rng(0)
    qpos, history = batch.bind("qpos"), batch.bind("history")
    qpos[:, 2] = robot.standing_height_m + _DROP_M
    qpos[:, 7:] = robot.default_joint_position_rad + rng.uniform(-0.02, 0.02, (robots, model.nu))
    batch.bind("ctrl")[:] = qpos[:, 7:]
    lines = history.reshape(robots, model.nu, -1).copy()
    lines[:, :, 2 + int(model.actuator_history[0, 0]) :] = qpos[:, 7:, None]
    history[:] = lines.reshape(robots, -1)
    return batch


def _put_on(terrain: Terrain, robot: RobotSpec, batch: Batch) -> None:
    """Robots beside the tile's platform, as high over the ground below any foot as they were over the plane."""
    rng, qpos = np.random.default_rng(1), batch.bind("qpos")
    x, y, _ = terrain.tile_origin_in_world[_ROUGH_LEVEL, 0]
    qpos[:, 0] = x + 0.5 * terrain.platform_m + rng.uniform(0.3, 1.8, len(qpos))
    qpos[:, 1] = y + rng.uniform(-1.0, 1.0, len(qpos))
    feet = qpos[:, None, :2] + robot.kinematics.foot_position_in_base(robot.default_joint_position_rad)[None, :, :2]
    qpos[:, 2] += heights_at(terrain, feet[:, :, 0], feet[:, :, 1]).max(axis=1)


def _play(robot: RobotSpec, setting: Setting, motion: str, threads: int) -> np.ndarray:
    """Base pose, base velocity and joints after every control step: [T, robots, 19 + 6] (qpos, base qvel)."""
    terrain = build_terrain(_ROUGH) if motion == "stand on rough" else None
    model = _compile(robot, setting, terrain)
    batch = _start(robot, model, _ROBOTS, threads)
    if terrain:
        _put_on(terrain, robot, batch)
    qpos, qvel, ctrl, force = (batch.bind(name) for name in ("qpos", "qvel", "ctrl", "xfrc_applied"))
    stance = np.tile(robot.default_joint_position_rad, (_STEPS, 1))
    walking = trot_targets(robot, np.arange(_STEPS) * CONTROL_DT_S, speed_mps=0.6)
    targets = walking if motion == "walk" else stance
    substeps = round(CONTROL_DT_S / setting.physics.timestep_s)
    seen = np.empty((_STEPS, _ROBOTS, model.nq + 6))
    for step, target in enumerate(targets):
        ctrl[:] = target
        if motion == "push":
            if step == 30:
                qvel[:, 1] += 0.5
            force[:, 1, 0] = 100.0 if 60 <= step < 65 else 0.0
        batch.step(nstep=substeps)
        seen[step] = np.concatenate([qpos, qvel[:, :6]], axis=1)
    return seen


def error_between(seen: np.ndarray, truth: np.ndarray) -> Error:
    """What `_play` saw with one setting against what it saw with the reference."""

    def rms(difference: np.ndarray) -> float:
        return float(np.sqrt(np.mean(difference**2)))

    # Angle between the two up axes, from the rotation between the two poses.
    upright = _up_in_world(seen[:, :, 3:7]), _up_in_world(truth[:, :, 3:7])
    tilt = np.arccos(np.clip((upright[0] * upright[1]).sum(-1), -1.0, 1.0))
    duration_s = len(seen) * CONTROL_DT_S
    travelled = (seen[-1, :, :2] - truth[-1, :, :2]) / duration_s
    return Error(
        height_m=rms(seen[:, :, 2] - truth[:, :, 2]),
        tilt_rad=rms(tilt),
        joint_rad=rms(seen[:, :, 7:19] - truth[:, :, 7:19]),
        speed_mps=float(np.sqrt((travelled**2).sum(-1).mean())),
    )


def _up_in_world(quaternion_wxyz: np.ndarray) -> np.ndarray:
    w, x, y, z = np.moveaxis(quaternion_wxyz, -1, 0)
    return np.stack([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)], axis=-1)


def _cost_us(robot: RobotSpec, setting: Setting, threads: int) -> float:
    """Of one control step, per robot and core, while trotting."""
    batch = _start(robot, _compile(robot, setting), _TIMED_ROBOTS, threads)
    ctrl = batch.bind("ctrl")
    substeps = round(CONTROL_DT_S / setting.physics.timestep_s)
    durations = []
    for target in trot_targets(robot, np.arange(30) * CONTROL_DT_S, speed_mps=0.6):
        ctrl[:] = target
        before = time.perf_counter()
        batch.step(nstep=substeps)
        durations.append(time.perf_counter() - before)
    per_step_s = float(np.median(durations))
    return per_step_s * threads / _TIMED_ROBOTS * 1e6
