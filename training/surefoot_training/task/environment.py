"""The walking task: N robots that follow velocity commands over terrain, one control step at a time.

`step` takes joint targets in radians: decoding an action is the policy's own business (the exported file does it too).
Everything random comes from one seeded source, everything that decides the future is in `state_dict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.identity import as_arrays, check_identity, digest
from surefoot_training.sim.simulator import Array, RobotState, Simulator
from surefoot_training.task.actions import ActionMemory
from surefoot_training.task.arrays import (
    Rng,
    horizontal_length,
    indices_where,
    load_arrays,
    save_arrays,
    to_numpy,
)
from surefoot_training.task.commands import CommandSampler
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.curriculum import Curriculum, EpisodeOutcome
from surefoot_training.task.episode_log import EpisodeLog
from surefoot_training.task.feet import FootTracker
from surefoot_training.task.gait import TrotClock
from surefoot_training.task.ground import Ground
from surefoot_training.task.placement import place
from surefoot_training.task.pushes import Pushes
from surefoot_training.task.quantities import QUANTITY_NAMES, Quantities
from surefoot_training.task.randomization import sample_start
from surefoot_training.task.rewards import linear_velocity_tracking
from surefoot_training.task.robots import RandomizedRobots
from surefoot_training.task.sensors import MEASURED_NAMES, SensorModel
from surefoot_training.task.terms import ObservationTerm, bind_all


@dataclass(frozen=True, slots=True)
class Observations:
    """What the policy sees and what only the critic sees, float32."""

    policy: Array  # [N, D] the contract's raw terms, as the sensors measured them
    privileged: Array  # [N, P] truth


@dataclass(frozen=True, slots=True)
class StepResult:
    """One control step. Finished robots have already been reset: `observations` is where they start anew."""

    observations: Observations
    reward: Array  # [N] float32
    terminated: Array  # [N] bool, fell (or its simulation blew up)
    timed_out: Array  # [N] bool, the episode's time was over; never together with `terminated`
    finished_ids: Array  # [n] robots of which either is true
    final: Observations  # [n, …] what the finished robots saw last, to bootstrap time-outs with
    log: dict[str, float]  # means over the episodes that finished in this step; empty if none did


# Sums kept besides those of the rewards: what an episode is judged by.
_OUTCOME_COLUMNS = ("tracking_score", "speed_error_mps", "yaw_rate_error_radps", "walked_m", "commanded_m")
_STATE_FIELDS = tuple(field.name for field in fields(RobotState))
# What is saved besides the parts' own states.
_OWN_ARRAYS = ("_episode_time_s", "_head_start_s", "_force_in_world_n")
_OBSERVED = tuple(field.name for field in fields(Observations))


class _Stateful(Protocol):
    def state_dict(self) -> dict[str, np.ndarray]: ...

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None: ...


class WalkingEnvironment:
    """`task` for the robots of `simulator`."""

    _episode_time_s: Array
    _head_start_s: Array

    def __init__(self, task: TaskConfig, simulator: Simulator, seed: int) -> None:
        """All robots are placed at once; `observations` is what they saw last, at first where they start."""
        _check_simulator(task, simulator)
        self.task, self.simulator, self.seed = task, simulator, seed
        self.robots = simulator.robots
        self.joints = len(simulator.robot.joint_names)  # J, of joint targets
        self._identity = {"task": digest(replace(task, summary=""))}
        self._xp = simulator.arrays
        self._rng = Rng(seed, self._xp)
        self._make_parts()
        self._bind_terms()
        self._allocate()
        self._curriculum.start(self._rng)
        self._start(self._everyone)
        self.observations = self._first_observations()

    @property
    def observation_size(self) -> int:
        """D, of what the policy sees."""
        return sum(term.size for term in self.task.observation)

    @property
    def privileged_size(self) -> int:
        """P, of what only the critic sees."""
        return sum(term.size for term in self.task.privileged)

    @property
    def disturbance_force_in_world_n(self) -> Array:
        """Push that acted on every trunk in the last step [N, 3] N."""
        return self._force_in_world_n

    @property
    def last_action(self) -> Array:
        """The dimensionless actions of the last step [N, J]; zero where an episode has just begun."""
        return self._actions.action

    @property
    def episode_time_s(self) -> Array:
        """How far every robot's episode is [N] s; set it to spread the first time-outs over time.

        A robot that is sent ahead is still judged by the time that it really walked.
        """
        return self._episode_time_s

    @episode_time_s.setter
    def episode_time_s(self, time_s: Array) -> None:
        time_s = self._xp.asarray(time_s, dtype=self._xp.float32, copy=True)
        self._head_start_s = self._head_start_s + (time_s - self._episode_time_s)
        self._episode_time_s = time_s

    def joint_target_of(self, action: Array) -> Array:
        """Joint targets [N, J] rad of dimensionless actions: the default pose + scale × action."""
        return self._actions.default_joint_position + self.task.action_scale_rad * action

    def step(self, joint_target: Array) -> StepResult:
        """One control step with joint targets [N, J] rad."""
        if tuple(joint_target.shape) != (self.robots, self.joints):
            raise SurefootError(
                f"joint targets have shape {tuple(joint_target.shape)}",
                hint=f"give one row per robot: {(self.robots, self.joints)}",
            )
        self._disturb()
        self._simulate(joint_target)
        quantities = self._look()
        terminated, timed_out = self._terminate(quantities)
        reward = self._reward(quantities)
        self._ask(quantities)
        measured = self._measure(quantities)
        finished_ids = indices_where(terminated | timed_out)
        final, log = self._finish(finished_ids, measured, quantities)
        self.observations = measured
        return StepResult(measured, reward, terminated, timed_out, finished_ids, final, log)

    def restart(self, ids: Array) -> None:
        """Robots `ids` break off their episodes, which nobody judges, and start new ones; see `observations`."""
        self._log.forget(ids)
        seen = Observations(self.observations.policy + 0.0, self.observations.privileged + 0.0)
        self._start_within(seen, ids)
        self.observations = seen

    # The parts

    def _make_parts(self) -> None:
        """What keeps state of its own between control steps."""
        task, n, xp, robot = self.task, self.robots, self._xp, self.simulator.robot
        self._ground = Ground(self.simulator, task.scan)
        self._robots = RandomizedRobots(task.randomization, self.simulator)
        self._commands = CommandSampler(task.commands, n, xp)
        self._pushes = Pushes(task.pushes, n, xp)
        self._clock = TrotClock(task.gait, n, xp)
        self._feet = FootTracker(xp, n)
        self._actions = ActionMemory(robot.default_joint_position_rad, task.action_scale_rad, n, xp)
        self._curriculum = Curriculum(task.curriculum, n, self.simulator.terrain.column_kinds, xp)
        sees_scan = any(term.name == "height_scan" for term in task.observation)
        scan_points = task.scan.size if task.scan and sees_scan else 0
        self._sensors = SensorModel(task.sensors, n, self.joints, task.control_dt_s, xp, scan_points=scan_points)

    @property
    def _stateful(self) -> dict[str, _Stateful]:
        """What has a state of its own to save, by the name it is saved under."""
        return {
            "robots": self._robots,
            "commands": self._commands,
            "pushes": self._pushes,
            "clock": self._clock,
            "feet": self._feet,
            "actions": self._actions,
            "curriculum": self._curriculum,
            "sensors": self._sensors,
            "log": self._log,
            "rng": self._rng,
        }

    def _bind_terms(self) -> None:
        """Resolve the tables' names once."""
        task = self.task
        self._reward_terms = bind_all(task.rewards, QUANTITY_NAMES)
        weights = np.array([term.weight for term in task.rewards], dtype=np.float32) * task.control_dt_s
        self._reward_weights = self._xp.asarray(weights.astype(np.float32))
        self._failures = bind_all([term for term in task.terminations if not term.is_timeout], QUANTITY_NAMES)
        self._timeouts = bind_all([term for term in task.terminations if term.is_timeout], QUANTITY_NAMES)
        self._measured_terms = bind_all(task.observation, MEASURED_NAMES)
        self._privileged_terms = bind_all(task.privileged, QUANTITY_NAMES)

    def _allocate(self) -> None:
        """Arrays that carry over from one control step to the next."""
        xp, n, robot = self._xp, self.robots, self.simulator.robot

        def constant(values: np.ndarray) -> Array:
            return xp.asarray(np.array(values, dtype=np.float32))

        self._everyone = xp.arange(n)
        self._joint_lower, self._joint_upper = constant(robot.joint_lower_rad), constant(robot.joint_upper_rad)
        self._torque_limit_nm, self._joint_speed_limit = (
            constant(robot.torque_limit_nm),
            constant(robot.speed_limit_radps),
        )
        self._episode_time_s, self._head_start_s = (xp.zeros(n, dtype=xp.float32) for _ in range(2))
        self._joint_velocity_before = xp.zeros((n, self.joints), dtype=xp.float32)
        self._force_in_world_n = xp.zeros((n, 3), dtype=xp.float32)
        self._columns = xp.zeros((len(self._reward_terms) + len(_OUTCOME_COLUMNS), n), dtype=xp.float32)
        self._nobody, self._always_valid = xp.zeros(n, dtype=xp.bool), xp.ones(n, dtype=xp.bool)
        self._blown_up = self._nobody
        self._somebody_is_pushed = True  # it costs little to say otherwise, once
        names = tuple(f"reward/{term.name}" for term in self.task.rewards)
        self._log = EpisodeLog(xp, n, (*names, *_OUTCOME_COLUMNS))

    # One control step, stage by stage

    def _disturb(self) -> None:
        """Pushes and payloads of this control step."""
        dt_s = self.task.control_dt_s
        self._robots.step(dt_s, self._rng)
        disturbance = self._pushes.step(dt_s, self._rng)
        if disturbance.any_kick:
            self.simulator.push(disturbance.velocity_kick_in_world)
        if disturbance.any_force or self._somebody_is_pushed:
            self._force_in_world_n = disturbance.force_in_world_n
            self.simulator.set_base_force(disturbance.force_in_world_n)
        self._somebody_is_pushed = disturbance.any_force

    def _simulate(self, joint_target: Array) -> None:
        before = self.simulator.state()
        self._joint_velocity_before = before.joint_velocity
        offset_rad = self._sensors.target_offset_rad
        self.simulator.step(joint_target if offset_rad is None else joint_target + offset_rad)
        self._blown_up = self.simulator.failed()
        self._state = self.simulator.state()
        if self._blown_up.any():
            # Their state is NaN or worse, and their targets may be: what they were before and the default pose stand
            # in until they are reset, in this very step.
            self._state = self._with_rows_of(before, indices_where(self._blown_up))
            default = self._actions.default_joint_position
            joint_target = self._xp.where(self._blown_up[:, None], default, joint_target)
        self._actions.note(joint_target)

    def _with_rows_of(self, before: RobotState, ids: Array) -> RobotState:
        mixed = {}
        for name in _STATE_FIELDS:
            mixed[name] = self._xp.asarray(getattr(self._state, name), copy=True)
            mixed[name][ids] = getattr(before, name)[ids]
        return RobotState(**mixed)

    def _look(self) -> Quantities:
        """What all robots and their feet are doing now."""
        dt_s = self.task.control_dt_s
        self._episode_time_s = self._episode_time_s + dt_s
        self._clock.advance(self._commands.standing, dt_s)
        self._feet.update(self._state.foot_force_in_world_n, dt_s)
        return self._describe(self._state, slice(None))

    def _describe(self, state: RobotState, rows: Array | slice) -> Quantities:
        """Quantities of the robots `rows`; `state` has those rows only."""
        heights = self._ground.heights(state.base_position_in_world, state.heading_rad, state.foot_position_in_world)
        feet, actions = self._feet, self._actions
        change = state.joint_velocity - self._joint_velocity_before[rows]
        return Quantities(
            **{name: getattr(state, name) for name in _STATE_FIELDS},
            joint_acceleration=change * (1.0 / self.task.control_dt_s),
            **{name: value[rows] for name, value in feet.seen._asdict().items()},
            foot_clearance_m=heights.sole_m,
            base_height_m=heights.base_m,
            distance_to_edge_m=self._ground.distance_to_edge_m(state.base_position_in_world),
            height_scan_m=heights.scan_m,
            height_scan_valid=self._always_valid[rows],
            velocity_command=self._commands.velocity_command[rows],
            standing=self._commands.standing[rows],
            gait_phase=self._clock.phase[rows],
            joint_target=actions.target[rows],
            action=actions.action[rows],
            previous_action=actions.previous[rows],
            action_before_previous=actions.before_previous[rows],
            disturbance_force_in_world_n=self._force_in_world_n[rows],
            parameters_normalised=self._robots.normalised[rows],
            default_joint_position=actions.default_joint_position,
            joint_lower=self._joint_lower,
            joint_upper=self._joint_upper,
            torque_limit_nm=self._torque_limit_nm,
            joint_speed_limit=self._joint_speed_limit,
            episode_time_s=self._episode_time_s[rows],
            terminated=self._nobody[rows],
            control_dt_s=self.task.control_dt_s,
        )

    def _terminate(self, quantities: Quantities) -> tuple[Array, Array]:
        terminated = self._blown_up
        for failure in self._failures:
            terminated = terminated | failure(quantities)
        timed_out = self._nobody
        for timeout in self._timeouts:
            timed_out = timed_out | timeout(quantities)
        quantities.terminated = terminated
        return terminated, timed_out & ~terminated

    def _reward(self, quantities: Quantities) -> Array:
        count = len(self._reward_terms)
        values, outcomes = self._columns[:count], self._columns[count:]
        for row, term in enumerate(self._reward_terms):
            values[row] = term(quantities)
        values *= self._reward_weights[:, None]
        if self._blown_up.any():
            values[:, self._blown_up] = 0.0
        self._note_outcomes(quantities, outcomes)
        self._log.add(self._columns)
        return values.sum(0)

    def _note_outcomes(self, quantities: Quantities, rows: Array) -> None:
        """Into `rows` [5, N], one per outcome column: sums over an episode say how it went."""
        velocity, command = quantities.base_velocity_in_base, quantities.velocity_command
        speed = horizontal_length(command)
        rows[0] = linear_velocity_tracking(velocity, command)
        rows[1] = horizontal_length(velocity - command)
        rows[2] = abs(quantities.angular_velocity_in_base[:, 2] - command[:, 2])
        rows[3] = self._xp.vecdot(velocity[:, :2], command[:, :2]) / speed.clip(1e-6)
        rows[4] = speed
        rows *= self.task.control_dt_s

    def _ask(self, quantities: Quantities) -> None:
        """The commands that the next action has to follow."""
        self._commands.step(quantities.heading_rad, self.task.control_dt_s, self._rng)
        quantities.velocity_command, quantities.standing = self._commands.velocity_command, self._commands.standing

    def _measure(self, quantities: Quantities, ids: Array | None = None) -> Observations:
        measurement = self._sensors.measure(
            angular_velocity_in_base=quantities.angular_velocity_in_base,
            gravity_in_base=quantities.gravity_in_base,
            joint_position=quantities.joint_position,
            joint_velocity=quantities.joint_velocity,
            velocity_command=self._commands.ramped[slice(None) if ids is None else ids],
            height_scan_m=quantities.height_scan_m,
            rng=self._rng,
            ids=ids,
        )
        concat = self._xp.concat
        return Observations(
            policy=concat([term(measurement) for term in self._measured_terms], axis=-1),
            privileged=concat([term(quantities) for term in self._privileged_terms], axis=-1),
        )

    # The end of an episode and the start of the next

    def _finish(
        self, ids: Array, measured: Observations, quantities: Quantities
    ) -> tuple[Observations, dict[str, float]]:
        """Keep what robots `ids` saw last, judge their episodes, start them anew; `measured` gets their new rows."""
        final = Observations(measured.policy[ids], measured.privileged[ids])
        if not ids.shape[0]:
            return final, {}
        self._judge(ids, quantities)
        self._start_within(measured, ids)
        return final, self._log.take()

    def _start_within(self, seen: Observations, ids: Array) -> None:
        """Start robots `ids` anew and put what they see then into their rows of `seen`."""
        self._start(ids)
        anew = self._measure(self._describe(self._rows_of_state(ids), ids), ids)
        seen.policy[ids], seen.privileged[ids] = anew.policy, anew.privileged

    def _judge(self, ids: Array, quantities: Quantities) -> None:
        lasted_s = self._episode_time_s[ids] - self._head_start_s[ids]
        fell = quantities.terminated[ids]
        tracking, _, _, walked_m, commanded_m = self._log.sums(ids)[len(self._reward_terms) :]
        outcome = EpisodeOutcome(
            tracking_score=tracking / lasted_s,
            fell=fell,
            walked_m=walked_m,
            commanded_m=commanded_m,
            lasted_share=lasted_s * (1.0 / self.task.episode_s),
        )
        self._curriculum.end_episodes(ids, outcome, self._rng)
        self._log.finish(
            ids,
            {
                "length_s": float(lasted_s.sum()),
                "falls": float(fell.sum()),
                "blow_ups": float(self._blown_up[ids].sum()),
            },
        )

    def _start(self, ids: Array) -> None:
        """Robots `ids` become other robots, somewhere their curriculum sends them, with other commands."""
        rng, host_ids = self._rng, to_numpy(ids)
        self._robots.reset(ids, rng)
        start = sample_start(self.task.randomization, len(host_ids), rng, joints=self.joints)
        level, column = to_numpy(self._curriculum.level)[host_ids], to_numpy(self._curriculum.column)[host_ids]
        spot = self.simulator.terrain.tile_origin_in_world[level, column]
        self.simulator.reset(host_ids, place(self.simulator.robot, start, spot))
        self._state = self.simulator.state()
        self._commands.set_speed_band(ids, self._curriculum.speed_band(ids))
        self._commands.reset(ids, rng)
        self._sensors.reset(ids, rng)
        self._pushes.reset(ids, rng)
        self._clock.reset(ids)
        self._feet.reset(ids)
        self._actions.reset(ids)
        self._force_in_world_n[ids] = 0.0
        self._episode_time_s[ids], self._head_start_s[ids] = 0.0, 0.0
        self._joint_velocity_before[ids] = self._state.joint_velocity[ids]

    def _rows_of_state(self, ids: Array) -> RobotState:
        return RobotState(**{name: getattr(self._state, name)[ids] for name in _STATE_FIELDS})

    def _first_observations(self) -> Observations:
        first = self._measure(self._describe(self._state, slice(None)), self._everyone)
        _check_width("observation", first.policy, self.task.observation)
        _check_width("privileged", first.privileged, self.task.privileged)
        return first

    # Going on exactly

    def progress(self) -> dict[str, float]:
        """Where the curriculum is, by cell."""
        return self._curriculum.log()

    def state_dict(self) -> dict[str, np.ndarray]:
        """All that decides the future, as named arrays: `load_state_dict` goes on to the bit."""
        state = as_arrays(self._identity) | {
            f"simulator.{name}": value for name, value in self.simulator.snapshot().items()
        }
        for part, stateful in self._stateful.items():
            state |= {f"{part}.{name}": value for name, value in stateful.state_dict().items()}
        seen = {f"observations.{name}": to_numpy(getattr(self.observations, name)) for name in _OBSERVED}
        return state | seen | save_arrays(self, _OWN_ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` of an environment with the same task, robot and number of robots left off.

        Any other is refused: numbers of one robot or terrain fit into another, and would mean something else there.
        Everything is checked before anything changes; arrays handed out before stay as they are.
        """
        self._check_fits(state)

        def of(part: str) -> dict[str, np.ndarray]:
            return {name.removeprefix(f"{part}."): v for name, v in state.items() if name.startswith(f"{part}.")}

        self.simulator.restore(of("simulator"))
        for part, stateful in self._stateful.items():
            stateful.load_state_dict(of(part))
        self._force_in_world_n = self._force_in_world_n + 0.0  # whoever was handed the last one keeps it
        load_arrays(self, _OWN_ARRAYS, state)
        self._somebody_is_pushed = True
        self._state = self.simulator.state()
        seen = of("observations")
        self.observations = Observations(**{name: self._xp.asarray(seen[name].copy()) for name in _OBSERVED})

    def _check_fits(self, state: Mapping[str, np.ndarray]) -> None:
        ours = self.state_dict()
        check_identity(state, ours, f"task {self.task.name} with {self.robots} robots")
        for name, mine in ours.items():
            problem = "is missing" if name not in state else f"has shape {state[name].shape}, here {mine.shape}"
            if name not in state or state[name].shape != mine.shape:
                raise SurefootError(
                    f"saved state does not fit task {self.task.name} with {self.robots} robots: {name} {problem}",
                    hint="resume with the same task, robot and number of robots as were saved",
                )


def _check_simulator(task: TaskConfig, simulator: Simulator) -> None:
    if abs(simulator.control_dt_s - task.control_dt_s) > 1e-9:
        raise SurefootError(
            f"simulator steps {simulator.control_dt_s:g} s, task {task.name} {task.control_dt_s:g} s",
            hint="make the simulator with the task's control_dt_s",
        )
    if simulator.terrain.level_count != task.curriculum.levels:
        raise SurefootError(
            f"simulator's terrain has {simulator.terrain.level_count} levels, the curriculum of task {task.name} "
            f"{task.curriculum.levels}",
            hint="make the simulator with the task's terrain",
        )


def _check_width(what: str, seen: Array, table: tuple[ObservationTerm, ...]) -> None:
    """That the sizes in a table of observations, from which others lay out their networks, are true."""
    said = sum(term.size for term in table)
    if seen.shape[-1] != said:
        raise SurefootError(
            f"{what} has {seen.shape[-1]} numbers per robot, its table says {said}: "
            + ", ".join(f"{term.name} {term.size}" for term in table),
            hint="make the table with the robot's joints and the task's scan.size; a scan goes by the name height_scan",
        )
