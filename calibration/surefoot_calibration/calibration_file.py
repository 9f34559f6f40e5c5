"""`calibration.yaml`: what was measured of one robot, how well, and from what."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import yaml

from surefoot_calibration.air.identify import Identification
from surefoot_calibration.air.verdicts import Estimate, names_of
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.calibration import (
    FORMAT,
    VERSION,
    Calibration,
    check_calibration,
    number_of,
    read_calibration,
    wrong,
)
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping

PACKAGES = ("surefoot", "mujoco", "numpy", "scipy")
TEXTS = ("unit", "tied_to", "advice")
"""Beside those that everybody reads."""
ROW_KEYS = {field.name for field in fields(Estimate)}
KEYS = {"format", "version", "robot", "robot_hash", "protocol", "made", "logs", "parameters"}
SOME_HAVE = {"held_out_rmse_rad", "joined", "sensors"}
"""Those of fits, of files that were made of several, and of sensors."""
Plain: TypeAlias = object


@dataclass(frozen=True, slots=True)
class CalibrationFile:
    """All that a file says."""

    calibration: Calibration
    """What everybody reads of it."""
    estimates: tuple[Estimate, ...]
    logs: tuple[str, ...]
    """That it was fitted to, each as the sha256 of its content (`digest_of`)."""


def provenance(logs: Sequence[JointLog], files: Sequence[Path], now: datetime) -> dict[str, Plain]:
    """What a result is made from: logs by content, versions, time."""
    return {
        "made": made(now),
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


def made(now: datetime) -> dict[str, Plain]:
    """When, and with what."""
    return {
        "at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
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


def load_calibration(path: Path) -> CalibrationFile:
    """Read a file, or say what is wrong with it; also with what others do not read."""
    calibration, content = read_calibration(path, None), read_mapping(path)
    if set(content) - SOME_HAVE != KEYS:
        odd = ", ".join(sorted((set(content) - SOME_HAVE) ^ KEYS))
        raise SurefootError(f"{path.name}: has other keys than a calibration: {odd}")
    logs = content["logs"]
    if not isinstance(logs, list) or not all(
        isinstance(log, dict) and isinstance(log.get("sha256"), str) for log in logs
    ):
        raise wrong(path, "logs", logs, "a list of logs, each with its sha256")
    found = tuple(_estimate(path, f"parameters[{place}]", row) for place, row in enumerate(content["parameters"]))
    return CalibrationFile(calibration, found, tuple(log["sha256"] for log in logs))


def vector_of(calibration: Calibration, robot: RobotSpec) -> FloatArray:
    """The parameters in the order of `names_of`, others left out; one of another robot is an error that says so."""
    check_calibration(calibration, robot)
    values = {(one.name, one.joint): one.value for one in calibration.measured}
    wanted = names_of(robot)
    missing = set(wanted) - set(values)
    if missing:
        name, joint = min(missing, key=str)
        raise SurefootError(
            f"{calibration.name}: parameters: {len(missing)} of the {len(wanted)} of joints in air are missing, {name} "
            f"of {joint or 'all joints'} among them",
            hint="`surefoot identify fit` writes them all",
        )
    return np.array([values[key] for key in wanted])


def _estimate(path: Path, where: str, row: dict[str, Any]) -> Estimate:
    if set(row) != ROW_KEYS:
        raise wrong(path, where, row, f"a mapping with {', '.join(sorted(ROW_KEYS))}")
    for key in TEXTS:
        if not isinstance(row[key], str):
            raise wrong(path, f"{where}.{key}", row[key], "a text")
    number_of(path, f"{where}.prior", row["prior"])
    return Estimate(**row)


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
