"""What a policy's actions are drawn from: a Gaussian per real number, or a choice among several.

Both are made from one tensor of parameters [n, P], which is what a rollout keeps of the policy that acted.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

_LOG_TWO_PI = math.log(2.0 * math.pi)


class Distribution(ABC):
    """Of n actions, one per row."""

    def __init__(self, parameters: Tensor) -> None:
        """From [n, P]."""
        self.parameters = parameters

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw: [n, A] or, of choices, [n]."""

    @abstractmethod
    def mode(self) -> Tensor:
        """The likeliest."""

    @abstractmethod
    def log_prob(self, action: Tensor) -> Tensor:
        """[n]."""

    @abstractmethod
    def entropy(self) -> Tensor:
        """[n], nats."""

    @abstractmethod
    def kl_from(self, old: Distribution) -> Tensor:
        """KL(old ‖ this) [n], nats."""


class Gaussian(Distribution):
    """Independent in every action; parameters are mean ‖ logarithm of the standard deviation."""

    def __init__(self, parameters: Tensor) -> None:
        super().__init__(parameters)
        self.mean, self.log_std = parameters.chunk(2, dim=-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Mean + std × noise."""
        noise = torch.randn(self.mean.shape, generator=generator, device=self.mean.device)
        return self.mean + self.log_std.exp() * noise

    def mode(self) -> Tensor:
        """The mean."""
        return self.mean

    def log_prob(self, action: Tensor) -> Tensor:
        """−Σ (½ ((a − μ) / σ)² + log σ + ½ log 2π)."""
        scaled = (action - self.mean) * torch.exp(-self.log_std)
        return -(0.5 * scaled.square() + self.log_std).sum(-1) - 0.5 * _LOG_TWO_PI * action.shape[-1]

    def entropy(self) -> Tensor:
        """Σ (log σ + ½ (1 + log 2π))."""
        return self.log_std.sum(-1) + 0.5 * (1.0 + _LOG_TWO_PI) * self.log_std.shape[-1]

    def kl_from(self, old: Distribution) -> Tensor:
        """Σ (log σ/σ₀ + (σ₀² + (μ₀ − μ)²) / 2σ² − ½)."""
        before = Gaussian(old.parameters)
        precision = torch.exp(-2.0 * self.log_std)
        spread = (2.0 * before.log_std).exp() + (before.mean - self.mean).square()
        return (self.log_std - before.log_std + 0.5 * spread * precision - 0.5).sum(-1)


class Categorical(Distribution):
    """One of several choices; parameters are logits."""

    def __init__(self, parameters: Tensor) -> None:
        super().__init__(parameters)
        self.log_probs = parameters.log_softmax(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Draw by the probabilities: [n] int64."""
        return torch.multinomial(self.log_probs.exp(), 1, generator=generator).squeeze(-1)

    def mode(self) -> Tensor:
        """The likeliest choice."""
        return self.parameters.argmax(-1)

    def log_prob(self, action: Tensor) -> Tensor:
        """Of the choices made [n]."""
        return self.log_probs.gather(-1, action.unsqueeze(-1)).squeeze(-1)

    def entropy(self) -> Tensor:
        """−Σ p log p."""
        return -(self.log_probs.exp() * self.log_probs).sum(-1)

    def kl_from(self, old: Distribution) -> Tensor:
        """Σ p₀ (log p₀ − log p)."""
        before = Categorical(old.parameters)
        return (before.log_probs.exp() * (before.log_probs - self.log_probs)).sum(-1)
