"""Rewards, logs and what the critic sees, worked out a second time from the simulator's state and the observations.

The second account keeps its own clock, actions, swings and sums, in double precision and with plain loops; it shares
with the environment only the terms themselves, which have hand-computed tests of their own.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from dataclasses import fields, replace

import numpy as np
import pytest

from surefoot_training.task import rewards
from surefoot_training.task.randomization import normalised
from surefoot_training.task.terms import RewardTerm
from surefoot_training.task.terrain import height_scan, heights_at

DT_S = 0.02
TASK_NAMES = ["flat", "rough", "seeing"]


def without_slow(command: np.ndarray) -> np.ndarray:
    """What commands mean: up to 0.1 m/s is no walking, and up to 0.1 rad/s then no turning either."""
    in_place = np.linalg.norm(command[:, :2], axis=1) <= np.float32(0.1)
    stands = in_place & (abs(command[:, 2]) <= np.float32(0.1))
    return np.where(np.stack([in_place, in_place, stands], axis=1), 0.0, command)


class SecondAccount:
    """Follows an environment with a recording simulator from the outside."""

    def __init__(self, environment) -> None:
        self.environment, self.simulator = environment, environment.simulator
        self.robots = environment.robots
        self.default = self.simulator.robot.default_joint_position_rad
        self.seen = environment.observations
        n = self.robots
        self.phase, self.time_s = np.zeros(n), np.zeros(n)
        self.actions = np.zeros((3, n, 12))
        self.contact = np.ones((n, 4), dtype=bool)
        self.air_s, self.stance_s, self.last_air_s, self.last_stance_s = np.zeros((4, n, 4))
        self.joint_velocity = self.simulator.state().joint_velocity.astype(float)
        self.sums = [defaultdict(float) for _ in range(n)]

    def step(self, target: np.ndarray):
        """One step of both: the environment's result, and the quantities that its terms should have seen."""
        command = without_slow(self._part(self.seen, "velocity_command").astype(float))
        result = self.environment.step(target)
        quantities = self._quantities(target.astype(float), command, result)
        return result, quantities

    def start_anew(self, ids, result) -> None:
        self.phase[ids], self.time_s[ids], self.actions[:, ids], self.contact[ids] = 0.0, 0.0, 0.0, True
        for memory in (self.air_s, self.stance_s, self.last_air_s, self.last_stance_s):
            memory[ids] = 0.0
        for robot in ids:
            self.sums[robot].clear()
        self.joint_velocity = self.simulator.state().joint_velocity.astype(float)
        self.seen = result.observations

    def _part(self, observations, name):
        policy_columns, first = {}, 0
        for term in self.environment.task.observation:
            policy_columns[term.name] = slice(first, first + term.size)
            first += term.size
        return observations.policy[:, policy_columns[name]]

    def _quantities(self, target, command, result) -> dict[str, np.ndarray]:
        truth = self.simulator.after_step
        state = {field.name: getattr(truth, field.name) for field in fields(truth)}
        standing = ~command.any(axis=1)
        self.phase = np.where(standing, 0.0, (self.phase + 3.5 * DT_S) % 1.0)
        self.time_s += DT_S
        self.actions = np.stack([(target - self.default) / 0.25, self.actions[0], self.actions[1]])
        acceleration = (truth.joint_velocity - self.joint_velocity) / DT_S
        robot, task = self.simulator.robot, self.environment.task
        return {
            **state,
            **self._feet(truth),
            **self._heights(truth),
            "joint_acceleration": acceleration,
            "velocity_command": command,
            "standing": standing,
            "gait_phase": self.phase,
            "joint_target": target,
            "action": self.actions[0],
            "previous_action": self.actions[1],
            "action_before_previous": self.actions[2],
            "default_joint_position": self.default,
            "joint_lower": robot.joint_lower_rad,
            "joint_upper": robot.joint_upper_rad,
            "torque_limit_nm": robot.torque_limit_nm,
            "joint_speed_limit": robot.speed_limit_radps,
            "episode_time_s": self.time_s,
            "terminated": result.terminated,
            "control_dt_s": task.control_dt_s,
        }

    def _feet(self, truth) -> dict[str, np.ndarray]:
        touched_down, air_time_s = np.zeros((self.robots, 4), dtype=bool), np.zeros((self.robots, 4))
        for robot, foot in np.ndindex(self.robots, 4):
            down = np.linalg.norm(truth.foot_force_in_world_n[robot, foot]) > 1.0
            was_down = self.contact[robot, foot]
            at = robot, foot
            if down and was_down:
                self.stance_s[at] += DT_S
            elif down:
                touched_down[at] = True
                self.last_air_s[at] = air_time_s[at] = self.air_s[at] + DT_S
                self.air_s[at], self.stance_s[at] = 0.0, DT_S
            else:
                if was_down:
                    self.last_stance_s[at], self.stance_s[at] = self.stance_s[at], 0.0
                self.air_s[at] += DT_S
                air_time_s[at] = self.air_s[at]
            self.contact[at] = down
        return {
            "foot_contact": self.contact.copy(),
            "foot_touched_down": touched_down,
            "foot_air_time_s": air_time_s,
            "foot_last_air_time_s": self.last_air_s.copy(),
            "foot_last_contact_time_s": self.last_stance_s.copy(),
        }

    def _heights(self, truth) -> dict[str, np.ndarray]:
        terrain, task = self.simulator.terrain, self.environment.task
        base, feet = truth.base_position_in_world, truth.foot_position_in_world
        scan = height_scan(terrain, base, truth.heading_rad, task.scan) if task.scan else np.zeros((self.robots, 0))
        radius = np.array([leg.foot.radius_m for leg in self.simulator.robot.legs])
        return {
            "base_height_m": base[:, 2] - heights_at(terrain, base[:, 0], base[:, 1]),
            "foot_clearance_m": feet[:, :, 2] - heights_at(terrain, feet[:, :, 0], feet[:, :, 1]) - radius,
            "height_scan_m": scan,
        }


def value_of(term, quantities) -> np.ndarray:
    """A term, called by the names of its arguments."""
    names = [
        name
        for name, argument in inspect.signature(term.function).parameters.items()
        if argument.kind is not argument.KEYWORD_ONLY
    ]
    return term.function(**{name: quantities[name] for name in names}, **term.parameters)


def bare(lab, name):
    """Perfect sensors, so that the command is known; the rest as busy as it gets."""
    task = lab.busy(lab.tasks[name])
    return replace(task, sensors=lab.quiet(task).sensors)


@pytest.mark.parametrize("name", TASK_NAMES)
def test_reward_and_log_are_the_weighted_sums_of_the_table(lab, name):
    environment = lab.make_recording(bare(lab, name))
    account = SecondAccount(environment)
    ended = 0
    for target in lab.targets(environment, 120, spread_rad=0.3):
        result, quantities = account.step(target)
        expected = np.zeros(environment.robots)
        for term in environment.task.rewards:
            value = term.weight * DT_S * np.asarray(value_of(term, quantities), dtype=float)
            expected += value
            for robot in range(environment.robots):
                account.sums[robot][f"reward/{term.name}"] += value[robot]
        np.testing.assert_allclose(result.reward, expected, rtol=1e-3, atol=1e-5)
        note_outcome(account, quantities)
        ids = result.finished_ids
        ended += len(ids)
        check_log(account, ids, result)
        account.start_anew(ids, result)
    assert ended > 15


def note_outcome(account, quantities) -> None:
    """What an episode is judged by, per robot: the log has the sums over the episode, times the control step."""
    velocity, command = quantities["base_velocity_in_base"].astype(float), quantities["velocity_command"]
    for robot, sums in enumerate(account.sums):
        error = np.hypot(*(velocity[robot, :2] - command[robot, :2]))
        speed = np.hypot(*command[robot, :2])
        sums["tracking_score"] += np.exp(-(error**2) / 0.25) * DT_S
        sums["speed_error_mps"] += error * DT_S
        sums["yaw_rate_error_radps"] += abs(quantities["angular_velocity_in_base"][robot, 2] - command[robot, 2]) * DT_S
        sums["walked_m"] += velocity[robot, :2] @ command[robot, :2] / speed * DT_S if speed else 0.0
        sums["commanded_m"] += speed * DT_S
        sums["length_s"] += DT_S


def check_log(account, ids, result) -> None:
    if not len(ids):
        assert result.log == {}
        return
    for name in account.sums[0]:
        mean = np.mean([account.sums[robot][name] for robot in ids])
        assert result.log[name] == pytest.approx(mean, rel=2e-3, abs=1e-5), name
    assert result.log["episodes"] == len(ids)


@pytest.mark.parametrize("name", TASK_NAMES)
def test_the_critic_sees_the_truth(lab, name):
    environment = lab.make_recording(bare(lab, name))
    account = SecondAccount(environment)
    for target in lab.targets(environment, 60, spread_rad=0.3):
        result, quantities = account.step(target)
        going_on = np.setdiff1d(np.arange(environment.robots), result.finished_ids)
        quantities["parameters_normalised"] = expected_parameters(environment)
        quantities["disturbance_force_in_world_n"] = environment.simulator.batch.bind("xfrc_applied")[:, 1, :3].copy()
        for term in environment.task.privileged:
            seen = lab.part(environment, result.observations, term.name)
            if term.name == "height_scan" and name == "seeing":
                continue  # `part` gives the policy's
            expected = value_of(term, quantities)
            np.testing.assert_allclose(seen[going_on], expected[going_on], rtol=1e-4, atol=1e-4, err_msg=term.name)
        account.start_anew(result.finished_ids, result)


def expected_parameters(environment) -> np.ndarray:
    state = environment.state_dict()
    drawn = {name.removeprefix("robots.drawn."): value for name, value in state.items() if "robots.drawn" in name}
    return normalised(drawn, environment.task.randomization)


def test_a_term_without_weight_changes_nothing(lab):
    task = lab.busy(lab.tasks["flat"])
    more = replace(task, rewards=(RewardTerm("useless", rewards.alive, 0.0), *task.rewards))
    plain, padded = lab.make(task), lab.make(more)
    for target in lab.targets(plain, 40):
        expected, result = plain.step(target), padded.step(target)
        np.testing.assert_array_equal(result.reward, expected.reward)
        assert {name: value for name, value in result.log.items() if name != "reward/useless"} == expected.log
        assert result.log.get("reward/useless", 0.0) == 0.0


def test_the_reward_of_a_simple_table(lab):
    """Standing still in the default pose: 3 a second for being alive, 2 for each unit of the action's square."""
    table = (
        RewardTerm("alive", rewards.alive, 3.0),
        RewardTerm("action_rate", rewards.action_rate_squared, -2.0),
        RewardTerm("failure", rewards.failure, -10.0),
    )
    environment = lab.make(replace(lab.quiet(lab.tasks["flat"]), rewards=table), robots=2)
    stance = lab.stance(environment)
    np.testing.assert_allclose(environment.step(stance).reward, [0.06, 0.06], rtol=1e-6)
    moved = stance.copy()
    moved[1, 3] += 0.05  # a fifth of the action's scale
    np.testing.assert_allclose(environment.step(moved).reward, [0.06, 0.06 - 2 * 0.04 * 0.02], rtol=1e-5)
    np.testing.assert_allclose(environment.step(moved).reward, [0.06, 0.06], rtol=1e-6)
    np.testing.assert_allclose(environment.step(stance).reward, [0.06, 0.06 - 2 * 0.04 * 0.02], rtol=1e-5)
