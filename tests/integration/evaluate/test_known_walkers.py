"""The protocol on walkers whose results are known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_training.evaluate.arena import examined, make_arena
from surefoot_training.evaluate.candidate import Candidate, find_candidate
from surefoot_training.evaluate.evaluation import evaluate, robot_steps
from surefoot_training.evaluate.metrics import figures_of, wilson_interval
from surefoot_training.evaluate.oracle import OraclePolicy
from surefoot_training.evaluate.protocol import AXES, Protocol
from surefoot_training.evaluate.pushes import Pulses, PushExaminer
from surefoot_training.evaluate.recording import Examiner, Recording, record
from surefoot_training.evaluate.subject import Subject
from surefoot_training.evaluate.terrain import examine_terrain
from surefoot_training.evaluate.walker import OracleWalker, PolicyWalker, Standing, Trotting
from surefoot_training.learn.walking import WalkingProblem, make_agent, policy_of
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.tasks import TASKS, make_environment
from surefoot_training.task.terrain import TerrainConfig

FLAT, GO2 = TASKS["velocity-flat"], load_robot("go2")
NONE, SAME = (0.0, 0.0), (1.0, 1.0)
CALM = {
    "base_mass_added_kg": NONE,
    "link_mass_scale": SAME,
    "base_com_shift_x_m": NONE,
    "base_com_shift_y_m": NONE,
    "base_com_shift_z_m": NONE,
    "joint_friction_scale": SAME,
    "joint_damping_scale": SAME,
    "armature_scale": SAME,
    "kp_scale": SAME,
    "kd_scale": SAME,
    "motor_strength": SAME,
    "torque_limit_scale": SAME,
    "dead_zone_rad": NONE,
    "action_delay_s": (0.01, 0.01),
    "foot_friction": (0.8, 0.8),
    "gravity_error_mps2": NONE,
    "initial_joint_offset_rad": NONE,
    "initial_joint_velocity_radps": NONE,
    "initial_height_added_m": NONE,
    "initial_tilt_rad": NONE,
    "initial_velocity_mps": NONE,
    "initial_angular_velocity_radps": NONE,
}
TINY = Protocol(
    tracking_robots=4,
    tracking_s=1.0,
    terrain_robots=2,
    terrain_levels=(1,),
    terrain_bar=(("stairs_up", 0.10),),
    terrain_bar_robots=3,
    terrain_limit_s=1.0,
    push_robots=1,
    push_forces_n=(0.0, 150.0),
    push_directions_deg=(0.0, 90.0),
    push_after_s=0.5,
    push_recovery_s=0.6,
    sweep_robots=2,
    sweep_s=0.4,
    payload_shares=(0.0,),
    friction_factors=(1.0,),
    frictions=(),
    delays_s=(0.0, 0.04),
)


class Ahead(Examiner):
    """Asks everybody for the same."""

    def __init__(self, command: tuple[float, float, float], robots: int) -> None:
        self.asked = np.tile(np.array(command, dtype=np.float32), (robots, 1))

    def command(self, step: int, state: RobotState) -> np.ndarray:
        return self.asked


class Limp:
    """Legs folded up to the joints' limits: the robot drops onto its trunk. Keeps what it saw."""

    def __init__(self, robots: int) -> None:
        folded = np.array([0.0, 3.0, -2.7] * 4, dtype=np.float32)
        self._target, self.saw, self.begun = np.tile(folded, (robots, 1)), [], []

    def reset(self, ids: np.ndarray) -> None:
        self.begun.append(np.asarray(ids).tolist())

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        self.saw.append(observation)
        return self._target

    def estimated_velocity(self) -> np.ndarray | None:
        return np.full((len(self._target), 3), 2.0, dtype=np.float32)


def nothing() -> None:
    """Report to nobody."""


def standing(task: TaskConfig, examiner: Examiner, robots: int, seconds: float) -> Recording:
    arena = make_arena(task, GO2, robots, seed=3, threads=1)
    return record(arena, Standing(GO2, robots), examiner, round(seconds / 0.02), nothing)


def test_a_robot_that_stands_is_off_by_what_is_asked_for() -> None:
    recording = standing(examined(FLAT, 4.0, **CALM), Ahead((0.6, 0.8, 0.5), 3), 3, 4.0)
    found = figures_of(recording)
    assert found.speed_error_settled_mean_mps == pytest.approx(1.0, abs=0.01)
    assert found.yaw_rate_error_mean_radps == pytest.approx(0.5, abs=0.05)
    assert (found.falls, found.cost_of_transport) == (0, None)
    assert found.estimate_error_mean_mps is None
    assert recording.mass_kg == pytest.approx(GO2.total_mass_kg, rel=1e-4)
    # Its feet carry it.
    weight_n = recording.foot_force_n[-1].sum(-1)
    assert weight_n == pytest.approx(9.81 * GO2.total_mass_kg, rel=0.05)


def test_commands_cover_the_whole_box_and_none_is_to_stand() -> None:
    commands = replace(FLAT.commands, acceleration_mps2=1e6, yaw_acceleration_radps2=1e6)
    task = replace(FLAT, commands=commands)  # whose commands are not ramped
    protocol = replace(TINY, tracking_robots=300, tracking_s=0.04)
    seen: list[np.ndarray] = []

    class Watching(Standing):
        def joint_targets(self, observation: np.ndarray) -> np.ndarray:
            seen.append(observation[:, 6:9].copy())
            return super().joint_targets(observation)

    candidate = Candidate("watching", task, "go2", lambda task, robot, robots: Watching(robot, robots))
    evaluate(candidate, protocol, ("tracking",), task=task, threads=1)
    assert not seen[0].any()
    asked = seen[1]
    assert abs(asked).max(axis=0) == pytest.approx([1.0, 0.5, 1.0], abs=0.03)
    assert (abs(asked) <= np.array([1.0, 0.5, 1.0])).all()
    assert abs(asked[:, 2]).mean() == pytest.approx(0.5, abs=0.06)
    assert (asked != 0).any(axis=1).all()


def test_a_robot_that_folds_its_legs_falls_again_and_again() -> None:
    walker, arena = Limp(2), make_arena(examined(FLAT, 3.0, **CALM), GO2, 2, seed=3, threads=1)
    recording = record(arena, walker, Ahead((1.0, 0.0, 0.0), 2), 150, nothing)
    found = figures_of(recording)
    assert found.robots_fallen == 2
    assert found.falls >= 4
    # Whoever fell begins anew, at the same step.
    assert walker.begun[0] == [0, 1]
    assert [ids for ids in walker.begun[1:] if ids] == [
        np.flatnonzero(fell).tolist() for fell in recording.fell if fell.any()
    ]
    assert all((saw[:, 6:9] == [1.0, 0.0, 0.0]).all() for saw in walker.saw)
    # What it believes, 2 m/s in all directions, is held against the truth when it saw what it saw.
    off_mps = np.linalg.norm(2.0 - recording.velocity_in_base[:-1], axis=-1)
    stayed_up = ~recording.fell[:-1]
    assert recording.estimate_error_mps[1:][stayed_up] == pytest.approx(off_mps[stayed_up])


def test_a_trot_ahead_follows_a_command_ahead_and_pays_for_it() -> None:
    arena = make_arena(examined(FLAT, 4.0, **CALM, initial_yaw_rad=NONE), GO2, 1, seed=3, threads=1)
    recording = record(arena, Trotting(GO2, 1, 0.02), Ahead((0.45, 0.0, 0.0), 1), 200, nothing)
    found = figures_of(recording)
    assert found.falls == 0
    assert found.speed_error_settled_mean_mps is not None
    assert found.speed_error_settled_mean_mps < 0.35  # who stands is off by 0.45
    assert recording.position_in_world[-1, 0, 0] - recording.position_in_world[0, 0, 0] > 0.8
    assert found.cost_of_transport is not None
    assert 0.2 < found.cost_of_transport < 3.0  # quadrupeds of this size, with motors that hold their weight
    assert found.impact_mean_n is not None
    assert 10.0 < found.impact_mean_n < 5 * 9.81 * GO2.total_mass_kg


@pytest.mark.parametrize("yaw_rad", [0.0, 2.0])
def test_a_push_moves_the_robot_where_it_is_aimed(yaw_rad: float) -> None:
    task = examined(FLAT, 2.0, **CALM, initial_yaw_rad=(yaw_rad, yaw_rad), initial_position_m=NONE)
    directions = np.deg2rad([0.0, 90.0, 180.0, 270.0])
    pulses = Pulses(np.full(4, 50), 5, np.array([120.0] * 4), directions)
    recording = standing(task, PushExaminer(pulses, 0.5), 4, 1.2)
    moved = recording.position_in_world[55] - recording.position_in_world[49]
    aimed = np.stack([np.cos(yaw_rad + directions), np.sin(yaw_rad + directions)], axis=-1)
    along = (moved * aimed).sum(-1)
    assert (along > 0.01).all()
    assert np.linalg.norm(moved - along[:, None] * aimed, axis=-1) == pytest.approx(0.0, abs=0.01)
    # Nobody is pushed before or after: what is left is the way to a stop.
    assert np.linalg.norm(recording.position_in_world[49] - recording.position_in_world[40], axis=-1).max() < 0.01


def test_every_axis_gives_figures_and_takes_what_was_announced() -> None:
    steps: list[int] = []
    task = TASKS["velocity-rough"]
    found = evaluate(find_candidate("stand"), TINY, AXES, task=task, threads=1, report=steps.append)
    assert sum(steps) == robot_steps(TINY, AXES, task)
    assert found.tracking is not None
    assert sum(found.tracking.speed_error_histogram) == pytest.approx(1.0)
    assert found.terrain is not None
    kinds = set(TASKS["velocity-rough"].terrain.columns)
    assert {result.lane.kind for result in found.terrain} == kinds
    (bar,) = (result for result in found.terrain if result.is_bar)
    assert (bar.lane.kind, bar.lane.level, bar.robots) == ("stairs_up", 6, 3)
    for result in found.terrain:
        assert (result.success_share, result.robots) == (0.0, 3 if result is bar else 2)
        assert result.fell + result.strayed + result.too_slow == result.robots
        assert (result.success_low, result.success_high) == wilson_interval(0, result.robots)
        assert result.walked_mean_m < 0.5
    assert found.pushes is not None
    assert [(result.force_n, result.direction_deg) for result in found.pushes] == [
        (0.0, 0.0), (0.0, 90.0), (150.0, 0.0), (150.0, 90.0)
    ]  # fmt: skip
    for pushed in found.pushes:
        assert pushed.recovered_share == 0.0  # 0.5 m/s asked for, none given
        assert (pushed.recovered_low, pushed.recovered_high) == wilson_interval(0, 1)
    assert [point.value for point in found.delay or ()] == [0.0, 0.04]
    assert [point.value for point in found.friction or ()] == [pytest.approx(GO2.foot_friction)]
    assert [point.label for point in found.payload or ()] == ["+0.00 kg"]


def test_whoever_walks_far_enough_succeeds() -> None:
    """A lane of half a metre, which the trot walks on the flat."""
    protocol = replace(TINY, terrain_length_m=0.5, terrain_limit_s=4.0, terrain_robots=1)
    task = replace(
        TASKS["velocity-rough"],
        terrain=TerrainConfig(columns=("flat",)),
        randomization=replace(FLAT.randomization, **CALM),
    )

    def make(task: TaskConfig, robot: RobotSpec, robots: int) -> Trotting:
        return Trotting(robot, robots, task.control_dt_s)

    steps: list[int] = []
    (result,) = examine_terrain(Subject(task, GO2, make, protocol, 1, steps.append))
    assert (result.success_share, result.walked_mean_m) == (1.0, 0.5)
    assert len(steps) < 200  # it ends when everybody's trial has


def test_held_properties_are_what_the_robots_have() -> None:
    task = examined(FLAT, 1.0, base_mass_added_kg=(2.0, 2.0), link_mass_scale=SAME, action_delay_s=(0.03, 0.03))
    arena = make_arena(task, GO2, 3, seed=0, threads=1)
    parameters = arena.simulator.get_parameters(np.arange(3))
    assert parameters["link_mass_kg"].sum(-1) == pytest.approx(GO2.total_mass_kg + 2.0, rel=1e-6)
    assert parameters["action_delay_s"] == pytest.approx(0.03)


def test_same_seed_same_figures_to_the_bit_at_any_number_of_threads() -> None:
    found = [
        evaluate(find_candidate("trot"), TINY, ("tracking", "pushes", "delay"), task=FLAT, threads=threads)
        for threads in (1, 2)
    ]
    assert found[0] == found[1]
    other = evaluate(find_candidate("trot"), replace(TINY, seed=5), ("tracking",), task=FLAT, threads=1)
    assert other.tracking != found[0].tracking


@pytest.mark.parametrize(("actor", "believes"), [("mlp", False), ("gru", False), ("cenet", True)])
def test_untrained_policies_are_examined_alike_every_time(actor: str, believes: bool) -> None:
    environment = make_environment(FLAT, 1, threads=1)
    config = AgentConfig(actor=actor, hidden=(16,), critic_hidden=(16,))  # type: ignore[arg-type]
    torch.manual_seed(1)
    problem = WalkingProblem(environment, config.history_length)
    policy = policy_of(make_agent(config, problem), problem)
    candidate = Candidate("untrained", FLAT, "go2", lambda task, robot, robots: PolicyWalker(policy, robots))
    found = [evaluate(candidate, TINY, ("tracking", "pushes"), task=FLAT, threads=1) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].tracking is not None
    assert (found[0].tracking.figures.estimate_error_mean_mps is not None) == believes


ORACLE = AgentConfig(actor="cenet", estimator="oracle", hidden=(16,), critic_hidden=(16,), last_gain=1.0)


def oracle(problem: WalkingProblem) -> OraclePolicy:
    torch.manual_seed(1)
    return OraclePolicy(problem.perception, make_agent(ORACLE, problem))


def test_an_oracle_acts_as_its_agent_does_in_training() -> None:
    environment = make_environment(FLAT, 3, seed=5, threads=1)
    problem = WalkingProblem(environment, ORACLE.history_length)
    policy = oracle(problem)
    agent, walker = policy.agent, OracleWalker(policy, 3)
    for _ in range(30):
        seen = problem.seen()
        with torch.no_grad():
            guess = agent.guess(seen.actor, seen.velocity, torch.zeros(3, dtype=torch.bool))
            action = agent.act_on(agent.inputs_of(seen.actor, guess)).mode()
        expected = problem.perception.joint_target(problem.perception.clipped(action))
        walker.tell(environment.simulator.state().base_velocity_in_base)
        target = walker.joint_targets(np.array(environment.observations.policy, dtype=np.float32))
        assert target == pytest.approx(expected.numpy(), abs=1e-6)
        walker.reset(problem.step(action).finished_ids.numpy())
    assert walker.estimated_velocity() is None
    walker.tell(environment.simulator.state().base_velocity_in_base + 1.0)
    other = walker.joint_targets(np.array(environment.observations.policy, dtype=np.float32))
    assert abs(other - target).max() > 1e-3


def test_an_oracle_is_told_what_the_critic_of_training_is() -> None:
    arena = make_arena(examined(FLAT, 3.0), GO2, 4, seed=3, threads=1)
    environment = arena.environment
    first = sum(term.size for term in FLAT.privileged[: [t.name for t in FLAT.privileged].index("velocity_in_base")])
    heard: list[np.ndarray] = []

    class Listening(OracleWalker):
        def tell(self, velocity_in_base: np.ndarray) -> None:
            truth = np.asarray(environment.observations.privileged)[:, first : first + 3]
            assert np.array_equal(velocity_in_base, truth)
            heard.append(np.array(velocity_in_base))
            super().tell(velocity_in_base)

    walker = Listening(oracle(WalkingProblem(environment, ORACLE.history_length)), 4)
    record(arena, walker, Examiner(), 60, nothing)
    assert len(heard) == 60
    assert np.std(heard) > 0.05
