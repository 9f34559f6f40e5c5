"""The same seed gives the same bits, however many threads; saved and loaded, an environment goes on to the bit."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.environment import StepResult, WalkingEnvironment
from surefoot_training.task.pushes import PushConfig
from surefoot_training.task.tasks import make_environment

TASK_NAMES = ["flat", "rough", "seeing"]
STEPS = 200


def through_a_file(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """As a checkpoint would keep it."""
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        return dict(loaded)


def assert_much_happened(environment: WalkingEnvironment, results: list[StepResult]) -> None:
    """The window holds what could go wrong when it is repeated."""
    logs = [result.log for result in results if result.log]
    finished = {name: sum(log[name] * log["episodes"] for log in logs) for name in ("falls", "blow_ups", "episodes")}
    assert finished["blow_ups"] > 3
    assert finished["falls"] > finished["blow_ups"] + 3
    assert finished["episodes"] > finished["falls"] + 3, "some ran out of time"
    pushed = [result.observations.privileged[:, 24:27].any() for result in results]
    assert sum(pushed) > 20
    moves = environment.progress()
    assert moves["moved_down"] > 3
    assert moves["moved_up"] + moves["spread"] > 3  # the flat has one level, and spreads who solves it
    assert moves["unlocked_share"] > 0.25


@pytest.mark.parametrize("name", TASK_NAMES)
def test_same_seed_gives_the_same_bits_at_any_number_of_threads(lab, name):
    task = lab.busy(lab.tasks[name])
    one, other = lab.make(task, threads=1), lab.make(task, threads=2)
    np.testing.assert_array_equal(one.observations.policy, other.observations.policy)
    np.testing.assert_array_equal(one.observations.privileged, other.observations.privileged)
    targets = lab.targets(one, STEPS, poison=0.01)
    results = lab.run(one, targets)
    lab.assert_same(results, lab.run(other, targets))
    assert_much_happened(one, results)


def test_another_seed_gives_another_world(lab):
    one, other = (lab.make(lab.tasks["flat"], seed=seed) for seed in (1, 2))
    target = lab.stance(one)
    a, b = one.step(target), other.step(target)
    alike = a.observations.policy[:, 9:] == b.observations.policy[:, 9:]
    assert alike.mean() < 0.02  # encoders have steps: a few may read the same by chance
    assert (a.reward != b.reward).all()


@pytest.mark.parametrize("name", TASK_NAMES)
def test_saved_and_loaded_it_goes_on_to_the_bit(lab, name):
    """Half the steps, a file, and the other half in a new environment, of another seed and number of threads."""
    task = lab.busy(lab.tasks[name])
    straight = lab.make(task, threads=1)
    targets = lab.targets(straight, STEPS, poison=0.01)
    first = lab.run(straight, targets[: STEPS // 2])
    state = through_a_file(straight.state_dict())
    resumed = lab.make(task, seed=99, threads=2)
    lab.run(resumed, targets[:5])  # whatever it did before leaves no trace
    resumed.load_state_dict(state)
    np.testing.assert_array_equal(resumed.observations.policy, first[-1].observations.policy)
    np.testing.assert_array_equal(resumed.observations.privileged, first[-1].observations.privileged)
    second = lab.run(straight, targets[STEPS // 2 :])
    lab.assert_same(second, lab.run(resumed, targets[STEPS // 2 :]))
    straight_state, resumed_state = straight.state_dict(), resumed.state_dict()
    assert straight_state.keys() == resumed_state.keys()
    for key, value in straight_state.items():
        np.testing.assert_array_equal(value, resumed_state[key], err_msg=key)
    assert_much_happened(straight, first + second)


def test_what_was_saved_does_not_change_afterwards(lab):
    environment = lab.make(lab.busy(lab.tasks["rough"]))
    targets = lab.targets(environment, 60)
    lab.run(environment, targets[:30])
    state = environment.state_dict()
    kept = {name: value.copy() for name, value in state.items()}
    lab.run(environment, targets[30:])
    for name, value in state.items():
        np.testing.assert_array_equal(value, kept[name], err_msg=name)


def test_loading_twice_repeats_the_future(lab):
    environment = lab.make(lab.busy(lab.tasks["rough"]))
    targets = lab.targets(environment, 60, poison=0.01)
    lab.run(environment, targets[:20])
    state = environment.state_dict()
    once = lab.run(environment, targets[20:])
    environment.load_state_dict(state)
    environment.observations.policy[:] = 0.0  # the learner's to spoil
    environment.observations.privileged[:] = 0.0
    again = lab.run(environment, targets[20:])
    lab.assert_same(once, again)
    environment.load_state_dict(state)
    assert environment.observations.policy.any(axis=1).all()
    assert environment.observations.privileged.any(axis=1).all()


def test_loading_leaves_the_targets_it_was_given_alone(lab):
    environment = lab.make(lab.tasks["flat"])
    state = environment.state_dict()
    (target,) = lab.targets(environment, 1)
    kept = target.copy()
    target.flags.writeable = False
    environment.step(target)
    environment.load_state_dict(state)
    np.testing.assert_array_equal(target, kept)


def test_double_precision_targets_resume_to_the_bit_as_well(lab):
    """The memory of actions is float32 whatever comes in, or saving would round what goes on unrounded."""
    one, other = (lab.make(lab.quiet(lab.tasks["flat"])) for _ in range(2))
    targets = [target.astype(np.float64) + 1e-9 for target in lab.targets(one, 3)]
    one.step(targets[0])
    one.step(targets[1])
    state = one.state_dict()
    assert {value.dtype for name, value in state.items() if name.startswith("actions.")} == {np.dtype(np.float32)}
    other.load_state_dict(state)
    lab.assert_same([one.step(targets[2])], [other.step(targets[2])])


@pytest.mark.parametrize("what", ["robot", "terrain", "task"])
def test_the_state_of_another_world_is_refused_and_named(lab, what):
    task = lab.tasks["rough"]
    ours = lab.make(task, robots=2)
    other = {
        "robot": lambda: make_environment(task, 2, robot="a1", threads=1),
        "terrain": lambda: lab.make(replace(task, terrain=replace(task.terrain, seed=1)), robots=2),
        "task": lambda: lab.make(replace(task, action_scale_rad=0.3), robots=2),
    }[what]()
    state = other.state_dict()
    assert {name: value.shape for name, value in state.items()} == {
        name: value.shape for name, value in ours.state_dict().items()
    }
    if what == "terrain":  # the task knows its terrain's seed; a simulator of other terrain is refused by itself
        state["identity.task"] = ours.state_dict()["identity.task"]
    before = ours.state_dict()
    with pytest.raises(SurefootError, match=f"with 2 robots: it is of another {what}$"):
        ours.load_state_dict(state)
    for name, value in ours.state_dict().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_the_push_of_the_last_step_is_still_known(lab):
    """Viewers and loggers ask for it before the next step."""
    task = replace(lab.tasks["flat"], pushes=PushConfig(force_interval_s=(0.02, 0.1), force_duration_s=(0.1, 0.2)))
    one, other = lab.make(task), lab.make(task, seed=2)
    lab.run(one, lab.targets(one, 10, spread_rad=0.0))
    acting = one.disturbance_force_in_world_n.copy()
    assert (np.linalg.norm(acting, axis=1) > 10.0).any()
    handed_out = other.disturbance_force_in_world_n
    kept = handed_out.copy()
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(other.disturbance_force_in_world_n, acting)
    np.testing.assert_array_equal(handed_out, kept)
