"""Several files of one robot's calibration as one: who trains is given one file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from surefoot_calibration.calibration_file import ROW_KEYS, made
from surefoot_calibration.ground.parameters import TRUNK_NAMES
from surefoot_robots.calibration import VERDICTS, Calibration, Measured, called, read_calibration
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping

Plain: TypeAlias = object
HELD_OUT = "held_out_rmse_rad"


@dataclass(frozen=True, slots=True)
class Choice:
    """One parameter that several files have."""

    parameter: Measured
    """The one that was kept."""
    kept: str
    """The file's name."""
    other: Measured
    left: str
    disagree: bool
    """Whether their intervals have nothing in common, though both say something."""


@dataclass(frozen=True, slots=True)
class Joined:
    """All of them."""

    content: dict[str, Plain]
    choices: tuple[Choice, ...]


def joined(files: Sequence[Path], robot: RobotSpec | None, now: datetime) -> Joined:
    """Every parameter once: the one with the better verdict, and of equal ones the one with the narrower interval.

    Mass, centre of mass and inertia are one body's, and of one file: that in which more of them is sure.
    """
    each = [read_calibration(file, robot) for file in files]
    first = each[0]
    for other in each[1:]:
        if (other.robot, other.robot_hash) != (first.robot, first.robot_hash):
            raise SurefootError(
                f"{other.name} is of {other.robot} {other.robot_hash[:12]}, {first.name} of {first.robot} "
                f"{first.robot_hash[:12]}: must be of one robot"
            )
    if len({one.sha256 for one in each}) < len(each):
        raise SurefootError("the same file is given twice")
    contents = [read_mapping(file) for file in files]
    rows, choices = _chosen(each, contents)
    content: dict[str, Plain] = {
        **{key: contents[0][key] for key in ("format", "version", "robot", "robot_hash")},
        "protocol": "+".join(dict.fromkeys(part for one in each for part in one.protocol.split("+"))),
        "made": made(now),
        "logs": _logs(files, contents),
        **next(({HELD_OUT: one[HELD_OUT]} for one in contents if HELD_OUT in one), {}),
        "joined": [called(one.name, one.sha256) for one in each],
        "parameters": rows,
    }
    return Joined(content, choices)


def _chosen(
    each: Sequence[Calibration], contents: Sequence[dict[str, Plain]]
) -> tuple[list[Plain], tuple[Choice, ...]]:
    kept: dict[tuple[str, str | None], tuple[Measured, Calibration, Plain]] = {}
    choices = []
    weighed = min(each, key=_body_rank)
    of_body = {one.name for one in weighed.measured} & set(TRUNK_NAMES)

    def rank(found: tuple[Measured, Calibration, Plain]) -> tuple[float, ...]:
        one, calibration, _ = found
        return (float(one.name in TRUNK_NAMES and calibration is not weighed), *_rank(one))

    for calibration, content in zip(each, contents, strict=True):
        rows = content["parameters"]
        assert isinstance(rows, list)  # read_calibration has looked
        for one, row in zip(calibration.measured, rows, strict=True):
            place = one.name, one.joint
            if one.name in TRUNK_NAMES and one.name not in of_body:
                continue
            if place not in kept:
                kept[place] = one, calibration, _known(row)
                continue
            pair = sorted([kept[place], (one, calibration, _known(row))], key=rank)
            kept[place] = pair[0]
            (better, of_better, _), (worse, of_worse, _) = pair
            choices.append(Choice(better, of_better.name, worse, of_worse.name, _disagree(better, worse)))
    return [row for _, _, row in kept.values()], tuple(choices)


def _known(row: dict[str, Plain]) -> Plain:
    """Of a file's row, what rows have."""
    return {key: value for key, value in row.items() if key in ROW_KEYS}


def _rank(one: Measured) -> tuple[int, float]:
    return VERDICTS.index(one.verdict), one.high - one.low


def _body_rank(calibration: Calibration) -> tuple[float, ...]:
    """How many numbers of the trunk are identified, and weak; of equal files, how narrow they are."""
    found = {one.name: one for one in calibration.measured if one.name in TRUNK_NAMES}
    verdicts = [one.verdict for one in found.values()]
    widths = (found[name].high - found[name].low if name in found else math.inf for name in TRUNK_NAMES)
    return -verdicts.count("identified"), -verdicts.count("weak"), *widths


def _disagree(one: Measured, other: Measured) -> bool:
    return "not_identifiable" not in (one.verdict, other.verdict) and not (
        one.low <= other.high and other.low <= one.high
    )


def _logs(files: Sequence[Path], contents: Sequence[dict[str, Plain]]) -> list[Plain]:
    """Each once; a file without is named by itself."""
    found: dict[str, Plain] = {}
    for file, content in zip(files, contents, strict=True):
        logs = content.get("logs")
        for log in logs if isinstance(logs, list) else []:
            if isinstance(log, dict) and isinstance(log.get("sha256"), str):
                found[log["sha256"]] = log
        if not logs:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            found[digest] = {"file": file.name, "sha256": digest}
    return list(found.values())
