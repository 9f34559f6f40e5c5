"""How high robots and their feet are over the ground, and the height scan around them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from surefoot_training.sim.simulator import Array, Simulator
from surefoot_training.task.terrain import ScanGrid, height_scan, heights_at


class Heights(NamedTuple):
    """Over the terrain below, of n robots."""

    base_m: Array  # [n]
    sole_m: Array  # [n, 4]
    scan_m: Array  # [n, K] terrain relative to the base


class Ground:
    """The terrain as the task asks about it."""

    def __init__(self, simulator: Simulator, scan: ScanGrid | None) -> None:
        """`scan` None gives scans without points."""
        self._xp, self._scan = simulator.arrays, scan
        some_state = simulator.state().base_position_in_world
        self._terrain = simulator.terrain.as_arrays_of(some_state)
        radius = np.array([leg.foot.radius_m for leg in simulator.robot.legs], dtype=np.float32)
        self._foot_radius_m = self._xp.asarray(radius)

    def distance_to_edge_m(self, base_position_in_world: Array) -> Array:
        """How far robots at [n, 3] are from where the ground ends [n]; infinitely on a plane."""
        return self._terrain.distance_to_edge_m(base_position_in_world[:, 0], base_position_in_world[:, 1])

    def heights(self, base_position_in_world: Array, heading_rad: Array, foot_position_in_world: Array) -> Heights:
        """For robots at [n, 3], [n] and feet at [n, 4, 3]."""
        xp, n = self._xp, base_position_in_world.shape[0]
        base, feet = base_position_in_world, foot_position_in_world
        sole = feet[:, :, 2] - self._foot_radius_m
        if self._terrain.is_plane:
            under_base, clearance = base[:, 2], sole
        else:
            # One look-up for base and feet: its cost is mostly the number of array operations.
            x = xp.concat([base[:, 0, None], feet[:, :, 0]], axis=1)
            y = xp.concat([base[:, 1, None], feet[:, :, 1]], axis=1)
            ground = heights_at(self._terrain, x, y)
            under_base, clearance = base[:, 2] - ground[:, 0], sole - ground[:, 1:]
        if self._scan is None:
            return Heights(under_base, clearance, xp.zeros((n, 0), dtype=xp.float32))
        return Heights(under_base, clearance, height_scan(self._terrain, base, heading_rad, self._scan))
