"""What follows from the feet's contact forces over time: contact, touch-down, time in the air."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Namespace, load_arrays, save_arrays, square_sum

CONTACT_FORCE_N = 1.0  # what legged_gym and its descendants call contact (walking-recipes.md)


class FootContacts(NamedTuple):
    """One control step of four feet per robot; times in s, all [N, 4]."""

    foot_contact: Array  # bool
    foot_touched_down: Array  # bool, first control step of a contact
    foot_air_time_s: Array  # since the last contact; at touch-down the swing that just ended
    foot_last_air_time_s: Array  # of the last swing that ended; 0 before the first
    foot_last_contact_time_s: Array  # of the last stance that ended; 0 before the first


_MEMORY = (
    "_contact",
    "_touched_down",
    "_air_time_s",
    "_swing_s",
    "_contact_time_s",
    "_last_air_time_s",
    "_last_contact_time_s",
)


class FootTracker:
    """Remembers per foot whether it is in contact, since when, and how long its last swing and stance were."""

    def __init__(self, xp: Namespace, robots: int) -> None:
        """All feet start in contact."""
        self._xp = xp
        self._contact, self._touched_down = xp.ones((robots, 4), dtype=xp.bool), xp.zeros((robots, 4), dtype=xp.bool)
        self._air_time_s, self._swing_s, self._contact_time_s, self._last_air_time_s, self._last_contact_time_s = (
            xp.zeros((robots, 4), dtype=xp.float32) for _ in range(5)
        )

    @property
    def seen(self) -> FootContacts:
        """After the last update or reset."""
        return FootContacts(
            self._contact, self._touched_down, self._swing_s, self._last_air_time_s, self._last_contact_time_s
        )

    def update(self, foot_force_in_world_n: Array, dt_s: float) -> FootContacts:
        """Advance by one control step with the forces on the feet [N, 4, 3]."""
        where, before = self._xp.where, self._contact
        contact = square_sum(foot_force_in_world_n) > CONTACT_FORCE_N**2
        self._touched_down, lifted_off = contact & ~before, before & ~contact
        self._swing_s = (self._air_time_s + dt_s) * ~(contact & before)
        self._last_air_time_s = where(self._touched_down, self._swing_s, self._last_air_time_s)
        self._last_contact_time_s = where(lifted_off, self._contact_time_s, self._last_contact_time_s)
        self._air_time_s = self._swing_s * ~contact
        self._contact_time_s = (self._contact_time_s + dt_s) * contact
        self._contact = contact
        return self.seen

    def reset(self, ids: Array) -> None:
        """Robots `ids` stand again, with nothing behind them; what `update` returned stays as it was."""
        for name in _MEMORY:
            memory = self._xp.asarray(getattr(self, name), copy=True)
            memory[ids] = name == "_contact"
            setattr(self, name, memory)

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, _MEMORY)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, _MEMORY, state)
