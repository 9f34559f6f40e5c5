"""Episodes broken off from outside, and sent ahead in time; the last action as others may see it."""

from __future__ import annotations

import numpy as np
import pytest

STEP_S = 0.02


@pytest.fixture
def short(lab):
    """Robots left alone, whose time is over after 10 steps."""
    return lab.make(lab.with_limits(lab.quiet(lab.tasks["flat"]), time_s=10 * STEP_S))


def test_the_last_action_is_what_was_done_and_nothing_after_a_start(lab, short):
    np.testing.assert_array_equal(short.last_action, 0.0)
    for step, target in enumerate(lab.targets(short, 10, spread_rad=0.1)):
        result = short.step(target)
        done = np.zeros((6, 12)) if step == 9 else (target - lab.stance(short)) / 0.25
        np.testing.assert_allclose(short.last_action, done, atol=1e-5)
    assert result.timed_out.all()


def test_episodes_that_are_broken_off_are_not_judged(lab, short):
    stance = lab.stance(short)
    lab.run(short, [stance] * 5)
    ids = np.array([1, 4])
    before, kept = short.observations, short.observations.policy.copy()
    short.restart(ids)
    others = np.array([0, 2, 3, 5])
    np.testing.assert_allclose(short.episode_time_s[others], 5 * STEP_S, rtol=1e-5)
    np.testing.assert_array_equal(short.episode_time_s[ids], 0.0)
    np.testing.assert_array_equal(short.observations.policy[others], kept[others])
    assert (short.observations.policy[ids] != kept[ids]).any(axis=1).all()
    np.testing.assert_array_equal(before.policy, kept, err_msg="what was handed out before")
    logs = {step: result.log for step, result in enumerate(lab.run(short, [stance] * 10)) if result.log}
    assert {step: log["episodes"] for step, log in logs.items()} == {4: 4.0, 9: 2.0}
    for log in logs.values():
        assert log["length_s"] == pytest.approx(10 * STEP_S)
        assert log["tracking_score"] <= 10 * STEP_S, "nothing of the episode before"


def test_restarting_everyone_draws_other_episodes_each_time(lab):
    environment = lab.make(lab.tasks["flat"])
    seen = []
    for _ in range(3):
        environment.restart(np.arange(6))
        seen.append(environment.observations.policy.copy())
    assert (seen[0][:, 9:] != seen[1][:, 9:]).all()
    assert (seen[1][:, 9:] != seen[2][:, 9:]).all()


def test_robots_sent_ahead_run_out_of_time_sooner(lab, short):
    short.episode_time_s = np.array([0, 2, 4, 6, 8, 9]) * STEP_S
    results = lab.run(short, [lab.stance(short)] * 20)
    ended = [np.flatnonzero(column).tolist() for column in np.stack([result.timed_out for result in results]).T]
    assert ended == [[9, 19], [7, 17], [5, 15], [3, 13], [1, 11], [0, 10]]


def test_robots_sent_ahead_are_judged_by_the_time_they_walked(lab, short):
    short.episode_time_s = np.full(6, 7 * STEP_S)
    log = lab.run(short, [lab.stance(short)] * 3)[-1].log
    assert log["length_s"] == pytest.approx(3 * STEP_S, rel=1e-4)
    assert 0.5 < log["tracking_score"] / log["length_s"] <= 1.0


def test_what_robots_were_sent_ahead_is_saved_too(lab):
    task = lab.with_limits(lab.quiet(lab.tasks["flat"]), time_s=10 * STEP_S)
    one, other = lab.make(task, seed=1), lab.make(task, seed=2)
    one.episode_time_s = np.arange(6) * STEP_S
    other.load_state_dict(one.state_dict())
    targets = lab.targets(one, 15)
    lab.assert_same(lab.run(one, targets), lab.run(other, targets))


def test_the_times_given_are_copied(lab, short):
    times = np.zeros(6)
    short.episode_time_s = times
    lab.run(short, [lab.stance(short)])
    np.testing.assert_array_equal(times, 0.0)
