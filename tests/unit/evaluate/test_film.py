"""What a film shows, without drawing a robot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.course import COURSE, Commands, Shot, parse_command, parse_lane
from surefoot_training.evaluate.film import arrows_of, frames_of, strip
from surefoot_training.task.tasks import TASKS


def shot(step: int, heading_rad: float = 0.0, estimate: np.ndarray | None = None) -> Shot:
    return Shot(
        time_s=0.02 * (step + 1),
        qpos=np.array([1.0, 2.0, 0.3, 1.0, 0.0, 0.0, 0.0]),
        heading_rad=heading_rad,
        command=np.array([1.0, 0.0, 0.5]),
        velocity_in_base=np.array([0.5, 0.5, 0.1]),
        yaw_rate_radps=0.4,
        estimate_in_base=estimate,
        fell=False,
    )


def test_pictures_are_evenly_spread_in_time() -> None:
    shots = [shot(step) for step in range(100)]
    assert frames_of(shots, 25) == list(range(0, 100, 2))
    assert frames_of(shots, 10) == list(range(0, 100, 5))
    assert frames_of(shots[:1], 25) == [0]


def test_arrows_turn_with_the_robot() -> None:
    command, true = arrows_of(shot(0, heading_rad=math.pi / 2))
    assert command.start_in_world[:2] == pytest.approx((1.0, 2.0))
    assert command.end_in_world[:2] == pytest.approx((1.0, 2.7))  # facing left, ahead is left; 0.7 m per m/s
    assert true.end_in_world[:2] == pytest.approx((1.0 - 0.35, 2.35))
    assert command.start_in_world[2] == command.end_in_world[2] < true.start_in_world[2]


def test_an_estimate_is_shown_where_there_is_one() -> None:
    assert len(arrows_of(shot(0, estimate=np.array([0.3, 0.0, 0.0])))) == 3
    assert len(arrows_of(shot(0, estimate=np.array([0.01, 0.0, 5.0])))) == 2  # too short to see


def test_a_sheet_of_pictures() -> None:
    pictures = [np.full((45, 80, 3), shade, dtype=np.uint8) for shade in (10, 20, 30)]
    sheet = np.asarray(strip(pictures, columns=2, width_px=160))
    assert sheet.shape == (180, 320, 3)
    assert [sheet[45, 80, 0], sheet[45, 240, 0], sheet[135, 80, 0], sheet[135, 240, 0]] == [10, 20, 30, 255]


def test_commands_one_after_the_other() -> None:
    course = Commands(COURSE, steps_each=3)
    asked = [course.command(step, None)[0].tolist() for step in (0, 2, 3, 10_000)]  # type: ignore[arg-type]
    assert asked == [list(COURSE[0]), list(COURSE[0]), list(COURSE[1]), list(COURSE[-1])]


def test_what_is_typed() -> None:
    assert parse_command("0.5,-0.1,1") == (0.5, -0.1, 1.0)
    for wrong in ("1,2", "a,b,c", "1,2,nan", ""):
        with pytest.raises(SurefootError, match="is not vx,vy,yaw"):
            parse_command(wrong)
    assert parse_lane("slope_up:5", TASKS["velocity-flat"]).measures["slope_deg"] == pytest.approx(15.0)
    for wrong, told in (("slope_up", "not kind:level"), ("slope_up:12", "no level 12"), ("up:1", "'up' is unknown")):
        with pytest.raises(SurefootError, match=told):
            parse_lane(wrong, TASKS["velocity-flat"])
