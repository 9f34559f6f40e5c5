"""Every kind of tile against geometry worked out by hand.

A tile has 161 nodes a side, its middle at 80; the platform reaches 20 cells from it, the rim begins at 70.
"""

import itertools
import math

import numpy as np
import pytest

from surefoot_training.task.terrain import TILE_KINDS, TerrainConfig

CONFIG = TerrainConfig()
MIDDLE, PLATFORM, RIM = 80, 20, 70


def make(kind: str, level_fraction: float = 1.0, config: TerrainConfig = CONFIG, seed: int = 0) -> np.ndarray:
    return TILE_KINDS[kind].generate(level_fraction, np.random.default_rng(seed), config)


def ahead(kind: str, level_fraction: float = 1.0, config: TerrainConfig = CONFIG) -> np.ndarray:
    """Heights from the middle along x, as float64."""
    return make(kind, level_fraction, config)[MIDDLE, MIDDLE:].astype(float)


@pytest.mark.parametrize("kind", TILE_KINDS)
@pytest.mark.parametrize("level_fraction", [0.0, 0.5, 1.0])
def test_platform_and_rim_are_flat_and_everything_finite(kind: str, level_fraction: float) -> None:
    heights = make(kind, level_fraction)
    assert heights.shape == (161, 161)
    assert heights.dtype == np.float32
    assert np.isfinite(heights).all()
    platform = heights[MIDDLE - PLATFORM : MIDDLE + PLATFORM + 1, MIDDLE - PLATFORM : MIDDLE + PLATFORM + 1]
    assert np.ptp(platform) == 0.0
    distance = np.maximum(*np.abs(np.indices(heights.shape) - MIDDLE))
    assert (heights[distance >= RIM] == 0.0).all()


@pytest.mark.parametrize("kind", [kind for kind in TILE_KINDS if kind != "flat"])
def test_every_kind_but_flat_has_relief_between_platform_and_rim(kind: str) -> None:
    heights = make(kind)
    assert np.ptp(heights[MIDDLE, MIDDLE + PLATFORM : MIDDLE + RIM + 1]) > 0.02


@pytest.mark.parametrize("kind", TILE_KINDS)
def test_easiest_level_has_no_step_above_two_centimetres(kind: str) -> None:
    heights = make(kind, 0.0)
    walked_on = np.maximum(heights, 0.0) if kind in {"gaps", "stepping_stones"} else heights
    assert np.abs(np.diff(walked_on, axis=1)).max() <= 0.02 + 1e-6


def test_flat_is_flat() -> None:
    assert (make("flat") == 0.0).all()


@pytest.mark.parametrize(("level_fraction", "degrees"), [(0.0, 2.5), (1.0, 25.0), (5 / 9, 15.0)])
def test_slopes_have_the_stated_angle_from_platform_to_rim(level_fraction: float, degrees: float) -> None:
    for kind, sign in (("slope_up", 1.0), ("slope_down", -1.0)):
        angles = np.degrees(np.arctan(np.diff(ahead(kind, level_fraction)) / 0.05))
        np.testing.assert_allclose(angles[PLATFORM:RIM], sign * degrees, atol=1e-3)
        assert (angles[:PLATFORM] == 0.0).all()


def test_a_robot_on_slope_up_starts_below_and_on_slope_down_above() -> None:
    rise = 2.5 * math.tan(math.radians(25.0))
    assert ahead("slope_up")[0] == pytest.approx(-rise)
    assert ahead("slope_down")[0] == pytest.approx(rise)


@pytest.mark.parametrize(("level_fraction", "height"), [(0.0, 0.02), (1.0, 0.20), (4 / 9, 0.10)])
def test_stairs_have_eight_steps_of_the_stated_height_30_cm_apart(level_fraction: float, height: float) -> None:
    # 2.5 m between platform and rim hold 8 treads of 0.3 m; the first riser stands at the edge of the platform.
    for kind, sign in (("stairs_up", 1.0), ("stairs_down", -1.0)):
        steps = np.diff(ahead(kind, level_fraction))
        assert np.flatnonzero(steps).tolist() == [20, 26, 32, 38, 44, 50, 56, 62]
        np.testing.assert_allclose(steps[steps != 0.0], sign * height, atol=1e-6)


def test_stairs_look_the_same_from_all_four_sides() -> None:
    heights = make("stairs_up")
    np.testing.assert_array_equal(heights, np.rot90(heights))
    assert heights[MIDDLE, MIDDLE] == pytest.approx(-1.6)


def test_rough_stays_in_its_amplitude_uses_it_and_is_linear_between_coarse_points() -> None:
    for level_fraction, amplitude in ((0.0, 0.01), (1.0, 0.06)):
        heights = make("rough", level_fraction)
        assert 0.9 * amplitude < np.abs(heights).max() <= amplitude
    along = heights[MIDDLE + 40].astype(float)
    bends = np.flatnonzero(np.abs(np.diff(along, 2)) > 1e-6) + 1
    assert len(bends) > 20
    assert (bends % 4 == 0).all()  # 0.2 m in cells of 0.05 m


def test_obstacles_are_boxes_of_full_and_half_height() -> None:
    heights = make("obstacles")
    assert np.unique(heights) == pytest.approx([0.0, 0.1, 0.2])
    free = np.ones_like(heights, dtype=bool)
    free[MIDDLE - PLATFORM : MIDDLE + PLATFORM + 1, MIDDLE - PLATFORM : MIDDLE + PLATFORM + 1] = False
    covered = (heights[10:151, 10:151] > 0)[free[10:151, 10:151]].mean()
    assert 0.2 < covered < 0.6


def test_a_single_obstacle_is_a_rectangle_with_sides_in_range() -> None:
    config = TerrainConfig(obstacle_count=1, obstacle_side_m=(0.5, 1.0))
    found = 0
    for seed in range(40):
        heights = make("obstacles", 1.0, config, seed)
        rows, columns = np.nonzero(heights)
        if len(rows) == 0 or np.maximum(abs(rows - 80), abs(columns - 80)).min() == PLATFORM + 1:
            continue  # cut by the platform
        if np.maximum(abs(rows - 80), abs(columns - 80)).max() == RIM - 1:
            continue  # cut by the rim
        sides = np.array([np.ptp(rows), np.ptp(columns)])
        assert (sides >= 10).all()
        assert (sides <= 20).all()
        assert len(rows) == (sides + 1).prod()
        found += 1
    assert found > 10


def test_without_obstacles_nothing_stands_there() -> None:
    assert (make("obstacles", config=TerrainConfig(obstacle_count=0)) == 0.0).all()


@pytest.mark.parametrize(("level_fraction", "width", "depth"), [(0.0, 0.10, 0.10), (1.0, 0.45, 0.50)])
def test_two_gaps_of_the_stated_width_and_depth(level_fraction: float, width: float, depth: float) -> None:
    heights = ahead("gaps", level_fraction)
    pits = np.flatnonzero(heights < 0)
    runs = np.split(pits, np.flatnonzero(np.diff(pits) > 1) + 1)
    # Top edges: the last node of height 0 before a pit and the first behind it.
    edges = [((run[0] - 1) * 0.05, (run[-1] + 1) * 0.05) for run in runs]
    assert [near for near, _ in edges] == pytest.approx([1.0, 2.2])
    assert [far - near for near, far in edges] == pytest.approx([width, width])
    np.testing.assert_allclose(heights[pits], -depth, atol=1e-6)


def test_gaps_surround_the_platform() -> None:
    heights = make("gaps")
    np.testing.assert_array_equal(heights, np.rot90(heights))
    assert (heights[MIDDLE - 25, MIDDLE - 25 : MIDDLE + 26] < 0).all()


@pytest.mark.parametrize(("level_fraction", "side", "gap", "play"), [(0.0, 16, 2, 0.0), (1.0, 7, 5, 0.03)])
def test_stepping_stones_have_the_stated_sides_and_gaps(
    level_fraction: float, side: int, gap: int, play: float
) -> None:
    heights = make("stepping_stones", level_fraction, seed=3)
    depth = heights.min()
    assert depth == pytest.approx(-0.1 if level_fraction == 0.0 else -0.5)
    stones = gaps = 0
    for row in range(11, 59):  # below the platform, above the rim
        line = heights[row, 11:150]
        pits = line == depth
        if pits.all():
            continue  # between two rows of stones
        ends = np.flatnonzero(np.diff(pits))
        for first, last in itertools.pairwise(ends):
            if pits[last]:
                assert last - first == gap - 1  # nodes strictly between the edges
                gaps += 1
            else:
                assert last - first == side + 1
                assert np.ptp(line[first + 1 : last + 1]) == 0.0
                stones += 1
    assert stones > 50
    assert gaps > 50
    tops = heights[heights > depth]
    assert np.abs(tops).max() <= play + 1e-6
    assert np.abs(tops).max() >= 0.8 * play


def test_rows_of_stones_are_a_gap_apart_and_shifted_against_each_other() -> None:
    free = make("stepping_stones", 1.0, seed=3)[11:59, 11:150]
    pits = free == free.min()
    between_rows = np.flatnonzero(pits.all(axis=1))
    runs = np.split(between_rows, np.flatnonzero(np.diff(between_rows) > 1) + 1)
    assert [len(run) for run in runs[1:-1]] == [4] * (len(runs) - 2)  # 0.25 m: four nodes between two edges
    patterns = {pits[run[-1] + 1].tobytes() for run in runs[:-1]}
    assert len(patterns) > 1


def test_measures_are_those_of_the_tiles() -> None:
    def measured(kind: str, level_fraction: float) -> dict[str, float]:
        return TILE_KINDS[kind].measures(level_fraction, CONFIG)

    assert measured("flat", 1.0) == {}
    assert measured("rough", 0.0) == {"amplitude_m": 0.01}
    assert measured("slope_up", 1.0) == pytest.approx({"slope_deg": 25.0, "rise_m": 1.1658}, abs=1e-4)
    assert measured("stairs_down", 1.0) == pytest.approx({"step_height_m": 0.2, "rise_m": 1.6})
    assert measured("obstacles", 1.0) == {"box_height_m": 0.2}
    assert measured("gaps", 5 / 9) == pytest.approx({"gap_width_m": 0.3, "depth_m": 0.3222}, abs=1e-4)
    assert measured("stepping_stones", 1.0) == pytest.approx(
        {"stone_gap_m": 0.25, "stone_side_m": 0.35, "stone_height_m": 0.03, "depth_m": 0.5}
    )
