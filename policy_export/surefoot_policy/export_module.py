"""What can be exported: a torch module of one tick, with what it remembers as named state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from surefoot_robots.errors import SurefootError

Ticked: TypeAlias = tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]
"""Joint targets [n, J] rad; what is remembered for the next tick; what is believed."""


class Policy(Protocol):
    """A deterministic torch module, one call of which is one tick of n robots."""

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """What robots remember at reset: name -> [batch, …]."""
        ...

    def __call__(self, observation: Tensor, state: dict[str, Tensor]) -> Ticked:
        """Of raw observations [n, D]."""
        ...


class Flat(nn.Module):
    """`policy` as a function of tensors alone: (observation, *states) -> (joint target, *next states, *estimates)."""

    def __init__(self, policy: Policy, observation_size: int) -> None:
        """Switches the policy to evaluation, and asks it once for the names of what it gives."""
        super().__init__()
        if not isinstance(policy, nn.Module):
            raise TypeError(f"a policy to export is a torch module, not a {type(policy).__name__}")
        self.policy = policy
        self.eval()
        self.observation_size = observation_size
        initial = policy.initial_state(1)
        self.state = tuple(initial)
        with torch.inference_mode():
            _, following, estimates = policy(torch.zeros(1, observation_size), initial)
        if tuple(following) != self.state:
            raise SurefootError(
                f"the policy remembers {', '.join(following)} after a tick, {', '.join(self.state)} before",
                hint="give the next state under the names of initial_state, in its order",
            )
        self.estimates = tuple(estimates)

    def forward(self, observation: Tensor, *states: Tensor) -> tuple[Tensor, ...]:
        """One tick."""
        target, following, estimates = self.policy(observation, dict(zip(self.state, states, strict=True)))
        return target, *following.values(), *estimates.values()

    @property
    def input_names(self) -> list[str]:
        """As the contract has them."""
        return ["observation", *(f"state.{name}" for name in self.state)]

    @property
    def output_names(self) -> list[str]:
        """As the contract has them."""
        following = (f"state.{name}.next" for name in self.state)
        return ["joint_target", *following, *(f"estimate.{name}" for name in self.estimates)]

    def initial(self) -> dict[str, np.ndarray]:
        """What one robot remembers at reset: name -> […]."""
        return {name: value[0].numpy() for name, value in self.policy.initial_state(1).items()}

    def example(self, batch: int) -> tuple[Tensor, ...]:
        """Inputs of the right shapes."""
        return torch.zeros(batch, self.observation_size), *self.policy.initial_state(batch).values()


@contextmanager
def one_thread() -> Iterator[None]:
    """How many threads there are may decide the last bits of what networks give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
