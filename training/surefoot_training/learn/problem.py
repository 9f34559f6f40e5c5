"""What an algorithm asks of the world it learns in: N copies of a problem, stepped together, in torch tensors.

The walking task is one such problem (`learn.walking`), Gymnasium's environments are others (`learn.gym`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

State: TypeAlias = dict[str, Tensor]
"""What decides the future, as named tensors."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What n copies see, float32, raw: normalization is the agent's business."""

    actor: Tensor  # [n, H, F] what the policy sees: its newest H observations, the last one newest
    critic: Tensor  # [n, C] what the critic sees
    velocity: Tensor  # [n, V] the truth that an estimator learns to guess; V may be 0

    def __getitem__(self, rows: Tensor | slice) -> Seen:
        """Some rows of all."""
        return Seen(self.actor[rows], self.critic[rows], self.velocity[rows])


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step. Finished copies have already begun anew: `seen` is their new beginning."""

    seen: Seen
    reward: Tensor  # [N] float32
    terminated: Tensor  # [N] bool, nothing was to be had after it
    timed_out: Tensor  # [N] bool, it would have gone on; never together with `terminated`
    finished_ids: Tensor  # [n] copies of which either is true
    final: Seen  # [n, …] what those saw last
    log: Mapping[str, float]  # means over the episodes that finished in this step; empty if none did


@dataclass(frozen=True, slots=True)
class Actions:
    """What can be done: `size` real numbers, or one of `size` choices."""

    size: int
    discrete: bool = False


class Mirror(Protocol):
    """Left and right exchanged; applied twice, nothing has changed."""

    def observation(self, actor: Tensor) -> Tensor:
        """What the actor would see in the mirror: [n, H, F] -> [n, H, F]."""
        ...

    def velocity(self, velocity: Tensor) -> Tensor:
        """True velocities there: [n, V] -> [n, V]."""
        ...

    def action(self, action: Tensor) -> Tensor:
        """What it would do there: [n, A] -> [n, A]."""
        ...


class Problem(Protocol):
    """N copies of a problem."""

    copies: int
    actions: Actions
    actor_shape: tuple[int, int]  # H, F
    critic_size: int
    velocity_size: int
    mirror: Mirror | None

    def seen(self) -> Seen:
        """What all copies see now."""
        ...

    def step(self, action: Tensor) -> Outcome:
        """One step with actions [N, A] (or choices [N] int64), as sampled: what is out of range is clipped here."""
        ...

    def state_dict(self) -> State:
        """What `load_state_dict` needs to go on to the bit."""
        ...

    def load_state_dict(self, state: State) -> None:
        """Take up where `state_dict` left off."""
        ...


def select(seen: Seen, ids: Tensor) -> Seen:
    """Rows `ids` of what is seen, copied."""
    return Seen(*(torch.index_select(part, 0, ids) for part in (seen.actor, seen.critic, seen.velocity)))
