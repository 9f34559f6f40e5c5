"""`calibration.yaml`: what was measured of one robot, how well, and from what."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeAlias, get_args

import numpy as np
import yaml

from surefoot_calibration.air.identify import Identification
from surefoot_calibration.air.verdicts import Estimate, Verdict, names_of
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.calibration import FORMAT, VERSION, is_finite
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping

PACKAGES = ("surefoot", "mujoco", "numpy", "scipy")
TEXTS, NUMBERS = ("name", "unit", "verdict", "tied_to", "advice"), ("value", "low", "high", "prior")
KEYS = {"format", "version", "robot", "robot_hash", "protocol", "made", "logs", "held_out_rmse_rad", "parameters"}
Plain: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a file says."""

    robot: str
    robot_hash: str
    protocol: str
    estimates: tuple[Estimate, ...]
    logs: tuple[str, ...] = ()
    """That it was fitted to, each as the sha256 of its content (`digest_of`)."""


def provenance(logs: Sequence[JointLog], files: Sequence[Path], now: datetime) -> dict[str, Plain]:
    """What a result is made from: logs by content, versions, time."""
    return {
        "made": {
            "at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
        },
        "logs": [
            {
                "file": file.name,
                "sha256": digest_of(file),
                "seconds": round(log.seconds, 3),
                "rate_hz": round(log.report.rate_hz, 3),
                "gains": log.gains.source,
            }
            for log, file in zip(logs, files, strict=True)
        ],
    }


def calibration_mapping(
    robot: RobotSpec, protocol: str, found: Identification, source: Mapping[str, Plain]
) -> dict[str, Plain]:
    """The content of a file."""
    held_out = found.held_out
    return {
        "format": FORMAT,
        "version": VERSION,
        "robot": robot.name,
        "robot_hash": robot_hash(robot),
        "protocol": protocol,
        **source,
        "held_out_rmse_rad": {
            "before": held_out.before,
            "after": held_out.after,
            "joints": {
                joint: {"before": before, "after": after}
                for joint, before, after in zip(held_out.joints, held_out.before_rad, held_out.after_rad, strict=True)
            },
        },
        "parameters": [asdict(estimate) for estimate in found.estimates],
    }


def write_calibration(path: Path, content: Mapping[str, Plain]) -> None:
    """Write a file, all of it or nothing: half of one would be read as fewer parameters."""
    write_text(path, yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120))


def load_calibration(path: Path) -> Calibration:
    """Read a file, or say what is wrong with it."""
    content = read_mapping(path)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        what = f"{content.get('format')!r}, version {content.get('version')!r}"
        raise _wrong(path, "format", what, f"{FORMAT!r}, version {VERSION}")
    if set(content) != KEYS:
        odd = ", ".join(sorted(set(content) ^ KEYS))
        raise SurefootError(f"{path.name}: has other keys than a calibration: {odd}")
    for key in ("robot", "robot_hash", "protocol"):
        if not isinstance(content[key], str):
            raise _wrong(path, key, content[key], "a text")
    logs = content["logs"]
    if not isinstance(logs, list) or not all(
        isinstance(log, dict) and isinstance(log.get("sha256"), str) for log in logs
    ):
        raise _wrong(path, "logs", logs, "a list of logs, each with its sha256")
    rows = content["parameters"]
    if not isinstance(rows, list) or not rows:
        raise _wrong(path, "parameters", rows, "a list of parameters")
    found = tuple(_estimate(path, f"parameters[{place}]", row) for place, row in enumerate(rows))
    digests = tuple(log["sha256"] for log in logs)
    return Calibration(content["robot"], content["robot_hash"], content["protocol"], found, digests)


def vector_of(calibration: Calibration, robot: RobotSpec, path: Path) -> FloatArray:
    """The parameters in the order of `names_of`; a calibration of another robot is an error that says so."""
    if calibration.robot_hash != robot_hash(robot):
        raise SurefootError(
            f"{path.name}: is a calibration of {calibration.robot}, robot_hash {calibration.robot_hash[:12]}…: "
            f"{robot.name} ({robot.origin}) has {robot_hash(robot)[:12]}…",
            hint="names, limits or pose differ: name the file of the robot it was made for with --robot",
        )
    values = {(one.name, one.joint): one.value for one in calibration.estimates}
    wanted = names_of(robot)
    odd = set(values) ^ set(wanted)
    if odd or len(calibration.estimates) != len(wanted):
        name, joint = min(odd or values, key=str)
        raise SurefootError(
            f"{path.name}: parameters: must be {len(wanted)}, each once: {len(calibration.estimates)} are there; "
            f"see {name} of {joint or 'all joints'}",
            hint="`surefoot identify fit` writes them all",
        )
    return np.array([values[key] for key in wanted])


def _estimate(path: Path, where: str, row: Plain) -> Estimate:
    keys = {*TEXTS, *NUMBERS, "joint"}
    if not isinstance(row, dict) or set(row) != keys:
        raise _wrong(path, where, row, f"a mapping with {', '.join(sorted(keys))}")
    for key in TEXTS:
        if not isinstance(row[key], str):
            raise _wrong(path, f"{where}.{key}", row[key], "a text")
    if row["verdict"] not in get_args(Verdict):
        raise _wrong(path, f"{where}.verdict", row["verdict"], f"one of {', '.join(get_args(Verdict))}")
    if row["joint"] is not None and not isinstance(row["joint"], str):
        raise _wrong(path, f"{where}.joint", row["joint"], "a joint's name, or null")
    for key in NUMBERS:
        value = row[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not is_finite(value):
            raise _wrong(path, f"{where}.{key}", value, "a finite number")
    if not row["low"] <= row["value"] <= row["high"]:
        raise _wrong(path, f"{where}.value", row["value"], f"within low {row['low']:g} and high {row['high']:g}")
    return Estimate(**row)


def _wrong(path: Path, where: str, value: Plain, valid: str) -> SurefootError:
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return SurefootError(f"{path.name}: {where}: {shown} is not valid: must be {valid}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def digest_of(path: Path) -> str:
    """The sha256 of a file's content; of a bag's folder, of its files one after the other."""
    digest = hashlib.sha256()
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        with file.open("rb") as content:
            while block := content.read(2**20):
                digest.update(block)
    return digest.hexdigest()
