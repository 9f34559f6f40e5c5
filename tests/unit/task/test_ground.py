"""Heights as the task asks for them, against terrain whose heights one can say by heart."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_training.task.ground import Ground
from surefoot_training.task.terrain import ScanGrid, Terrain

GO2 = load_robot("go2")
RADIUS = 0.022
GRID = ScanGrid(x_m=(-0.2, 0.2), y_m=(-0.1, 0.1), spacing_m=0.1)


def ramp() -> Terrain:
    """Height = 0.1 x + 0.2 y, 4 m × 4 m, cells of 0.5 m: triangles render a plane exactly."""
    along = (np.arange(9, dtype=np.float32) - 4) * 0.5
    return Terrain(
        heights_m=(0.1 * along[None, :] + 0.2 * along[:, None]).astype(np.float32),
        cell_m=0.5,
        tile_size_m=4.0,
        platform_m=2.0,
        column_kinds=("flat",),
        tile_origin_in_world=np.zeros((1, 1, 3), dtype=np.float32),
    )


def ground(xp, terrain, scan=None):
    simulator = SimpleNamespace(
        arrays=xp,
        robot=GO2,
        terrain=terrain,
        state=lambda: SimpleNamespace(base_position_in_world=xp.zeros((1, 3), dtype=xp.float32)),
    )
    return Ground(simulator, scan)


@pytest.fixture
def robots(array):
    """Two robots: base [2, 3], heading [2], feet [2, 4, 3]."""
    base = [[0.3, -0.4, 0.35], [1.0, 1.0, 0.9]]
    feet = np.array([[[x, y, 0.1 * leg] for leg, (x, y) in enumerate([(0.5, 0), (0.5, -0.6), (0, 0), (-1, -1)])]] * 2)
    return array(base), array([0.0, np.pi / 2]), array(feet)


def test_heights_are_over_the_ground_below_each_point(xp, robots):
    seen = ground(xp, ramp()).heights(*robots)
    np.testing.assert_allclose(np.asarray(seen.base_m), [0.35 - (0.03 - 0.08), 0.9 - 0.3], atol=1e-6)
    ground_m = np.array([0.05, 0.05 - 0.12, 0.0, -0.3])
    expected = np.arange(4) * 0.1 - RADIUS - ground_m
    np.testing.assert_allclose(np.asarray(seen.sole_m), [expected, expected], atol=1e-6)
    assert tuple(seen.scan_m.shape) == (2, 0)


def test_a_plane_is_at_zero(xp, robots):
    base, _, feet = robots
    seen = ground(xp, Terrain.flat()).heights(*robots)
    np.testing.assert_array_equal(np.asarray(seen.base_m), np.asarray(base)[:, 2])
    np.testing.assert_allclose(np.asarray(seen.sole_m), np.asarray(feet)[:, :, 2] - RADIUS, atol=1e-7)


def test_the_scan_turns_with_the_heading(xp, robots):
    """The second robot looks along y: forward the ramp rises by 0.2 per metre, to the left it falls by 0.1."""
    scan = np.asarray(ground(xp, ramp(), GRID).heights(*robots).scan_m)
    assert scan.shape == (2, GRID.size) == (2, 15)
    points = GRID.points_in_base_m
    np.testing.assert_allclose(scan[0], 0.1 * points[:, 0] + 0.2 * points[:, 1] - 0.05 - 0.35, atol=1e-6)
    np.testing.assert_allclose(scan[1], 0.2 * points[:, 0] - 0.1 * points[:, 1] + 0.3 - 0.9, atol=1e-6)


def test_the_radius_is_the_robots(xp, robots):
    assert {leg.foot.radius_m for leg in GO2.legs} == {RADIUS}


def test_the_ground_ends_where_its_field_does(xp, array):
    """A field of 4 m × 4 m: from (0.3, −0.4) the nearest edge is that at y = −2, and (2.5, 0) is beyond."""
    base = array([[0.3, -0.4, 0.35], [2.5, 0.0, 0.3]])
    np.testing.assert_allclose(np.asarray(ground(xp, ramp()).distance_to_edge_m(base)), [1.6, -0.5], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(ground(xp, Terrain.flat()).distance_to_edge_m(base)), np.inf)
