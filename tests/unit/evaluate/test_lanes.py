"""Lanes of one kind and level, and who gets how far on them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.lanes import UNSEEN_SEED, build_lanes, lanes_of, tiles_for
from surefoot_training.evaluate.terrain import LaneExaminer
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.terrain import TerrainConfig, heights_at
from surefoot_training.task.terrain.field import make_tile

CONFIG = TerrainConfig()


def test_as_many_tiles_as_are_walked_on() -> None:
    assert [tiles_for(length_m, 8.0) for length_m in (1.0, 4.0, 4.1, 12.0, 20.0, 20.1)] == [1, 1, 2, 2, 3, 4]


def test_levels_mean_what_the_table_of_terrain_says() -> None:
    lanes = lanes_of(CONFIG, (4, 5, 8))
    assert len(lanes) == 8 * 3 + 1  # flat once
    measures = {(lane.kind, lane.level): lane.measures for lane in lanes}
    assert measures["stairs_up", 4]["step_height_m"] == pytest.approx(0.10)
    assert measures["slope_down", 5]["slope_deg"] == pytest.approx(15.0)
    assert measures["rough", 8]["amplitude_m"] == pytest.approx(0.01 + 0.05 * 8 / 9)


@pytest.mark.parametrize(
    ("levels", "kinds", "told"), [((10,), (), "no level 10"), ((-1,), (), "no level -1"), ((1,), ("lava",), "'lava'")]
)
def test_what_there_is_not_is_refused(levels: tuple[int, ...], kinds: tuple[str, ...], told: str) -> None:
    with pytest.raises(SurefootError, match=told):
        lanes_of(CONFIG, levels, kinds)


def test_every_lane_is_tiles_of_its_kind_and_level() -> None:
    lanes = lanes_of(CONFIG, (3, 6), ("rough", "stairs_up"))
    ground = build_lanes(CONFIG, lanes, 20.0, seed=7)
    assert ground.column_kinds == ("rough", "rough", "stairs_up", "stairs_up")
    assert ground.size_m == pytest.approx((3 * 8.0 + 8.0, 4 * 8.0 + 8.0))
    cells = np.arange(161) * 0.05 - 4.0
    x, y = np.meshgrid(cells, cells)
    for index, lane in enumerate(lanes):
        config = TerrainConfig(columns=(lane.kind,) * 3, seed=UNSEEN_SEED + 7)
        origin = ground.tile_origin_in_world[0, index]
        for tile in range(3):
            built = heights_at(ground, x + origin[0] + 8.0 * tile, y + origin[1])
            assert built == pytest.approx(make_tile(config, lane.level, tile), abs=1e-5)
        assert origin[2] == heights_at(ground, origin[None, 0], origin[None, 1])[0]


def test_a_lane_of_stairs_goes_up_and_down() -> None:
    (lane,) = lanes_of(CONFIG, (4,), ("stairs_up",))
    ground = build_lanes(CONFIG, [lane], 20.0, seed=0)
    x0, y0, _ = ground.tile_origin_in_world[0, 0]
    along = x0 + np.arange(0, 20.01, 0.05)
    rise = np.diff(heights_at(ground, along, np.full_like(along, y0)))
    steps = rise[abs(rise) > 0.01]
    assert abs(steps) == pytest.approx(0.10, abs=1e-4)
    assert (int((steps > 0).sum()), int((steps < 0).sum())) == (8 * 3, 8 * 2)


def state(x: list[float], y: list[float], heading_rad: list[float]) -> RobotState:
    position = np.stack([x, y, np.zeros(len(x))], axis=-1).astype(np.float32)
    return SimpleNamespace(base_position_in_world=position, heading_rad=np.array(heading_rad))  # type: ignore[return-value]


def examiner(robots: int) -> LaneExaminer:
    start = np.tile([1.0, 2.0], (robots, 1))
    return LaneExaminer(start, speed_mps=0.5, length_m=20.0, half_width_m=4.0, gain_per_s=0.5, fastest_turn_radps=0.4)


def test_robots_are_steered_back_to_the_middle() -> None:
    command = examiner(4).command(0, state([1, 1, 1, 1], [2, 3, 2, -7], [0, 0, 0.4, 0]))
    assert command[:, :2].tolist() == [[0.5, 0.0]] * 4
    # On the way; a metre to the left: turn right; heading left: turn right; far to the right: 0.6 rad at most.
    assert command[:, 2] == pytest.approx([0.0, -0.5 * np.arctan2(1.0, 2.0), -0.2, 0.3])


def test_how_trials_end() -> None:
    judge = examiner(5)
    judge.command(0, state([1.2] * 5, [2] * 5, [0] * 5))
    nobody = np.zeros(5, dtype=bool)
    assert not judge.judge(0, state([11.2] * 5, [2, 2, 6.1, 2, 2], [0] * 5), np.array([0, 1, 0, 0, 0], dtype=bool))
    assert judge.counts(5).tolist() == [True, False, False, True, True]
    # What comes after a trial's end changes nothing; 20 m from where the robot was, not from the lane's start.
    assert not judge.judge(1, state([21.21, 99, 99, 21.19, 5], [2] * 5, [0] * 5), nobody)
    assert judge.succeeded.tolist() == [True, False, False, False, False]
    assert judge.fell.tolist() == [False, True, False, False, False]
    assert judge.strayed.tolist() == [False, False, True, False, False]
    assert judge.walked_m == pytest.approx([20.01, 0.0, 10.0, 19.99, 3.8], abs=1e-4)
    assert judge.judge(2, state([0, 0, 0, 21.3, 21.3], [2] * 5, [0] * 5), nobody)


def test_a_position_that_is_none_is_a_fall() -> None:
    judge = examiner(1)
    judge.command(0, state([1.0], [2.0], [0.0]))
    assert judge.judge(0, state([np.nan], [np.nan], [0.0]), np.array([True]))
    assert judge.fell.all()
    assert np.isfinite(judge.walked_m).all()
