"""Terrain: one height field of tiles shared by all robots, and the look-up of heights in it.

World frame: x along the columns (one kind of terrain each), y along the levels (easiest at the lowest y), the middle of
the field at the origin, height 0 where tiles meet.
"""

from surefoot_training.task.terrain.config import TerrainConfig
from surefoot_training.task.terrain.field import Terrain, build_terrain
from surefoot_training.task.terrain.lookup import heights_at
from surefoot_training.task.terrain.scan import ScanGrid, height_scan
from surefoot_training.task.terrain.tiles import TILE_KINDS, TileKind

__all__ = [
    "TILE_KINDS",
    "ScanGrid",
    "Terrain",
    "TerrainConfig",
    "TileKind",
    "build_terrain",
    "height_scan",
    "heights_at",
]
