"""Sums over the running episodes, and their means over the robots whose episode ends."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Namespace, load_arrays, save_arrays


class EpisodeLog:
    """Per-robot sums of named columns, and what has been reported since the last `take`."""

    def __init__(self, xp: Namespace, robots: int, columns: tuple[str, ...]) -> None:
        """`columns` name the rows of the array given to `add`."""
        self.columns = columns
        self._sums = xp.zeros((len(columns), robots), dtype=xp.float32)
        self._finished: dict[str, float] = {}
        self._episodes = 0

    def add(self, values: Array) -> None:
        """Add one control step: [columns, N]."""
        self._sums += values

    def sums(self, ids: Array) -> Array:
        """Sums of the running episodes of robots `ids`: [columns, n]."""
        return self._sums[:, ids]

    def forget(self, ids: Array) -> None:
        """The episodes of robots `ids` do not count."""
        self._sums[:, ids] = 0.0

    def finish(self, ids: Array, facts: Mapping[str, float]) -> None:
        """The episodes of robots `ids` ended; `facts` are totals over these robots (counts, summed durations)."""
        totals = self._sums[:, ids].sum(1)
        self.forget(ids)
        self._episodes += len(ids)
        for name, value in zip(self.columns, totals, strict=True):
            self._finished[name] = self._finished.get(name, 0.0) + float(value)
        for name, value in facts.items():
            self._finished[name] = self._finished.get(name, 0.0) + value

    def take(self) -> dict[str, float]:
        """Means per finished episode since the last call, with `episodes`, their number; empty if none finished."""
        if not self._episodes:
            return {}
        means = {name: total / self._episodes for name, total in self._finished.items()}
        means["episodes"] = float(self._episodes)
        self._finished, self._episodes = {}, 0
        return means

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        names = sorted(self._finished)
        return {
            **save_arrays(self, ("_sums",)),
            "finished_names": np.array(names, dtype=np.str_),
            "finished": np.array([self._finished[name] for name in names], dtype=np.float64),
            "episodes": np.array(self._episodes),
        }

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, ("_sums",), state)
        self._finished = dict(zip(state["finished_names"].tolist(), state["finished"].tolist(), strict=True))
        self._episodes = int(state["episodes"])
