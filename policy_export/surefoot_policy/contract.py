"""The policy contract, version 1: what one ONNX file says about itself, as frozen dataclasses.

The file carries one JSON object under the metadata key `surefoot.contract`. The dataclasses below have its field names;
`Contract.from_json` takes nothing else (an unknown, missing, wrong or non-finite value is refused by name) and
`Contract.to_json` writes the one canonical text. Joints are in the contract's own order in every array.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import numpy as np

from surefoot_policy.fields import HEX_DIGEST, HINT, Fields, Float32Array, invalid, parse_object
from surefoot_policy.refusal import PolicyError, shown

VERSION = 1
METADATA_KEY = "surefoot.contract"
UNSEALED = "0" * 64
"""Stands for the digest while a file is made, and while its digest is computed: see `surefoot_policy.seal`."""

# Names in the graph
OBSERVATION = "observation"
JOINT_TARGET = "joint_target"
STATE_PREFIX, NEXT_SUFFIX = "state.", ".next"
ESTIMATE_PREFIX = "estimate."
BATCH = "batch"
"""The name of the one dynamic axis, the first of every input and output."""

LEAST_GOLDEN_TICKS = 32
WIDEST_TOLERANCE_RAD = 1e-3  # ten times what the contract asks for: beyond it the self-test would prove nothing

# Bounds of what is a legged robot's policy at all; they keep a hostile file from asking for absurd memory.
MOST_JOINTS = 64
MOST_SCAN_POINTS = 10_000
MOST_STATES = 64
MOST_STATE_AXES = 4
LONGEST_AXIS = 100_000
MOST_STATE_VALUES = 1_000_000
SLOWEST_TICK_S = 1.0
MOST_CHARACTERS = 10_000_000  # golden sequences are nearly all of it: 64 ticks with a height scan take 0.4 million

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
NAME_SAID = "letters, digits and _, beginning with a letter"

TERM_UNITS = {
    "angular_velocity_in_base": "rad/s",
    "gravity_in_base": "unit vector",
    "velocity_command": "m/s, m/s, rad/s",
    "joint_position": "rad",
    "joint_velocity": "rad/s",
    "height_scan": "m",
    "height_scan_valid": "1 or 0",
}
"""Every observation term of version 1, in order; a policy uses some of them, in this order."""


@dataclass(frozen=True, slots=True)
class HeightScanGrid:
    """The points of a height scan in the frame that turns with the robot's heading, along x first, then along y.

    The point [i, j] is number i·n_y + j: from hindmost to foremost, and from right to left within.
    """

    x_m: tuple[float, float]
    y_m: tuple[float, float]
    spacing_m: float

    @property
    def size(self) -> int:
        """Number of points, K."""
        along_x, along_y = (round((last - first) / self.spacing_m) + 1 for first, last in (self.x_m, self.y_m))
        return along_x * along_y


@dataclass(frozen=True, slots=True)
class ObservationEntry:
    """A term of the observation: `size` adjacent columns."""

    term: str
    size: int
    grid: HeightScanGrid | None = None
    """Of `height_scan` alone, which has it always."""


@dataclass(frozen=True, slots=True, eq=False)
class StateEntry:
    """Something the policy remembers: input `state.NAME`, output `state.NAME.next`, [batch, *shape]."""

    name: str
    shape: tuple[int, ...]
    initial: Float32Array | None = None
    """What it is at reset, [*shape]; zeros if None."""

    def initial_value(self) -> Float32Array:
        """What it is at reset, [*shape], as an array of the caller's own."""
        return np.zeros(self.shape, np.float32) if self.initial is None else self.initial.copy()

    def __eq__(self, other: object) -> bool:
        """Equal to the bit."""
        return isinstance(other, StateEntry) and _state_json(self) == _state_json(other)

    def __hash__(self) -> int:
        return hash((self.name, self.shape))


@dataclass(frozen=True, slots=True)
class Gains:
    """Of the joints' position loops, [J] each."""

    kp_nm_per_rad: tuple[float, ...]
    kd_nms_per_rad: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class JointRange:
    """Where joint targets may lie, [J] each, rad."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CommandRange:
    """Velocity commands the policy was trained for, in the base's frame."""

    vx_mps: tuple[float, float]
    vy_mps: tuple[float, float]
    yaw_rate_radps: tuple[float, float]


@dataclass(frozen=True, slots=True)
class CalibrationId:
    """What was measured of the robot that a policy was trained for: the file of `surefoot identify fit`."""

    name: str
    """The file's."""
    sha256: str
    """Of the file."""


@dataclass(frozen=True, slots=True)
class TrainedWith:
    """Where the policy comes from. Texts that nobody knows are "unknown"."""

    simulator: str
    task: str
    algorithm: str
    seed: int
    steps: int
    git: str
    config_sha256: str
    created: str
    """ISO 8601 in UTC, as 2026-01-31T12:00:00+00:00 or with Z."""
    calibration: CalibrationId | None = None
    """None: trained for the robot of the file, whoever's it is. The one key that may be absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """T ticks from reset: what went in [T, D], and what must come out [T, J] rad within the tolerance."""

    observation: Float32Array
    joint_target: Float32Array
    tolerance_rad: float

    def __eq__(self, other: object) -> bool:
        """Equal to the bit."""
        return isinstance(other, Golden) and _golden_json(self) == _golden_json(other)

    def __hash__(self) -> int:
        return hash((self.observation.shape, self.tolerance_rad))


@dataclass(frozen=True, slots=True)
class Contract:
    """What a runner needs to know besides the graph."""

    version: int
    robot: str
    robot_hash: str
    control_dt_s: float
    joint_names: tuple[str, ...]
    observation: tuple[ObservationEntry, ...]
    state: tuple[StateEntry, ...]
    gains: Gains
    torque_limit_nm: tuple[float, ...]
    default_joint_position_rad: tuple[float, ...]
    joint_target_range_rad: JointRange
    command_range: CommandRange
    trained_with: TrainedWith
    golden: Golden
    sha256: str = UNSEALED

    @property
    def joints(self) -> int:
        """Number of joints, J."""
        return len(self.joint_names)

    @property
    def observation_size(self) -> int:
        """Number of observed values, D."""
        return sum(entry.size for entry in self.observation)

    def columns(self) -> dict[str, slice]:
        """Which columns of the observation [batch, D] hold which term."""
        ends = np.cumsum([entry.size for entry in self.observation]).tolist()
        return {entry.term: slice(end - entry.size, end) for entry, end in zip(self.observation, ends, strict=True)}

    def with_digest(self, sha256: str) -> Self:
        """The same contract, sealed."""
        return replace(self, sha256=sha256)

    def to_json(self) -> str:
        """The canonical text: fields in the contract's order, no spaces, ASCII, every number to its last bit.

        A float is written as the shortest digits that read back as the same double, and a float32 as the double it
        equals. What `from_json` would refuse is refused here too, so that no such file is ever made.
        """
        text = json.dumps(_contract_json(self), separators=(",", ":"), ensure_ascii=True, allow_nan=True)
        Contract.from_json(text)
        return text

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the object; a PolicyError names the first field that is wrong, its value and what is valid."""
        if len(text) > MOST_CHARACTERS:
            found, expected = f"{len(text):,} characters", f"at most {MOST_CHARACTERS:,}"
            raise PolicyError("contract", found=found, expected=expected, hint=HINT)
        fields = parse_object(text, "contract")
        _check_version(fields)
        joint_names = fields.texts("joint_names", pattern=NAME, valid=NAME_SAID, longest=MOST_JOINTS)
        joints = len(joint_names)
        observation = _read_observation(fields, joints)
        lower_upper = _read_joint_range(fields.object("joint_target_range_rad"), joints)
        contract = cls(
            version=VERSION,
            robot=fields.text("robot", pattern=NAME, valid=NAME_SAID),
            robot_hash=_read_digest(fields, "robot_hash"),
            control_dt_s=fields.number("control_dt_s", above=0.0, at_most=SLOWEST_TICK_S),
            joint_names=joint_names,
            observation=observation,
            state=_read_state(fields),
            gains=_read_gains(fields.object("gains"), joints),
            torque_limit_nm=fields.numbers("torque_limit_nm", joints, at_least=0.0),
            default_joint_position_rad=_read_default(fields, lower_upper),
            joint_target_range_rad=lower_upper,
            command_range=_read_command_range(fields.object("command_range")),
            trained_with=_read_trained_with(fields.object("trained_with")),
            golden=_read_golden(fields.object("golden"), sum(entry.size for entry in observation), joints),
            sha256=_read_digest(fields, "sha256"),
        )
        fields.done()
        return contract


def _check_version(fields: Fields) -> None:
    """First of all: the fields of another version are another version's matter."""
    version = fields.take("version")
    if isinstance(version, bool) or version != VERSION or not isinstance(version, int):
        raise PolicyError(
            "contract.version",
            found=shown(version),
            expected=str(VERSION),
            hint="use the surefoot that wrote the file, or export the policy again with this one",
        )


def _read_digest(fields: Fields, key: str) -> str:
    return fields.text(key, pattern=HEX_DIGEST, valid="64 hexadecimal digits")


def _read_observation(fields: Fields, joints: int) -> tuple[ObservationEntry, ...]:
    entries = tuple(_read_term(entry, joints) for entry in fields.objects("observation", longest=len(TERM_UNITS)))
    order = [list(TERM_UNITS).index(entry.term) for entry in entries]
    if not order or order != sorted(set(order)):
        raise invalid(
            fields.at("observation"),
            [entry.term for entry in entries],
            f"some of these, each once, in this order: {', '.join(TERM_UNITS)}",
        )
    return entries


def _read_term(fields: Fields, joints: int) -> ObservationEntry:
    term = fields.text("term")
    if term not in TERM_UNITS:
        raise invalid(fields.at("term"), term, f"one of {', '.join(TERM_UNITS)}")
    size = fields.integer("size", at_least=1, at_most=MOST_SCAN_POINTS)
    grid = _read_grid(fields.object("grid")) if term == "height_scan" else None
    fields.done()
    right = {"joint_position": joints, "joint_velocity": joints, "height_scan_valid": 1}.get(term, 3)
    if grid:
        right = grid.size
    if size != right:
        raise invalid(fields.at("size"), size, f"{right}, the size of {term} here")
    return ObservationEntry(term, size, grid)


def _read_grid(fields: Fields) -> HeightScanGrid:
    grid = HeightScanGrid(fields.span("x_m"), fields.span("y_m"), fields.number("spacing_m", above=0.0))
    for key, (first, last) in (("x_m", grid.x_m), ("y_m", grid.y_m)):
        steps = (last - first) / grid.spacing_m
        if not steps < MOST_SCAN_POINTS or abs(steps - round(steps)) > 1e-6:
            raise invalid(
                fields.at(key), [first, last], f"a whole number of steps of spacing_m {grid.spacing_m!r} apart"
            )
    fields.done()
    return grid


def _read_state(fields: Fields) -> tuple[StateEntry, ...]:
    entries = tuple(_read_state_entry(entry) for entry in fields.objects("state", longest=MOST_STATES))
    names = [entry.name for entry in entries]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid(f"{fields.at('state')}[{index}].name", name, "a name that is not in the list already")
    values = sum(math.prod(entry.shape) for entry in entries)
    if values > MOST_STATE_VALUES:
        found, expected = f"{values:,} values in all", f"at most {MOST_STATE_VALUES:,}"
        raise PolicyError(fields.at("state"), found=found, expected=expected, hint=HINT)
    return entries


def _read_state_entry(fields: Fields) -> StateEntry:
    name = fields.text("name", pattern=NAME, valid=NAME_SAID)
    shape = fields.integers("shape", at_least=1, at_most=LONGEST_AXIS, longest=MOST_STATE_AXES)
    if math.prod(shape) > MOST_STATE_VALUES:
        raise invalid(fields.at("shape"), list(shape), f"at most {MOST_STATE_VALUES} values")
    initial = None if fields.take("initial") is None else fields.array("initial", shape)
    fields.done()
    return StateEntry(name, shape, initial)


def _read_gains(fields: Fields, joints: int) -> Gains:
    gains = Gains(
        kp_nm_per_rad=fields.numbers("kp_nm_per_rad", joints, at_least=0.0),
        kd_nms_per_rad=fields.numbers("kd_nms_per_rad", joints, at_least=0.0),
    )
    fields.done()
    return gains


def _read_joint_range(fields: Fields, joints: int) -> JointRange:
    found = JointRange(lower=fields.numbers("lower", joints), upper=fields.numbers("upper", joints))
    fields.done()
    for index, (low, high) in enumerate(zip(found.lower, found.upper, strict=True)):
        if not low < high:
            raise invalid(f"{fields.at('lower')}[{index}]", low, f"less than upper[{index}] {high!r}")
    return found


def _read_default(fields: Fields, within: JointRange) -> tuple[float, ...]:
    pose = fields.numbers("default_joint_position_rad", len(within.lower))
    for index, (low, angle, high) in enumerate(zip(within.lower, pose, within.upper, strict=True)):
        if not low <= angle <= high:
            where = f"{fields.at('default_joint_position_rad')}[{index}]"
            raise invalid(where, angle, f"within joint_target_range_rad, {low!r} to {high!r}")
    return pose


def _read_command_range(fields: Fields) -> CommandRange:
    found = CommandRange(fields.span("vx_mps"), fields.span("vy_mps"), fields.span("yaw_rate_radps"))
    fields.done()
    return found


def _read_trained_with(fields: Fields) -> TrainedWith:
    digest_or_unknown = re.compile(f"{HEX_DIGEST.pattern}|unknown")
    found = TrainedWith(
        simulator=fields.text("simulator"),
        task=fields.text("task"),
        algorithm=fields.text("algorithm"),
        seed=fields.integer("seed", at_least=0, at_most=2**63 - 1),
        steps=fields.integer("steps", at_least=0, at_most=2**63 - 1),
        git=fields.text("git"),
        config_sha256=fields.text(
            "config_sha256", pattern=digest_or_unknown, valid="64 hexadecimal digits or 'unknown'"
        ),
        created=_read_utc(fields, "created"),
        calibration=_read_calibration(fields.object("calibration")) if fields.has("calibration") else None,
    )
    fields.done()
    return found


def _read_calibration(fields: Fields) -> CalibrationId:
    found = CalibrationId(fields.text("name"), _read_digest(fields, "sha256"))
    fields.done()
    return found


def _read_utc(fields: Fields, key: str) -> str:
    text = fields.text(key)
    try:
        offset = datetime.fromisoformat(text).utcoffset()
    except ValueError:
        offset = None
    if offset != timedelta(0):
        raise invalid(fields.at(key), text, "a time in UTC as 2026-01-31T12:00:00+00:00")
    return text


def _read_golden(fields: Fields, observed: int, joints: int) -> Golden:
    observation = fields.array("observation", (None, observed))
    joint_target = fields.array("joint_target", (len(observation), joints))
    tolerance_rad = fields.number("tolerance_rad", above=0.0, at_most=WIDEST_TOLERANCE_RAD)
    fields.done()
    if len(observation) < LEAST_GOLDEN_TICKS:
        raise PolicyError(
            fields.at("observation"),
            found=f"{len(observation)} ticks",
            expected=f"at least {LEAST_GOLDEN_TICKS}",
            hint=HINT,
        )
    return Golden(observation, joint_target, tolerance_rad)


# Writing: one function per object that is not just its fields.


def _contract_json(contract: Contract) -> dict[str, object]:
    ranges = contract.joint_target_range_rad
    return {
        "version": contract.version,
        "robot": contract.robot,
        "robot_hash": contract.robot_hash,
        "control_dt_s": float(contract.control_dt_s),
        "joint_names": list(contract.joint_names),
        "observation": [_term_json(entry) for entry in contract.observation],
        "state": [_state_json(entry) for entry in contract.state],
        "gains": {
            "kp_nm_per_rad": _floats(contract.gains.kp_nm_per_rad),
            "kd_nms_per_rad": _floats(contract.gains.kd_nms_per_rad),
        },
        "torque_limit_nm": _floats(contract.torque_limit_nm),
        "default_joint_position_rad": _floats(contract.default_joint_position_rad),
        "joint_target_range_rad": {"lower": _floats(ranges.lower), "upper": _floats(ranges.upper)},
        "command_range": {
            "vx_mps": _floats(contract.command_range.vx_mps),
            "vy_mps": _floats(contract.command_range.vy_mps),
            "yaw_rate_radps": _floats(contract.command_range.yaw_rate_radps),
        },
        "trained_with": _trained_with_json(contract.trained_with),
        "golden": _golden_json(contract.golden),
        "sha256": contract.sha256,
    }


def _term_json(entry: ObservationEntry) -> dict[str, object]:
    written: dict[str, object] = {"term": entry.term, "size": int(entry.size)}
    if entry.grid:
        grid = entry.grid
        written["grid"] = {
            "x_m": _floats(grid.x_m),
            "y_m": _floats(grid.y_m),
            "spacing_m": float(grid.spacing_m),
        }
    return written


def _state_json(entry: StateEntry) -> dict[str, object]:
    return {
        "name": entry.name,
        "shape": [int(length) for length in entry.shape],
        "initial": None if entry.initial is None else np.asarray(entry.initial).tolist(),
    }


def _trained_with_json(origin: TrainedWith) -> dict[str, object]:
    return {
        "simulator": origin.simulator,
        "task": origin.task,
        "algorithm": origin.algorithm,
        "seed": int(origin.seed),
        "steps": int(origin.steps),
        "git": origin.git,
        "config_sha256": origin.config_sha256,
        "created": origin.created,
        # Absent without one: files from before there were any are still written the same.
        **({"calibration": asdict(origin.calibration)} if origin.calibration else {}),
    }


def _golden_json(golden: Golden) -> dict[str, object]:
    return {
        "observation": np.asarray(golden.observation).tolist(),
        "joint_target": np.asarray(golden.joint_target).tolist(),
        "tolerance_rad": float(golden.tolerance_rad),
    }


def _floats(values: tuple[float, ...]) -> list[float]:
    return [float(value) for value in values]
