"""Several processes that learn together: sums over all of them, and nothing at all when there is one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor


def worker_count() -> int:
    """How many processes learn together."""
    return dist.get_world_size() if _together() else 1


def sum_over_workers(value: Tensor) -> Tensor:
    """The sum over all workers, the same to the bit on each."""
    if not _together():
        return value
    total = value.clone()
    dist.all_reduce(total)
    return total


def mean_over_workers(value: Tensor) -> Tensor:
    """The mean over all workers."""
    return sum_over_workers(value) / worker_count() if _together() else value


def average_gradients(parameters: Sequence[Tensor]) -> None:
    """Give every worker the mean of all workers' gradients, in one message."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not (gradients and _together()):
        return
    flat = mean_over_workers(torch.cat([gradient.reshape(-1) for gradient in gradients]))
    at = 0
    for gradient in gradients:
        gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
        at += gradient.numel()


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()
