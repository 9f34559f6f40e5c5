"""One pure function per kind of tile: difficulty and random numbers in, heights out.

A tile is a square of nodes [m, m] with its middle at node m // 2 (m is odd). In the middle lies a flat platform on
which robots start, along the edge a flat rim at height 0, so that tiles of any kind meet without a step. Names say what
a robot meets that walks outwards from the platform: on `stairs_up` it starts at the bottom of a pit and climbs out, on
`stairs_down` it starts on top of a pyramid.

A length of k cells spans k + 1 nodes. Walls take one cell: a trench of width w is w wide at the top edges and two cells
narrower at its bottom.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_training.task.terrain.config import KIND_NAMES, TerrainConfig

Heights: TypeAlias = NDArray[np.float32]
Generator: TypeAlias = Callable[[float, np.random.Generator, TerrainConfig], Heights]
Measures: TypeAlias = Callable[[float, TerrainConfig], dict[str, float]]


@dataclass(frozen=True, slots=True)
class TileKind:
    """A kind of terrain: how to make a tile of it, and what a level of it means in numbers."""

    name: str
    summary: str
    generate: Generator
    """(level_fraction 0..1, random numbers, configuration) -> heights [m, m], m."""
    measures: Measures
    """(level_fraction, configuration) -> the dimensions as built, name with unit -> value; the telling one first."""


def flat(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """Level ground, whatever the level."""
    return np.zeros((config.tile_cells + 1,) * 2, dtype=np.float32)


def rough(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """Uniform random heights on a coarse grid, interpolated between."""
    amplitude = _at(config.rough_amplitude_m, level_fraction)
    spacing = config.cells(config.rough_spacing_m)
    noise = rng.uniform(-amplitude, amplitude, size=(config.tile_cells // spacing + 1,) * 2)
    # One spacing more than platform and rim, so that nothing is interpolated into them.
    distance = _distance_cells(config)[::spacing, ::spacing]
    near_edge = config.platform_cells + spacing
    noise[(distance < near_edge) | (distance > config.platform_cells + config.run_cells - spacing)] = 0.0
    return interpolate(interpolate(noise, spacing).T, spacing).T.astype(np.float32)


def slope_up(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """A square pit with slanted walls."""
    return -slope_down(level_fraction, rng, config)


def slope_down(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """A square pyramid with slanted walls."""
    left_to_run = config.run_cells - np.clip(_distance_cells(config) - config.platform_cells, 0, config.run_cells)
    rise_per_cell = math.tan(_at(config.slope_rad, level_fraction)) * config.cell_m
    return (left_to_run * rise_per_cell).astype(np.float32)


def stairs_up(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """A square pit with stairs on all sides."""
    return -stairs_down(level_fraction, rng, config)


def stairs_down(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """A square pyramid with stairs on all sides."""
    tread = config.cells(config.step_tread_m)
    behind = np.clip(
        -(-(_distance_cells(config) - config.platform_cells) // tread), 0, step_count(config)
    )  # rounded up
    return ((step_count(config) - behind) * _at(config.step_height_m, level_fraction)).astype(np.float32)


def obstacles(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """Boxes of full and of half height, strewn at random."""
    count, rim = config.obstacle_count, config.cells(config.rim_m)
    shortest, longest = (config.cells(side) for side in config.obstacle_side_m)
    sides = rng.integers(shortest, longest, size=(count, 2), endpoint=True)
    starts = rng.integers(rim, config.tile_cells - rim - sides, endpoint=True)
    tops = _at(config.obstacle_height_m, level_fraction) * rng.choice([0.5, 1.0], size=count)
    heights = np.zeros((config.tile_cells + 1,) * 2)
    for (row, column), (rows, columns), top in zip(starts, sides, tops, strict=True):
        heights[row : row + rows + 1, column : column + columns + 1] = top
    return np.where(_is_free(config), heights, 0.0).astype(np.float32)


def gaps(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """Square trenches around the platform, one behind the other."""
    distance, width = _distance_cells(config), config.cells(_at(config.gap_width_m, level_fraction))
    heights = np.zeros(distance.shape, dtype=np.float32)
    for start in gap_starts_cells(config):
        heights[(distance > start) & (distance < start + width)] = -_at(config.pit_depth_m, level_fraction)
    return heights


def stepping_stones(level_fraction: float, rng: np.random.Generator, config: TerrainConfig) -> Heights:
    """Rows of square stones above a sunken ground, every row shifted at random."""
    side, gap = (config.cells(_at(pair, level_fraction)) for pair in (config.stone_side_m, config.stone_gap_m))
    pitch, nodes = side + gap, np.arange(config.tile_cells + 1)
    row, along_y = np.divmod(nodes + rng.integers(pitch), pitch)
    shift = rng.integers(pitch, size=row[-1] + 1)
    column, along_x = np.divmod(nodes[None, :] + shift[row][:, None], pitch)
    play = _at(config.stone_height_m, level_fraction)
    tops = rng.uniform(-play, play, size=(row[-1] + 1, column.max() + 1))[row[:, None], column]
    on_stone = (along_y[:, None] <= side) & (along_x <= side)
    heights = np.where(on_stone, tops, -_at(config.pit_depth_m, level_fraction))
    return np.where(_is_free(config), heights, 0.0).astype(np.float32)


def step_count(config: TerrainConfig) -> int:
    """Risers between platform and rim."""
    return config.run_cells // config.cells(config.step_tread_m)


def gap_starts_cells(config: TerrainConfig) -> range:
    """Near edges of the trenches, in cells from the tile's middle; as many as fit at the hardest level."""
    last = config.platform_cells + config.run_cells - config.cells(config.gap_width_m[1])
    return range(config.platform_cells, last + 1, config.cells(config.gap_spacing_m))


def _at(pair: tuple[float, float], level_fraction: float) -> float:
    """Value between the easiest and the hardest; exact at both ends."""
    return (1.0 - level_fraction) * pair[0] + level_fraction * pair[1]


def _distance_cells(config: TerrainConfig) -> NDArray[np.int64]:
    """Square distance of each node from the tile's middle [m, m]: the larger of those along x and y, in cells."""
    along = np.abs(np.arange(config.tile_cells + 1) - config.tile_cells // 2)
    return np.maximum(along[:, None], along[None, :])


def _is_free(config: TerrainConfig) -> NDArray[np.bool_]:
    """Nodes [m, m] that belong neither to the platform nor to the rim."""
    distance = _distance_cells(config)
    return (distance > config.platform_cells) & (distance < config.platform_cells + config.run_cells)


def interpolate(coarse: NDArray[np.float64], spacing: int) -> NDArray[np.float64]:
    """Linear interpolation along the first axis: [n, k] -> [(n - 1) * spacing + 1, k].

    Written out: a matrix product may round differently on another processor, and a seed must mean one terrain.
    """
    node, within = np.divmod(np.arange((len(coarse) - 1) * spacing + 1), spacing)
    share = (within / spacing)[:, None]
    following = np.minimum(node + 1, len(coarse) - 1)
    return np.asarray(coarse[node] * (1.0 - share) + coarse[following] * share)


def _whole_cells_m(pair: tuple[float, float], level_fraction: float, config: TerrainConfig) -> float:
    return config.cells(_at(pair, level_fraction)) * config.cell_m


def _slope_measures(level_fraction: float, config: TerrainConfig) -> dict[str, float]:
    angle = _at(config.slope_rad, level_fraction)
    return {"slope_deg": math.degrees(angle), "rise_m": config.run_cells * config.cell_m * math.tan(angle)}


def _stairs_measures(level_fraction: float, config: TerrainConfig) -> dict[str, float]:
    height = _at(config.step_height_m, level_fraction)
    return {"step_height_m": height, "rise_m": step_count(config) * height}


def _gap_measures(level_fraction: float, config: TerrainConfig) -> dict[str, float]:
    return {
        "gap_width_m": _whole_cells_m(config.gap_width_m, level_fraction, config),
        "depth_m": _at(config.pit_depth_m, level_fraction),
    }


def _stone_measures(level_fraction: float, config: TerrainConfig) -> dict[str, float]:
    return {
        "stone_gap_m": _whole_cells_m(config.stone_gap_m, level_fraction, config),
        "stone_side_m": _whole_cells_m(config.stone_side_m, level_fraction, config),
        "stone_height_m": _at(config.stone_height_m, level_fraction),
        "depth_m": _at(config.pit_depth_m, level_fraction),
    }


def _table() -> Mapping[str, TileKind]:
    kinds = (
        TileKind("flat", "level ground", flat, lambda _, __: {}),
        TileKind(
            "rough",
            "random bumps",
            rough,
            lambda level, config: {"amplitude_m": _at(config.rough_amplitude_m, level)},
        ),
        TileKind("slope_up", "uphill on all sides of the start", slope_up, _slope_measures),
        TileKind("slope_down", "downhill on all sides of the start", slope_down, _slope_measures),
        TileKind("stairs_up", "stairs up on all sides of the start", stairs_up, _stairs_measures),
        TileKind("stairs_down", "stairs down on all sides of the start", stairs_down, _stairs_measures),
        TileKind(
            "obstacles",
            "boxes of full and half height",
            obstacles,
            lambda level, config: {"box_height_m": _at(config.obstacle_height_m, level)},
        ),
        TileKind("gaps", "trenches around the start", gaps, _gap_measures),
        TileKind("stepping_stones", "stones above sunken ground", stepping_stones, _stone_measures),
    )
    table = {kind.name: kind for kind in kinds}
    assert tuple(table) == KIND_NAMES, "the configuration and the generators name the same kinds"
    return MappingProxyType(table)


TILE_KINDS: Mapping[str, TileKind] = _table()
