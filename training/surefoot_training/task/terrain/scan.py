"""The height scan: the ground around the robot, as the policy's critic (or a depth camera) sees it."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from surefoot_robots.errors import SurefootError
from surefoot_training.task.terrain.field import Array, Terrain
from surefoot_training.task.terrain.lookup import heights_at

Axis: TypeAlias = NDArray[np.float32]

# Robots are taken in blocks of about as many points: what is computed in between then stays in the processor's cache,
# which halves the time for 4096 robots (43 to 19 ms, measured).
BLOCK_POINTS = 50_000


@dataclass(frozen=True, slots=True)
class ScanGrid:
    """Points of a height scan: a rectangle around the base in the frame that turns with the robot's heading.

    The default is the 1.6 m x 1.0 m grid of 187 points of legged_gym (legged_gym/envs/base/legged_robot_config.py),
    which DreamWaQ uses too.
    """

    x_m: tuple[float, float] = (-0.8, 0.8)
    """Hindmost and foremost points."""

    y_m: tuple[float, float] = (-0.5, 0.5)
    """Rightmost and leftmost points."""

    spacing_m: float = 0.1
    """Distance of neighbouring points, the same both ways."""

    def __post_init__(self) -> None:
        """Refuse a grid that has no points, or whose ends do not fit its spacing."""
        if not (math.isfinite(self.spacing_m) and self.spacing_m > 0):
            raise SurefootError(f"height scan: spacing_m {self.spacing_m!r} is not a positive length")
        for name, (first, last) in (("x_m", self.x_m), ("y_m", self.y_m)):
            steps = (last - first) / self.spacing_m
            if not (math.isfinite(steps) and steps >= 0 and abs(steps - round(steps)) < 1e-6):
                raise SurefootError(
                    f"height scan: {name} {(first, last)!r} is not a whole number of steps of {self.spacing_m:g} m",
                    hint=f"give {name} as (smallest, largest)",
                )

    @property
    def shape(self) -> tuple[int, int]:
        """Number of points along x and along y."""
        along_x, along_y = self.axes_m
        return len(along_x), len(along_y)

    @property
    def size(self) -> int:
        """Number of points, K."""
        return math.prod(self.shape)

    @property
    def axes_m(self) -> tuple[Axis, Axis]:
        """Coordinates of the points along x and along y."""
        return _axes_m(self)

    @property
    def points_in_base_m(self) -> NDArray[np.float32]:
        """[K, 2] x and y of each point in the scan's order: from hindmost to foremost, then from right to left."""
        return np.stack(np.meshgrid(*self.axes_m, indexing="ij"), axis=-1).reshape(-1, 2)


@lru_cache(maxsize=16)
def _axes_m(grid: ScanGrid) -> tuple[Axis, Axis]:
    def axis(first: float, last: float) -> Axis:
        points = np.linspace(first, last, round((last - first) / grid.spacing_m) + 1, dtype=np.float32)
        points.flags.writeable = False
        return points

    return axis(*grid.x_m), axis(*grid.y_m)


def height_scan(terrain: Terrain, base_position_in_world: Array, heading_rad: Array, grid: ScanGrid) -> Array:
    """Terrain height relative to the base, m: [N, 3] positions and [N] headings -> [N, K].

    The grid follows the heading and stays level however the base tilts. Points beyond the field take the height of its
    edge, so that a finite pose always gives finite heights.
    """
    robots = base_position_in_world.shape[0]
    if terrain.is_plane or not array_api_compat.is_numpy_array(base_position_in_world):
        return _scan(terrain, base_position_in_world, heading_rad, grid)
    scan = np.empty((robots, grid.size), dtype=base_position_in_world.dtype)
    block = max(1, BLOCK_POINTS // grid.size)
    for start in range(0, robots, block):
        part = slice(start, start + block)
        scan[part] = _scan(terrain, base_position_in_world[part], heading_rad[part], grid)
    return scan


def _scan(terrain: Terrain, base_position_in_world: Array, heading_rad: Array, grid: ScanGrid) -> Array:
    xp = array_api_compat.array_namespace(base_position_in_world, heading_rad)
    device = array_api_compat.device(base_position_in_world)
    x, y, z = (base_position_in_world[:, axis, None] for axis in range(3))
    if terrain.is_plane:
        return xp.zeros((1, grid.size), dtype=z.dtype, device=device) - z
    forward, left = (xp.asarray(axis, dtype=z.dtype, device=device, copy=True)[None, :] for axis in grid.axes_m)
    cos, sin = xp.cos(heading_rad)[:, None], xp.sin(heading_rad)[:, None]
    # A point is a sum of a part along x and one along y: two small products and one broadcast sum, not K of each.
    points_x = (x + cos * forward)[:, :, None] - (sin * left)[:, None, :]
    points_y = (y + sin * forward)[:, :, None] + (cos * left)[:, None, :]
    return xp.reshape(heights_at(terrain, points_x, points_y), (-1, grid.size)) - z
