"""Two processes that learn together do what one does with all the copies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from surefoot_training.nets.running_norm import RunningNorm

# Adam's step is 1e-3 per epoch, of which there are three: a worker that learned from its own half would be off by that.
ROUNDING = 2e-5


@pytest.fixture(scope="module")
def batches() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [10.0 + 3.0 * torch.randn(n, 3, generator=generator) for n in (9, 30, 3)]


@pytest.fixture(scope="module")
def workers(tmp_path_factory, batches) -> list[dict]:
    """What two processes came to."""
    folder = tmp_path_factory.mktemp("workers")
    torch.save(batches, folder / "batches.pt")
    program = [sys.executable, str(Path(__file__).parent / "two_workers.py")]
    processes = [
        subprocess.Popen(
            [*program, str(rank), str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
    return [torch.load(folder / f"worker{rank}.pt") for rank in range(2)]


NAMES = ["mlp-shared", "gru", "cenet-full"]


@pytest.mark.parametrize("name", NAMES)
def test_half_the_copies_each_give_the_update_of_all(toys, workers, name):
    config, settings = next((config, settings) for at, config, settings in toys.together() if at == name)
    expected = toys.trained_on_rows(config, settings, slice(0, 8))
    half = toys.trained_on_rows(config, settings, slice(0, 4))
    one, other = (worker["updates"][name] for worker in workers)
    toys.assert_same(one, other)
    differs = 0.0
    for key, value in expected.items():
        torch.testing.assert_close(
            one[key], value, rtol=1e-5, atol=ROUNDING, msg=lambda text, key=key: f"{key}: {text}"
        )
        differs = max(differs, float((half[key] - value).abs().max()))
    assert differs > 20 * ROUNDING  # or the two halves would show nothing


def test_statistics_are_those_of_all_workers_whatever_each_has_seen(workers, batches):
    whole = RunningNorm(3)
    for batch in batches:
        whole.update(batch)
    for name, value in whole.state_dict().items():
        assert torch.equal(workers[0]["norm"][name], workers[1]["norm"][name])
        torch.testing.assert_close(workers[0]["norm"][name], value, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_workers_that_act_on_their_own_stay_one_to_the_bit(toys, workers, name):
    toys.assert_same(workers[0]["live"][name], workers[1]["live"][name])
