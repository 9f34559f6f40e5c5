"""Normalization with running statistics: mean and variance of all that was seen, frozen while a batch is learned from.

Statistics change between iterations only: a policy whose normalization moved within one would be another policy than
the one that sampled the actions, and its probability ratios would not begin at 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from surefoot_training.workers import sum_over_workers

_SMALLEST_STD = 1e-2  # what hardly varies is not blown up: its noise on the robot would be
_FARTHEST = 10.0  # standard deviations; beyond them, a sensor is telling nothing that was trained with


class RunningNorm(nn.Module):
    """(x − mean) / std over all axes but the last, within ±10."""

    mean: Tensor
    std: Tensor
    variance: Tensor
    count: Tensor

    def __init__(self, size: int) -> None:
        """Changes nothing but what is far from 0, until the first `update`."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        # In float64, so that a billion samples still count.
        self.register_buffer("variance", torch.ones(size, dtype=torch.float64))
        self.register_buffer("_exact_mean", torch.zeros(size, dtype=torch.float64))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    _exact_mean: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """[..., size] -> [..., size]."""
        return ((x - self.mean) / self.std).clamp(-_FARTHEST, _FARTHEST)

    @torch.no_grad()
    def update(self, batch: Tensor) -> None:
        """Take [..., size] into account, on all workers together."""
        rows = batch.reshape(-1, batch.shape[-1]).double()
        shift = self._exact_mean  # the same on every worker; keeps the sums of squares small
        moved = rows - shift
        sums = torch.cat([moved.sum(0), moved.square().sum(0), moved.new_tensor([float(len(rows))])])
        sums = sum_over_workers(sums)
        size, n = len(shift), sums[-1]
        if not n:
            return
        new_mean, new_square = sums[:size] / n, sums[size:-1] / n
        new_variance = (new_square - new_mean.square()).clamp(min=0.0)
        # Chan, Golub, LeVeque 1979: two samples' moments give those of both.
        total = self.count + n
        share = n / total
        mean = shift + new_mean * share
        variance = (1 - share) * self.variance + share * new_variance + share * (1 - share) * new_mean.square()
        self._exact_mean.copy_(mean)
        self.variance.copy_(variance if self.count > 0 else new_variance)
        self.count.copy_(total)
        self.mean.copy_(self._exact_mean)
        self.std.copy_(self.variance.sqrt().clamp(min=_SMALLEST_STD))
