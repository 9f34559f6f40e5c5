import numpy as np
import pytest
import torch

from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain, heights_at


def terrain_of(heights: list[list[float]], cell_m: float = 1.0) -> Terrain:
    """A bare field with its middle at the origin."""
    return Terrain(
        heights_m=np.array(heights, dtype=np.float32),
        cell_m=cell_m,
        tile_size_m=1.0,
        platform_m=1.0,
        column_kinds=("flat",),
        tile_origin_in_world=np.zeros((1, 1, 3), dtype=np.float32),
    )


# Rows along y, from -1 to 1; columns along x.
HILLS = terrain_of([[0.0, 1.0, 2.0], [3.0, 5.0, 4.0], [6.0, 7.0, 9.0]])


def at(x: float, y: float, terrain: Terrain = HILLS) -> float:
    return float(heights_at(terrain, np.array([x]), np.array([y]))[0])


def test_nodes_give_their_own_heights() -> None:
    x, y = np.meshgrid(np.array([-1.0, 0.0, 1.0]), np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_array_equal(heights_at(HILLS, x, y), HILLS.heights_m)


@pytest.mark.parametrize(
    ("x", "y", "height"),
    [
        (-0.5, -0.5, 2.5),  # on the diagonal of the first cell, halfway from 0 to 5; bilinear would be 2.25
        (-0.25, -0.75, 1.75),  # below it: 0 + 0.75 * (1 - 0) + 0.25 * (5 - 1)
        (-0.75, -0.25, 2.75),  # above it: 0 + 0.75 * (3 - 0) + 0.25 * (5 - 3)
        (0.5, 0.25, 5.75),  # last cell, below: 5 + 0.5 * (4 - 5) + 0.25 * (9 - 4)
        (0.25, 0.75, 7.0),  # last cell, above: 5 + 0.75 * (7 - 5) + 0.25 * (9 - 7)
    ],
)
def test_cells_are_split_along_the_rising_diagonal(x: float, y: float, height: float) -> None:
    assert at(x, y) == pytest.approx(height)


@pytest.mark.parametrize(
    ("x", "y", "height"), [(5.0, 5.0, 9.0), (-7.0, -1.5, 0.0), (0.0, 8.0, 7.0), (np.inf, 0.0, 4.0)]
)
def test_beyond_the_field_the_nearest_edge_counts(x: float, y: float, height: float) -> None:
    assert at(x, y) == pytest.approx(height)


def test_nan_gives_nan_for_its_own_point_alone() -> None:
    heights = heights_at(HILLS, np.array([np.nan, 0.0, 0.0]), np.array([0.0, np.nan, 0.0]))
    assert np.isnan(heights).tolist() == [True, True, False]
    assert heights[2] == 5.0


@pytest.mark.parametrize("shape", [(), (0,), (4,), (3, 4), (2, 3, 4)])
def test_any_shape_and_the_precision_of_the_points(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(-1, 1, shape).astype(np.float32) for _ in range(2))
    heights = heights_at(HILLS, np.asarray(x), np.asarray(y))
    assert heights.shape == shape
    assert heights.dtype == np.float32
    doubled = heights_at(HILLS, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    assert doubled.dtype == np.float64
    np.testing.assert_allclose(heights, doubled, atol=1e-5)


def test_points_of_two_shapes_are_broadcast() -> None:
    x, y = np.array([[-1.0], [0.0]]), np.array([[-1.0, 0.0, 1.0]])
    np.testing.assert_array_equal(heights_at(HILLS, x, y), [[0.0, 3.0, 6.0], [1.0, 5.0, 7.0]])


def test_tensors_give_what_arrays_give() -> None:
    terrain = build_terrain(TerrainConfig(columns=("rough", "stairs_up"), level_count=2, border_m=1.0))
    rng = np.random.default_rng(1)
    x, y = (rng.uniform(-10, 10, (64, 4)).astype(np.float32) for _ in range(2))
    there = terrain.as_arrays_of(torch.zeros(1))
    heights = heights_at(there, torch.from_numpy(x), torch.from_numpy(y))
    assert heights.dtype == torch.float32
    # float32 resolves 0.5 µm at 10 m; the risers are four times as steep as wide.
    np.testing.assert_allclose(heights.numpy(), heights_at(terrain, x, y), atol=5e-6)


def test_a_plane_is_at_height_0_everywhere() -> None:
    x, y = np.array([0.0, 1e6, np.nan], dtype=np.float32), np.zeros(3, dtype=np.float32)
    heights = heights_at(Terrain.flat(), x, y)
    assert heights[:2].tolist() == [0.0, 0.0]
    assert heights.dtype == np.float32
    assert heights_at(Terrain.flat().as_arrays_of(torch.zeros(1)), torch.ones(2, 3), torch.ones(2, 3)).shape == (2, 3)
