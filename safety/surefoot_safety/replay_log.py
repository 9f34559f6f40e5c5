"""Recorded walks: what a robot measured and was told, row by row, as one `.npz` file.

A file is hostile until checked: nothing in it is executed, and nothing is allocated that its own bytes do not fill.
Values are not judged here, NaN among them: that is what the gate is for.
"""

from __future__ import annotations

import math
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from surefoot_robots.errors import SurefootError

FORMAT = "surefoot-walk"
VERSION = 2
MOST_ROWS = 1_000_000
"""An hour and twenty minutes at 200 Hz."""
MOST_BYTES = 2**30
"""Of one file, unpacked."""
LONGEST_TEXT = 200

Floats64: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WalkLog:
    """T rows, one for each tick of the supervisor. Joints are in the order of the robot's spec."""

    robot: str
    robot_hash: str
    stamp_s: Floats64
    """[T], growing."""
    joint_position_rad: Floats64
    """[T, J], as all of the joints."""
    joint_velocity_radps: Floats64
    joint_torque_nm: Floats64
    orientation_wxyz: Floats64
    """[T, 4]."""
    angular_velocity_in_base_radps: Floats64
    """[T, 3]."""
    acceleration_in_base_mps2: Floats64
    """[T, 3]."""
    velocity_command: Floats64
    """[T, 3]: vx, vy m/s, yaw rate rad/s."""
    target_rad: Floats64
    """[T, J]: the policy's newest joint targets."""
    target_stamp_s: Floats64
    """[T]: of the sample that they answer."""
    kp_nm_per_rad: Floats64
    """[J]."""
    kd_nms_per_rad: Floats64
    """[J]."""
    trunk_contact_s: float
    """When the trunk first touched the ground, on the clock of the stamps; NaN if it never did."""
    cause_s: float = math.nan
    """When what made the robot fall began; NaN if nothing did, or nobody knows."""

    @property
    def rows(self) -> int:
        """T."""
        return len(self.stamp_s)

    @property
    def is_fall(self) -> bool:
        """Whether the trunk touched the ground."""
        return not math.isnan(self.trunk_contact_s)


_PER_JOINT = ("joint_position_rad", "joint_velocity_radps", "joint_torque_nm", "target_rad")
_PER_ROW = {
    "orientation_wxyz": 4,
    "angular_velocity_in_base_radps": 3,
    "acceleration_in_base_mps2": 3,
    "velocity_command": 3,
}
_TEXTS = ("format", "robot", "robot_hash")
_ARRAYS = ("version", "stamp_s", *_PER_JOINT, *_PER_ROW, "target_stamp_s", "kp_nm_per_rad", "kd_nms_per_rad")
_TIMES = ("trunk_contact_s", "cause_s")
_NAMES = (*_TEXTS, *_ARRAYS, *_TIMES)


def save_walk(path: Path, log: WalkLog) -> None:
    """Write a log; measurements take half the room as float32, times do not."""
    arrays: dict[str, NDArray[np.generic]] = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "robot": np.array(log.robot),
        "robot_hash": np.array(log.robot_hash),
        "stamp_s": log.stamp_s,
        "target_stamp_s": log.target_stamp_s,
        **{name: np.array(getattr(log, name)) for name in _TIMES},
    }
    for name in (*_PER_JOINT, *_PER_ROW, "kp_nm_per_rad", "kd_nms_per_rad"):
        arrays[name] = getattr(log, name).astype(np.float32)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_walk(path: Path) -> WalkLog:
    """Read a log, or say what is wrong with it."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = _members(archive, path)
    except OSError as error:
        raise SurefootError(f"{path} cannot be read: {error.strerror or error}", hint="give a log") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,  # a compression that nobody here knows
        RuntimeError,  # an encrypted member
        SyntaxError,  # a header that is no Python literal
        tokenize.TokenError,
        UnicodeError,
    ) as error:
        raise _refused(path, f"is not a log ({type(error).__name__}: {error})") from error
    return _checked(found, path)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays by name, of no more bytes than allowed."""
    infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if set(infos) != set(_NAMES) or len(archive.infolist()) != len(_NAMES):
        odd = sorted(set(infos) ^ set(_NAMES))
        raise _refused(path, f"has other members than a log: {', '.join(odd)[:LONGEST_TEXT] or 'some twice'}")
    size = sum(info.file_size for info in infos.values())
    if size > MOST_BYTES:
        raise _refused(path, f"would unpack to {size} bytes, more than {MOST_BYTES}")
    found = {}
    for name, info in infos.items():
        with archive.open(info) as member:
            found[name] = _array(member, info.file_size, name, path)
    return found


def _array(member: IO[bytes], size: int, name: str, path: Path) -> NDArray[np.generic]:
    """One member, whose header must promise what its bytes hold before anything is allocated."""
    version = npy.read_magic(member)
    if version != (1, 0):
        raise _refused(path, f"{name} is of version {version} of NumPy's format: must be (1, 0)")
    shape, by_column, dtype = npy.read_array_header_1_0(member)
    if dtype.hasobject or dtype.kind not in "fiU":
        raise _refused(path, f"{name} holds {dtype}: must be numbers or text")
    wanted = math.prod(shape) * dtype.itemsize
    if by_column or min(shape, default=0) < 0 or wanted != size - member.tell():
        raise _refused(path, f"{name} of shape {shape} does not fill its {size} bytes")
    return np.frombuffer(member.read(), dtype).reshape(shape)


def _checked(found: dict[str, NDArray[np.generic]], path: Path) -> WalkLog:
    for name in _TEXTS:
        value = found[name]
        if value.ndim or value.dtype.kind != "U" or value.dtype.itemsize > 4 * LONGEST_TEXT:
            raise _refused(path, f"{name} must be one text of at most {LONGEST_TEXT} characters")
    for name in (*_ARRAYS, *_TIMES):
        if found[name].dtype.kind == "U":
            raise _refused(path, f"{name} must be numbers")
    if str(found["format"]) != FORMAT or found["version"].ndim or int(found["version"]) != VERSION:
        what = f"{str(found['format'])!r}, version {found['version'].ravel()[:1].tolist()}"
        raise _refused(path, f"is {what}: must be {FORMAT!r}, version {VERSION}")
    values = {name: found[name].astype(np.float64) for name in (*_ARRAYS[1:], *_TIMES)}
    _check_shapes(values, path)
    contact_s, cause_s = (float(values.pop(name)) for name in _TIMES)
    return WalkLog(str(found["robot"]), str(found["robot_hash"]), trunk_contact_s=contact_s, cause_s=cause_s, **values)


def _check_shapes(values: dict[str, Floats64], path: Path) -> None:
    stamps, gains = values["stamp_s"], values["kp_nm_per_rad"]
    if stamps.ndim != 1 or not 1 <= len(stamps) <= MOST_ROWS:
        raise _refused(path, f"stamp_s has shape {stamps.shape}: must be one of 1 to {MOST_ROWS} per row")
    if not (np.isfinite(stamps).all() and (np.diff(stamps) > 0.0).all()):
        raise _refused(path, "stamp_s must be finite and grow from row to row")
    rows, joints = len(stamps), gains.shape[0] if gains.ndim == 1 else 0
    wanted: dict[str, tuple[int, ...]] = {
        "target_stamp_s": (rows,),
        "kp_nm_per_rad": (joints,),
        "kd_nms_per_rad": (joints,),
        **dict.fromkeys(_TIMES, ()),
        **dict.fromkeys(_PER_JOINT, (rows, joints)),
        **{name: (rows, width) for name, width in _PER_ROW.items()},
    }
    for name, shape in wanted.items():
        if values[name].shape != shape:
            raise _refused(path, f"{name} has shape {values[name].shape}: must be {shape}")


def _refused(path: Path, what: str) -> SurefootError:
    return SurefootError(f"{path} {what}", hint="logs are made by `surefoot bench trips --logs FOLDER`")
