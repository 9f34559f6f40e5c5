"""`surefoot terrain`: what each level of each kind of terrain means, and pictures of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.task.terrain import TerrainConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to show."""
    parser.add_argument("--png", metavar="FILE", type=Path, help="draw a picture instead of printing the table")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random in the terrain (default: 0)")
    parser.add_argument("--kind", help="only this kind; with --level and --png, one tile seen at an angle")
    parser.add_argument("--level", type=int, help="only this level, 0 is the easiest")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or draw the picture."""
    from surefoot_training.task.terrain import TerrainConfig

    config = TerrainConfig(seed=arguments.seed)
    kinds, levels = _chosen_kinds(config, arguments.kind), _chosen_levels(config, arguments.level)
    picture = _draw(config, arguments) if arguments.png else None
    if arguments.json:
        print_json(_as_json(config, kinds, levels, picture))
    elif picture:
        print(f"{picture['png']}: {picture['width_px']} x {picture['height_px']} pixels")
    else:
        _print_levels(config, kinds, levels)
    return 0


def _chosen_kinds(config: TerrainConfig, kind: str | None) -> list[str]:
    kinds = list(dict.fromkeys(config.columns))
    if kind is None:
        return kinds
    if kind not in kinds:
        raise SurefootError(f"terrain kind '{kind}' is unknown", hint=f"kinds: {', '.join(kinds)}")
    return [kind]


def _chosen_levels(config: TerrainConfig, level: int | None) -> list[int]:
    if level is None:
        return list(range(config.level_count))
    if not 0 <= level < config.level_count:
        raise SurefootError(f"there is no level {level}", hint=f"levels: 0 to {config.level_count - 1}")
    return [level]


def _draw(config: TerrainConfig, arguments: argparse.Namespace) -> dict[str, object]:
    from surefoot_training.task.terrain.picture import draw_overview, draw_tile

    one = (arguments.kind is not None, arguments.level is not None)
    if all(one):
        column = config.columns.index(arguments.kind)
        width, height = draw_tile(config, arguments.level, column, arguments.png)
    elif any(one):
        raise SurefootError(
            "a picture shows the whole terrain or one tile", hint="give both --kind and --level, or neither"
        )
    else:
        width, height = draw_overview(config, arguments.png)
    return {"png": arguments.png, "width_px": width, "height_px": height}


def _print_levels(config: TerrainConfig, kinds: list[str], levels: list[int]) -> None:
    from surefoot_training.task.terrain import TILE_KINDS

    rows: list[list[object]] = []
    for kind in kinds:
        by_level = [TILE_KINDS[kind].measures(config.level_fraction(level), config) for level in levels]
        for row, measure in enumerate(by_level[0] or [None]):
            values = [round(found[measure], 3) if measure else None for found in by_level]
            rows.append([kind if row == 0 else None, TILE_KINDS[kind].summary if row == 0 else None, measure, *values])
    rows_m, columns_m = (cells * config.cell_m for cells in config.field_cells)
    title = (
        f"{config.level_count} levels x {len(config.columns)} columns of {config.tile_size_m:g} m tiles, "
        f"{columns_m:g} m x {rows_m:g} m with the border, a height every {config.cell_m:g} m, seed {config.seed}"
    )
    head = ["kind", "what a robot meets", "measure by level", *(str(level) for level in levels)]
    print_table(head, rows, title=title)


def _as_json(
    config: TerrainConfig, kinds: list[str], levels: list[int], picture: dict[str, object] | None
) -> dict[str, object]:
    from surefoot_training.task.terrain import TILE_KINDS

    def described(kind: str) -> dict[str, object]:
        of_level = {level: TILE_KINDS[kind].measures(config.level_fraction(level), config) for level in levels}
        return {
            "kind": kind,
            "summary": TILE_KINDS[kind].summary,
            "columns": [index for index, name in enumerate(config.columns) if name == kind],
            "levels": [{"level": level, **measures} for level, measures in of_level.items()],
        }

    rows_m, columns_m = (cells * config.cell_m for cells in config.field_cells)
    return {
        "seed": config.seed,
        "level_count": config.level_count,
        "columns": config.columns,
        "tile_size_m": config.tile_size_m,
        "cell_m": config.cell_m,
        "size_m": [columns_m, rows_m],
        "kinds": [described(kind) for kind in kinds],
        **(picture or {}),
    }
