"""What was measured of one robot, as training, policies and the robot's processes read it from `calibration.yaml`.

`surefoot identify fit` writes the file, with the logs it is from and how good the fit is (`surefoot_calibration`). Who
uses what was measured needs none of that: here only the parameters are read, and which file of which robot it is.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping

FORMAT, VERSION = "surefoot-calibration", 1
LONGEST_NAME = 100  # characters: it is shown in lines and tables
DIGEST_LETTERS = 12
Verdict = Literal["identified", "weak", "not_identifiable"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Plain: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Measured:
    """One parameter."""

    name: str
    joint: str | None
    """None for one of the whole robot."""
    value: float
    low: float
    """Of the 95 % interval."""
    high: float
    verdict: Verdict

    @property
    def called(self) -> str:
        """As errors name it."""
        return self.name if self.joint is None else f"{self.name} of {self.joint}"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a file says."""

    name: str
    """The file's."""
    sha256: str
    """Of the file's bytes: two robots of one kind have the same hash, and each a file of its own."""
    robot: str
    robot_hash: str
    protocol: str
    measured: tuple[Measured, ...]

    @property
    def called(self) -> str:
        """Name and the first letters of the digest."""
        return called(self.name, self.sha256)


def called(name: str, sha256: str) -> str:
    """A calibration in a line for people."""
    return f"{name} (sha256 {sha256[:DIGEST_LETTERS]})"


def read_calibration(path: Path, robot: RobotSpec | None) -> Calibration:
    """Read a file, or say what is wrong with it; one of another robot than `robot` is refused."""
    content = read_mapping(path)
    if content.get("format") != FORMAT or content.get("version") != VERSION:
        what = f"{content.get('format')!r}, version {content.get('version')!r}"
        raise wrong(path, "format", what, f"{FORMAT!r}, version {VERSION}: `surefoot identify fit` writes it")
    rows = content.get("parameters")
    if not isinstance(rows, list) or not rows:
        raise wrong(path, "parameters", rows, "a list of parameters")
    calibration = Calibration(
        name=_plain_name(path.name),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        robot=_text(path, content, "robot"),
        robot_hash=_text(path, content, "robot_hash"),
        protocol=_text(path, content, "protocol"),
        measured=tuple(_measured(path, f"parameters[{place}]", row) for place, row in enumerate(rows)),
    )
    _check_each_once(path, calibration)
    if robot is not None:
        check_calibration(calibration, robot)
    return calibration


def check_calibration(calibration: Calibration, robot: RobotSpec) -> None:
    """Whether it is of `robot`, joints included."""
    if (calibration.robot, calibration.robot_hash) != (robot.name, robot_hash(robot)):
        raise SurefootError(
            f"{calibration.name} was measured on {calibration.robot} {calibration.robot_hash[:DIGEST_LETTERS]}, "
            f"the robot here is {robot.name} {robot_hash(robot)[:DIGEST_LETTERS]} ({robot.origin})",
            hint="name the robot that was measured with --robot; if its joints, limits or pose have changed since, "
            "measure it again",
        )
    for one in calibration.measured:
        if one.joint is not None and one.joint not in robot.joint_names:
            raise SurefootError(
                f"{calibration.name}: {one.called}: {robot.name} has no such joint",
                hint=f"joints: {', '.join(robot.joint_names)}",
            )


def _measured(path: Path, where: str, row: Plain) -> Measured:
    if not isinstance(row, dict):
        raise wrong(path, where, row, "a mapping with name, joint, value, low, high and verdict")
    joint = row.get("joint")
    verdict = next((one for one in VERDICTS if one == row.get("verdict")), None)
    if verdict is None:
        raise wrong(path, f"{where}.verdict", row.get("verdict"), f"one of {', '.join(VERDICTS)}")
    if joint is not None and not isinstance(joint, str):
        raise wrong(path, f"{where}.joint", joint, "a joint's name, or null")
    value, low, high = (number_of(path, f"{where}.{key}", row.get(key)) for key in ("value", "low", "high"))
    if not low <= value <= high:
        raise wrong(path, f"{where}.value", value, f"within low {low:g} and high {high:g}")
    return Measured(_text(path, row, "name", f"{where}."), joint, value, low, high, verdict)


def _check_each_once(path: Path, calibration: Calibration) -> None:
    seen: set[tuple[str, str | None]] = set()
    for one in calibration.measured:
        if (one.name, one.joint) in seen:
            raise SurefootError(
                f"{path.name}: {one.called} stands there twice", hint="measure once, or keep one of both"
            )
        seen.add((one.name, one.joint))


def _text(path: Path, content: dict[str, Plain], key: str, where: str = "") -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise wrong(path, f"{where}{key}", value, "a text on one line")
    return value


def number_of(path: Path, where: str, value: Plain) -> float:
    """A number of a file, or an error that says where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise wrong(path, where, value, "a finite number")
    return float(value)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer with hundreds of digits
        return False


def _plain_name(name: str) -> str:
    """Of a file, which may have any characters, as a text for one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:LONGEST_NAME]


def wrong(path: Path, where: str, value: Plain, valid: str) -> SurefootError:
    """The error of a value that is not valid."""
    text = repr(value)
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return SurefootError(f"{path.name}: {where}: {shown} is not valid: must be {valid}")
