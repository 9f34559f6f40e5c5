"""The two tables: complete, resolvable, and what the contract says."""

from __future__ import annotations

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.task import rewards
from surefoot_training.task.arrays import Rng
from surefoot_training.task.quantities import QUANTITY_NAMES
from surefoot_training.task.randomization import normalised, sample
from surefoot_training.task.sensors import MEASURED_NAMES
from surefoot_training.task.tasks import TASKS, task_named
from surefoot_training.task.terms import bind_all

BOTH = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)

# The contract, version 1, for a robot with 12 joints whose policy is blind.
CONTRACT = [
    ("angular_velocity_in_base", 3),
    ("gravity_in_base", 3),
    ("velocity_command", 3),
    ("joint_position", 12),
    ("joint_velocity", 12),
]


def test_names():
    assert list(TASKS) == ["velocity-flat", "velocity-rough"]
    for name, task in TASKS.items():
        assert task.name == name
        assert task_named(name) is task
        assert task.summary
        load_robot(task.robot)


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(SurefootError, match="no task 'velocity-flatt'; did you mean velocity-flat") as refused:
        task_named("velocity-flatt")
    assert refused.value.hint == "tasks: velocity-flat, velocity-rough"


@BOTH
def test_every_term_finds_its_quantities(task):
    """`bind_all` refuses what does not exist and what is named twice."""
    assert len(bind_all(task.rewards, QUANTITY_NAMES)) == len(task.rewards)
    assert len(bind_all(task.terminations, QUANTITY_NAMES)) == len(task.terminations)
    assert len(bind_all(task.observation, MEASURED_NAMES)) == len(task.observation)
    assert len(bind_all(task.privileged, QUANTITY_NAMES)) == len(task.privileged)


@BOTH
def test_the_policy_sees_the_contract_in_its_order(task):
    assert [(term.name, term.size) for term in task.observation] == CONTRACT


@BOTH
def test_the_critic_sees_every_randomized_parameter_it_was_promised(task):
    sizes = {term.name: term.size for term in task.privileged}
    drawn = sample(task.randomization, 2, Rng(0, np))
    assert sizes["randomized_parameters"] == normalised(drawn, task.randomization).shape[1] == 22
    assert sizes.get("height_scan", 0) == (task.scan.size if task.scan else 0)
    assert {"velocity_in_base", "foot_forces_in_base", "disturbance_force_in_base"} <= sizes.keys()


@BOTH
def test_signs(task):
    """Terms return what is there, weights say whether it is wanted: only following and the gait are."""
    wanted = {term.name for term in task.rewards if term.weight > 0}
    following = {"linear_velocity_tracking", "yaw_rate_tracking", "linear_progress", "yaw_progress"}
    assert wanted == following | {"gait_clock_contact"}
    assert not [term.name for term in task.rewards if term.weight == 0.0]
    functions = [term.function for term in task.rewards]
    assert rewards.power_variance in functions
    assert rewards.linear_progress in functions


@BOTH
def test_falling_is_told_apart_from_time(task):
    timeouts = {term.name for term in task.terminations if term.is_timeout}
    assert {term.name for term in task.terminations} - timeouts == {"trunk_contact", "tilt"}
    assert "time_out" in timeouts
