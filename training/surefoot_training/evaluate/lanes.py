"""Ground to walk straight over: for each kind and level a lane along x, tile after tile of that kind and level.

The tiles are those of training, of another seed, so that a level means the same; each is met with all it has. A lane
of stairs goes up and down in turns whichever of the two its name says first, as do slopes; and of every tile of 8 m,
platform and rims, 3 m, are level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.task.terrain import TILE_KINDS, Terrain, TerrainConfig
from surefoot_training.task.terrain.field import make_tile

UNSEEN_SEED = 20_000
"""Added to the protocol's seed: ground on which nobody was trained."""

_BORDER_M = 4.0


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind at one level."""

    kind: str
    level: int
    measures: dict[str, float]
    """What the level means: name with unit -> value."""


def lanes_of(config: TerrainConfig, levels: Sequence[int], kinds: Sequence[str] = ()) -> tuple[Lane, ...]:
    """Every kind of `config`, or those named, at every level; flat ground has one level only."""
    found = []
    for kind in kinds or dict.fromkeys(config.columns):
        if kind not in TILE_KINDS:
            raise SurefootError(f"terrain kind {kind!r} is unknown", hint="kinds: " + ", ".join(TILE_KINDS))
        for level in levels if kind != "flat" else levels[:1]:
            if not 0 <= level < config.level_count:
                raise SurefootError(f"there is no level {level}", hint=f"levels: 0 to {config.level_count - 1}")
            found.append(Lane(kind, level, TILE_KINDS[kind].measures(config.level_fraction(level), config)))
    return tuple(found)


def hard_lanes(config: TerrainConfig, least: Sequence[tuple[str, float]]) -> tuple[Lane, ...]:
    """Of every kind named, if `config` has it, the lowest level whose first measure is at least what stands beside."""
    found = []
    for kind, measure in least:
        lanes = lanes_of(config, range(config.level_count), (kind,)) if kind in config.columns else ()
        found += [lane for lane in lanes if next(iter(lane.measures.values())) >= measure - 1e-9][:1]
    return tuple(found)


def build_lanes(config: TerrainConfig, lanes: Sequence[Lane], length_m: float, seed: int) -> Terrain:
    """Lanes side by side along y, each with its start in the middle of its first tile; one column per lane."""
    config = replace(config, seed=UNSEEN_SEED + seed)
    tiles, size, border = tiles_for(length_m, config.tile_size_m), config.tile_cells, config.cells(_BORDER_M)
    # MuJoCo and the look-up want an even number of cells, so that the origin is a node; a tile's are even.
    heights = np.zeros((len(lanes) * size + 2 * border + 1, tiles * size + 2 * border + 1), dtype=np.float32)
    origins = np.zeros((1, len(lanes), 3), dtype=np.float32)
    rows, columns = (count - 1 for count in heights.shape)
    for index, lane in enumerate(lanes):
        of_kind = replace(config, columns=(lane.kind,) * tiles)
        row, half = border + index * size, size // 2
        for tile in range(tiles):
            left = border + tile * size
            heights[row : row + size + 1, left : left + size + 1] = make_tile(of_kind, lane.level, tile)
        x, y = ((start + half - cells // 2) * config.cell_m for start, cells in ((border, columns), (row, rows)))
        origins[0, index] = x, y, heights[row + half, border + half]
    return Terrain(
        heights_m=heights,
        cell_m=config.cell_m,
        tile_size_m=config.tile_size_m,
        platform_m=config.platform_m,
        column_kinds=tuple(lane.kind for lane in lanes),
        tile_origin_in_world=origins,
    )


def tiles_for(length_m: float, tile_size_m: float) -> int:
    """Tiles that somebody meets who walks `length_m` from the middle of the first."""
    return math.ceil(length_m / tile_size_m + 0.5 - 1e-9)
