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
from functools import cache
from typing import TypeAlias

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, Rng, indices_where, load_arrays, save_arrays
from surefoot_training.task.measured_ranges import MeasuredRanges
from surefoot_training.task.settings import OPTIONAL, Span, about, check

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
    link_inertia_scale: Span = field(
        default=(0.8, 1.2),
        metadata=about(
            "×",
            "inertia of every link besides: how far out its mass is",
            source="the plan: ±20 to 30 %",
            at_least=0.1,
        ),
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
            "torque of motors at their limit, common to a robot: how warm they are",
            source="own choice: copper 64 K warmer has 1.25 times the resistance (0.39 %/K)",
            at_least=0.1,
        ),
    )
    supply_voltage_scale: Span = field(
        default=(0.8, 1.0),
        metadata=about(
            "×",
            "speed at which motors have no torque left, common to a robot: its battery's voltage",
            source="own choice: lithium cells of Go2, 4.2 V when full, 3.4 V near the end and under load",
            at_least=0.1,
            at_most=2.0,
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
        default=(0.05, 0.15),
        metadata=about(
            "1",
            "rebound speed over impact speed",
            source="unitree_rl_lab 0 to 0.15; MuJoCo's feet rebound with 0.05 at least",
            at_least=0.0,
            at_most=0.9,
        ),
    )
    gravity_error_mps2: Span = field(
        default=(-0.5, 0.5),
        metadata=about(
            "m/s²",
            "added to gravity's pull, which never leans (what robots take for that is `tilt_bias_rad`)",
            source="half of walk-these-ways ±1, there along x, y and z",
            at_least=-9.0,
        ),
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
    measured: MeasuredRanges | None = field(default=None, metadata={OPTIONAL: True})
    """What one robot's calibration narrows joint by joint; None for robots that nobody has measured."""

    def __post_init__(self) -> None:
        """Refuse what is not physical."""
        check(self)


CRITIC_PARAMETERS = (
    "base_mass_added_kg",
    "base_com_shift_m",
    "motor_strength",
    "torque_limit_scale",
    "supply_voltage_scale",
    "action_delay_s",
    "foot_friction",
    "restitution",
    "gravity_mps2",
)
"""What a critic is shown unless told otherwise: few numbers that change how a robot walks most."""


def sample(config: RandomizationConfig, n: int, rng: Rng, *, joints: int = 12, links: int = 13) -> ParameterSample:
    """Physical parameters of n robots."""
    return _parameter_block(config, joints, links).draw(n, rng)


def sample_start(config: RandomizationConfig, n: int, rng: Rng, *, joints: int = 12) -> ParameterSample:
    """How n robots start, relative to standing in the default pose on their spot."""
    return _start_block(config, joints).draw(n, rng)


@dataclass(frozen=True, slots=True)
class _Block:
    """Quantities drawn side by side, at once: many small draws would cost most of a reset."""

    columns: Mapping[str, slice | int]  # a slice for what has several columns, [n, …]; else [n]
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, ranges: Mapping[str, Span | list[Span]]) -> _Block:
        """One range for a number per robot, a list of ranges for several."""
        columns: dict[str, slice | int] = {}
        spans: list[Span] = []
        for name, given in ranges.items():
            several = isinstance(given, list)
            columns[name] = slice(len(spans), len(spans) + len(given)) if several else len(spans)
            spans += given if isinstance(given, list) else [given]
        low, high = np.array(spans, dtype=np.float32).T
        return cls(columns, low, high)

    def draw(self, n: int, rng: Rng) -> ParameterSample:
        """Of n robots, evenly within the ranges."""
        share = rng.on_host().uniform(0.0, 1.0, (n, len(self.low)))
        drawn = (self.low + share * (self.high - self.low)).clip(self.low, self.high)  # rounding may reach beyond
        return {name: drawn[:, columns] for name, columns in self.columns.items()}


@cache
def _parameter_block(config: RandomizationConfig, joints: int, links: int) -> _Block:
    return _Block.of(
        {
            "base_mass_added_kg": config.base_mass_added_kg,
            "link_mass_scale": [_trunk_range("mass", config), *[config.link_mass_scale] * (links - 1)],
            "link_inertia_scale": [_trunk_range("inertia", config), *[config.link_inertia_scale] * (links - 1)],
            "base_com_shift_m": _ranges_of("base_com_shift_m", config),
            "joint_friction_scale": _joint_ranges("joint_friction_scale", config, joints),
            "joint_damping_scale": _joint_ranges("joint_damping_scale", config, joints),
            "armature_scale": _joint_ranges("armature_scale", config, joints),
            "kp_scale": [config.kp_scale] * joints,
            "kd_scale": [config.kd_scale] * joints,
            "motor_strength": _joint_ranges("motor_strength", config, joints),
            "torque_limit_scale": config.torque_limit_scale,
            "supply_voltage_scale": config.supply_voltage_scale,
            "dead_zone_rad": [config.dead_zone_rad] * joints,
            "action_delay_s": config.action_delay_s,
            "foot_friction": config.foot_friction,
            "restitution": config.restitution,
            "gravity_mps2": _gravity(config),
        }
    )


@cache
def _start_block(config: RandomizationConfig, joints: int) -> _Block:
    return _Block.of(
        {
            "initial_joint_offset_rad": [config.initial_joint_offset_rad] * joints,
            "initial_joint_velocity_radps": [config.initial_joint_velocity_radps] * joints,
            "initial_position_m": [config.initial_position_m] * 2,
            "initial_height_added_m": config.initial_height_added_m,
            "initial_tilt_rad": [config.initial_tilt_rad] * 2,
            "initial_yaw_rad": config.initial_yaw_rad,
            "initial_velocity_mps": [config.initial_velocity_mps] * 3,
            "initial_angular_velocity_radps": [config.initial_angular_velocity_radps] * 3,
        }
    )


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
        middle, per_half_range = _scale_of(name, config, values.shape[-1])
        columns.append((values - middle) * per_half_range)
    return np.concatenate(columns, axis=-1).clip(-1.0, 1.0).astype(np.float32)  # rounding, where a range is narrow


@cache
def _scale_of(name: str, config: RandomizationConfig, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Middle of each range, and 1 over half its width; 0 where it has none."""
    ranges = _ranges_of(name, config)
    if len(ranges) > 1:
        ranges += [ranges[-1]] * (columns - len(ranges))
    ends = np.array(ranges, dtype=np.float64)
    half = 0.5 * (ends[:, 1] - ends[:, 0])
    return ends.mean(-1), np.divide(1.0, half, out=np.zeros_like(half), where=half > 0)


def _joint_ranges(name: str, config: RandomizationConfig, joints: int) -> list[Span]:
    """The range of each joint."""
    ranges = _ranges_of(name, config)
    if len(ranges) not in (1, joints):
        raise SurefootError(
            f"{name} has measured ranges of {len(ranges)} joints, the robot has {joints}",
            hint="train with a calibration of this robot",
        )
    return ranges * (joints // len(ranges))


def _trunk_range(what: str, config: RandomizationConfig) -> Span:
    """Of the trunk's mass or inertia: its own, if it was measured, else that of all links."""
    of_trunk: Span | None = getattr(config.measured, f"trunk_{what}_scale", None)
    of_all: Span = getattr(config, f"link_{what}_scale")
    return of_trunk or of_all


def _ranges_of(name: str, config: RandomizationConfig) -> list[Span]:
    """The range of each column of a parameter, or one for all; the last one is that of all further columns."""
    if name == "base_com_shift_m":
        return [config.base_com_shift_x_m, config.base_com_shift_y_m, config.base_com_shift_z_m]
    if name == "gravity_mps2":
        return [_gravity(config)]
    if name == "link_mass_scale" and config.measured:
        return [_trunk_range("mass", config), config.link_mass_scale]
    if name == "link_inertia_scale" and config.measured:
        return [_trunk_range("inertia", config), config.link_inertia_scale]
    measured: Sequence[Span] | None = getattr(config.measured, name, None)
    return [getattr(config, name)] if measured is None else list(measured)


def _gravity(config: RandomizationConfig) -> Span:
    low, high = config.gravity_error_mps2
    return GRAVITY_MPS2 + low, GRAVITY_MPS2 + high


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
