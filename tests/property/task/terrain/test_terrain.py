"""What holds for any difficulty, seed and point, not only for those somebody thought of."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surefoot_training.task.terrain import TILE_KINDS, ScanGrid, Terrain, TerrainConfig, height_scan, heights_at

KINDS = st.sampled_from(sorted(TILE_KINDS))
FRACTIONS = st.floats(0.0, 1.0)
SEEDS = st.integers(0, 2**32 - 1)
SMALL = TerrainConfig(tile_size_m=4.8, platform_m=1.0, cell_m=0.1, gap_width_m=(0.2, 0.5), stone_gap_m=(0.2, 0.4))


def bounds_m(kind: str, level_fraction: float) -> tuple[float, float]:
    """Lowest and highest a tile may be, from the stated measures."""
    measures = TILE_KINDS[kind].measures(level_fraction, SMALL)
    swing = measures.get("amplitude_m", measures.get("stone_height_m", 0.0))
    rise = measures.get("rise_m", 0.0)
    low = max(swing, measures.get("depth_m", 0.0), rise if kind.endswith("_up") else 0.0)
    return -low, max(swing, measures.get("box_height_m", 0.0), rise if kind.endswith("_down") else 0.0)


@given(KINDS, FRACTIONS, SEEDS)
def test_tiles_stay_within_their_measures(kind: str, level_fraction: float, seed: int) -> None:
    heights = TILE_KINDS[kind].generate(level_fraction, np.random.default_rng(seed), SMALL)
    low, high = bounds_m(kind, level_fraction)
    assert heights.min() >= low - 1e-5
    assert heights.max() <= high + 1e-5


@given(KINDS, FRACTIONS, SEEDS)
def test_tiles_end_at_height_0_on_all_sides(kind: str, level_fraction: float, seed: int) -> None:
    heights = TILE_KINDS[kind].generate(level_fraction, np.random.default_rng(seed), SMALL)
    assert all((edge == 0.0).all() for edge in (heights[0], heights[-1], heights[:, 0], heights[:, -1]))


@given(KINDS, FRACTIONS, FRACTIONS)
def test_harder_levels_are_never_easier_in_any_measure(kind: str, one: float, other: float) -> None:
    easier, harder = (TILE_KINDS[kind].measures(fraction, SMALL) for fraction in sorted((one, other)))
    for name, value in easier.items():
        if name == "stone_side_m":
            assert harder[name] <= value + 1e-9
        else:
            assert harder[name] >= value - 1e-9
    lower, upper = (bounds_m(kind, fraction) for fraction in sorted((one, other)))
    assert upper[0] <= lower[0] + 1e-9
    assert upper[1] >= lower[1] - 1e-9


@st.composite
def fields(draw: st.DrawFn) -> Terrain:
    rows, columns = (2 * draw(st.integers(1, 4)) + 1 for _ in range(2))
    heights = np.random.default_rng(draw(SEEDS)).uniform(-1.0, 1.0, (rows, columns)).astype(np.float32)
    origins = np.zeros((1, 1, 3), dtype=np.float32)
    return Terrain(heights, draw(st.sampled_from([0.04, 0.05, 0.3])), 1.0, 1.0, ("flat",), origins)


def height_by_hand(terrain: Terrain, x_m: float, y_m: float) -> float:
    """The plane through the three corners of the triangle, one point at a time."""
    rows, columns = terrain.heights_m.shape
    u, v = x_m / terrain.cell_m + (columns - 1) / 2, y_m / terrain.cell_m + (rows - 1) / 2
    u, v = min(max(u, 0.0), columns - 1.0), min(max(v, 0.0), rows - 1.0)
    column, row = min(int(u), columns - 2), min(int(v), rows - 2)
    third = (row, column + 1) if u - column >= v - row else (row + 1, column)
    corners = [(row, column), (row + 1, column + 1), third]
    plane = np.linalg.solve(
        np.array([[c, r, 1.0] for r, c in corners]), [float(terrain.heights_m[corner]) for corner in corners]
    )
    return float(plane @ (u, v, 1.0))


@given(fields(), st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_look_up_is_the_plane_through_the_triangle(terrain: Terrain, x_m: float, y_m: float) -> None:
    found = float(heights_at(terrain, np.array([x_m]), np.array([y_m]))[0])
    assert math.isclose(found, height_by_hand(terrain, x_m, y_m), abs_tol=1e-6)


@given(fields(), st.floats(allow_nan=False, width=32), st.floats(allow_nan=False, width=32))
def test_any_point_gives_a_height_of_the_field(terrain: Terrain, x_m: float, y_m: float) -> None:
    x, y = np.array([x_m], dtype=np.float32), np.array([y_m], dtype=np.float32)
    found = float(heights_at(terrain, x, y)[0])
    assert terrain.heights_m.min() - 1e-6 <= found <= terrain.heights_m.max() + 1e-6


@given(fields(), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(-10.0, 10.0), st.floats(-1.0, 1.0))
def test_scan_is_the_look_up_at_the_turned_grid(
    terrain: Terrain, x_m: float, y_m: float, heading_rad: float, z_m: float
) -> None:
    grid = ScanGrid(x_m=(-0.2, 0.4), y_m=(-0.1, 0.1))
    scan = height_scan(terrain, np.array([[x_m, y_m, z_m]]), np.array([heading_rad]), grid)
    for point, (forward, left) in enumerate(grid.points_in_base_m.astype(float)):
        at_x = x_m + math.cos(heading_rad) * forward - math.sin(heading_rad) * left
        at_y = y_m + math.sin(heading_rad) * forward + math.cos(heading_rad) * left
        assert math.isclose(scan[0, point], height_by_hand(terrain, at_x, at_y) - z_m, abs_tol=1e-5)
