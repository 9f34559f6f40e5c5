"""The environment on a simulator that does as it is told: judging, bookkeeping, refusals; on NumPy and on torch."""

from __future__ import annotations

from dataclasses import fields, replace

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.sim.simulator import RobotState, check_parameter_values
from surefoot_training.task import observations, rewards, terminations
from surefoot_training.task.arrays import gravity_in_base, rotation_of, yaw_of
from surefoot_training.task.commands import CommandConfig
from surefoot_training.task.curriculum import CurriculumConfig
from surefoot_training.task.environment import WalkingEnvironment
from surefoot_training.task.tasks import TASKS
from surefoot_training.task.terms import ObservationTerm, RewardTerm, TerminationTerm
from surefoot_training.task.terrain import ScanGrid, Terrain, TerrainConfig, build_terrain

GO2 = load_robot("go2")
PARAMETERS = MujocoBatch(GO2, Terrain.flat(), 1, threads=1).parameters
TERRAIN_CONFIG = TerrainConfig(columns=("rough", "stairs_up"), level_count=4, border_m=2.0)
TERRAIN = build_terrain(TERRAIN_CONFIG)
N = 8
LEVEL = np.array([1.0, 0.0, 0.0, 0.0])


class PuppetSimulator:
    """Robots that glide with `velocity_in_base`, turn with `yaw_rate`, and fail or touch the ground when told to."""

    robot, control_dt_s, physics_dt_s = GO2, 0.02, 0.02

    def __init__(self, xp, terrain, robots=N):
        self.arrays, self.terrain, self.robots, self.parameters = xp, terrain, robots, PARAMETERS
        self.velocity_in_base, self.yaw_rate = np.zeros((robots, 3)), np.zeros(robots)
        self.failing, self.on_trunk = np.zeros(robots, dtype=bool), np.zeros(robots, dtype=bool)
        self.held = {name: np.tile(p.nominal, (robots, *[1] * p.nominal.ndim)) for name, p in PARAMETERS.items()}
        self.truth = {
            "base_position_in_world": np.zeros((robots, 3)),
            "base_quaternion_wxyz": np.tile(LEVEL, (robots, 1)),
            "joint_position": np.zeros((robots, 12)),
        }
        self._state = self._read()

    def set_parameters(self, ids, values):
        for name, rows in check_parameter_values(PARAMETERS, values, len(ids)).items():
            self.held[name][ids] = rows

    def get_parameters(self, ids):
        return {name: values[ids] for name, values in self.held.items()}

    def reset(self, ids, placement):
        for name, values in self.truth.items():
            values[ids] = getattr(placement, name)
        fresh = self._read()
        for field in fields(RobotState):
            getattr(self._state, field.name)[ids] = getattr(fresh, field.name)[ids]

    def push(self, velocity_kick_in_world):
        pass

    def set_base_force(self, force_in_world_n):
        pass

    def step(self, joint_target):
        yaw = yaw_of(rotation_of(self.truth["base_quaternion_wxyz"])) + self.yaw_rate * 0.02
        cos, sin = np.cos(yaw), np.sin(yaw)
        vx, vy = self.velocity_in_base[:, 0], self.velocity_in_base[:, 1]
        self.truth["base_position_in_world"][:, 0] += (cos * vx - sin * vy) * 0.02
        self.truth["base_position_in_world"][:, 1] += (sin * vx + cos * vy) * 0.02
        half = np.zeros(self.robots)
        self.truth["base_quaternion_wxyz"] = np.stack([np.cos(yaw / 2), half, half, np.sin(yaw / 2)], axis=-1)
        self.truth["joint_position"] = np.asarray(joint_target).astype(float).copy()
        self._state = self._read()
        for field in fields(RobotState):
            array = getattr(self._state, field.name)
            if array.dtype == self.arrays.float32:
                array[self.arrays.asarray(self.failing)] = np.nan

    def state(self):
        return self._state

    def failed(self):
        return self.arrays.asarray(self.failing.copy())

    def snapshot(self):
        return {name: values.copy() for name, values in self.truth.items()}

    def restore(self, snapshot):
        self.truth = {name: values.copy() for name, values in snapshot.items()}
        self._state = self._read()

    def _read(self):
        n, xp = self.robots, self.arrays
        rotation = rotation_of(self.truth["base_quaternion_wxyz"])
        spin = np.zeros((n, 3))
        spin[:, 2] = self.yaw_rate
        feet = self.truth["base_position_in_world"][:, None] + [0.0, 0.0, -0.3]
        values = {
            **self.truth,
            "base_rotation": rotation,
            "base_velocity_in_base": self.velocity_in_base,
            "angular_velocity_in_base": spin,
            "gravity_in_base": gravity_in_base(rotation),
            "heading_rad": yaw_of(rotation),
            "joint_velocity": np.zeros((n, 12)),
            "joint_torque_nm": np.zeros((n, 12)),
            "foot_position_in_world": np.repeat(feet, 4, axis=1),
            "foot_velocity_in_world": np.zeros((n, 4, 3)),
            "foot_force_in_world_n": np.full((n, 4, 3), 30.0),
        }
        flags = {name: np.zeros((n, 4), dtype=bool) for name in ("thigh_contact", "calf_contact")}
        flags |= {"trunk_contact": self.on_trunk.copy(), "self_collision": np.zeros(n, dtype=bool)}
        arrays = {name: xp.asarray(np.array(value, dtype=np.float32)) for name, value in values.items()}
        return RobotState(**arrays, **{name: xp.asarray(flag) for name, flag in flags.items()})


def task(*, time_s=1.0, **changes):
    """Rough terrain of four levels; everybody is always asked to move, from the slowest commands up."""
    rough = TASKS["velocity-rough"]
    plain = replace(
        rough,
        terrain=TERRAIN_CONFIG,
        curriculum=CurriculumConfig(levels=4, initial_level_max=2, minimum_commanded_m=0.01),
        commands=CommandConfig(
            standing_share=0.0,
            heading_share=0.0,
            minimum_speed_mps=0.0,
            acceleration_mps2=1e6,
            yaw_acceleration_radps2=1e6,
        ),
        terminations=(
            TerminationTerm("trunk_contact", terminations.trunk_on_ground),
            TerminationTerm("time_out", terminations.out_of_time, {"limit_s": time_s}, is_timeout=True),
        ),
    )
    return replace(plain, **changes)


def environment(xp, config=None, *, seed=1):
    return WalkingEnvironment(config or task(), PuppetSimulator(xp, TERRAIN), seed)


def stance(env):
    rows = np.tile(GO2.default_joint_position_rad, (env.robots, 1))
    return env.simulator.arrays.asarray(rows.astype(np.float32))


def command_of(env):
    return np.asarray(env.observations.policy)[:, 6:9].astype(float)


def walk(env, steps, share):
    """Every robot does its `share` of what it is asked for."""
    results = []
    for _ in range(steps):
        command = command_of(env)
        env.simulator.velocity_in_base[:, :2] = command[:, :2] * share[:, None]
        env.simulator.yaw_rate[:] = command[:, 2] * share
        results.append(env.step(stance(env)))
    return results


class TestCurriculum:
    def test_who_walks_goes_up_and_who_stands_goes_down(self, xp):
        env = environment(xp)
        before = env.state_dict()["curriculum.level"]
        assert set(before.tolist()) == {0, 1, 2}
        walks = np.arange(N) % 2 == 0
        (first,) = walk(env, 1, walks.astype(float))  # at rest
        speed = np.linalg.norm(command_of(env)[:, :2], axis=1)  # asked for from now on: new commands take 5 s
        *going, last = walk(env, 49, walks.astype(float))
        assert len(first.finished_ids) == 0
        assert not any(len(result.finished_ids) for result in going)
        assert bool(last.timed_out.all())
        expected = np.where(walks, before + 1, np.maximum(before - 1, 0))
        np.testing.assert_array_equal(env.state_dict()["curriculum.level"], expected)
        progress = env.progress()
        assert (progress["moved_up"], progress["moved_down"]) == (4.0, 4.0)
        assert last.log["commanded_m"] == pytest.approx(speed.mean() * 0.98, rel=1e-3)
        assert last.log["walked_m"] == pytest.approx((speed * walks).mean() * 0.98, rel=1e-3)

    def test_an_early_fall_takes_down_even_a_good_walker(self, xp):
        env = environment(xp)
        before = env.state_dict()["curriculum.level"]
        walk(env, 10, np.ones(N))
        env.simulator.on_trunk[2] = True
        (result,) = walk(env, 1, np.ones(N))
        assert result.finished_ids.tolist() == [2]
        after = env.state_dict()["curriculum.level"]
        assert after[2] == max(before[2] - 1, 0)
        np.testing.assert_array_equal(np.delete(after, 2), np.delete(before, 2))

    def test_faster_commands_come_with_success(self, xp):
        """At first the slowest quarter of all speeds; one passed episode unlocks the next quarter, and so on."""
        config = task()
        config = replace(config, curriculum=replace(config.curriculum, unlock_episodes=1, unlock_success_share=0.5))
        env, fastest = environment(xp, config), []
        for _ in range(10):
            walk(env, 1, np.ones(N))
            share = abs(command_of(env)[:, :2]) / np.array([1.0, 0.5])
            fastest.append(share.max())
            bins = env.state_dict()["curriculum.speed_bin"]
            assert (share.max(axis=1) >= bins / 4 - 1e-5).all()
            assert (share.max(axis=1) <= (bins + 1) / 4 + 1e-5).all()
            walk(env, 49, np.ones(N))
        assert fastest[0] <= 0.25
        assert max(fastest) > 0.5

    def test_a_robot_starts_anew_on_the_tile_of_its_new_level(self, xp):
        env = environment(xp)
        walk(env, 50, np.ones(N))
        state = env.state_dict()
        origin = TERRAIN.tile_origin_in_world[state["curriculum.level"], state["curriculum.column"]]
        position = np.asarray(env.simulator.state().base_position_in_world)
        assert abs(position[:, :2] - origin[:, :2]).max() <= 0.5 + 1e-5


class TestEndings:
    def test_who_falls_in_the_last_moment_has_fallen(self, xp):
        env = environment(xp, task(time_s=0.1))
        walk(env, 4, np.ones(N))
        env.simulator.on_trunk[3] = True
        (result,) = walk(env, 1, np.ones(N))
        assert result.terminated.tolist() == [i == 3 for i in range(N)]
        assert result.timed_out.tolist() == [i != 3 for i in range(N)]
        assert result.log["falls"] == pytest.approx(1 / N)
        assert result.log["length_s"] == pytest.approx(0.1)

    def test_a_failed_simulation_leaves_no_trace(self, xp):
        """Its state is all NaN: nothing of that reaches anybody, then or later."""
        env, calm = environment(xp), environment(xp)
        for each in (env, calm):
            walk(each, 5, np.ones(N))
        env.simulator.failing[1] = True
        (result,), (expected,) = (walk(each, 1, np.ones(N)) for each in (env, calm))
        others = np.delete(np.arange(N), 1)
        assert result.finished_ids.tolist() == [1]
        assert bool(result.terminated[1])
        assert float(result.reward[1]) == 0.0
        np.testing.assert_array_equal(np.asarray(result.reward)[others], np.asarray(expected.reward)[others])
        env.simulator.failing[1] = False
        for array in (result.observations, result.final, walk(env, 60, np.ones(N))[-1].observations):
            assert np.isfinite(np.asarray(array.policy)).all()
            assert np.isfinite(np.asarray(array.privileged)).all()
        assert all(np.isfinite(value) for value in env.progress().values())

    def test_nobody_finished_gives_an_empty_log(self, xp):
        (result,) = walk(environment(xp), 1, np.ones(N))
        assert result.log == {}
        assert tuple(result.finished_ids.shape) == (0,)
        assert tuple(result.final.policy.shape) == (0, 33)


class TestRewards:
    def test_the_command_seen_before_a_step_is_the_one_it_is_judged_by(self, xp):
        """Exactly the commanded velocity earns the whole tracking reward, in the very step of a new command too."""
        table = (RewardTerm("tracking", rewards.linear_velocity_tracking, 1.0),)
        slow = {"minimum_speed_mps": 0.0, "minimum_yaw_rate_radps": 0.0}
        often = CommandConfig(interval_s=(0.1, 0.2), standing_share=0.0, **slow)
        env = environment(xp, task(rewards=table, commands=often, time_s=0.5))
        changed = 0
        for _ in range(60):
            before = command_of(env)
            (result,) = walk(env, 1, np.ones(N))
            np.testing.assert_allclose(np.asarray(result.reward), 0.02, rtol=1e-5)
            changed += (command_of(env) != before).any(axis=1).sum()
        assert changed > 2 * N

    def test_a_fall_is_known_to_the_rewards_of_its_step(self, xp):
        table = (RewardTerm("alive", rewards.alive, 2.0), RewardTerm("failure", rewards.failure, -50.0))
        env = environment(xp, task(rewards=table, time_s=0.04))
        env.simulator.on_trunk[0] = True
        (result,) = walk(env, 1, np.ones(N))
        np.testing.assert_allclose(np.asarray(result.reward), [0.04 - 1.0] + [0.04] * (N - 1), rtol=1e-5)
        env.simulator.on_trunk[0] = False
        (result,) = walk(env, 1, np.ones(N))
        np.testing.assert_allclose(np.asarray(result.reward), 0.04, rtol=1e-5)
        assert result.log["reward/alive"] == pytest.approx(0.08)
        assert result.log["reward/failure"] == 0.0


class TestState:
    def test_goes_on_to_the_bit(self, xp):
        env, other = environment(xp), environment(xp, seed=7)
        walk(env, 30, np.ones(N))
        other.load_state_dict(env.state_dict())
        for expected, result in zip(walk(env, 40, np.ones(N)), walk(other, 40, np.ones(N)), strict=True):
            np.testing.assert_array_equal(np.asarray(expected.reward), np.asarray(result.reward))
            for part in ("policy", "privileged"):
                wanted, seen = (np.asarray(getattr(each.observations, part)) for each in (expected, result))
                np.testing.assert_array_equal(wanted, seen)
            assert expected.log == result.log

    def test_what_does_not_fit_is_refused_before_anything_changes(self, xp):
        env = environment(xp)
        walk(env, 3, np.ones(N))
        before = env.state_dict()
        lacking = {name: value for name, value in before.items() if name != "sensors.bias"}
        wide = before | {"observations.policy": np.zeros((N, 5), dtype=np.float32)}
        for state, problem in ((lacking, "sensors.bias is missing"), (wide, r"has shape \(8, 5\), here \(8, 33\)")):
            changed = {name: value + 1 if name == "clock.phase" else value for name, value in state.items()}
            with pytest.raises(SurefootError, match=problem) as refused:
                env.load_state_dict(changed)
            assert "same task, robot and number of robots" in refused.value.hint
            for name, value in env.state_dict().items():
                np.testing.assert_array_equal(value, before[name], err_msg=name)
        with pytest.raises(SurefootError, match="does not fit task velocity-rough with 8 robots"):
            env.load_state_dict({})


def test_numpy_and_torch_are_the_same_world():
    """One seed, both libraries: what differs is rounding."""
    pair = [environment(xp, task(time_s=0.4)) for xp in (array_api_compat.numpy, array_api_compat.torch)]
    for step in range(60):
        for env in pair:
            env.simulator.on_trunk[:] = np.arange(N) == step % 13
        on_numpy, on_torch = (walk(env, 1, np.ones(N))[0] for env in pair)
        assert not isinstance(on_torch.reward, np.ndarray)
        np.testing.assert_array_equal(on_numpy.terminated, np.asarray(on_torch.terminated))
        np.testing.assert_array_equal(on_numpy.timed_out, np.asarray(on_torch.timed_out))
        np.testing.assert_array_equal(on_numpy.finished_ids, np.asarray(on_torch.finished_ids))
        for part in ("policy", "privileged"):
            wanted, seen = (np.asarray(getattr(each.observations, part)) for each in (on_numpy, on_torch))
            np.testing.assert_allclose(seen, wanted, rtol=1e-3, atol=2e-3, err_msg=f"{part}, step {step}")
        np.testing.assert_allclose(np.asarray(on_torch.reward), on_numpy.reward, rtol=1e-3, atol=1e-4)
        assert on_torch.log.keys() == on_numpy.log.keys()
        for name, value in on_numpy.log.items():
            assert on_torch.log[name] == pytest.approx(value, rel=1e-3, abs=1e-4)


class TestRefusals:
    def test_another_control_step(self):
        simulator = PuppetSimulator(array_api_compat.numpy, TERRAIN)
        simulator.control_dt_s = 0.01
        with pytest.raises(SurefootError, match=r"simulator steps 0\.01 s, task velocity-rough 0\.02 s") as refused:
            WalkingEnvironment(task(), simulator, 0)
        assert "control_dt_s" in refused.value.hint

    def test_a_terrain_with_other_levels(self):
        simulator = PuppetSimulator(array_api_compat.numpy, Terrain.flat())
        with pytest.raises(SurefootError, match="terrain has 1 levels, the curriculum of task velocity-rough 4"):
            WalkingEnvironment(task(), simulator, 0)

    @pytest.mark.parametrize(
        ("table", "term"),
        [
            ("rewards", RewardTerm("odd", lambda base_speed: base_speed, 1.0)),
            ("terminations", TerminationTerm("odd", lambda base_speed: base_speed)),
            ("observation", ObservationTerm("odd", lambda base_speed: base_speed, 1, "m/s")),
            ("privileged", ObservationTerm("odd", lambda base_speed: base_speed, 1, "m/s")),
        ],
        ids=["rewards", "terminations", "observation", "privileged"],
    )
    def test_a_term_that_asks_for_what_there_is_not(self, table, term):
        config = task()
        config = replace(config, **{table: (*getattr(config, table), term)})
        with pytest.raises(SurefootError, match=r"term odd: .* asks for unknown quantity base_speed") as refused:
            environment(array_api_compat.numpy, config)
        assert "velocity_command" in refused.value.hint

    def test_a_policy_that_asks_for_the_truth(self):
        """What only the critic may know is no sensor's."""
        term = ObservationTerm("velocity", observations.velocity_in_base, 3, "m/s")
        config = task()
        with pytest.raises(SurefootError, match="unknown quantity base_velocity_in_base"):
            environment(array_api_compat.numpy, replace(config, observation=(*config.observation, term)))

    @pytest.mark.parametrize("table", ["rewards", "terminations", "observation", "privileged"])
    def test_a_name_given_twice(self, table):
        config = task()
        first = getattr(config, table)[0]
        with pytest.raises(SurefootError, match=f"names {first.name} twice"):
            environment(array_api_compat.numpy, replace(config, **{table: (*getattr(config, table), first)}))

    def test_a_table_that_does_not_fit_the_scan(self):
        with pytest.raises(SurefootError, match="privileged has 105 numbers per robot, its table says 238") as refused:
            environment(array_api_compat.numpy, task(scan=ScanGrid(spacing_m=0.2)))
        assert "height_scan 187" in str(refused.value)
        assert "scan.size" in refused.value.hint

    def test_a_scan_under_another_name(self):
        """The sensor is made for a term called height_scan: another name would see nothing."""
        config = task()
        scan = ObservationTerm("map", observations.height_scan, config.scan.size, "m")
        with pytest.raises(SurefootError, match="observation has 33 numbers per robot, its table says 220"):
            environment(array_api_compat.numpy, replace(config, observation=(*config.observation, scan)))

    @pytest.mark.parametrize("shape", [(12,), (1, 12), (N, 11), (N + 1, 12), (N, 12, 1)])
    def test_targets_of_another_shape(self, shape):
        env = environment(array_api_compat.numpy)
        with pytest.raises(SurefootError, match="joint targets have shape") as refused:
            env.step(np.zeros(shape, dtype=np.float32))
        assert "(8, 12)" in refused.value.hint


def test_sizes(xp):
    env = environment(xp)
    assert (env.observation_size, env.privileged_size, env.joints) == (33, 3 + 1 + 4 + 12 + 4 + 3 + 2 + 22 + 187, 12)
    assert tuple(env.observations.policy.shape) == (N, env.observation_size)
    assert tuple(env.observations.privileged.shape) == (N, env.privileged_size)


def test_actions_are_offsets_from_the_default_pose(xp, array):
    env = environment(xp)
    action = np.zeros((N, 12))
    action[2, 5] = -2.0
    target = np.asarray(env.joint_target_of(array(action)))
    expected = np.tile(GO2.default_joint_position_rad, (N, 1))
    expected[2, 5] -= 0.5
    np.testing.assert_allclose(target, expected, atol=1e-6)
    assert target.dtype == np.float32
