"""The vector environment against Gymnasium's own checks, its reference vectorizer and its wrappers."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ClosedEnvironmentError
from gymnasium.utils import env_checker, passive_env_checker
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import batch_space
from gymnasium.wrappers import vector as wrappers

from surefoot_robots.errors import SurefootError
from surefoot_training.interop.gymnasium_env import WalkingVectorEnv, make_vector_env
from surefoot_training.sim.blow_up import load_dump
from surefoot_training.task.tasks import TASKS

STEPS = 40

# What Gymnasium finds unusual and is meant: observations are unbounded, and actions of ±1 do not reach full torque.
MEANT = (
    "A Box observation space minimum value is -infinity",
    "A Box observation space maximum value is infinity",
    "For Box action spaces, we recommend using a symmetric and normalized space",
    "does not have a `render_modes`",
)


@pytest.fixture
def envs(make):
    return WalkingVectorEnv(make())


@pytest.fixture(params=["flat", "rough"])
def either(request, make):
    return WalkingVectorEnv(make(rough=request.param == "rough"))


def roll(envs: Any, actions: list[np.ndarray]) -> list[tuple[Any, ...]]:
    return [envs.step(action) for action in actions]


def assert_same(one: Any, other: Any) -> None:
    assert data_equivalence(one, other, exact=True)


# Spaces


def test_spaces_are_those_of_one_robot_and_of_all(envs):
    assert envs.single_observation_space == gymnasium.spaces.Box(-np.inf, np.inf, (47,), np.float32)
    assert envs.single_action_space.shape == (12,)
    assert envs.observation_space == batch_space(envs.single_observation_space, 6)
    assert envs.action_space == batch_space(envs.single_action_space, 6)
    assert envs.action_space.is_bounded()
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


def test_what_it_returns_is_within_its_spaces(either, wild_actions):
    observations, _ = either.reset(seed=1)
    assert observations in either.observation_space
    for observations, rewards, terminated, truncated, infos in roll(either, wild_actions(STEPS, 6)):
        assert observations in either.observation_space
        assert observations.dtype == rewards.dtype == infos["privileged"].dtype == np.float32
        assert terminated.dtype == truncated.dtype == bool
        assert rewards.shape == terminated.shape == truncated.shape == (6,)
        assert np.isfinite(rewards).all()
        for robot in np.flatnonzero(terminated | truncated):
            assert infos["final_obs"][robot] in either.single_observation_space


# Gymnasium's own checks


class OneRobot(gymnasium.Env):
    """The only robot of a vector environment of one, for checks that Gymnasium has for single environments."""

    def __init__(self, envs: WalkingVectorEnv) -> None:
        self.envs, self.metadata = envs, {"render_modes": []}
        self.observation_space, self.action_space = envs.single_observation_space, envs.single_action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        observations, infos = self.envs.reset(seed=seed, options=options)
        return observations[0], {"privileged": infos["privileged"][0]}

    def step(self, action):
        observations, rewards, terminated, truncated, infos = self.envs.step(action[None])
        ended = terminated[0] or truncated[0]
        return (
            infos["final_obs"][0] if ended else observations[0],
            float(rewards[0]),
            bool(terminated[0]),
            bool(truncated[0]),
            {"privileged": (infos["final_info"] if ended else infos)["privileged"][0]},
        )


@pytest.mark.parametrize("rough", [False, True])
def test_a_robot_of_it_passes_the_whole_of_check_env(make, rough):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        env_checker.check_env(OneRobot(WalkingVectorEnv(make(rough=rough, robots=1))), skip_render_check=True)
    unexpected = [str(w.message) for w in caught if not any(text in str(w.message) for text in MEANT)]
    assert unexpected == []


@pytest.mark.parametrize(
    "check",
    [
        env_checker.check_reset_seed_determinism,
        env_checker.check_reset_options,
        env_checker.check_reset_return_info_deprecation,
        env_checker.check_seed_deprecation,
        env_checker.check_reset_return_type,
    ],
)
def test_the_vector_itself_passes_the_checks_that_fit_it(envs, check: Callable[[Any], None]):
    envs.spec = gymnasium.spec("surefoot/velocity-flat-v0")  # promises determinism, which is then checked to the bit
    check(envs)


def test_its_observations_pass_the_passive_checks(envs, wild_actions):
    for method, observations in (("reset", envs.reset(seed=1)[0]), ("step", envs.step(wild_actions(1, 6)[0])[0])):
        passive_env_checker.check_obs(observations, envs.observation_space, method)
        passive_env_checker.check_obs(observations[0], envs.single_observation_space, method)


def test_nothing_that_was_returned_changes_later(either, wild_actions):
    observations, infos = either.reset(seed=1)
    given, kept = [], []
    results = [(observations, infos)]
    for action in wild_actions(STEPS, 6):
        results.append(either.step(action))
        given.append(results[-1])
        kept.append(_copy(results[-1]))
    either.reset()
    either.reset(seed=2)
    assert data_equivalence(given, kept, exact=True)
    for before, after in itertools.pairwise(results):
        assert not passive_env_checker.data_shares_objects(before, after)


def _copy(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    if isinstance(data, tuple):
        return tuple(_copy(value) for value in data)
    copied = data.copy()
    if data.dtype == object:
        for index, value in enumerate(data):
            copied[index] = None if value is None else value.copy()
    return copied


# Ends of episodes: as Gymnasium's own vectorizer would report the same robots


class Replayed(gymnasium.Env):
    """One robot's share of what a vector environment returned, told again as a single environment."""

    def __init__(
        self, envs: WalkingVectorEnv, first: tuple[Any, ...], steps: list[tuple[Any, ...]], robot: int
    ) -> None:
        self.observation_space, self.action_space = envs.single_observation_space, envs.single_action_space
        self._start, self._steps, self._robot = self._row(first), iter(steps), robot

    def _row(self, first):
        observations, infos = first
        return lambda robot: (observations[robot], {"privileged": infos["privileged"][robot]})

    def reset(self, *, seed=None, options=None):
        del seed, options
        return self._start(self._robot)

    def step(self, action):
        del action
        observations, rewards, terminated, truncated, infos = next(self._steps)
        robot = self._robot
        self._start = self._row((observations, infos))
        seen, info = observations[robot], infos["privileged"][robot]
        if terminated[robot] or truncated[robot]:
            seen, info = infos["final_obs"][robot], infos["final_info"]["privileged"][robot]
        return seen, rewards[robot], terminated[robot], truncated[robot], {"privileged": info}


def test_it_reports_as_gymnasiums_own_vectorizer_does_in_the_same_mode(either, wild_actions):
    first = either.reset(seed=1)
    actions = wild_actions(STEPS, 6)
    steps = roll(either, actions)
    reference = SyncVectorEnv(
        [lambda robot=robot: Replayed(either, first, steps, robot) for robot in range(6)],
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    assert reference.single_action_space == either.single_action_space
    assert reference.action_space == either.action_space
    assert reference.observation_space == either.observation_space
    assert_same(reference.reset(), first)
    for action, (observations, rewards, terminated, truncated, infos) in zip(actions, steps, strict=True):
        expected = reference.step(action)
        assert_same(expected[0], observations)
        np.testing.assert_array_equal(expected[1], rewards)
        assert_same(expected[2:4], (terminated, truncated))
        assert_same(expected[4], infos)
    assert sum("final_obs" in step[4] for step in steps) > 5
    assert sum("final_obs" not in step[4] for step in steps) > 5


def test_falls_are_terminated_and_time_is_truncated(envs, wild_actions):
    """Robot 0 stands until its time is over, after 15 steps of 0.02 s; robots 4 and 5 are thrown about."""
    envs.reset(seed=1)
    steps = roll(envs, wild_actions(30, 6))
    terminated, truncated = (np.stack([step[index] for step in steps]) for index in (2, 3))
    assert np.flatnonzero(truncated[:, 0]).tolist() == [14, 29]
    assert not terminated[:, 0].any()
    assert terminated[:, 4:].any()
    assert not (terminated & truncated).any()


def test_what_robots_saw_last_is_not_where_they_start_anew(envs, wild_actions):
    envs.reset(seed=1)
    phase = envs.layout.columns("gait_clock")
    finals = 0
    for observations, _, terminated, truncated, infos in roll(envs, wild_actions(30, 6)):
        for robot in np.flatnonzero(terminated | truncated):
            finals += 1
            np.testing.assert_array_equal(observations[robot, phase], [0.0, 1.0])
            assert (infos["final_obs"][robot] != observations[robot]).sum() > 30
            assert (infos["final_info"]["privileged"][robot] != infos["privileged"][robot]).sum() > 30
    assert finals > 10


def test_the_log_is_of_the_last_step(envs):
    envs.reset(seed=1)
    still = np.zeros((6, 12), dtype=np.float32)
    logs = []
    for _ in range(16):
        envs.step(still)
        logs.append(envs.log)
    assert [bool(log) for log in logs] == [False] * 14 + [True, False]
    assert logs[14]["episodes"] == 6.0


# Resets


@pytest.mark.parametrize("rough", [False, True])
def test_a_seed_decides_everything_whatever_happened_before(make, wild_actions, rough):
    fresh, used = (WalkingVectorEnv(make(rough=rough, seed=seed)) for seed in (1, 2))
    roll(used, wild_actions(STEPS, 6, seed=9))
    assert_same(used.reset(seed=7), fresh.reset(seed=7))
    assert_same(roll(used, wild_actions(STEPS, 6)), roll(fresh, wild_actions(STEPS, 6)))


def test_a_seed_at_reset_is_as_good_as_one_at_the_start(make, wild_actions):
    reset, fresh = WalkingVectorEnv(make(seed=1)), WalkingVectorEnv(make(seed=7))
    observations, _ = reset.reset(seed=7)
    np.testing.assert_array_equal(observations, fresh._learner.observations.policy)
    assert_same(roll(reset, wild_actions(STEPS, 6)), roll(fresh, wild_actions(STEPS, 6)))


def test_without_a_seed_new_episodes_begin_and_the_rest_goes_on(envs, wild_actions):
    envs.reset(seed=1)
    roll(envs, wild_actions(STEPS, 6))
    environment, episodes = envs.environment, envs.environment._curriculum._episodes.copy()
    first, _ = envs.reset()
    again, _ = envs.reset()
    assert envs.environment is environment
    np.testing.assert_array_equal(environment.episode_time_s, 0.0)
    np.testing.assert_array_equal(environment._curriculum._episodes, episodes)
    assert (first[:, 9:33] != again[:, 9:33]).all(), "other starts"


def test_a_mask_restarts_some_and_leaves_the_others_alone(envs, wild_actions):
    envs.reset(seed=1)
    before = envs.step(np.zeros((6, 12), dtype=np.float32))
    mask = np.array([True, False, False, True, False, False])
    observations, infos = envs.reset(options={"reset_mask": mask})
    np.testing.assert_array_equal(observations[~mask], before[0][~mask])
    assert (observations[mask] != before[0][mask]).any(axis=1).all()
    np.testing.assert_array_equal(infos["_privileged"], mask)
    np.testing.assert_array_equal(infos["privileged"][~mask], 0.0)
    truncated = np.stack([step[3] for step in roll(envs, [np.zeros((6, 12), dtype=np.float32)] * 15)])
    ended = [np.flatnonzero(column).tolist() for column in truncated.T]
    assert ended == [[14] if restarted else [13] for restarted in mask], "15 steps after each one's start"


@pytest.mark.parametrize(
    ("seed", "options", "problem"),
    [
        (None, {"randomise": True}, "reset has no option randomise"),
        (None, {"reset_mask": [True] * 6}, "reset_mask"),
        (None, {"reset_mask": np.ones(5, dtype=bool)}, "reset_mask"),
        (None, {"reset_mask": np.ones(6)}, "reset_mask"),
        (None, {"reset_mask": np.zeros(6, dtype=bool)}, "reset_mask"),
        (3, {"reset_mask": np.arange(6) > 2}, "reset with seed 3 and a reset_mask"),
    ],
)
def test_resets_that_mean_nothing_are_refused(envs, seed, options, problem):
    with pytest.raises(SurefootError, match=problem):
        envs.reset(seed=seed, options=options)


# Gymnasium's wrappers


def test_recorded_statistics_are_those_of_the_episodes(envs, wild_actions):
    recorded = wrappers.RecordEpisodeStatistics(envs)
    recorded.reset(seed=1)
    returns, lengths = np.zeros(6), np.zeros(6, dtype=int)
    for action in wild_actions(STEPS, 6):
        _, rewards, terminated, truncated, infos = recorded.step(action)
        returns, lengths, ended = returns + rewards, lengths + 1, terminated | truncated
        if ended.any():
            np.testing.assert_array_equal(infos["_episode"], ended)
            np.testing.assert_allclose(infos["episode"]["r"][ended], returns[ended], rtol=1e-5)
            np.testing.assert_array_equal(infos["episode"]["l"][ended], lengths[ended])
        returns[ended], lengths[ended] = 0.0, 0
    assert recorded.episode_count > 10


def test_infos_can_be_told_per_robot(envs, wild_actions):
    listed = wrappers.DictInfoToList(envs)
    _, infos = listed.reset(seed=1)
    assert [set(info) for info in infos] == [{"privileged"}] * 6
    for action in wild_actions(STEPS, 6):
        _, _, terminated, truncated, infos = listed.step(action)
        for info, ended in zip(infos, terminated | truncated, strict=True):
            assert set(info) == ({"privileged", "final_obs", "final_info"} if ended else {"privileged"})
            if ended:
                assert set(info["final_info"]) == {"privileged"}


def test_actions_can_be_rescaled(envs):
    one = np.ones(12, dtype=np.float32)
    rescaled = wrappers.RescaleAction(envs, -one, one)
    assert rescaled.single_action_space == gymnasium.spaces.Box(-1.0, 1.0, (12,), np.float32)
    rescaled.reset(seed=1)
    observations, *_ = rescaled.step(np.ones((6, 12), dtype=np.float32))
    last_action = observations[:, envs.layout.columns("last_action")]
    np.testing.assert_allclose(last_action, np.tile(envs.single_action_space.high, (6, 1)), rtol=1e-5)


def test_rewards_can_be_normalized(make, wild_actions):
    """By one factor for all robots in a step; over time, it makes the discounted returns vary by about one."""
    plain, normalized = WalkingVectorEnv(make()), wrappers.NormalizeReward(WalkingVectorEnv(make()), gamma=0.99)
    for envs in (plain, normalized):
        envs.reset(seed=1)
    actions = wild_actions(STEPS, 6)
    for raw, scaled in zip(roll(plain, actions), roll(normalized, actions), strict=True):
        factor = scaled[1] / raw[1]
        assert factor[0] > 0.0
        np.testing.assert_allclose(factor, factor[0], rtol=1e-4)


@pytest.mark.parametrize("wrapper", [wrappers.NormalizeObservation, wrappers.FlattenObservation])
def test_gymnasiums_observation_wrappers_refuse_this_mode(envs, wrapper):
    """They would leave the final observations alone; docs/other-learners.md says what to do instead."""
    with pytest.raises(ValueError, match="NEXT_STEP"):
        wrapper(envs)


def test_it_can_speak_torch(envs):
    torch = pytest.importorskip("torch")
    spoken = wrappers.NumpyToTorch(envs)
    observations, _ = spoken.reset(seed=1)
    assert observations.shape == (6, 47)
    observations, rewards, terminated, _, _ = spoken.step(torch.zeros(6, 12))
    assert observations.dtype == rewards.dtype == torch.float32
    assert terminated.dtype == torch.bool


# Making and closing


@pytest.mark.parametrize("task", list(TASKS))
def test_every_task_is_registered(task):
    module = "surefoot_training.interop.gymnasium_env"
    envs = gymnasium.make_vec(f"{module}:surefoot/{task}-v0", num_envs=2, seed=3, threads=1)
    assert envs.unwrapped.environment.task is TASKS[task]
    assert envs.num_envs == 2
    assert envs.spec.id == f"surefoot/{task}-v0"
    assert envs.unwrapped.environment.seed == 3
    direct = make_vector_env(task, 2, seed=3, threads=1)
    assert_same(envs.reset(), direct.reset())
    envs.close()


def test_what_blows_up_is_kept_where_it_was_asked_to_be(tmp_path):
    module = "surefoot_training.interop.gymnasium_env"
    envs = gymnasium.make_vec(
        f"{module}:surefoot/velocity-flat-v0", num_envs=2, threads=1, dump_folder=str(tmp_path / "kept")
    )
    kick = np.zeros((2, 3))
    kick[1] = 1e6
    envs.unwrapped.environment.simulator.push(kick)
    envs.step(np.zeros((2, 12), dtype=np.float32))
    envs.close()
    (dump,) = (tmp_path / "kept").iterdir()
    assert load_dump(dump).robot == 1


def test_closed_it_does_nothing_more(envs):
    envs.reset(seed=1)
    envs.close()
    envs.close()
    assert envs.closed
    for use in (envs.reset, lambda: envs.step(np.zeros((6, 12), dtype=np.float32)), lambda: envs.environment):
        with pytest.raises(ClosedEnvironmentError, match="make a new one"):
            use()
