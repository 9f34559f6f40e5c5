"""Pushes: what knocks a robot about while it walks.

Kicks change the base's velocity at once, as most training stacks push; force pulses act on the trunk for a while, as a
person or a door does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, Rng, indices_where, load_arrays, save_arrays
from surefoot_training.task.settings import Span, about, check


@dataclass(frozen=True, slots=True)
class PushConfig:
    """How hard, how long and how often; both kinds are horizontal, in any direction. A strength of 0 is none."""

    kick_mps: Span = field(
        default=(0.0, 1.0),
        metadata=about(
            "m/s",
            "velocity added to the base at once",
            source="legged_gym and HIMLoco ±1 m/s per axis; unitree_rl_lab, mjlab ±0.5",
            at_least=0.0,
        ),
    )
    kick_interval_s: Span = field(
        default=(5.0, 10.0),
        metadata=about("s", "from kick to kick", source="unitree_rl_lab; legged_gym 15", at_least=0.02),
    )
    force_n: Span = field(
        default=(50.0, 150.0),
        metadata=about("N", "force on the trunk", source="the plan: 50 to 150 N", at_least=0.0),
    )
    force_duration_s: Span = field(
        default=(0.05, 0.15),
        metadata=about(
            "s",
            "how long it acts",
            source="MuJoCo Playground 0.05 to 0.2; 0.15 s of 150 N give 15 kg 1.5 m/s",
            at_least=0.001,
        ),
    )
    force_interval_s: Span = field(
        default=(5.0, 10.0),
        metadata=about("s", "from the end of one force to the next", source="as kicks", at_least=0.02),
    )

    def __post_init__(self) -> None:
        """Refuse what is no push."""
        check(self)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What to do to N robots in this control step."""

    velocity_kick_in_world: Array  # [N, 3] m/s
    force_in_world_n: Array  # [N, 3] mean over the step, on the trunk
    any_kick: bool
    any_force: bool


class Pushes:
    """When N robots are pushed next."""

    _ARRAYS = ("_until_kick_s", "_until_force_s", "_force_left_s", "_force_n")

    def __init__(self, config: PushConfig, robots: int, xp: Namespace, device: Device = None) -> None:
        """Nobody is pushed within the first interval; `reset` draws when."""
        self.config, self._robots, self._xp, self._device = config, robots, xp, device
        self._until_kick_s, self._until_force_s = self._zeros(), self._zeros()
        self._force_left_s, self._force_n = self._zeros(), self._zeros(3)
        self._until_kick_s += config.kick_interval_s[0]
        self._until_force_s += config.force_interval_s[0]

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` [n] are left alone for an interval."""
        self._until_kick_s[ids] = rng.uniform(*self.config.kick_interval_s, ids.shape[0])
        self._until_force_s[ids] = rng.uniform(*self.config.force_interval_s, ids.shape[0])
        self._force_left_s[ids] = 0.0
        self._force_n[ids] = 0.0

    def step(self, dt_s: float, rng: Rng, strength: float = 1.0) -> Disturbance:
        """The pushes of one control step; `strength` scales those that begin in it."""
        kick, any_kick = self._kick(dt_s, rng, strength)
        self._until_force_s -= dt_s
        self._begin_force(indices_where(self._until_force_s <= 0.0), rng, strength)
        # A force that ends within the step acts with its mean over the step, so that its impulse is exact.
        acting_share = self._force_left_s.clip(0.0, dt_s) * (1.0 / dt_s)
        force_n = self._force_n * acting_share[:, None]
        self._force_left_s = (self._force_left_s - dt_s).clip(0.0)
        return Disturbance(kick, force_n, any_kick, bool((acting_share > 0).any()))

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)

    def _kick(self, dt_s: float, rng: Rng, strength: float) -> tuple[Array, bool]:
        kick = self._zeros(3)
        self._until_kick_s -= dt_s
        ids = indices_where(self._until_kick_s <= 0.0)
        n = ids.shape[0]
        if n:
            kick[ids] = self._horizontal(self.config.kick_mps, n, rng) * strength
            self._until_kick_s[ids] = rng.uniform(*self.config.kick_interval_s, n)
        return kick, n > 0

    def _begin_force(self, ids: Array, rng: Rng, strength: float) -> None:
        n = ids.shape[0]
        if not n:
            return
        duration_s = rng.uniform(*self.config.force_duration_s, n)
        self._force_n[ids] = self._horizontal(self.config.force_n, n, rng) * strength
        self._force_left_s[ids] = duration_s
        self._until_force_s[ids] = duration_s + rng.uniform(*self.config.force_interval_s, n)

    def _horizontal(self, length: Span, n: int, rng: Rng) -> Array:
        """Vectors [n, 3] of a length within the span, in any horizontal direction."""
        xp, direction_rad = self._xp, rng.uniform(-math.pi, math.pi, n)
        x, y = xp.cos(direction_rad), xp.sin(direction_rad)
        return xp.stack([x, y, xp.zeros_like(x)], axis=-1) * rng.uniform(*length, n)[:, None]

    def _zeros(self, *shape: int) -> Array:
        return self._xp.zeros((self._robots, *shape), dtype=self._xp.float32, device=self._device)
