import math

import pytest
import torch
from torch import nn

from surefoot_training.nets.mlp import mlp, orthogonal


@pytest.mark.parametrize(("inputs", "outputs"), [(5, 5), (3, 8), (8, 3)])
def test_weights_are_orthogonal_times_the_gain(inputs, outputs):
    layer = orthogonal(nn.Linear(inputs, outputs), 0.7)
    weight = layer.weight.detach()
    products = weight @ weight.T if outputs <= inputs else weight.T @ weight
    torch.testing.assert_close(products, 0.49 * torch.eye(min(inputs, outputs)), rtol=0, atol=1e-6)
    assert not layer.bias.any()


def test_hidden_layers_have_gain_root_two_the_last_one_its_own():
    layers = [layer for layer in mlp(6, (4, 3), 2, last_gain=0.01) if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(6, 4), (4, 3), (3, 2)]
    for layer, gain in zip(layers, (math.sqrt(2.0), math.sqrt(2.0), 0.01), strict=True):
        torch.testing.assert_close(
            torch.linalg.svdvals(layer.weight.detach()), torch.full((layer.out_features,), gain), rtol=1e-5, atol=0
        )


def test_activations_lie_between_layers_only():
    kinds = [type(layer) for layer in mlp(6, (4, 3), 2, activation="tanh")]
    assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]
