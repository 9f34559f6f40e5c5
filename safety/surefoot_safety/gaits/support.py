"""Feet on the ground: who carries how much, and how far a point is inside them."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, inf

from surefoot_safety.state import Floats, Vector3

YIELDING_M2 = 1e-4
"""Moments give way, where they must, in proportion to this over the square of the feet's spread (0.03 m² for a Go2).
Two feet cannot resist turning about the line between them, and must not be asked to."""


def loads_n(
    feet_m: Sequence[Vector3], shares: Sequence[float], force_n: float, moment_x_nm: float, moment_y_nm: float
) -> Floats:
    """Vertical forces on the feet that add up to a force and to moments about the origin of the feet's positions.

    Of all that do, those with the least sum of squares, weighted by 1 / share: a foot with share 0 carries nothing.
    They are share · (a + b y + c x); feet push but do not pull, so what would pull is 0 and the others carry more.
    """
    sum_1 = sum_y = sum_x = sum_yy = sum_xy = sum_xx = 0.0
    for (x, y, _), share in zip(feet_m, shares, strict=True):
        sum_1 += share
        sum_y += share * y
        sum_x += share * x
        sum_yy += share * (y * y + YIELDING_M2)
        sum_xy += share * x * y
        sum_xx += share * (x * x + YIELDING_M2)
    if sum_1 <= 0.0:
        return (0.0,) * len(feet_m)
    # Σ f = F, Σ y f = M_x, Σ x f = −M_y, by elimination of a.
    yy, xy, xx = sum_yy - sum_y * sum_y / sum_1, sum_xy - sum_x * sum_y / sum_1, sum_xx - sum_x * sum_x / sum_1
    right_y, right_x = moment_x_nm - sum_y * force_n / sum_1, -moment_y_nm - sum_x * force_n / sum_1
    determinant = yy * xx - xy * xy
    b, c = (right_y * xx - right_x * xy) / determinant, (right_x * yy - right_y * xy) / determinant
    a = (force_n - b * sum_y - c * sum_x) / sum_1
    pushing = [max(0.0, share * (a + b * y + c * x)) for (x, y, _), share in zip(feet_m, shares, strict=True)]
    total = sum(pushing)
    scale = force_n / total if total > force_n else 1.0
    return tuple(scale * load for load in pushing)


def margin_m(point_x_m: float, point_y_m: float, feet_m: Sequence[Vector3]) -> float:
    """How far a point is inside the polygon of these feet, in the order of their way around it; negative outside.

    The distance to the nearest edge's line, whichever way around the feet come.
    """
    nearest_left, nearest_right = inf, inf
    for (x1, y1, _), (x2, y2, _) in zip(feet_m, (*feet_m[1:], feet_m[0]), strict=True):
        along_x, along_y = x2 - x1, y2 - y1
        length = hypot(along_x, along_y)
        left = (along_x * (point_y_m - y1) - along_y * (point_x_m - x1)) / length if length > 0.0 else 0.0
        nearest_left, nearest_right = min(nearest_left, left), min(nearest_right, -left)
    return max(nearest_left, nearest_right)


def around(feet_m: Sequence[Vector3]) -> tuple[Vector3, Vector3, Vector3, Vector3]:
    """FL, FR, RL, RR in the order of their way around: FL, FR, RR, RL."""
    front_left, front_right, rear_left, rear_right = feet_m
    return front_left, front_right, rear_right, rear_left
