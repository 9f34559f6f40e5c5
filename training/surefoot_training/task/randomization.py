"""Domain randomization: the physical parameters that differ from robot to robot, and where episodes start.

Values are factors on the robot's nominal ones, or additions to them, so that one configuration serves every robot; an
environment turns them into the parameters of its simulator. They are drawn when a robot is reset. What is wrong with
sensors is in `sensors.SensorConfig`, what pushes robots in `pushes.PushConfig`.

A motor's dead zone is a deadband on its position error: torque Kp e that is smaller than friction, cogging or the
controller's resolution does nothing. MuJoCo has no such element, so a simulator applies it to the joint targets once
per control step: `target' = q + deadband(target − q)`, with the joint's position q at the start of the step.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, Rng, indices_where, load_arrays, save_arrays
from surefoot_training.task.settings import Span, about, check

ParameterSample: TypeAlias = dict[str, np.ndarray]
"""Name → float32 values [n, …] of n robots, in host memory: that is where simulators' parameters are set."""

GRAVITY_MPS2 = 9.81


@dataclass(frozen=True, slots=True)
class RandomizationConfig:
    """Ranges of every randomized quantity; a range of no width switches one off."""

    base_mass_added_kg: Span = field(
        default=(-1.0, 3.0),
        metadata=about("kg", "payload on the trunk", source="the plan; unitree_rl_lab, walk-these-ways"),
    )
    link_mass_scale: Span = field(
        default=(0.8, 1.2),
        metadata=about("×", "mass of every link, its inertia with it", source="the plan: ±20 to 30 %", at_least=0.1),
    )
    base_com_shift_x_m: Span = field(
        default=(-0.05, 0.05),
        metadata=about("m", "trunk's centre of mass, forward", source="DreamWaQ, HIMLoco"),
    )
    base_com_shift_y_m: Span = field(
        default=(-0.05, 0.05),
        metadata=about("m", "trunk's centre of mass, left", source="DreamWaQ, HIMLoco"),
    )
    base_com_shift_z_m: Span = field(
        default=(-0.03, 0.03),
        metadata=about("m", "trunk's centre of mass, up", source="mjlab"),
    )
    joint_friction_scale: Span = field(
        default=(0.5, 1.5),
        metadata=about(
            "×", "Coulomb friction of every joint", source="own choice: public models differ by 2", at_least=0.0
        ),
    )
    joint_damping_scale: Span = field(
        default=(0.5, 1.5),
        metadata=about(
            "×", "viscous friction of every joint", source="own choice: public models differ more", at_least=0.0
        ),
    )
    armature_scale: Span = field(
        default=(0.5, 1.5),
        metadata=about(
            "×",
            "rotor inertia of every joint",
            source="Go2: 0.01 in mujoco_menagerie, 0.005 in unitree_rl_lab",
            at_least=0.0,
        ),
    )
    kp_scale: Span = field(
        default=(0.9, 1.1),
        metadata=about("×", "position gain of every joint", source="DreamWaQ, HIMLoco", at_least=0.0),
    )
    kd_scale: Span = field(
        default=(0.9, 1.1),
        metadata=about("×", "damping gain of every joint", source="DreamWaQ, HIMLoco", at_least=0.0),
    )
    motor_strength: Span = field(
        default=(0.9, 1.1),
        metadata=about(
            "×",
            "torque given per torque commanded, every joint: error of the torque constant",
            source="DreamWaQ, walk-these-ways",
            at_least=0.1,
        ),
    )
    torque_limit_scale: Span = field(
        default=(0.8, 1.0),
        metadata=about(
            "×",
            "torque at which motors saturate, common to a robot: its battery's voltage",
            source="own choice: Go2 battery 33.6 to 24 V, half of it under load",
            at_least=0.1,
        ),
    )
    dead_zone_rad: Span = field(
        default=(0.0, 0.01),
        metadata=about(
            "rad",
            "position error that a joint's motor does not answer",
            source="own choice: 0.25 Nm at Kp 25",
            at_least=0.0,
            at_most=0.2,
        ),
    )
    action_delay_s: Span = field(
        default=(0.0, 0.04),
        metadata=about("s", "from a joint target to the motors", source="the plan: 0 to 2 control steps", at_least=0.0),
    )
    foot_friction: Span = field(
        default=(0.4, 1.2),
        metadata=about("1", "sliding friction of the feet", source="the plan", at_least=0.0),
    )
    restitution: Span = field(
        default=(0.0, 0.15),
        metadata=about("1", "rebound speed over impact speed", source="unitree_rl_lab", at_least=0.0, at_most=0.9),
    )
    gravity_error_mps2: Span = field(
        default=(-0.5, 0.5),
        metadata=about("m/s²", "added to gravity along x, y and z", source="half of walk-these-ways ±1"),
    )
    initial_joint_offset_rad: Span = field(
        default=(-0.25, 0.25),
        metadata=about(
            "rad",
            "joints at the start, from the default pose",
            source="own choice: HIMLoco ×0.5 to 1.5 passes the knee's limit",
            at_least=-1.0,
            at_most=1.0,
        ),
    )
    initial_joint_velocity_radps: Span = field(
        default=(-1.0, 1.0),
        metadata=about("rad/s", "joint speeds at the start", source="unitree_rl_lab"),
    )
    initial_position_m: Span = field(
        default=(-0.5, 0.5),
        metadata=about("m", "start on the terrain along x and y, from the tile's middle", source="unitree_rl_lab"),
    )
    initial_height_added_m: Span = field(
        default=(0.0, 0.05),
        metadata=about("m", "height at the start above standing", source="own choice", at_least=0.0),
    )
    initial_tilt_rad: Span = field(
        default=(-0.1, 0.1),
        metadata=about("rad", "roll and pitch at the start", source="own choice"),
    )
    initial_yaw_rad: Span = field(
        default=(-math.pi, math.pi),
        metadata=about("rad", "heading at the start", source="unitree_rl_lab"),
    )
    initial_velocity_mps: Span = field(
        default=(-0.5, 0.5),
        metadata=about("m/s", "velocity of the base at the start along x, y and z", source="legged_gym"),
    )
    initial_angular_velocity_radps: Span = field(
        default=(-0.5, 0.5),
        metadata=about("rad/s", "angular velocity of the base at the start about x, y and z", source="legged_gym"),
    )
    payload_interval_s: Span = field(
        default=(5.0, 15.0),
        metadata=about("s", "until a robot's payload may change", source="own choice", at_least=0.02),
    )
    payload_change_share: float = field(
        default=0.3,
        metadata=about("1", "chance that it then does", source="own choice", at_least=0.0, at_most=1.0),
    )

    def __post_init__(self) -> None:
        """Refuse what is not physical."""
        check(self)


CRITIC_PARAMETERS = (
    "base_mass_added_kg",
    "base_com_shift_m",
    "motor_strength",
    "torque_limit_scale",
    "action_delay_s",
    "foot_friction",
    "restitution",
    "gravity_mps2",
)
"""What a critic is shown unless told otherwise: few numbers that change how a robot walks most."""


def sample(config: RandomizationConfig, n: int, rng: Rng, *, joints: int = 12, links: int = 13) -> ParameterSample:
    """Physical parameters of n robots."""
    host = rng.on_host()

    def per_joint(values: Span) -> np.ndarray:
        return np.asarray(host.uniform(*values, (n, joints)))

    shifts = (config.base_com_shift_x_m, config.base_com_shift_y_m, config.base_com_shift_z_m)
    gravity = host.uniform(*config.gravity_error_mps2, (n, 3))
    gravity[:, 2] -= GRAVITY_MPS2
    limit = host.uniform(*config.torque_limit_scale, (n, 1))
    return {
        "base_mass_added_kg": host.uniform(*config.base_mass_added_kg, n),
        "link_mass_scale": host.uniform(*config.link_mass_scale, (n, links)),
        "base_com_shift_m": np.stack([host.uniform(*shift, n) for shift in shifts], axis=-1),
        "joint_friction_scale": per_joint(config.joint_friction_scale),
        "joint_damping_scale": per_joint(config.joint_damping_scale),
        "armature_scale": per_joint(config.armature_scale),
        "kp_scale": per_joint(config.kp_scale),
        "kd_scale": per_joint(config.kd_scale),
        "motor_strength": per_joint(config.motor_strength),
        "torque_limit_scale": np.repeat(limit, joints, axis=1),
        "dead_zone_rad": per_joint(config.dead_zone_rad),
        "action_delay_s": host.uniform(*config.action_delay_s, n),
        "foot_friction": host.uniform(*config.foot_friction, n),
        "restitution": host.uniform(*config.restitution, n),
        "gravity_mps2": gravity,
    }


def sample_start(config: RandomizationConfig, n: int, rng: Rng, *, joints: int = 12) -> ParameterSample:
    """How n robots start, relative to standing in the default pose on their spot."""
    host = rng.on_host()
    shapes: Mapping[str, tuple[int, ...]] = {
        "initial_joint_offset_rad": (joints,),
        "initial_joint_velocity_radps": (joints,),
        "initial_position_m": (2,),
        "initial_height_added_m": (),
        "initial_tilt_rad": (2,),
        "initial_yaw_rad": (),
        "initial_velocity_mps": (3,),
        "initial_angular_velocity_radps": (3,),
    }
    start = {}
    for name, shape in shapes.items():
        low, high = getattr(config, name)
        start[name] = host.uniform(low, high, (n, *shape))
    return start


def normalised(
    parameters: Mapping[str, np.ndarray],
    config: RandomizationConfig,
    names: Sequence[str] = CRITIC_PARAMETERS,
) -> np.ndarray:
    """The named parameters side by side [n, P], float32, −1 to 1 over each range; 0 where a range has no width."""
    columns = []
    for name in names:
        if name not in parameters:
            raise SurefootError(f"no randomized parameter {name!r}", hint="valid: " + ", ".join(sorted(parameters)))
        values = parameters[name].reshape(len(parameters[name]), -1)
        ends = np.array(_ranges_of(name, config), dtype=np.float64)
        middle, half = ends.mean(-1), 0.5 * (ends[:, 1] - ends[:, 0])
        columns.append(np.where(half > 0, (values - middle) / np.where(half > 0, half, 1.0), 0.0))
    return np.concatenate(columns, axis=-1).clip(-1.0, 1.0).astype(np.float32)  # rounding, where a range is narrow


def _ranges_of(name: str, config: RandomizationConfig) -> list[Span]:
    """The range of each column of a parameter, or one for all."""
    if name == "base_com_shift_m":
        return [config.base_com_shift_x_m, config.base_com_shift_y_m, config.base_com_shift_z_m]
    if name == "gravity_mps2":
        low, high = config.gravity_error_mps2
        return [(low, high), (low, high), (low - GRAVITY_MPS2, high - GRAVITY_MPS2)]
    return [getattr(config, name)]


_NO_PAYLOADS = np.zeros(0, dtype=np.float32)


class PayloadChanges:
    """When N robots are loaded and unloaded during an episode."""

    _ARRAYS = ("_left_s",)

    def __init__(self, config: RandomizationConfig, robots: int, xp: Namespace, device: Device = None) -> None:
        """Nobody's payload changes within the first interval; `reset` draws when."""
        self.config = config
        self._left_s = xp.full(robots, config.payload_interval_s[0], dtype=xp.float32, device=device)

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` keep their payload for an interval."""
        self._left_s[ids] = rng.uniform(*self.config.payload_interval_s, ids.shape[0])

    def step(self, dt_s: float, rng: Rng) -> tuple[Array, np.ndarray]:
        """Robots [n] whose payload changes in this control step, and their new `base_mass_added_kg` [n]."""
        self._left_s -= dt_s
        due = indices_where(self._left_s <= 0.0)
        if not due.shape[0]:
            return due, _NO_PAYLOADS
        self.reset(due, rng)
        due = due[rng.chance(self.config.payload_change_share, due.shape[0])]
        return due, rng.on_host().uniform(*self.config.base_mass_added_kg, due.shape[0])

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)
