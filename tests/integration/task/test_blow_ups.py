"""A robot whose simulation blows up starts anew and is counted; the others never notice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from surefoot_training.sim.blow_up import load_dump, replay

WILD, BEFORE, AFTER = 2, 10, 30


def explode(environment) -> None:
    """A kick that no simulation survives, in the next step."""
    kick = np.zeros((environment.robots, 3))
    kick[WILD] = 1e6
    environment.simulator.push(kick)


def assert_finite(lab, result) -> None:
    for name, array in lab.arrays_of(result).items():
        assert np.isfinite(array).all(), name
    assert all(np.isfinite(value) for value in result.log.values())


@pytest.mark.parametrize("name", ["flat", "rough", "seeing"])
@pytest.mark.parametrize("how", ["kick", "nan", "inf", "both infinities", "huge"])
def test_only_the_wild_robot_notices(lab, name, how):
    """Perfect sensors and no pushes: nothing that others see is drawn after the reset of the wild one."""
    task = lab.quiet(lab.tasks[name], initial_yaw_rad=(-3.0, 3.0), initial_joint_offset_rad=(-0.1, 0.1))
    calm, wild = lab.make(task), lab.make(task)
    others = np.delete(np.arange(calm.robots), WILD)
    for step, target in enumerate(lab.targets(calm, BEFORE + AFTER, spread_rad=0.1)):
        expected = calm.step(target)
        assert not len(expected.finished_ids), "the calm ones walk on"
        result = wild.step(spoil(wild, target, how)) if step == BEFORE else wild.step(target)
        assert_finite(lab, result)
        assert result.finished_ids.tolist() == ([WILD] if step == BEFORE else [])
        for part in ("reward", "terminated", "timed_out"):
            np.testing.assert_array_equal(getattr(result, part)[others], getattr(expected, part)[others])
        for part in ("policy", "privileged"):
            seen, wanted = getattr(result.observations, part), getattr(expected.observations, part)
            np.testing.assert_array_equal(seen[others], wanted[others], err_msg=f"{part}, step {step}")
        if step == BEFORE:
            assert result.terminated[WILD]
            assert result.reward[WILD] == 0.0
            assert (result.log["episodes"], result.log["blow_ups"], result.log["falls"]) == (1.0, 1.0, 1.0)
    assert wild.simulator.blow_ups == 1
    assert all(np.isfinite(value) for value in wild.progress().values())
    for key, value in wild.state_dict().items():
        if value.dtype.kind == "f" and "unlock" not in key:
            assert np.isfinite(value).all(), key


def spoil(environment, target: np.ndarray, how: str) -> np.ndarray:
    spoilt = target.copy()
    if how == "kick":
        explode(environment)
    elif how == "both infinities":
        spoilt[WILD, :2] = np.inf, -np.inf
    else:
        spoilt[WILD, 4] = {"nan": np.nan, "inf": np.inf, "huge": 1e30}[how]
    return spoilt


def test_nan_again_and_again_poisons_nobody(lab):
    """One robot is broken in every step, another in every other, the last ones now and then."""
    task = lab.busy(lab.tasks["rough"])
    environment = lab.make(task)
    draws = np.random.default_rng(3)
    blow_ups = 0.0
    for step, target in enumerate(lab.targets(environment, 60)):
        broken = draws.random(environment.robots) < 0.2
        broken[:2] = True, step % 2 == 0
        target[broken, draws.integers(12)] = np.nan
        result = environment.step(target)
        assert_finite(lab, result)
        assert result.terminated[broken].all()
        assert (result.reward[broken] == 0.0).all()
        assert set(np.flatnonzero(broken)) <= set(result.finished_ids.tolist())
        blow_ups += result.log["blow_ups"] * result.log["episodes"]
        state = environment.state_dict()
        for part in ("actions.action", "actions.previous", "actions.before_previous", "log.sums"):
            assert np.isfinite(state[part]).all(), part
        assert all(np.isfinite(value) for value in environment.progress().values())
    assert round(blow_ups) == environment.simulator.blow_ups > 60 + 30


def test_everybody_at_once(lab):
    environment = lab.make(lab.tasks["flat"])
    environment.simulator.push(np.full((environment.robots, 3), 1e6))
    result = environment.step(lab.stance(environment))
    assert result.terminated.all()
    assert_finite(lab, result)
    assert result.log["blow_ups"] == 1.0
    assert not environment.step(lab.stance(environment)).terminated.any()


def test_what_a_wild_robot_saw_last_is_what_it_saw_before(lab):
    """Its state is gone: that of the step before stands in, perfect sensors show it."""
    environment = lab.make(lab.quiet(lab.tasks["rough"]))
    before = lab.run(environment, lab.targets(environment, 5, spread_rad=0.1))[-1].observations
    explode(environment)
    result = environment.step(lab.stance(environment))
    columns = slice(9, 33)  # joint positions and speeds
    np.testing.assert_array_equal(result.final.policy[0, columns], before.policy[WILD, columns])


@pytest.mark.parametrize(("payload_interval_s", "least_steps"), [((1e6, 1e6), 25), ((0.1, 0.3), 2)])
def test_the_last_moments_are_kept_and_can_be_replayed(lab, tmp_path, payload_interval_s, least_steps):
    """Back to the last change of the robot itself: what was before came from another model."""
    task = lab.with_limits(lab.busy(lab.tasks["rough"]), time_s=20.0, tilt_rad=3.0)
    task = replace(task, randomization=replace(task.randomization, payload_interval_s=payload_interval_s))
    environment = lab.make(task, dump_folder=tmp_path)
    qpos = environment.simulator.batch.bind("qpos")
    seen = []
    for target in lab.targets(environment, 30, spread_rad=0.1):
        finished = environment.step(target).finished_ids
        seen = [] if WILD in finished else [*seen, qpos[WILD].copy()]
    target = lab.stance(environment)
    target[WILD, 0] = np.nan
    environment.step(target)
    (dump,) = tmp_path.iterdir()
    before_it_failed = replay(load_dump(dump))[:-1]
    steps = min(len(before_it_failed), len(seen))
    assert steps >= least_steps
    np.testing.assert_array_equal(before_it_failed[-steps:], seen[-steps:])
