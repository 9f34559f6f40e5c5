import dataclasses

import numpy as np
import pytest
import torch

from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain, heights_at
from surefoot_training.task.terrain.field import make_tile
from surefoot_training.task.terrain.tiles import TILE_KINDS

KINDS = ("rough", "stairs_up", "slope_down", "stepping_stones")
CONFIG = TerrainConfig(columns=KINDS, level_count=3, border_m=1.0, seed=7)


@pytest.fixture(scope="module")
def terrain() -> Terrain:
    return build_terrain(CONFIG)


def test_field_has_tiles_and_border(terrain: Terrain) -> None:
    assert terrain.heights_m.shape == (3 * 160 + 41, 4 * 160 + 41)
    assert terrain.heights_m.dtype == np.float32
    assert terrain.size_m == pytest.approx((34.0, 26.0))
    assert terrain.level_count == 3
    assert terrain.column_kinds == KINDS
    border = np.ones_like(terrain.heights_m, dtype=bool)
    border[21:-21, 21:-21] = False
    assert (terrain.heights_m[border] == 0.0).all()


def test_tiles_lie_where_levels_and_columns_say(terrain: Terrain) -> None:
    for level in range(3):
        for column in range(4):
            row, left = 20 + level * 160, 20 + column * 160
            np.testing.assert_array_equal(
                terrain.heights_m[row : row + 161, left : left + 161], make_tile(CONFIG, level, column)
            )


def test_origins_are_the_middles_of_the_platforms_at_ground_height(terrain: Terrain) -> None:
    origins = terrain.tile_origin_in_world
    assert origins.shape == (3, 4, 3)
    np.testing.assert_allclose(origins[1, :, 0], [-12.0, -4.0, 4.0, 12.0], atol=1e-5)
    np.testing.assert_allclose(origins[:, 2, 1], [-8.0, 0.0, 8.0], atol=1e-5)
    np.testing.assert_array_equal(origins[..., 2], heights_at(terrain, origins[..., 0], origins[..., 1]))
    assert origins[2, 1, 2] == pytest.approx(-1.6)  # the bottom of the stairs of the hardest level


def test_everything_is_read_only(terrain: Terrain) -> None:
    with pytest.raises(ValueError, match="read-only"):
        terrain.heights_m[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        terrain.tile_origin_in_world[0, 0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        terrain.cell_m = 1.0  # type: ignore[misc]


def test_tile_at_gives_level_and_column_and_clips(terrain: Terrain) -> None:
    x = np.array([-12.0, 4.0, 15.9, -15.9, 900.0, -900.0], dtype=np.float32)
    y = np.array([-8.0, 0.0, 11.9, -3.9, 900.0, -900.0], dtype=np.float32)
    level, column = terrain.tile_at(x, y)
    assert level.tolist() == [0, 1, 2, 1, 2, 0]
    assert column.tolist() == [0, 2, 3, 0, 3, 0]
    assert np.issubdtype(level.dtype, np.integer)


def test_tile_at_finds_every_origin_back_on_tensors_too(terrain: Terrain) -> None:
    origins = torch.tensor(np.array(terrain.tile_origin_in_world))
    level, column = terrain.tile_at(origins[..., 0], origins[..., 1])
    assert level.dtype == torch.int64
    assert level.tolist() == [[0] * 4, [1] * 4, [2] * 4]
    assert column.tolist() == [[0, 1, 2, 3]] * 3


def test_contains_tells_where_the_field_ends(terrain: Terrain) -> None:
    x, y = np.array([0.0, 16.9, 17.1, 0.0, np.nan]), np.array([0.0, 0.0, 0.0, -13.1, 0.0])
    assert terrain.contains(x, y).tolist() == [True, True, False, False, False]
    assert terrain.contains(x, y, margin_m=0.5).tolist() == [True, False, False, False, False]


def test_flat_terrain_has_no_end() -> None:
    flat = Terrain.flat()
    assert flat.is_plane
    assert flat.level_count == 1
    assert flat.column_kinds == ("flat",)
    assert flat.tile_origin_in_world.tolist() == [[[0.0, 0.0, 0.0]]]
    assert flat.contains(np.array([1e6, np.inf]), np.array([0.0, 0.0])).tolist() == [True, False]
    level, column = flat.tile_at(np.array([1e6]), np.array([-1e6]))
    assert (level.tolist(), column.tolist()) == ([0], [0])


def test_same_seed_same_terrain_to_the_last_bit(terrain: Terrain) -> None:
    assert build_terrain(CONFIG).heights_m.tobytes() == terrain.heights_m.tobytes()


def test_another_seed_changes_what_is_random_and_nothing_else(terrain: Terrain) -> None:
    other = build_terrain(dataclasses.replace(CONFIG, seed=8))
    assert (terrain.heights_m != other.heights_m)[:, 20 : 20 + 160].any()
    np.testing.assert_array_equal(terrain.heights_m[:, 180 : 180 + 320], other.heights_m[:, 180 : 180 + 320])


@pytest.mark.parametrize("kind", TILE_KINDS)
def test_a_tile_stays_as_it_is_when_other_columns_come_go_or_move(kind: str) -> None:
    others = tuple(name for name in TILE_KINDS if name != kind)
    alone = make_tile(TerrainConfig(columns=(kind,), seed=3), level=4, column=0)
    behind = make_tile(TerrainConfig(columns=(*others, kind), seed=3), level=4, column=len(others))
    between = make_tile(TerrainConfig(columns=(others[0], kind, others[1], kind), seed=3), level=4, column=1)
    assert alone.tobytes() == behind.tobytes() == between.tobytes()


@pytest.mark.parametrize("kind", ["rough", "obstacles", "stepping_stones"])
def test_random_tiles_of_one_kind_differ_between_columns_and_levels(kind: str) -> None:
    config = TerrainConfig(columns=(kind, kind))
    tile = make_tile(config, 5, 0)
    assert (tile != make_tile(config, 5, 1)).any()
    # Scaled to the same range: another level is another draw, not the same one enlarged.
    other = make_tile(config, 6, 0)
    assert ((tile / np.abs(tile).max() - other / np.abs(other).max()) > 0.01).any()


def test_as_arrays_of_moves_the_field_to_tensors(terrain: Terrain) -> None:
    moved = terrain.as_arrays_of(torch.zeros(1))
    assert isinstance(moved.heights_m, torch.Tensor)
    assert moved.heights_m.dtype == torch.float32
    np.testing.assert_array_equal(moved.heights_m.numpy(), terrain.heights_m)
    np.testing.assert_array_equal(moved.tile_origin_in_world.numpy(), terrain.tile_origin_in_world)
    assert moved.column_kinds == terrain.column_kinds
