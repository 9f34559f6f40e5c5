"""Pictures of the terrain: the whole field with cross sections, or one tile seen at an angle.

Drawn with matplotlib's figure objects alone: no display, no global state.
"""

import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import AsinhNorm, LightSource, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from surefoot_training.task.terrain.config import TerrainConfig
from surefoot_training.task.terrain.field import Terrain, build_terrain, make_tile
from surefoot_training.task.terrain.oblique import Block, View, render
from surefoot_training.task.terrain.tiles import TILE_KINDS, Heights

DPI = 100
INK, GROUND, ROBOT = "#2f3437", "#b9ab93", "#c0392b"
# Blue below, sand at height 0, orange above: told apart by every eye, and neither black nor white where it is shaded.
COLOURS = LinearSegmentedColormap.from_list(
    "ground", ["#163d66", "#3c82b4", "#94bfca", "#cdc6b2", "#dda968", "#d97f3a", "#b5451f"]
)
TICKS_M = (-1.5, -1.0, -0.5, -0.2, -0.1, 0.0, 0.1, 0.2, 0.5, 1.0, 1.5)
ROBOT_LENGTH_M, ROBOT_HEIGHT_M = 0.39, 0.30  # hip to hip, and standing, of a Go2: only for scale


def draw_overview(config: TerrainConfig, path: Path) -> tuple[int, int]:
    """Height map of all tiles, and a section through the hardest tile of each kind; returns the size in pixels."""
    terrain = build_terrain(config)
    figure = Figure(figsize=(16, 9.6), dpi=DPI, facecolor="white")
    norm = _norm(terrain.heights_m)
    _draw_map(figure.add_axes((0.03, 0.085, 0.6, 0.855)), terrain, config, norm)
    sizes = f"tiles of {config.tile_size_m:g} m x {config.tile_size_m:g} m, a height every {config.cell_m:g} m"
    _draw_colours(figure, (0.055, 0.055, 0.55, 0.014), norm, f"height, m ({sizes}, seed {config.seed})")
    _draw_sections(figure, config)
    return _save(figure, path)


def draw_tile(config: TerrainConfig, level: int, column: int, path: Path) -> tuple[int, int]:
    """One tile seen at an angle, to scale; returns the size in pixels."""
    block, kind = Block.of_tile(make_tile(config, level, column), config.cell_m), config.columns[column]
    figure = Figure(figsize=(12, 8), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.02, 0.1, 0.96, 0.82))
    norm = _norm(block.heights_m)
    image, extent = render(block, COLOURS, norm, pixel_m=config.tile_size_m / 800)
    axes.imshow(image, extent=extent, interpolation="antialiased", zorder=1)
    _draw_edges(axes, block)
    axes.set(aspect="equal")
    axes.set_axis_off()
    _draw_colours(figure, (0.25, 0.065, 0.5, 0.016), norm, "height, m")
    figure.suptitle(f"{kind}, level {level}{_told(config, kind, level)}", color=INK, size=15, y=0.965)
    return _save(figure, path)


def _draw_map(axes: Axes, terrain: Terrain, config: TerrainConfig, norm: Normalize) -> None:
    border = config.cells(config.border_m)
    heights = terrain.heights_m[border:-border, border:-border]
    # The exaggeration makes bumps of centimetres show.
    light, scale = LightSource(azdeg=315, altdeg=45), {"vert_exag": 2.0, "dx": config.cell_m, "dy": config.cell_m}
    half_x, half_y = (0.5 * count * config.tile_size_m for count in (len(config.columns), config.level_count))
    axes.imshow(
        light.shade(heights, COLOURS, norm=norm, blend_mode="soft", **scale),
        origin="lower",
        extent=(-half_x, half_x, -half_y, half_y),
        interpolation="antialiased",
    )
    axes.vlines(np.arange(-half_x, half_x + 1e-6, config.tile_size_m), -half_y, half_y, color="white", linewidth=1.2)
    axes.hlines(np.arange(-half_y, half_y + 1e-6, config.tile_size_m), -half_x, half_x, color="white", linewidth=1.2)
    origins = terrain.tile_origin_in_world
    axes.set_xticks(origins[0, :, 0], [kind.replace("_", "\n") for kind in config.columns])
    axes.set_yticks(origins[:, 0, 1], [str(level) for level in range(config.level_count)])
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, labelsize=11, labelcolor=INK)
    axes.set_ylabel("level, from easy to hard", color=INK, size=11)
    axes.spines[:].set_visible(False)


def _draw_colours(figure: Figure, place: tuple[float, float, float, float], norm: AsinhNorm, label: str) -> None:
    axes, reach = figure.add_axes(place), float(norm.vmax or 0.0)
    ticks = [tick for tick in TICKS_M if abs(tick) <= reach]
    bar = figure.colorbar(ScalarMappable(norm, COLOURS), cax=axes, orientation="horizontal", ticks=ticks, format="%g")
    bar.minorticks_off()
    bar.set_label(label, color=INK, size=10)
    bar.outline.set_visible(False)
    axes.tick_params(colors=INK, labelsize=9)


def _draw_sections(figure: Figure, config: TerrainConfig) -> None:
    kinds = list(dict.fromkeys(config.columns))
    sections = [_section(config, kind) for kind in kinds]
    spans = [_vertical_span_m(section) for section in sections]
    # Rows as high as their sections, so that all are drawn to the same scale.
    heights = [high - low for low, high in spans]
    grid = figure.add_gridspec(
        len(kinds), 1, height_ratios=heights, left=0.675, right=0.985, top=0.915, bottom=0.03, hspace=0.5
    )
    for row, (kind, section, span) in enumerate(zip(kinds, sections, spans, strict=True)):
        _draw_section(figure.add_subplot(grid[row]), config, kind, section, span)
    title = f"across the hardest level ({config.level_count - 1}), to scale, heights in m"
    figure.text(0.675, 0.965, title, color=INK, size=11)


def _draw_section(axes: Axes, config: TerrainConfig, kind: str, section: Heights, span: tuple[float, float]) -> None:
    half = config.tile_size_m / 2
    along = np.linspace(-half, half, len(section))
    axes.fill_between(along, section, span[0], color=GROUND, linewidth=0)
    axes.plot(along, section, color=INK, linewidth=1.0)
    _draw_robot(axes, float(section[len(section) // 2]))
    axes.set(xlim=(-half, half), ylim=span, aspect="equal", anchor="W", xticks=[])
    lowest, highest = float(section.min()), float(section.max())
    # Ticks closer than that would overlap.
    axes.set_yticks([0.0, *(round(end, 2) for end in (lowest, highest) if abs(end) > 0.3)])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.tick_params(labelsize=8, length=2, colors=INK)
    axes.spines[:].set_visible(False)
    axes.set_title(f"{kind}{_told(config, kind, config.level_count - 1, most=2)}", loc="left", size=9, color=INK, pad=3)


def _draw_robot(axes: Axes, ground_m: float) -> None:
    """A trunk on bent legs, to compare sizes with."""
    half, top, knee = ROBOT_LENGTH_M / 2, ground_m + ROBOT_HEIGHT_M, ground_m + 0.5 * ROBOT_HEIGHT_M
    axes.plot([-half, half], [top, top], color=ROBOT, linewidth=4, solid_capstyle="round")
    for hip in (-half, half):
        axes.plot([hip, hip - 0.1, hip], [top, knee, ground_m], color=ROBOT, linewidth=1.5)


def _draw_edges(axes: Axes, block: Block) -> None:
    """Lengths along the two edges in front."""
    half, low = block.half_m, block.bottom_m
    for name, start, end in (("x", (-half, -half), (half, -half)), ("y", (half, -half), (half, half))):
        ends = View.oblique().project(np.array([(*start, low), (*end, low)]))
        middle, (across, along) = ends.mean(axis=0), ends[1] - ends[0]
        axes.text(
            middle[0],
            middle[1] - 0.1,
            f"{name}: {2 * half:g} m",
            rotation=math.degrees(math.atan2(along, across)),
            rotation_mode="anchor",
            ha="center",
            va="top",
            color=INK,
            size=11,
        )


def _section(config: TerrainConfig, kind: str) -> Heights:
    """Heights along x of the hardest tile of a kind, over its platform, where there is most to see."""
    tile = make_tile(config, config.level_count - 1, config.columns.index(kind))
    middle, reach = len(tile) // 2, config.platform_cells
    platform_rows = tile[middle - reach : middle + reach + 1]
    busiest = np.abs(np.diff(platform_rows, axis=1)).sum(axis=1).argmax()
    return np.asarray(platform_rows[busiest])


def _vertical_span_m(section: Heights) -> tuple[float, float]:
    """Room for the ground, for the robot in the middle, and a little below."""
    middle = float(section[len(section) // 2])
    return float(section.min()) - 0.15, max(float(section.max()), middle + ROBOT_HEIGHT_M + 0.05)


def _told(config: TerrainConfig, kind: str, level: int, most: int | None = None) -> str:
    """The measures of a level as text: `: step height 0.20 m, rise 1.60 m`."""
    measures = TILE_KINDS[kind].measures(config.level_fraction(level), config)
    told = [f"{name.rpartition('_')[0].replace('_', ' ')} {_quantity(name, value)}" for name, value in measures.items()]
    return f": {', '.join(told[:most])}" if told else ""


def _quantity(name: str, value: float) -> str:
    return f"{value:.1f}°" if name.endswith("_deg") else f"{value:.2f} m"


def _norm(heights: NDArray[np.floating]) -> AsinhNorm:
    """Height 0 in the middle of the colours, the finest differences around it."""
    reach = max(float(np.abs(heights).max()), 0.2)
    return AsinhNorm(linear_width=0.2, vmin=-reach, vmax=reach)


def _save(figure: Figure, path: Path) -> tuple[int, int]:
    canvas = FigureCanvasAgg(figure)
    figure.savefig(path, format="png", pil_kwargs={"optimize": True})
    return canvas.get_width_height()
