import math

import numpy as np
import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.task.terrain import ScanGrid, Terrain, TerrainConfig, build_terrain, height_scan

GRID = ScanGrid()


def ramp(slope_x: float, slope_y: float) -> Terrain:
    """A plane of 20 m x 20 m that rises along x and y: z = slope_x * x + slope_y * y."""
    along = np.arange(-10.0, 10.25, 0.5)
    return Terrain(
        heights_m=(slope_x * along[None, :] + slope_y * along[:, None]).astype(np.float32),
        cell_m=0.5,
        tile_size_m=20.0,
        platform_m=1.0,
        column_kinds=("slope_up",),
        tile_origin_in_world=np.zeros((1, 1, 3), dtype=np.float32),
    )


def poses(*rows: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """(x, y, z, heading) per robot."""
    table = np.array(rows, dtype=np.float32)
    return table[:, :3], table[:, 3]


def test_default_grid_is_17_by_11_points() -> None:
    assert GRID.shape == (17, 11)
    assert GRID.size == 187
    points = GRID.points_in_base_m
    assert points.shape == (187, 2)
    np.testing.assert_allclose(points[0], [-0.8, -0.5], atol=1e-6)
    np.testing.assert_allclose(points[1], [-0.8, -0.4], atol=1e-6)  # y runs fastest
    np.testing.assert_allclose(points[11], [-0.7, -0.5], atol=1e-6)
    np.testing.assert_allclose(points[93], [0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(points[-1], [0.8, 0.5], atol=1e-6)


def test_heading_ahead_up_a_ramp() -> None:
    position, heading = poses((2.0, -1.0, 0.7, 0.0))
    scan = height_scan(ramp(0.2, 0.0), position, heading, GRID)
    assert scan.shape == (1, 187)
    assert scan.dtype == np.float32
    expected = 0.2 * (2.0 + GRID.points_in_base_m[:, 0]) - 0.7
    np.testing.assert_allclose(scan[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        # A ramp up along world x. Turned left by 90 degrees, uphill is to the robot's right (-y of the base).
        (90.0, lambda x, y: -0.2 * y),
        (180.0, lambda x, y: -0.2 * x),
        (-90.0, lambda x, y: 0.2 * y),
        (30.0, lambda x, y: 0.2 * (x * math.cos(math.pi / 6) - y * math.sin(math.pi / 6))),
    ],
)
def test_grid_turns_with_the_heading(degrees: float, expected) -> None:
    position, heading = poses((0.0, 0.0, 0.0, math.radians(degrees)))
    scan = height_scan(ramp(0.2, 0.0), position, heading, GRID)
    x, y = GRID.points_in_base_m.T
    np.testing.assert_allclose(scan[0], expected(x, y), atol=1e-5)


def test_each_robot_has_its_own_pose() -> None:
    position, heading = poses((0.0, 0.0, 0.3, 0.0), (1.0, 2.0, 0.5, math.pi / 2))
    scan = height_scan(ramp(0.1, 0.3), position, heading, GRID)
    x, y = GRID.points_in_base_m.T
    np.testing.assert_allclose(scan[0], 0.1 * x + 0.3 * y - 0.3, atol=1e-5)
    np.testing.assert_allclose(scan[1], 0.1 * (1.0 - y) + 0.3 * (2.0 + x) - 0.5, atol=1e-5)


def test_beyond_the_field_the_scan_is_finite() -> None:
    position, heading = poses((9.9, 9.9, 0.0, 0.5), (1e4, -1e4, 2.0, 0.0))
    scan = height_scan(ramp(0.1, 0.0), position, heading, GRID)
    assert np.isfinite(scan).all()
    np.testing.assert_allclose(scan[1], 1.0 - 2.0, atol=1e-5)


def test_flat_terrain_is_the_base_height_below() -> None:
    position, heading = poses((3.0, 4.0, 0.31, 1.0), (0.0, 0.0, 0.25, 2.0))
    scan = height_scan(Terrain.flat(), position, heading, GRID)
    assert scan.shape == (2, 187)
    np.testing.assert_array_equal(scan, np.repeat(-position[:, 2:], 187, axis=1))


def test_many_robots_get_what_each_would_get_alone() -> None:
    terrain = build_terrain(TerrainConfig(columns=("rough", "obstacles"), level_count=2, border_m=1.0))
    rng = np.random.default_rng(2)
    position, heading = poses(*rng.uniform((-9, -9, 0, -3), (9, 9, 1, 3), size=(600, 4)))
    together = height_scan(terrain, position, heading, GRID)
    for robot in (0, 266, 267, 268, 599):  # also across the blocks they are computed in
        alone = height_scan(terrain, position[robot : robot + 1], heading[robot : robot + 1], GRID)
        np.testing.assert_array_equal(together[robot], alone[0])


def test_tensors_give_what_arrays_give() -> None:
    terrain = build_terrain(TerrainConfig(columns=("rough", "stairs_down"), level_count=2, border_m=1.0))
    rng = np.random.default_rng(3)
    position, heading = poses(*rng.uniform((-9, -9, 0, -3), (9, 9, 1, 3), size=(32, 4)))
    scan = height_scan(
        terrain.as_arrays_of(torch.zeros(1)), torch.from_numpy(position), torch.from_numpy(heading), GRID
    )
    assert scan.dtype == torch.float32
    np.testing.assert_allclose(scan.numpy(), height_scan(terrain, position, heading, GRID), atol=2e-5)


def test_a_robot_gone_astray_spoils_no_other() -> None:
    position, heading = poses((np.nan, 0.0, 0.0, 0.0), (0.0, 0.0, 0.3, 0.0))
    scan = height_scan(ramp(0.1, 0.0), position, heading, GRID)
    assert np.isnan(scan[0]).all()
    assert np.isfinite(scan[1]).all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"spacing_m": 0.0}, "spacing_m 0.0"),
        ({"spacing_m": math.nan}, "spacing_m nan"),
        ({"x_m": (-0.8, 0.75)}, "x_m (-0.8, 0.75) is not a whole number of steps of 0.1 m"),
        ({"y_m": (0.5, -0.5)}, "y_m (0.5, -0.5)"),
    ],
)
def test_bad_grids_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(SurefootError) as refusal:
        ScanGrid(**wrong)
    assert said in refusal.value.message


def test_everything_stays_on_the_device_of_the_poses() -> None:
    """Torch's `meta` device refuses to mix with the processor's memory, as a GPU would."""
    position, heading = torch.zeros((4, 3), device="meta"), torch.zeros(4, device="meta")
    for terrain in (ramp(0.1, 0.0), Terrain.flat()):
        there = terrain.as_arrays_of(position)
        scan = height_scan(there, position, heading, GRID)
        level, column = there.tile_at(position[:, 0], position[:, 1])
        inside = there.contains(position[:, 0], position[:, 1])
        assert {array.device.type for array in (scan, level, column, inside)} == {"meta"}
        assert scan.shape == (4, 187)
