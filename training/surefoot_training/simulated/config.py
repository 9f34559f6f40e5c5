"""What the simulated robot is in truth. Supervisor and policy see none of it but through its sensors.

A YAML file holds what differs from the defaults; unknown keys, wrong types and values out of range are refused. A value
per joint is one number for all, a list of twelve, or a mapping from joints' names to numbers for some of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping

Plain: TypeAlias = Any
"""What YAML holds; every value is checked."""
Hint: TypeAlias = Any
"""A field's annotation."""
TRUNKS = FREE, HELD = "free", "held"
PerJoint: TypeAlias = tuple[float, ...] | None
"""[12] in the robot's order; None is the robot's own."""


@dataclass(frozen=True, slots=True)
class Within:
    """The range of a number."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ground:
    """What it stands on."""

    kind: str = "flat"
    """`flat`, `slope`, or a kind of tile of the training's terrain (`surefoot terrain`)."""
    slope_rad: Annotated[float, Within(-0.5, 0.5)] = 0.0
    """Of a `slope`: up ahead if positive."""
    level: Annotated[int, Within(0, 9)] = 3
    """Of a tile: 0 is the easiest."""
    seed: Annotated[int, Within(0, 2**31 - 1)] = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """What identification is to find out."""

    armature_kgm2: Annotated[PerJoint, Within(0.0, 0.2)] = None
    damping_nms_per_rad: Annotated[PerJoint, Within(0.0, 5.0)] = None
    friction_nm: Annotated[PerJoint, Within(0.0, 5.0)] = None
    encoder_offset_rad: Annotated[PerJoint, Within(-0.3, 0.3)] = None
    """Added to the angle: what encoders say, and motors go by."""
    motor_strength: Annotated[PerJoint, Within(0.0, 2.0)] = None
    """Torque given per torque asked for."""
    action_delay_s: Annotated[float | None, Within(0.0, 0.05)] = None
    """From writing a target to torque at the joint."""
    base_mass_kg: Annotated[float | None, Within(1.0, 50.0)] = None
    base_com_x_m: Annotated[float | None, Within(-0.2, 0.2)] = None
    foot_friction: Annotated[float | None, Within(0.05, 2.0)] = None


@dataclass(frozen=True, slots=True)
class Sensors:
    """Errors of what is measured. Sizes are those of good encoders and a common MEMS unit: assumptions, all of them."""

    period_s: Annotated[float, Within(0.001, 0.02)] = 0.002
    """Between samples: the Go2's LowState comes at 500 Hz."""
    latency_s: Annotated[float, Within(0.0, 0.05)] = 0.001
    """From measuring to being readable."""
    encoder_step_rad: Annotated[float, Within(0.0, 0.05)] = 2.0 * math.pi / 2**15
    encoder_noise_rad: Annotated[float, Within(0.0, 0.05)] = 0.0002
    speed_noise_radps: Annotated[float, Within(0.0, 1.0)] = 0.03
    torque_noise_nm: Annotated[float, Within(0.0, 5.0)] = 0.1
    gyro_noise_radps: Annotated[float, Within(0.0, 1.0)] = 0.005
    gyro_bias_radps: Annotated[float, Within(-0.2, 0.2)] = 0.002
    """On all three axes."""
    acceleration_noise_mps2: Annotated[float, Within(0.0, 5.0)] = 0.05
    tilt_noise_rad: Annotated[float, Within(0.0, 0.1)] = 0.0005
    contact_force_n: Annotated[float, Within(0.1, 50.0)] = 5.0
    """Force at which a foot reports contact."""
    foot_contact: bool = True
    """Whether feet report contact at all; not all robots' do."""


@dataclass(frozen=True, slots=True)
class Power:
    """Battery and motors' warmth, of the size of a Go2's (8 cells, 15 Ah); assumptions."""

    charge_share: Annotated[float, Within(0.0, 1.0)] = 0.9
    capacity_ah: Annotated[float, Within(0.1, 100.0)] = 15.0
    full_v: Annotated[float, Within(10.0, 60.0)] = 33.2
    empty_v: Annotated[float, Within(10.0, 60.0)] = 25.0
    """Without load, when nothing is left."""
    resistance_ohm: Annotated[float, Within(0.0, 1.0)] = 0.05
    idle_w: Annotated[float, Within(0.0, 500.0)] = 30.0
    torque_constant_nm_per_a: Annotated[float, Within(0.05, 5.0)] = 0.64
    winding_ohm: Annotated[float, Within(0.0, 2.0)] = 0.1
    ambient_c: Annotated[float, Within(-20.0, 60.0)] = 25.0
    warmth_c_per_w: Annotated[float, Within(0.0, 50.0)] = 2.0
    warmth_time_s: Annotated[float, Within(1.0, 10000.0)] = 300.0


@dataclass(frozen=True, slots=True)
class Motors:
    """What motors do on their own."""

    command_timeout_s: Annotated[float, Within(0.01, 10.0)] = 0.1
    """Without a command for so long they brake. The real robot's is unknown: measure it."""
    timeout_kd_nms_per_rad: Annotated[float, Within(0.0, 10.0)] = 3.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything about one simulated robot."""

    seed: Annotated[int, Within(0, 2**31 - 1)] = 0
    """Of all noise."""
    start_pose: str = "lying"
    trunk: str = "free"
    """`held`: hung up, out of the feet's reach of the ground, and moved by nothing."""
    ground: Ground = field(default_factory=Ground)
    truth: Truth = field(default_factory=Truth)
    sensors: Sensors = field(default_factory=Sensors)
    power: Power = field(default_factory=Power)
    motors: Motors = field(default_factory=Motors)
    ticks: str = ""
    """A file to append every tick to, what motors were told and sensors said (`recording.py`); 1 MB a second."""


def load_world(path: Path | None, robot: RobotSpec) -> World:
    """The world that a file describes; the default one without."""
    if path is None:
        return World()
    return parse_world(read_mapping(path), robot, path.name)


def parse_world(data: dict[str, Plain], robot: RobotSpec, origin: str) -> World:
    """The world that a file's mapping describes; `origin` names the file in errors."""
    world: World = _filled(World, data, robot, origin, "")
    if world.start_pose not in robot.poses:
        raise _wrong(origin, "start_pose", world.start_pose, f"one of {', '.join(robot.poses)}")
    if world.trunk not in TRUNKS:
        raise _wrong(origin, "trunk", world.trunk, f"one of {', '.join(TRUNKS)}")
    _check_ground(world.ground, origin)
    if not world.power.empty_v < world.power.full_v:
        raise _wrong(origin, "power.empty_v", world.power.empty_v, f"below power.full_v {world.power.full_v:g}")
    return world


def _check_ground(ground: Ground, origin: str) -> None:
    from surefoot_training.task.terrain.config import KIND_NAMES

    if ground.kind not in {"slope", *KIND_NAMES}:
        raise _wrong(origin, "ground.kind", ground.kind, f"one of slope, {', '.join(KIND_NAMES)}")


def _filled(kind: type[Any], data: Plain, robot: RobotSpec, origin: str, path: str) -> Any:  # noqa: ANN401  # of `kind`
    """A dataclass from a mapping that holds some of its fields."""
    if not isinstance(data, dict):
        raise _wrong(origin, path, data, "a mapping of names to values")
    hints = get_type_hints(kind, include_extras=True)
    known = [declared.name for declared in fields(kind)]
    for key in data:
        if key not in known:
            where = f"{path}.{key}" if path else key
            raise SurefootError(f"{origin}: {where}: is unknown; known here: {', '.join(known)}")
    values = {
        key: _value(hints[key], value, robot, origin, f"{path}.{key}" if path else key) for key, value in data.items()
    }
    return kind(**values)


def _value(hint: Hint, value: Plain, robot: RobotSpec, origin: str, where: str) -> object:
    if is_dataclass(hint) and isinstance(hint, type):
        return _filled(hint, value, robot, origin, where)
    if hint is str:
        if not isinstance(value, str):
            raise _wrong(origin, where, value, "a word")
        return value
    if hint is bool:
        if not isinstance(value, bool):
            raise _wrong(origin, where, value, "true or false")
        return value
    base, within = get_args(hint)
    if base == PerJoint:
        return _per_joint(value, within, robot, origin, where)
    return _number(value, within, origin, where, whole=base is int)


def _per_joint(value: Plain, within: Within, robot: RobotSpec, origin: str, where: str) -> tuple[float, ...]:
    names = robot.joint_names
    if isinstance(value, dict):
        for name in value:
            if name not in names:
                raise _wrong(origin, where, name, f"a joint: one of {', '.join(names)}")
        own = _own(where.rpartition(".")[2], robot)
        return tuple(
            float(_number(value[name], within, origin, f"{where}.{name}")) if name in value else own[index]
            for index, name in enumerate(names)
        )
    if isinstance(value, list):
        if len(value) != len(names):
            raise _wrong(origin, where, value, f"{len(names)} numbers, one per joint")
        return tuple(float(_number(item, within, origin, f"{where}[{i}]")) for i, item in enumerate(value))
    return (float(_number(value, within, origin, where)),) * len(names)


def own_values(truth: Truth, robot: RobotSpec) -> dict[str, tuple[float, ...]]:
    """All values per joint, with the robot's own where none are given."""
    names = ("armature_kgm2", "damping_nms_per_rad", "friction_nm", "encoder_offset_rad", "motor_strength")
    return {name: getattr(truth, name) or _own(name, robot) for name in names}


def _own(name: str, robot: RobotSpec) -> tuple[float, ...]:
    if name == "encoder_offset_rad":
        return (0.0,) * len(robot.joint_names)
    if name == "motor_strength":
        return (1.0,) * len(robot.joint_names)
    own: tuple[float, ...] = tuple(getattr(robot, name).tolist())
    return own


def _number(value: Plain, within: Within, origin: str, where: str, *, whole: bool = False) -> float | int:
    right = isinstance(value, int) if whole else isinstance(value, int | float)
    if isinstance(value, bool) or not right or not within.low <= value <= within.high:
        what = "a whole number" if whole else "a number"
        raise _wrong(origin, where, value, f"{what} within {within.low:g} to {within.high:g}")
    return value if whole else float(value)


def _wrong(origin: str, where: str, value: Plain, valid: str) -> SurefootError:
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return SurefootError(f"{origin}: {where or 'the file'}: {shown} is not valid: must be {valid}")
