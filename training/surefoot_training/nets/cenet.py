"""CENet: a guess of velocity and context from the last observations (DreamWaQ, arXiv 2301.10602).

An encoder sees the history and gives the base's velocity and a Gaussian context; a decoder has to predict the next
observation from both. What the actor gets is the context's mean: the same in training as on the robot, where noise
would only hurt; the decoder gets a sample.

All three losses are means over samples *and* components, so that their weights do not depend on sizes: a KL summed over
components against an averaged reconstruction is known to collapse the context (dreamwaq.md, traps).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from surefoot_training.nets.mlp import Activation, mlp
from surefoot_training.workers import mean_over_workers

_VARIES = 0.01
_USED = 0.01
_PATIENCE, _EVERY = 20, 100  # iterations: a decoder needs some to find a use for the context

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CENetConfig:
    """Sizes and weights of the estimator."""

    context_size: int = 16
    """Components of the context; DreamWaQ has 16."""

    encoder: tuple[int, ...] = (128, 64)
    """Hidden layers from history to guess; DreamWaQ."""

    decoder: tuple[int, ...] = (64, 128)
    """Hidden layers from guess to next observation; DreamWaQ has a third of 48, narrower than what it predicts."""

    velocity_weight: float = 10.0
    """Of the velocity's loss against the prediction's, which is of normalised numbers, some of them mere noise, and a
    hundred times as large. At 1, and with the same data, the estimated velocity is off by half as much again: 0.09
    instead of 0.06 m/s per axis."""

    kl_weight: float = 0.05
    """β of the KL term. With all terms averaged, rebuilds of DreamWaQ kept the context alive at .35 and lost it at 1;
    `estimator/context_active_share` in the log says how it fares here."""

    learning_rate: float = 1e-3
    """Of the estimator's own Adam; DreamWaQ."""


class Guess(NamedTuple):
    """What n robots' histories say."""

    velocity: Tensor  # [n, V]
    mean: Tensor  # [n, Z] of the context
    log_variance: Tensor  # [n, Z]


class EstimatorLosses(NamedTuple):
    """Means over samples and components."""

    velocity: Tensor
    prediction: Tensor
    kl: Tensor


class ContextHealth(NamedTuple):
    """Whether the context says anything: a collapsed one has means near 0 and a decoder that does not miss it."""

    size: float  # mean |μ|
    active_share: float  # components whose mean varies between samples: variance above 0.01 (arXiv 1509.00519)
    use: float  # relative worsening of the prediction when contexts are exchanged between samples

    @property
    def collapsed(self) -> bool:
        """No component varies, or the decoder hardly misses them: below 1 %."""
        return not self.active_share > 0.0 or not self.use > _USED


class CollapseWatch:
    """Warns of posterior collapse: once it has lasted for some iterations, and every so many from then on."""

    def __init__(self) -> None:
        self._iterations = 0

    def note(self, health: ContextHealth) -> None:
        """Of one more iteration."""
        self._iterations = self._iterations + 1 if health.collapsed else 0
        if self._iterations % _EVERY == _PATIENCE:
            _log.warning(
                "posterior collapse: for %d iterations the context has told the decoder nothing "
                "(mean |μ| %.2g, active components %.0f %%, prediction %.1f %% worse without): "
                "lower agent.cenet.kl_weight, or train with agent.estimator=velocity",
                self._iterations,
                health.size,
                100.0 * health.active_share,
                100.0 * health.use,
            )


class CENet(nn.Module):
    """The estimator and its decoder."""

    def __init__(
        self, config: CENetConfig, inputs: int, velocity: int, predicted: int, activation: Activation = "elu"
    ) -> None:
        """From histories of `inputs` numbers to `velocity` and context, and on to `predicted` of the next step."""
        super().__init__()
        self.config, self._velocity = config, velocity
        self.encoder = mlp(inputs, config.encoder, velocity + 2 * config.context_size, activation=activation)
        self.decoder = mlp(velocity + config.context_size, config.decoder, predicted, activation=activation)

    def forward(self, history: Tensor) -> Guess:
        """Normalised histories [n, inputs]."""
        velocity, mean, log_variance = self.encoder(history).split(
            [self._velocity, self.config.context_size, self.config.context_size], dim=-1
        )
        return Guess(velocity, mean, log_variance.clamp(-10.0, 4.0))

    def losses(
        self, history: Tensor, velocity: Tensor, following: Tensor, goes_on: Tensor, noise: Tensor
    ) -> EstimatorLosses:
        """Against the truth: velocity [n, V], and what is seen next [n, predicted] where the episode goes on [n].

        `noise` [n, Z] is normal.
        """
        guess = self(history)
        context = guess.mean + (0.5 * guess.log_variance).exp() * noise
        # KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² − log σ² − 1)
        kl = 0.5 * (guess.mean.square() + guess.log_variance.exp() - guess.log_variance - 1.0)
        return EstimatorLosses(
            velocity=(guess.velocity - velocity).square().mean(),
            prediction=self._prediction_error(guess.velocity, context, following, goes_on),
            kl=kl.mean(),
        )

    @torch.no_grad()
    def health(self, history: Tensor, following: Tensor, goes_on: Tensor) -> ContextHealth:
        """Of the context, on a batch in random order."""
        guess = self(history)
        right = self._prediction_error(guess.velocity, guess.mean, following, goes_on)
        exchanged = self._prediction_error(guess.velocity, guess.mean.roll(1, 0), following, goes_on)
        return ContextHealth(
            size=float(guess.mean.abs().mean()),
            active_share=float((guess.mean.var(0, correction=0) > _VARIES).float().mean()),
            use=float(exchanged / right.clamp(min=1e-9) - 1.0),
        )

    def _prediction_error(self, velocity: Tensor, context: Tensor, following: Tensor, goes_on: Tensor) -> Tensor:
        predicted = self.decoder(torch.cat([velocity, context], dim=-1))
        error: Tensor = (predicted - following).square().mean(-1)
        # Over the samples of all workers, whose gradients are averaged.
        return (error * goes_on).sum() / mean_over_workers(goes_on.sum()).clamp(min=1.0)
