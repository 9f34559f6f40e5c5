"""What makes two configurations the same, and what another."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.identity import as_arrays, check_identity, digest
from surefoot_training.task import terminations
from surefoot_training.task.tasks import TASKS


@dataclass(frozen=True)
class Point:
    x: float
    y: float


def test_a_digest_is_of_the_content() -> None:
    r"""`printf '1.5\0' | sha256sum`."""
    assert digest(1.5) == "725797656a192ab0930d1fad16165c97e706e56b381b43a42166429f2da8fa2c"
    assert digest(Point(1.0, 2.0)) == digest(Point(1.0, 2.0))
    assert digest({"a": 1, "b": (2,)}) == digest({"b": [2], "a": 1})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1.0,), (1.0000000000000002,)),
        ((Point(1.0, 2.0),), (Point(2.0, 1.0),)),
        (({"a": 1},), ({"a": 2},)),
        (("ab", "c"), ("a", "bc")),
        ((np.zeros(3),), (np.array([0.0, 0.0, 1e-300]),)),
        ((terminations.tilted,), (terminations.too_low,)),
    ],
)
def test_what_differs_has_another(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert digest(*one) != digest(*other)


def test_every_line_and_setting_of_a_task_counts() -> None:
    task = TASKS["velocity-rough"]
    first, *others = task.rewards
    for changed in (
        replace(task, rewards=(replace(first, weight=first.weight * 1.01), *others)),
        replace(task, rewards=(replace(first, parameters={"sigma_mps": 0.111}), *others)),
        replace(task, randomization=replace(task.randomization, kp_scale=(0.9, 1.2))),
        replace(task, action_scale_rad=0.3),
    ):
        assert digest(changed) != digest(task)


def test_what_is_not_said_is_not_believed() -> None:
    ours = as_arrays({"robot": "12", "terrain": "34"}) | {"else": np.zeros(2)}
    check_identity(dict(ours), ours, "this")
    check_identity({f"{name}": np.array(str(value)) for name, value in ours.items()}, ours, "this")
    with pytest.raises(SurefootError, match="does not fit this: it is of another terrain"):
        check_identity(ours | as_arrays({"terrain": "35"}), ours, "this")
    with pytest.raises(SurefootError, match="does not fit this: it does not say of which robot"):
        check_identity({}, ours, "this")
