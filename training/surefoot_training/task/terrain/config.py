"""What the terrain is made of: sizes, kinds of tiles, and how hard each level is.

Where a default was taken from:
[1] leggedrobotics/legged_gym:legged_gym/envs/base/legged_robot_config.py, [2] its utils/terrain.py,
[3] isaac-sim/IsaacLab:source/isaaclab/isaaclab/terrains/config/rough.py, [4] IsaacLab's Go2 rough_env_cfg.py.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from surefoot_robots.errors import SurefootError

KIND_NAMES = (
    "flat",
    "rough",
    "slope_up",
    "slope_down",
    "stairs_up",
    "stairs_down",
    "obstacles",
    "gaps",
    "stepping_stones",
)

# The look-up computes positions in the field in float32, which holds integers exactly up to here.
MOST_NODES = 2**24


@dataclass(frozen=True, slots=True)
class TerrainConfig:
    """`level_count` rows of square tiles by one column per entry of `columns`, in a flat border.

    Of the pairs, those marked *easiest, hardest* hold the values of the first and the last level; the levels between
    are spaced evenly. Lengths are rounded to whole cells.
    """

    seed: int = 0
    """Same seed, same terrain to the last bit (with one version of NumPy)."""

    columns: tuple[str, ...] = (
        "flat",
        "rough",
        "slope_up",
        "slope_down",
        "stairs_up",
        "stairs_up",
        "stairs_down",
        "stairs_down",
        "obstacles",
        "gaps",
        "stepping_stones",
    )
    """Kind of each column; a kind's share is how often it is named. Stairs twice: [1] gives them 60 %."""

    level_count: int = 10
    """Difficulty levels, one row of tiles each [1]."""

    tile_size_m: float = 8.0
    """Side of a tile [1, 3]."""

    cell_m: float = 0.05
    """Distance of neighbouring heights.

    It bounds how steep the riser of a stair gets (0.20 m over one cell: 76°) and what contacts cost: with MuJoCo 4.0 a
    physics step of a Go2 took 38 µs with cells of 0.05 m, 46 µs of 0.04 m, 31 µs of 0.10 m, and 19 µs on a plane.
    """

    border_m: float = 16.0
    """Flat ground around all tiles: 1 m/s straight out from the middle of an outer tile ends on it after 20 s."""

    platform_m: float = 2.0
    """Side of the flat square in the middle of every tile on which robots start [3, slopes and boxes]."""

    rim_m: float = 0.5
    """Width of the flat strip, at height 0, along every tile's edge: a metre of level ground between tiles."""

    rough_amplitude_m: tuple[float, float] = (0.01, 0.06)
    """Rough: heights lie within plus and minus this (easiest, hardest); [2] ±0.05, [4] up to 0.06."""

    rough_spacing_m: float = 0.2
    """Rough: distance of the random heights, interpolated between them [2]."""

    slope_rad: tuple[float, float] = (math.radians(2.5), math.radians(25.0))
    """Slopes: angle (easiest, hardest); [2, 3] end at 22°."""

    step_height_m: tuple[float, float] = (0.02, 0.20)
    """Stairs: height of a step (easiest, hardest); [2, 3] 0.05 to 0.23 for a larger robot."""

    step_tread_m: float = 0.30
    """Stairs: from riser to riser; [2] 0.31, [3] 0.30."""

    obstacle_height_m: tuple[float, float] = (0.02, 0.20)
    """Obstacles: height of the tallest boxes (easiest, hardest); [2] 0.05 to 0.25, [4] up to 0.10."""

    obstacle_side_m: tuple[float, float] = (0.4, 1.2)
    """Obstacles: shortest and longest side of a box; [2] 1 to 2, [3] 0.45."""

    obstacle_count: int = 40
    """Obstacles: boxes per tile; where two overlap, the later one counts. They cover some 40 % of the ground."""

    gap_width_m: tuple[float, float] = (0.10, 0.45)
    """Gaps: width of the trenches (easiest, hardest); a Go2's feet stand 0.39 m apart lengthwise."""

    gap_spacing_m: float = 1.2
    """Gaps: from the near edge of one trench to the near edge of the next; the first lies around the platform."""

    stone_side_m: tuple[float, float] = (0.80, 0.35)
    """Stepping stones: side of a stone (easiest, hardest)."""

    stone_gap_m: tuple[float, float] = (0.10, 0.25)
    """Stepping stones: distance between stones (easiest, hardest); [2] 0.05 to 0.10 for much larger stones."""

    stone_height_m: tuple[float, float] = (0.0, 0.03)
    """Stepping stones: tops lie within plus and minus this (easiest, hardest)."""

    pit_depth_m: tuple[float, float] = (0.10, 0.50)
    """Depth of gaps and of the ground between stones (easiest, hardest); finite: who falls in, lands."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built, with the reason and the way out."""
        for problem in _problems(self):
            raise SurefootError(f"terrain: {problem.what}", hint=problem.way_out)

    @property
    def tile_cells(self) -> int:
        """Cells along a tile's side; even, so that a node lies in the middle."""
        return self.cells(self.tile_size_m)

    @property
    def platform_cells(self) -> int:
        """Cells from a tile's middle to the edge of its platform."""
        return self.cells(self.platform_m / 2)

    @property
    def run_cells(self) -> int:
        """Cells from the edge of the platform to the rim: the part of a tile that is not flat."""
        return self.tile_cells // 2 - self.platform_cells - self.cells(self.rim_m)

    @property
    def field_cells(self) -> tuple[int, int]:
        """Cells of the whole field along y and along x, border included."""
        border = 2 * self.cells(self.border_m)
        return self.level_count * self.tile_cells + border, len(self.columns) * self.tile_cells + border

    def cells(self, length_m: float) -> int:
        """Whole cells nearest to a length."""
        return round(length_m / self.cell_m)

    def level_fraction(self, level: int) -> float:
        """0 for the easiest level, 1 for the hardest."""
        return level / max(self.level_count - 1, 1)


@dataclass(frozen=True, slots=True)
class _Problem:
    what: str
    way_out: str


def _problems(config: TerrainConfig) -> Iterator[_Problem]:
    """Everything wrong with a configuration. Later checks rely on earlier ones having found nothing."""
    yield from _wrong_layout(config)
    yield from _wrong_lengths(config)
    yield from _wrong_pairs(config)
    yield from _wrong_fit(config)


def _wrong_layout(config: TerrainConfig) -> Iterator[_Problem]:
    valid = f"kinds: {', '.join(KIND_NAMES)}"
    if not config.columns:
        yield _Problem("columns is empty", f"name at least one kind; {valid}")
    for kind in config.columns:
        if kind not in KIND_NAMES:
            yield _Problem(f"columns: kind {kind!r} is unknown", valid)
    for name, least in (("level_count", 1), ("obstacle_count", 0), ("seed", 0)):
        value = getattr(config, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            yield _Problem(
                f"{name} {value!r} is not a whole number of at least {least}", f"set {name} to {least} or more"
            )


def _wrong_lengths(config: TerrainConfig) -> Iterator[_Problem]:
    if not _is_positive(config.cell_m):
        yield _Problem(f"cell_m {config.cell_m!r} is not a positive length", "0.04 to 0.05 suits a robot of 0.4 m")
    for name in ("tile_size_m", "platform_m"):
        yield from _not_in_cells(config, name, 2)  # even: the node in the middle belongs to the tile
    for name in ("border_m", "rim_m", "rough_spacing_m", "step_tread_m", "gap_spacing_m"):
        yield from _not_in_cells(config, name, 1)


def _not_in_cells(config: TerrainConfig, name: str, multiple: int) -> Iterator[_Problem]:
    length, unit = getattr(config, name), multiple * config.cell_m
    if not _is_positive(length) or round(length / unit) < 1 or abs(length / unit - round(length / unit)) > 1e-6:
        yield _Problem(
            f"{name} {length!r} is not a positive multiple of {unit:g} m", f"{name} counts in cells of cell_m"
        )


# Pair: smallest and largest valid value of both ends.
_PAIR_LIMITS = {
    "rough_amplitude_m": (0.0, 0.5),
    "slope_rad": (0.0, math.radians(60.0)),
    "step_height_m": (0.0, 1.0),
    "obstacle_height_m": (0.0, 1.0),
    "obstacle_side_m": (0.1, 10.0),
    "gap_width_m": (0.0, 5.0),
    "stone_side_m": (0.1, 5.0),
    "stone_gap_m": (0.0, 5.0),
    "stone_height_m": (0.0, 0.5),
    "pit_depth_m": (0.0, 5.0),
}
_SHRINKING_PAIRS = ("stone_side_m",)  # harder means smaller


def _wrong_pairs(config: TerrainConfig) -> Iterator[_Problem]:
    for name, (low, high) in _PAIR_LIMITS.items():
        pair = getattr(config, name)
        if len(pair) != 2 or not all(_is_number(value) and low <= value <= high for value in pair):
            yield _Problem(
                f"{name} {pair!r} is not a pair within {low:g} to {high:.4g}", "give two values, in SI units"
            )
            continue
        easiest, hardest = reversed(pair) if name in _SHRINKING_PAIRS else pair
        if easiest > hardest:
            yield _Problem(f"{name} {pair!r} is the wrong way round", "the first value belongs to the easiest level")
    for name in ("gap_width_m", "stone_gap_m"):
        if config.cells(getattr(config, name)[0]) < 2:
            yield _Problem(
                f"{name} {getattr(config, name)!r} starts below two cells of {config.cell_m:g} m",
                "between its two edges a gap needs at least one height of its own; raise it or lower cell_m",
            )


def _wrong_fit(config: TerrainConfig) -> Iterator[_Problem]:
    run_m, widest = config.run_cells * config.cell_m, config.cells(config.gap_width_m[1])
    for name, needed in (
        ("step_tread_m", config.step_tread_m),
        ("gap_width_m", widest * config.cell_m),
        ("obstacle_side_m", config.obstacle_side_m[1]),
    ):
        if needed > run_m + 1e-9:
            yield _Problem(
                f"{name} needs {needed:g} m, but between platform and rim are {run_m:g} m",
                "raise tile_size_m, or lower platform_m or rim_m",
            )
    if config.cells(config.gap_spacing_m) <= widest:
        yield _Problem(
            f"gap_spacing_m {config.gap_spacing_m:g} leaves no ground behind a gap of {config.gap_width_m[1]:g} m",
            "raise gap_spacing_m, or lower gap_width_m",
        )
    if config.tile_cells // 2 % config.cells(config.rough_spacing_m):
        yield _Problem(
            f"rough_spacing_m {config.rough_spacing_m:g} does not divide half a tile ({config.tile_size_m / 2:g} m)",
            "choose one that does, so that the random heights lie alike around the middle",
        )
    rows, columns = config.field_cells
    if (rows + 1) * (columns + 1) > MOST_NODES:
        yield _Problem(
            f"{rows + 1} x {columns + 1} heights are more than {MOST_NODES}",
            "fewer levels or columns, smaller tiles or border_m, or a larger cell_m",
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: float) -> bool:
    return _is_number(value) and value > 0
