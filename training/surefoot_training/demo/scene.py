"""Robots on the terrain, as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imsave

from surefoot_training.sim.portrait import Portrait, View
from surefoot_training.task.environment import WalkingEnvironment


def draw_scene(poses: np.ndarray, environment: WalkingEnvironment, file: Path) -> None:
    """Robots in `poses` [n, 7 + J] around stairs of a high level."""
    simulator = environment.simulator
    terrain = simulator.terrain
    column = terrain.column_kinds.index("stairs_down") if "stairs_down" in terrain.column_kinds else 0
    x, y, _ = terrain.tile_origin_in_world[3 * terrain.level_count // 4, column]
    view = View(
        look_at=(float(x), float(y), 0.6),
        distance_m=9.0,
        azimuth_deg=62.0,
        elevation_deg=-22.0,
        width_px=1280,
        height_px=560,
    )
    portrait = Portrait(simulator.robot, terrain, view)
    try:
        imsave(file, np.ascontiguousarray(portrait.draw(poses, view)))
    finally:
        portrait.close()
