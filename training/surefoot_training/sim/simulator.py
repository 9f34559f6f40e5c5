"""What the walking task asks of a simulator, whichever engine answers.

N robots stand on one terrain. Arrays go in and out, one row per robot; they are NumPy arrays or torch tensors, on
whatever device the engine lives (`Simulator.arrays` says which). Nothing above this file knows the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

if TYPE_CHECKING:
    from surefoot_training.task.terrain import Terrain

Array: TypeAlias = Any
"""A NumPy array or a torch tensor: the two have no common static type."""

ArrayNamespace: TypeAlias = Any
"""The module that makes and combines such arrays: `array_api_compat.numpy` or `array_api_compat.torch`."""


@dataclass(frozen=True, slots=True)
class RobotState:
    """The truth about N robots at the end of a control step; float32 unless said otherwise.

    Base and joints describe the newest instant. Everything about contacts and feet (`foot_*`, `*_contact`,
    `joint_torque_nm`) describes the last physics step that was computed, one `physics_dt_s` before it: that is when
    the engine knows its contact forces, and the four stay consistent with each other.
    """

    base_position_in_world: Array  # [N, 3] m
    base_quaternion_wxyz: Array  # [N, 4] base to world, unit
    base_rotation: Array  # [N, 3, 3] the same; columns: the base's axes in the world, `in_base = in_world @ rotation`
    base_velocity_in_base: Array  # [N, 3] m/s
    angular_velocity_in_base: Array  # [N, 3] rad/s
    gravity_in_base: Array  # [N, 3] unit vector; level: 0, 0, -1
    heading_rad: Array  # [N] yaw of the base's x axis
    joint_position: Array  # [N, J] rad, canonical order
    joint_velocity: Array  # [N, J] rad/s
    joint_torque_nm: Array  # [N, J] what the motors gave, after every limit
    foot_position_in_world: Array  # [N, 4, 3] m, centre of the foot sphere
    foot_velocity_in_world: Array  # [N, 4, 3] m/s
    foot_force_in_world_n: Array  # [N, 4, 3] force of the ground on the foot
    trunk_contact: Array  # [N] bool, trunk touches the terrain
    thigh_contact: Array  # [N, 4] bool, thigh or hip touches the terrain
    calf_contact: Array  # [N, 4] bool, calf (not the foot) touches the terrain
    self_collision: Array  # [N] bool, the robot touches itself


@dataclass(frozen=True, slots=True)
class Placement:
    """Where robots start: one row per robot that is reset."""

    base_position_in_world: Array  # [n, 3] m
    base_quaternion_wxyz: Array  # [n, 4]
    joint_position: Array  # [n, J] rad
    base_velocity_in_world: Array | None = None  # [n, 3] m/s; still when absent
    angular_velocity_in_base: Array | None = None  # [n, 3] rad/s
    joint_velocity: Array | None = None  # [n, J] rad/s


@dataclass(frozen=True, slots=True)
class Parameter:
    """One per-robot physical parameter: its shape beyond the robot axis, its nominal value and its bounds."""

    unit: str
    nominal: np.ndarray  # [...] float64
    low: float = -np.inf
    high: float = np.inf
    doc: str = field(default="", compare=False)


class Simulator(Protocol):
    """N robots of one kind on one terrain, stepped together."""

    robot: RobotSpec
    terrain: Terrain
    robots: int
    control_dt_s: float
    physics_dt_s: float

    @property
    def arrays(self) -> ArrayNamespace:
        """Whose arrays the states are."""
        ...

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Physical parameters this engine can vary per robot; a name not in here is an error, never ignored."""
        ...

    def set_parameters(self, ids: Array, values: Mapping[str, Array]) -> None:
        """Give robots `ids` their own values: name -> [n, ...] in the parameter's unit; checked before any is set."""
        ...

    def get_parameters(self, ids: Array) -> dict[str, Array]:
        """The values robots `ids` have now: every parameter, [n, ...]."""
        ...

    def reset(self, ids: Array, placement: Placement) -> None:
        """Put robots `ids` where `placement` says, with empty delay lines and no disturbance."""
        ...

    def push(self, velocity_kick_in_world: Array) -> None:
        """Add a velocity to every base at the start of the next step: [N, 3] m/s."""
        ...

    def set_base_force(self, force_in_world_n: Array) -> None:
        """Hold a force on every base until the next call: [N, 3] N at the trunk's centre of mass."""
        ...

    def step(self, joint_target: Array) -> None:
        """One control step of `control_dt_s` with joint targets [N, J] rad, canonical order."""
        ...

    def state(self) -> RobotState:
        """The truth after the last step or reset. A step makes new arrays; a reset changes rows of the last ones."""
        ...

    def failed(self) -> Array:
        """Robots whose simulation blew up in the last step: [N] bool. They must be reset before the next one."""
        ...

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that decides the future, as named arrays; `restore` continues to the bit."""
        ...

    def restore(self, snapshot: Mapping[str, np.ndarray]) -> None:
        """Take up a snapshot of a simulator with the same robot, terrain, physics and number of robots; no other."""
        ...


_ROUNDING = 1e-6  # a bound that went through float32 is still that bound: 0.05 comes back as 0.0500000007


def check_parameter_values(
    parameters: Mapping[str, Parameter], values: Mapping[str, np.ndarray], robots: int
) -> dict[str, np.ndarray]:
    """`values` as float64 arrays [n, ...], or an error naming the parameter, the value and what is valid."""
    checked = {}
    for name, value in values.items():
        if name not in parameters:
            raise SurefootError(
                f"unknown per-robot parameter {name!r}",
                hint="this simulator can vary: " + ", ".join(sorted(parameters)),
            )
        parameter = parameters[name]
        array = np.asarray(value, dtype=np.float64)
        shape = (robots, *parameter.nominal.shape)
        if array.shape != shape:
            raise SurefootError(
                f"{name} has shape {array.shape}", hint=f"give one row per robot: {shape} ({parameter.unit})"
            )
        slack_low, slack_high = (_ROUNDING * abs(bound) for bound in (parameter.low, parameter.high))
        inside = (array >= parameter.low - slack_low) & (array <= parameter.high + slack_high)  # NaN is not inside
        if not inside.all():
            raise SurefootError(
                f"{name} {array[~inside][0]:g} {parameter.unit} is out of range",
                hint=f"give values from {parameter.low:g} to {parameter.high:g}",
            )
        checked[name] = array.clip(parameter.low, parameter.high)
    return checked
