"""How episodes end and begin: falls apart from time-outs, true last observations, fresh first ones."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from surefoot_training.sim.simulator import Placement

TASK_NAMES = ["flat", "rough", "seeing"]


def tilt_rad(state):
    gravity = state.gravity_in_base.astype(np.float64)
    return np.arctan2(np.hypot(gravity[:, 0], gravity[:, 1]), -gravity[:, 2])


def endless(lab, task):
    """The same task, but nothing ends an episode."""
    (time_out,) = (term for term in task.terminations if term.name == "time_out")
    return replace(task, terminations=(replace(time_out, parameters={"limit_s": 1e6}),))


@pytest.mark.parametrize(("limit_s", "steps"), [(0.3, 15), (0.5, 25), (20.0, 1000)])
def test_an_episode_lasts_as_long_as_it_may(lab, limit_s, steps):
    environment = lab.make(lab.with_limits(lab.quiet(lab.tasks["flat"]), time_s=limit_s), robots=1)
    stance = lab.stance(environment)
    assert environment.task.episode_s == limit_s
    for _ in range(2):
        results = lab.run(environment, [stance] * steps)
        assert [len(result.finished_ids) for result in results] == [0] * (steps - 1) + [1]
        assert results[-1].timed_out.all()
        assert not results[-1].terminated.any()
        log = results[-1].log
        assert (log["episodes"], log["falls"], log["blow_ups"]) == (1.0, 0.0, 0.0)
        assert log["length_s"] == pytest.approx(limit_s, rel=1e-4)


def test_falls_and_time_outs_are_kept_apart(lab):
    """Against the truth at the end of every step; who falls in the last moment has fallen."""
    task = lab.with_limits(lab.tasks["rough"], time_s=0.4, tilt_rad=0.35)
    environment = lab.make_recording(task, robots=8)
    steps, fallen, late, last_moment = np.zeros(8, dtype=int), 0, 0, 0
    for target in lab.targets(environment, 400, spread_rad=0.8):
        result = environment.step(target)
        steps += 1
        truth = environment.simulator.after_step
        fell = (tilt_rad(truth) > 0.35) | truth.trunk_contact
        np.testing.assert_array_equal(result.terminated, fell)
        np.testing.assert_array_equal(result.timed_out, (steps == 20) & ~fell)
        np.testing.assert_array_equal(result.finished_ids, np.flatnonzero(fell | (steps == 20)))
        fallen, late = fallen + fell.sum(), late + result.timed_out.sum()
        last_moment += (fell & (steps == 20)).sum()
        if len(result.finished_ids):
            episodes = len(result.finished_ids)
            assert result.log["falls"] * episodes == pytest.approx(fell.sum())
            assert result.log["length_s"] * episodes == pytest.approx(steps[result.finished_ids].sum() * 0.02, rel=1e-5)
        else:
            assert result.log == {}
        steps[result.finished_ids] = 0
    assert fallen > 20
    assert late > 10
    assert last_moment > 0


@pytest.mark.parametrize("name", TASK_NAMES)
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("ending", ["fall", "time_out"])
def test_final_observations_are_what_a_robot_would_have_seen_next(lab, name, seed, ending):
    """Up to the first end of an episode, an environment without terminations draws the same random numbers."""
    task = lab.busy(lab.tasks[name])
    task = lab.with_limits(task, time_s=0.3) if ending == "time_out" else task
    mortal, twin = (lab.make(each, robots=5, seed=seed) for each in (task, endless(lab, task)))
    fall = next(term.weight for term in task.rewards if term.name == "failure") * task.control_dt_s
    for target in lab.targets(mortal, 40, spread_rad=0.05 if ending == "time_out" else 0.9, seed=seed):
        result, goes_on = mortal.step(target), twin.step(target)
        assert not len(goes_on.finished_ids)
        ids = result.finished_ids
        others = np.setdiff1d(np.arange(5), ids)
        # The twin, whom nothing can end, did not fail either.
        np.testing.assert_allclose(result.reward, goes_on.reward + fall * result.terminated, rtol=1e-5)
        for what in ("policy", "privileged"):
            seen, seen_by_twin = getattr(result.observations, what), getattr(goes_on.observations, what)
            np.testing.assert_array_equal(getattr(result.final, what), seen_by_twin[ids])
            np.testing.assert_array_equal(seen[others], seen_by_twin[others])
        if len(ids):
            assert (result.terminated if ending == "fall" else result.timed_out)[ids].any()
            assert (result.observations.policy[ids] != result.final.policy).any(axis=1).all()
            return
    pytest.fail("nobody finished")


@pytest.mark.parametrize("name", TASK_NAMES)
def test_finished_robots_see_where_they_start_anew(lab, name):
    task = lab.quiet(lab.telling(lab.tasks[name]), initial_joint_offset_rad=(-0.2, 0.2))
    task = lab.with_limits(task, time_s=0.2, tilt_rad=0.5)
    task = replace(task, randomization=replace(task.randomization, initial_yaw_rad=(-3.0, 3.0)))
    environment = lab.make(task)
    finished = 0
    for target in lab.targets(environment, 30, spread_rad=0.8):
        result = environment.step(target)
        ids = result.finished_ids
        finished += len(ids)
        truth, state = environment.simulator.state(), environment.state_dict()

        def seen(part, result=result, ids=ids):
            return lab.part(environment, result.observations, part)[ids]

        np.testing.assert_array_equal(seen("joint_position"), truth.joint_position[ids])
        np.testing.assert_array_equal(seen("joint_velocity"), truth.joint_velocity[ids])
        np.testing.assert_array_equal(seen("angular_velocity_in_base"), truth.angular_velocity_in_base[ids])
        np.testing.assert_allclose(seen("gravity_in_base"), truth.gravity_in_base[ids], atol=1e-6)
        np.testing.assert_array_equal(seen("velocity_in_base"), truth.base_velocity_in_base[ids])
        np.testing.assert_array_equal(seen("velocity_command"), state["commands.ramped"][ids])
        np.testing.assert_array_equal(seen("joint_acceleration"), 0.0)
        np.testing.assert_array_equal(seen("foot_contacts"), 1.0)
        np.testing.assert_array_equal(seen("gait_clock"), np.tile([0.0, 1.0], (len(ids), 1)))
        np.testing.assert_array_equal(state["episode_time_s"][ids], 0.0)
        for memory in ("action", "previous", "before_previous"):
            np.testing.assert_array_equal(state[f"actions.{memory}"][ids], 0.0)
        feet = environment.simulator.robot.kinematics.foot_position_in_base(truth.joint_position[ids].astype(float))
        lowest = 0.022 - feet[:, :, 2].min(axis=1)
        np.testing.assert_allclose(seen("base_height")[:, 0], lowest, atol=0.002)
    assert finished > 10


def test_a_tilted_start_is_no_fall(lab):
    """Whatever the defaults of the randomization do, robots start on their feet."""
    for name in ("flat", "rough"):
        environment = lab.make(lab.tasks[name], robots=64, seed=5)
        result = environment.step(lab.stance(environment))
        assert not result.terminated.any()
        state = environment.simulator.state()
        assert tilt_rad(state).max() < 0.25 < math.radians(75.0)
        assert not state.trunk_contact.any()


def test_a_robot_at_the_edge_of_whatever_terrain_is_put_back_in_time(lab):
    """The terrain of these tests is smaller than the task's own; half a metre inside is too near."""
    environment = lab.make(lab.quiet(lab.tasks["rough"]), robots=3)
    simulator = environment.simulator
    half_x, half_y = (0.5 * size for size in simulator.terrain.size_m)
    assert half_x < 30.0
    spots = np.array([[half_x - 0.5, 0.0], [half_x - 1.5, 0.0], [0.0, half_y - 0.5]])
    pose = lab.stance(environment)
    base = np.concatenate([spots, np.full((3, 1), simulator.robot.standing_height_m)], axis=1)
    simulator.reset(np.arange(3), Placement(base, np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)), pose))
    result = environment.step(pose)
    np.testing.assert_array_equal(result.timed_out, [True, False, True])
    assert not result.terminated.any()
