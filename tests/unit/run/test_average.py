"""Networks averaged over iterations, against numbers worked out by hand."""

import math

import pytest
import torch

from surefoot_training.run.average import Average


def networks(weight: float, count: int) -> dict[str, torch.Tensor]:
    return {"weight": torch.tensor([weight, -weight]), "count": torch.tensor(count)}


def test_the_first_one_is_the_average():
    average = Average()
    assert average.state_dict() == {}
    average.add(networks(2.0, 1))
    assert average.state_dict()["weight"].tolist() == [2.0, -2.0]


def test_each_iteration_counts_less_than_the_next():
    """After 0, 1, 1 with a memory of 1/ln 2 iterations, each moves the average half of the way: 0, 1/2, 3/4."""
    average = Average(1.0 / math.log(2.0))
    for weight, expected in ((0.0, 0.0), (1.0, 0.5), (1.0, 0.75)):
        average.add(networks(weight, 7))
        assert average.state_dict()["weight"].tolist() == pytest.approx([expected, -expected])


def test_counts_are_the_newest():
    average = Average()
    average.add(networks(1.0, 3))
    average.add(networks(1.0, 5))
    assert int(average.state_dict()["count"]) == 5


def test_what_is_given_and_taken_is_a_copy():
    average, given = Average(), networks(1.0, 3)
    average.add(given)
    given["weight"].zero_()
    average.state_dict()["weight"].zero_()
    assert average.state_dict()["weight"].tolist() == [1.0, -1.0]


def test_it_goes_on_from_its_state():
    straight, resumed = Average(), Average()
    straight.add(networks(1.0, 1))
    resumed.load_state_dict(straight.state_dict())
    for average in (straight, resumed):
        average.add(networks(3.0, 2))
    assert torch.equal(straight.state_dict()["weight"], resumed.state_dict()["weight"])
