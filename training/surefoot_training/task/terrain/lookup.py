"""Heights below points: the surface that the physics engine collides with, read from the same array."""

import array_api_compat
import numpy as np

from surefoot_training.task.terrain.field import Array, Terrain


def heights_at(terrain: Terrain, x_m: Array, y_m: Array) -> Array:
    """Height of the ground below points of any shape, m, in the precision of `x_m`.

    Exact: each cell is split into the same two triangles as MuJoCo's height field, along the diagonal from the corner
    of lowest x and y to that of highest x and y. Points beyond the field take the height of its nearest edge, NaN gives
    NaN. Points and terrain must be of one library, and on one device (`Terrain.as_arrays_of`).
    """
    xp = array_api_compat.array_namespace(x_m, y_m)
    if terrain.is_plane:
        return xp.zeros_like(x_m + y_m)
    rows, columns = terrain.heights_m.shape
    column, along_x = _split(x_m, terrain.cell_m, columns // 2)
    row, along_y = _split(y_m, terrain.cell_m, rows // 2)
    # Whole numbers in floating point, exact as long as the field has at most MOST_NODES: cheaper than in integers.
    corner = xp.astype(row * columns + (column + (rows // 2 * columns + columns // 2)), xp.int64)
    # The three corners of the triangle: lowest, highest, and the one between on whichever side of the diagonal.
    lowest = _take(terrain, corner)
    highest = _take(terrain, corner + (columns + 1))
    between = _take(terrain, corner + xp.where(along_x >= along_y, 1, columns))
    farther, nearer = xp.maximum(along_x, along_y), xp.minimum(along_x, along_y)
    return lowest + farther * (between - lowest) + nearer * (highest - between)


def _split(along_m: Array, cell_m: float, half_cells: int) -> tuple[Array, Array]:
    """Cell index counted from the middle of the field, and the place in the cell 0..1, along one axis.

    Counting from the middle keeps what float32 resolves where the tiles are: 2 µm at 40 m.
    """
    xp = array_api_compat.array_namespace(along_m)
    with np.errstate(over="ignore"):  # one robot on its way to infinity shall not warn about, or stop, the others
        position = xp.clip(along_m * (1.0 / cell_m), -half_cells, half_cells)
    # The far edge belongs to the last cell; so does NaN, to have a valid index: the place in the cell stays NaN.
    index = xp.where(position < half_cells, xp.floor(position), half_cells - 1)
    return index, position - index


def _take(terrain: Terrain, node: Array) -> Array:
    xp = array_api_compat.array_namespace(node)
    return xp.reshape(xp.take(xp.reshape(terrain.heights_m, (-1,)), xp.reshape(node, (-1,)), axis=0), node.shape)
