"""Multi-layer perceptrons, initialized as policy gradients like them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

from torch import nn

Activation: TypeAlias = Literal["elu", "relu", "tanh", "silu"]

ACTIVATIONS: Mapping[str, type[nn.Module]] = MappingProxyType(
    {"elu": nn.ELU, "relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}
)


def mlp(
    inputs: int,
    hidden: Sequence[int],
    outputs: int,
    *,
    activation: Activation = "elu",
    last_gain: float = 1.0,
) -> nn.Sequential:
    """Linear layers with `activation` between them, none after the last, whose weights are `last_gain` times smaller.

    Orthogonal weights keep the size of signals and gradients through the layers (Saxe et al., arXiv 1312.6120).
    """
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [orthogonal(nn.Linear(inputs, width), math.sqrt(2.0)), ACTIVATIONS[activation]()]
        inputs = width
    return nn.Sequential(*layers, orthogonal(nn.Linear(inputs, outputs), last_gain))


def orthogonal(layer: nn.Linear, gain: float) -> nn.Linear:
    """The same layer with orthogonal weights and no bias."""
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer
