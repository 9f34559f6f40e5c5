"""Calibrations made up for tests, and their files."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import yaml

from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
DELAY = Measured("action_delay_s", None, 0.0123, 0.012, 0.0126, "identified")


def armature(value: float = 0.005, low: float = 0.0049, high: float = 0.0052, joint: str = "FL_hip_joint") -> Measured:
    return Measured("armature_kgm2", joint, value, low, high, "identified")


def calibration(*rows: Measured) -> Calibration:
    return Calibration("calibration.yaml", "a" * 64, "go2", robot_hash(GO2), "in-air", rows)


def content(*rows: Measured) -> dict[str, object]:
    """Of a file, as far as its readers look at it."""
    return {
        "format": "surefoot-calibration",
        "version": 1,
        "robot": "go2",
        "robot_hash": robot_hash(GO2),
        "protocol": "in-air",
        "made": {"at": "2030-01-02T00:00:00+00:00"},
        "parameters": [asdict(one) | {"unit": "1", "prior": one.value, "tied_to": "", "advice": ""} for one in rows],
    }


def write(file: Path, *rows: Measured) -> Path:
    file.write_text(yaml.safe_dump(content(*rows), sort_keys=False))
    return file
