"""docs/identification.md, "Sensors": its numbers are those of the code."""

import json
import math
from pathlib import Path

import pytest

from surefoot_calibration.sensors.noise import LENGTHS_MIN, USUAL_H, WALK_NARROW
from surefoot_calibration.sensors.poses import LEVEL_RAD
from surefoot_calibration.sensors.rocking import LEGS_RAD
from surefoot_calibration.sensors.stillness import LEAST_STILL_S
from surefoot_calibration.sensors.zero import AWAY_RAD, KNOWN_RAD, LEAST_SETTLES
from surefoot_safety.gaits.senses import VELOCITY_TIME_S
from surefoot_training.task.sensors import SensorConfig

DOCS = Path(__file__).parents[3] / "docs"
RESULTS = Path(__file__).parents[2] / "bench" / "results" / "identify-sensors.json"
MEASURED = json.loads(RESULTS.read_text(encoding="utf-8"))
PAGE = (DOCS / "identification.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"identified within {100.0 * WALK_NARROW:g} %",
        f"wants {USUAL_H:g} h",
        f"{1e3 * LEVEL_RAD:g} mrad unless `--level-error` says better",
        f"each held for {LEAST_STILL_S:g} s",
        f"`--known-error` ({KNOWN_RAD:g} rad)",
        f"lets it off by {math.degrees(AWAY_RAD):.0f}° or more",
        "three times and more",
        "`VELOCITY_TIME_S`",
        "`task.sensors.joint_speed_window_s`",
    ],
)
def test_numbers_are_those_of_the_code(said):
    assert said in PAGE


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [
        ("gyro_density", "%", 100.0),
        ("gyro_walk", "%", 100.0),
        ("acceleration_bias_mps2", "m/s²", 1.0),
        ("acceleration_scale", "", 1.0),
        ("imu_turn_rad", "mrad", 1e3),
        ("encoder_offset_rad", "mrad", 1e3),
        ("action_delay_s", "ms", 1e3),
    ],
)
def test_how_well_it_does_is_what_was_measured(name, unit, factor):
    (row,) = [row for row in MEASURED["figures"] if row["name"] == name]
    (line,) = [line for line in PAGE.splitlines() if f"| {row['count']} |" in line and _is(line, row, unit, factor)]
    assert f"| {100.0 * row['inside']:.0f} % | {100.0 * row['identified']:.0f} % |" in line


def _is(line, row, unit, factor):
    """Whether a line of the table has these errors, rounded as it rounds them."""
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    for cell, key in zip(cells[2:4], ("median", "p95"), strict=True):
        number, _, said = cell.partition(" ")
        digits = len(number.partition(".")[2])
        if said != unit or float(number) != round(factor * row[key], digits):
            return False
    return True


def test_the_rest_of_them():
    assert LEAST_SETTLES == 3
    assert 60 * USUAL_H in LENGTHS_MIN
    assert VELOCITY_TIME_S > 0.0
    assert hasattr(SensorConfig(), "joint_speed_window_s")
    assert "`task.sensors.gyro_noise_radps` has twenty times a Go2's" in (DOCS / "training.md").read_text()
    # 95 % of a normal distribution.
    assert (1.96 * 1e3 * LEGS_RAD).round() == pytest.approx([7.0, 2.0, 1.0])
    assert "to 7 mrad about x, 2 about y and 1 about z" in PAGE
