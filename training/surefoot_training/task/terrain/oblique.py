"""A tile seen from above at an angle: parallel rays cast onto the heights, shaded, with shadows.

Plotting libraries sort whole faces by distance, which goes wrong on the steep walls that terrain is made of; casting a
ray per pixel cannot.
"""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from matplotlib.colors import Colormap, Normalize
from numpy.typing import NDArray

from surefoot_training.task.terrain.tiles import Heights, interpolate

Extent: TypeAlias = tuple[float, float, float, float]

AZIMUTH_RAD, ELEVATION_RAD = math.radians(-62.0), math.radians(34.0)  # of the viewer, seen from the tile
TO_LIGHT = np.array([-0.55, -0.25, 0.8]) / math.hypot(0.55, 0.25, 0.8)
AMBIENT, BRIGHTEST, SHADOW = 0.45, 1.15, 0.55  # light everywhere, in full light, and what a shadow leaves of the rest
FINER = 4  # points per cell that are drawn
BELOW_M = 0.25  # the block ends that far below its lowest point
SIDE_COLOUR = (0.62, 0.56, 0.47)


@dataclass(frozen=True, slots=True)
class View:
    """Parallel projection: world = right * s + up * t + depth along `into`; s, t in metres on the screen."""

    right: NDArray[np.float64]
    up: NDArray[np.float64]
    into: NDArray[np.float64]

    @staticmethod
    def oblique() -> "View":
        """From the front, a little to the left of it, above."""
        cos_a, sin_a = math.cos(AZIMUTH_RAD), math.sin(AZIMUTH_RAD)
        cos_e, sin_e = math.cos(ELEVATION_RAD), math.sin(ELEVATION_RAD)
        return View(
            right=np.array([-sin_a, cos_a, 0.0]),
            up=np.array([-cos_a * sin_e, -sin_a * sin_e, cos_e]),
            into=np.array([-cos_a * cos_e, -sin_a * cos_e, -sin_e]),
        )

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points in the world [..., 3] -> on the screen [..., 2], m."""
        return np.stack([points @ self.right, points @ self.up], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A tile cut out of the ground, its middle at the origin."""

    heights_m: NDArray[np.float64]
    """[m, m], interpolated to `spacing_m`, which is finer than the terrain's cells."""

    spacing_m: float

    @staticmethod
    def of_tile(heights_m: Heights, cell_m: float) -> "Block":
        """Cut out a tile."""
        finer = interpolate(interpolate(heights_m.astype(np.float64), FINER).T, FINER).T
        return Block(finer, cell_m / FINER)

    @property
    def half_m(self) -> float:
        """Half the side of the tile."""
        return (len(self.heights_m) - 1) * self.spacing_m / 2

    @property
    def top_m(self) -> float:
        """Highest point."""
        return float(self.heights_m.max())

    @property
    def bottom_m(self) -> float:
        """Height at which the block is cut off below."""
        return float(self.heights_m.min()) - BELOW_M

    @property
    def corners(self) -> NDArray[np.float64]:
        """Corners [8, 3] of the box that the block fits into."""
        half, spans = self.half_m, (self.bottom_m, self.top_m)
        return np.array([(x, y, z) for x in (-half, half) for y in (-half, half) for z in spans])

    def node_below(self, points: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Row and column of the height nearest to points [n, 3]; one past either end beyond the tile."""
        nodes = len(self.heights_m)
        to_node = np.clip((points[:, 1::-1] + self.half_m) * (1.0 / self.spacing_m), -1, nodes)
        row, column = np.rint(to_node).astype(np.intp).T
        return row, column

    def is_above(self, points: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether points [n, 3] lie outside the block, seen exactly: interpolated between heights."""
        across = (points[:, 1::-1] + self.half_m) * (1.0 / self.spacing_m)
        last = len(self.heights_m) - 1
        corner = np.clip(np.floor(across), 0, last - 1).astype(np.intp)
        (row, column), (v, u), at = corner.T, (across - corner).T, self.heights_m
        near = at[row, column] * (1 - u) + at[row, column + 1] * u
        far = at[row + 1, column] * (1 - u) + at[row + 1, column + 1] * u
        beyond = (across < 0).any(axis=1) | (across > last).any(axis=1)
        return np.asarray(beyond | (points[:, 2] > near * (1 - v) + far * v))


def render(block: Block, colours: Colormap, norm: Normalize, pixel_m: float) -> tuple[NDArray[np.float32], Extent]:
    """Image [rows, columns, 4], first row on top, and its extent on the screen (left, right, bottom, top), m."""
    view, corners = View.oblique(), View.oblique().project(block.corners)
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    s, t = np.meshgrid(np.arange(left, right, pixel_m), np.arange(high, low, -pixel_m))
    on_screen = s[..., None] * view.right + t[..., None] * view.up
    depth = (block.top_m - on_screen[..., 2]) / view.into[2]
    starts = (on_screen + depth[..., None] * view.into).reshape(-1, 3)
    stride = 2.5 * block.spacing_m * view.into
    points, met = _cast(block, starts, stride)
    points[met] = _refine(block, points[met], stride)
    image = np.zeros((len(points), 4), dtype=np.float32)
    image[met] = _shade(block, points[met], colours(norm(points[met, 2]))[:, :3])
    return image.reshape(*s.shape, 4), (float(left), float(right), float(low), float(high))


def _cast(
    block: Block, starts: NDArray[np.float64], stride: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Follow rays from `starts` [n, 3] in strides until they meet the block or leave its box: where, and which met."""
    surface = np.pad(block.heights_m, 1, constant_values=-np.inf).astype(np.float32)
    points, met, step = starts.astype(np.float32), np.zeros(len(starts), dtype=bool), stride.astype(np.float32)
    # The steepest rays set how many strides the height of the box takes.
    going, left = np.arange(len(starts)), math.ceil((block.top_m - block.bottom_m) / abs(stride[2])) + 1
    for _ in range(left):
        row, column = block.node_below(points[going])
        below = points[going, 2] <= surface[row + 1, column + 1]
        met[going[below]] = True
        going = going[~below & (points[going, 2] <= block.top_m + 1e-3)]
        points[going] += step
    return points, met


def _refine(block: Block, points: NDArray[np.float32], stride: NDArray[np.float64]) -> NDArray[np.float32]:
    """Halve the last stride again and again to find where rays came in."""
    share = stride.astype(np.float32)
    for _ in range(7):
        share *= 0.5
        back = points - share
        points = np.where(block.is_above(back)[:, None], points, back)
    return points


def _shade(block: Block, points: NDArray[np.float32], colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours [n, 4] of points [n, 3] that rays met, given those without light [n, 3]."""
    light = _light(block)
    row, column = block.node_below(points)
    last = len(block.heights_m) - 1
    # Through a side comes in who is at the edge of the tile and well below its surface.
    at_edge = (np.minimum(row, column) < 2) | (np.maximum(row, column) > last - 2)
    row, column = np.clip(row, 0, last), np.clip(column, 0, last)
    is_side = at_edge & (points[:, 2] < block.heights_m[row, column] - 0.5 * block.spacing_m)
    on_front = np.minimum(row, last - row) < np.minimum(column, last - column)
    side_light = AMBIENT + np.where(on_front, 0.18, 0.0)
    shaded = np.where(is_side[:, None], np.outer(side_light, SIDE_COLOUR), colour * light[row, column, None])
    return np.column_stack([np.clip(shaded, 0.0, 1.0), np.ones(len(points))])


def _light(block: Block) -> NDArray[np.float64]:
    """Brightness [m, m] of every height: how it faces the light, and whether something stands before it."""
    heights, spacing = block.heights_m, block.spacing_m
    slope_y, slope_x = np.gradient(heights, spacing)
    normal = np.stack([-slope_x, -slope_y, np.ones_like(heights)], axis=-1)
    facing = np.clip(normal @ TO_LIGHT / np.linalg.norm(normal, axis=-1), 0.0, 1.0)
    along = np.linspace(-block.half_m, block.half_m, len(heights))
    x, y = np.meshgrid(along, along)
    starts = np.stack([x, y, heights + spacing], axis=-1) + 2.0 * spacing * TO_LIGHT
    _, hidden = _cast(block, starts.reshape(-1, 3), 2.0 * spacing * TO_LIGHT)
    reaching = facing * np.where(hidden.reshape(heights.shape), SHADOW, 1.0)
    return np.asarray(AMBIENT + (BRIGHTEST - AMBIENT) * reaching)
