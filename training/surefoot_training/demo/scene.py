"""Robots on the terrain, as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.image import imsave

from surefoot_training.sim.portrait import Portrait, View
from surefoot_training.task.environment import WalkingEnvironment


def draw_scene(poses: np.ndarray, environment: WalkingEnvironment, file: Path) -> None:
    """Robots in `poses` [n, 7 + J] among the obstacles of a middle level, stairs behind them."""
    simulator = environment.simulator
    terrain = simulator.terrain
    column = terrain.column_kinds.index("obstacles")
    x, y, _ = terrain.tile_origin_in_world[terrain.level_count // 2, column]
    view = View(
        look_at=(float(x) - 1.0, float(y), 0.3),
        distance_m=7.0,
        azimuth_deg=140.0,
        elevation_deg=-19.0,
        width_px=1280,
        height_px=560,
    )
    portrait = Portrait(simulator.robot, terrain, view)
    try:
        imsave(file, np.ascontiguousarray(portrait.draw(poses, view)))
    finally:
        portrait.close()
