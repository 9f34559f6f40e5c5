"""The field: tiles of all kinds and levels put together, and where robots start on it."""

import math
import zlib
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from surefoot_training.task.terrain.config import TerrainConfig
from surefoot_training.task.terrain.tiles import TILE_KINDS, Heights

Array: TypeAlias = Any
"""A NumPy array or a torch tensor: the two have no common static type."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """One height field shared by all robots; the middle of the field is the world's origin.

    Arrays are NumPy's and read-only, unless made by `as_arrays_of`.
    """

    heights_m: Array
    """[rows, columns] float32; row r lies at y = (r - (rows - 1) / 2) * cell_m, columns along x alike; both are odd."""

    cell_m: float
    """Distance of neighbouring heights."""

    tile_size_m: float
    """Side of a tile."""

    platform_m: float
    """Side of the flat square around each tile's origin."""

    column_kinds: tuple[str, ...]
    """Kind of terrain of each column of tiles."""

    tile_origin_in_world: Array
    """[levels, columns, 3] float32, m: middle of each tile's platform, at the height of the ground there."""

    is_plane: bool = False
    """Flat and without end: heights are 0 everywhere."""

    @staticmethod
    def flat() -> "Terrain":
        """Endless level ground: one tile, one level."""
        return Terrain(
            heights_m=_read_only(np.zeros((3, 3), dtype=np.float32)),
            cell_m=50.0,
            tile_size_m=100.0,
            platform_m=2.0,
            column_kinds=("flat",),
            tile_origin_in_world=_read_only(np.zeros((1, 1, 3), dtype=np.float32)),
            is_plane=True,
        )

    @property
    def level_count(self) -> int:
        """Difficulty levels."""
        return int(self.tile_origin_in_world.shape[0])

    @property
    def size_m(self) -> tuple[float, float]:
        """Extent of the field along x and y."""
        rows, columns = self.heights_m.shape
        return (columns - 1) * self.cell_m, (rows - 1) * self.cell_m

    def as_arrays_of(self, example: Array) -> "Terrain":
        """Hold the arrays in the library and on the device of `example` (a torch tensor on a GPU, say)."""
        xp, device = array_api_compat.array_namespace(example), array_api_compat.device(example)
        heights, origins = (np.array(array) for array in (self.heights_m, self.tile_origin_in_world))
        return replace(
            self,
            heights_m=xp.asarray(heights, device=device),
            tile_origin_in_world=xp.asarray(origins, device=device),
        )

    def tile_at(self, x_m: Array, y_m: Array) -> tuple[Array, Array]:
        """Level and column (int64) of the tile below each point; beyond the tiles, of the nearest one."""
        xp = array_api_compat.array_namespace(x_m)

        def tile(along_m: Array, count: int) -> Array:
            index = xp.floor(along_m * (1.0 / self.tile_size_m) + 0.5 * count)
            return xp.astype(xp.clip(index, 0, count - 1), xp.int64)

        return tile(y_m, self.level_count), tile(x_m, len(self.column_kinds))

    def distance_to_edge_m(self, x_m: Array, y_m: Array) -> Array:
        """How far inside the field points lie; below 0 beyond it, where there is nothing to stand on."""
        xp = array_api_compat.array_namespace(x_m)
        if self.is_plane:
            return xp.full_like(x_m, math.inf)
        half_x, half_y = (0.5 * size for size in self.size_m)
        return xp.minimum(half_x - abs(x_m), half_y - abs(y_m))

    def contains(self, x_m: Array, y_m: Array, margin_m: float = 0.0) -> Array:
        """Whether points lie on the field, at least `margin_m` inside."""
        if self.is_plane:
            xp = array_api_compat.array_namespace(x_m)
            return xp.isfinite(x_m) & xp.isfinite(y_m)
        return self.distance_to_edge_m(x_m, y_m) >= margin_m


def build_terrain(config: TerrainConfig) -> Terrain:
    """Make every tile and put them side by side."""
    rows, columns = config.field_cells
    heights = np.zeros((rows + 1, columns + 1), dtype=np.float32)
    origins = np.zeros((config.level_count, len(config.columns), 3), dtype=np.float32)
    border, size, half = config.cells(config.border_m), config.tile_cells, config.tile_cells // 2
    for level in range(config.level_count):
        for column in range(len(config.columns)):
            row, left = border + level * size, border + column * size
            # Neighbours share the nodes of their edges; both are 0 there.
            heights[row : row + size + 1, left : left + size + 1] = make_tile(config, level, column)
            x, y = (left + half - columns // 2) * config.cell_m, (row + half - rows // 2) * config.cell_m
            origins[level, column] = x, y, heights[row + half, left + half]
    return Terrain(
        heights_m=_read_only(heights),
        cell_m=config.cell_m,
        tile_size_m=config.tile_size_m,
        platform_m=config.platform_m,
        column_kinds=config.columns,
        tile_origin_in_world=_read_only(origins),
    )


def make_tile(config: TerrainConfig, level: int, column: int) -> Heights:
    """Heights [m, m] of one tile.

    Its random numbers hang on the seed, its kind, its level and which of the columns of that kind it is: adding,
    removing or moving columns of other kinds leaves it as it was.
    """
    kind = config.columns[column]
    which = config.columns[:column].count(kind)
    seed = np.random.SeedSequence([config.seed, zlib.crc32(kind.encode()), which, level])
    return TILE_KINDS[kind].generate(config.level_fraction(level), np.random.default_rng(seed), config)


def _read_only(array: NDArray[np.float32]) -> NDArray[np.float32]:
    array.flags.writeable = False
    return array
