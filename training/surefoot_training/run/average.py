"""Networks averaged over the last iterations of a run.

A policy wanders from one iteration to the next by about the KL aimed at, mostly by chance; the mean of several is
nearer to what they wander about (Polyak & Juditsky 1992), and walks better than any of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

ITERATIONS = 10.0
"""How long ago an iteration counts 1/e of the newest."""


class Average:
    """The average until now; empty before the first iteration."""

    def __init__(self, iterations: float = ITERATIONS) -> None:
        self._towards_newest = 1.0 - math.exp(-1.0 / iterations)
        self._networks: dict[str, Tensor] = {}

    def add(self, networks: Mapping[str, Tensor]) -> None:
        """The networks after one more iteration. What is no real number is the newest's."""
        if not self._networks:
            self.load_state_dict(networks)
            return
        for name, newest in networks.items():
            if newest.is_floating_point():
                self._networks[name].lerp_(newest, self._towards_newest)
            else:
                self._networks[name].copy_(newest)

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of the average, by the networks' names."""
        return {name: value.clone() for name, value in self._networks.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up where `state_dict` left off."""
        self._networks = {name: torch.clone(value.detach()) for name, value in state.items()}
