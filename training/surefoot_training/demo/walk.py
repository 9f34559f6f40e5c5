"""Robots trot over the rough terrain without a policy: an open-loop gait, under everything the task does to them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from surefoot_training.bench.motions import trot_targets
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.tasks import make_environment, task_named
from surefoot_training.task.terrain import heights_at

STRIDE_MPS = 0.6
"""Speed at which feet on the ground are moved back; slip and soft gains leave some two thirds of it."""


_NONE, _SAME = (0.0, 0.0), (1.0, 1.0)
_AS_SPECIFIED = RandomizationConfig(
    base_mass_added_kg=_NONE,
    link_mass_scale=_SAME,
    link_inertia_scale=_SAME,
    base_com_shift_x_m=_NONE,
    base_com_shift_y_m=_NONE,
    base_com_shift_z_m=_NONE,
    joint_friction_scale=_SAME,
    joint_damping_scale=_SAME,
    armature_scale=_SAME,
    kp_scale=_SAME,
    kd_scale=_SAME,
    motor_strength=_SAME,
    torque_limit_scale=_SAME,
    supply_voltage_scale=_SAME,
    dead_zone_rad=_NONE,
    action_delay_s=(0.01, 0.01),
    foot_friction=(0.8, 0.8),
    restitution=(0.135, 0.135),  # of the robot's own model: feet critically damped
    gravity_error_mps2=_NONE,
    initial_joint_offset_rad=_NONE,
    initial_joint_velocity_radps=_NONE,
    initial_tilt_rad=_NONE,
    initial_velocity_mps=_NONE,
    initial_angular_velocity_radps=_NONE,
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One robot over T control steps."""

    time_s: np.ndarray  # [T]
    forward_speed_mps: np.ndarray  # [T]
    base_height_m: np.ndarray  # [T] over the terrain
    tilt_rad: np.ndarray  # [T]
    joint_target_rad: np.ndarray  # [T, J]
    joint_position_rad: np.ndarray  # [T, J]
    joint_torque_nm: np.ndarray  # [T, J]
    torque_limit_nm: np.ndarray  # [J]
    foot_contact: np.ndarray  # [T, 4] bool
    force_n: np.ndarray  # [T] push on the trunk
    fell: np.ndarray  # [T] bool, and was put back


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of it."""

    robots: int
    seconds: float  # simulated, per robot
    control_steps_per_s: float  # of all robots together
    episodes_ended: int
    falls: int
    blow_ups: int
    mean_speed_mps: float  # forward in the second half, of robots whose first episode lasted; NaN if none did
    trace: Trace
    poses: np.ndarray  # [robots, 7 + J] at the end


def walk(
    robots: int,
    seconds: float,
    seed: int,
    *,
    randomized: bool,
    report: Callable[[], None],
    dump_folder: Path | None = None,
) -> tuple[Walk, WalkingEnvironment]:
    """`robots` trot for `seconds` on all levels of the rough terrain; `report` is called once per control step.

    `randomized` gives them the bodies, delays and pushes that a policy is trained with; else they are as specified.
    `dump_folder` receives the last moments of simulations that blow up.
    """
    task = task_named("velocity-rough")
    # Robots of all levels, so that the picture shows all of the terrain.
    task = replace(task, curriculum=replace(task.curriculum, initial_level_max=task.curriculum.levels - 1))
    if not randomized:
        calm = PushConfig(kick_mps=(0.0, 0.0), force_n=(0.0, 0.0))
        task = replace(task, randomization=_AS_SPECIFIED, pushes=calm)
    environment = make_environment(task, robots, seed=seed, dump_folder=dump_folder)
    simulator = environment.simulator
    assert isinstance(simulator, MujocoBatch)
    steps = round(seconds / task.control_dt_s)
    targets = trot_targets(simulator.robot, np.arange(steps) * task.control_dt_s, STRIDE_MPS).astype(np.float32)
    watched = _robot_on("slope_up", environment)
    rows, finished, falls, speeds = [], 0, 0, []
    lasted = np.ones(robots, dtype=bool)
    before = time.perf_counter()
    for target in targets:
        result = environment.step(np.tile(target, (robots, 1)))
        finished += len(result.finished_ids)
        lasted[result.finished_ids] = False
        falls += int(result.terminated.sum())
        rows.append((*_row(environment, watched, target), bool(result.terminated[watched])))
        speeds.append(simulator.state().base_velocity_in_base[:, 0].copy())
        report()
    took_s = time.perf_counter() - before
    outcome = Walk(
        robots=robots,
        seconds=seconds,
        control_steps_per_s=robots * steps / took_s,
        episodes_ended=finished,
        falls=falls,
        blow_ups=simulator.blow_ups,
        mean_speed_mps=mean_where(lasted, np.array(speeds[steps // 2 :])),
        trace=_trace(rows, task.control_dt_s, simulator.robot.torque_limit_nm),
        poses=simulator.batch.bind("qpos").copy(),
    )
    return outcome, environment


def mean_where(lasted: np.ndarray, speeds: np.ndarray) -> float:
    """Of `speeds` [T, N], those of the robots `lasted` [N]; NaN if there are none."""
    return float(speeds[:, lasted].mean()) if lasted.any() else math.nan


def _robot_on(kind: str, environment: WalkingEnvironment) -> int:
    """The first robot that stands on a tile of this kind."""
    terrain, position = environment.simulator.terrain, environment.simulator.state().base_position_in_world
    _, column = terrain.tile_at(position[:, 0], position[:, 1])
    return int(np.flatnonzero(np.array(terrain.column_kinds)[column] == kind)[0])


def _row(environment: WalkingEnvironment, robot: int, target: np.ndarray) -> tuple[Any, ...]:
    state, terrain = environment.simulator.state(), environment.simulator.terrain
    position = state.base_position_in_world[robot]
    ground = heights_at(terrain, position[None, 0], position[None, 1])[0]
    gravity = state.gravity_in_base[robot]
    return (
        state.base_velocity_in_base[robot, 0],
        position[2] - ground,
        np.arctan2(np.hypot(gravity[0], gravity[1]), -gravity[2]),
        target,
        state.joint_position[robot].copy(),
        state.joint_torque_nm[robot].copy(),
        (state.foot_force_in_world_n[robot] ** 2).sum(-1) > 1.0,
        np.linalg.norm(environment.disturbance_force_in_world_n[robot]),
    )


def _trace(rows: list[tuple[Any, ...]], dt_s: float, torque_limit_nm: np.ndarray) -> Trace:
    speed, height, tilt, target, position, torque, contact, force, fell = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return Trace(
        time_s=(1 + np.arange(len(rows))) * dt_s,
        forward_speed_mps=speed,
        base_height_m=height,
        tilt_rad=tilt,
        joint_target_rad=target,
        joint_position_rad=position,
        joint_torque_nm=torque,
        torque_limit_nm=torque_limit_nm,
        foot_contact=contact,
        force_n=force,
        fell=fell,
    )
