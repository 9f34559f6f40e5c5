"""Good walks and falls in simulation, recorded without a supervisor, and what a supervisor would have made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_safety.limits import Limits
from surefoot_safety.replay import Replay, replay
from surefoot_safety.replay_log import WalkLog
from surefoot_training.bench.takeover_rig import TICK_S, Rig
from surefoot_training.evaluate.metrics import wilson_interval
from surefoot_training.evaluate.walker import Walker
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.placement import place
from surefoot_training.task.randomization import sample_start
from surefoot_training.task.terrain import Terrain, TerrainConfig, build_terrain

BEGIN_S = 1.0
"""Robots are dropped to the ground to begin with; then recording begins."""
WALK_S = 9.0
"""When it ends."""
TROUBLE_S = (2.0, 5.0)
"""When somebody or something makes a robot fall."""
ASK_S = 2.0
"""A velocity command lasts so long."""
STANDING_SHARE = 0.15
"""Of the velocity commands."""
BAR = 0.9
"""Of the falls of each kind that must be foreseen by `replay.WARNING_S`."""
LEAST_LOGS = 10
"""Of each kind. 10 of 10 right leaves room for a true share of 0.72 (Wilson, 95 %): with fewer a bar says nothing."""


class Trouble(Enum):
    """What makes robots fall."""

    NONE = "none"
    """A good walk: nothing, and no fall."""
    PUSH = "push"
    """200 to 500 N from any side for 0.1 to 0.3 s."""
    SLIP = "slip"
    """Ground with a friction of 0.03 to 0.1, at full speed."""
    NOISE = "noise"
    """Joint targets at random, 0.6 rad around the default pose."""
    FROZEN = "frozen"
    """The same joint targets for ever, with new stamps: a policy that hangs behind a loop that does not."""
    INVERTED = "inverted"
    """Joint targets mirrored about the default pose."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Logs of one kind, and how many robots they came from."""

    trouble: Trouble
    robots: int
    logs: tuple[WalkLog, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a supervisor made of logs of one kind."""

    trouble: str
    robots: int
    """Simulated; only those that walked well, or fell, were recorded."""
    logs: int
    seconds: float
    kept: int
    """Good walks left alone; falls foreseen at least 150 ms before the trunk touched the ground."""
    kept_share: float
    kept_low: float
    """95 % confidence interval of that share (Wilson)."""
    kept_high: float
    missed: int
    """Falls without any trip before the contact."""
    false_trips: int
    """Trips on good walks, or before what made the robot fall had begun."""
    lead_s: dict[str, float]
    """p5, p10, p50, p90 of the time from trip to contact, falls without a trip or with a false one counting as 0; empty
    for walks."""
    triggers: dict[str, int]
    """What tripped first, and how often."""


def record(
    task: TaskConfig,
    robot: RobotSpec,
    make_walker: Callable[[TaskConfig, RobotSpec, int], Walker],
    trouble: Trouble,
    *,
    robots: int,
    seed: int,
    level: int | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> Recorded:
    """Robots that walk where commands send them; `level` None is a plane, else up to that level of rough ground.

    `report` is told of every robot's tick.
    """
    terrain = None if level is None else build_terrain(TerrainConfig())
    rig = Rig(task, robot, robots, seed=seed, terrain=terrain)
    start = sample_start(task.randomization, robots, rig.rng, joints=len(robot.joint_names))
    rig.place(place(robot, start, _spots(rig, terrain, level)))
    tape, cause = _Tape(rig), _Cause.drawn(rig, trouble)
    walker = make_walker(task, robot, robots)
    every = round(task.control_dt_s / TICK_S)
    for tick in range(round(WALK_S / TICK_S)):
        if tick % round(ASK_S / TICK_S) == 0:
            rig.command[:] = _asked(task, rig, trouble)
        if tick % every == 0:
            target = cause.spoilt(walker.joint_targets(rig.observation()), tick)
            rig.motors.track(np.arange(robots), target, robot.kp_nm_per_rad, robot.kd_nms_per_rad)
            tape.answered_s = rig.time_s
        if tick == round(BEGIN_S / TICK_S):
            rig.forget_falls()
        if rig.time_s >= BEGIN_S:
            tape.note()
        cause.act(tick)
        rig.step()
        report(robots)
    return Recorded(trouble, robots, tuple(_cut(tape, cause, trouble)))


def ticks_of(robots: int) -> int:
    """What `report` is told of altogether."""
    return robots * round(WALK_S / TICK_S)


def judge(recorded: Recorded, limits: Limits, spec: RobotSpec, report: Callable[[int], None]) -> Outcome:
    """Replay all logs of one kind; `report` is told of every one."""
    replays = []
    for log in recorded.logs:
        replays.append(replay(log, limits, spec))
        report(1)
    return outcome(recorded, replays)


def outcome(recorded: Recorded, replays: Sequence[Replay]) -> Outcome:
    """The figures of one kind."""
    logs, kept = len(replays), sum(one.kept for one in replays)
    low, high = wilson_interval(kept, logs) if logs else (0.0, 1.0)
    falls = [one for one in replays if one.is_fall]
    leads = [0.0 if one.is_early else max(0.0, one.lead_s or 0.0) for one in falls]
    shares = (5, 10, 50, 90)
    first = Counter("+".join(one.trip.triggers) for one in replays if one.trip is not None)
    return Outcome(
        trouble=recorded.trouble.value,
        robots=recorded.robots,
        logs=logs,
        seconds=sum(one.seconds for one in replays),
        kept=kept,
        kept_share=kept / logs if logs else 0.0,
        kept_low=low,
        kept_high=high,
        missed=sum(one.trip is None for one in falls),
        false_trips=sum(one.is_false for one in replays),
        lead_s={f"p{share}": float(np.percentile(leads, share)) for share in shares} if leads else {},
        triggers=dict(sorted(first.items())),
    )


def shortfalls(outcomes: Sequence[Outcome]) -> list[str]:
    """Which bars are missed, in words."""
    found = []
    for one in outcomes:
        what = "good walks" if one.trouble == Trouble.NONE.value else f"falls by {one.trouble}"
        if one.logs < LEAST_LOGS:
            found.append(f"{what}: {one.logs} of {one.robots} robots, at least {LEAST_LOGS} are needed")
        if one.false_trips:
            found.append(f"{what}: {one.false_trips} false trips, none is allowed")
        if one.trouble != Trouble.NONE.value and one.kept < BAR * one.logs:
            found.append(f"{what}: {one.kept} of {one.logs} foreseen, {100 * BAR:g} % must be")
    return found


def _spots(rig: Rig, terrain: Terrain | None, level: int | None) -> np.ndarray:
    """Where robots begin, [N, 3]."""
    if terrain is None or level is None:
        return np.zeros((rig.robots, 3))
    origins = np.asarray(terrain.tile_origin_in_world[: level + 1]).reshape(-1, 3)
    spots: np.ndarray = origins[rig.rng.integers(0, len(origins), rig.robots)]
    return spots


def _asked(task: TaskConfig, rig: Rig, trouble: Trouble) -> np.ndarray:
    """Velocity commands [N, 3] from all that the task has; on slippery ground as fast ahead as it goes."""
    ranges, robots = task.commands, rig.robots
    spans = (ranges.vx_mps, ranges.vy_mps, ranges.yaw_rate_radps)
    given = np.stack([rig.rng.uniform(*span, robots) for span in spans], axis=-1)
    given[rig.rng.chance(STANDING_SHARE, robots)] = 0.0
    if trouble is Trouble.SLIP:
        given[:] = (ranges.vx_mps[1], 0.0, 0.0)
    return given


@dataclass(slots=True)
class _Cause:
    """What makes each of N robots fall, from its own moment on."""

    rig: Rig
    trouble: Trouble
    at: np.ndarray  # [N] tick
    force_in_world_n: np.ndarray  # [N, 3]
    ticks: np.ndarray  # [N]
    friction: np.ndarray  # [N]
    frozen: np.ndarray  # [N, J]

    @classmethod
    def drawn(cls, rig: Rig, trouble: Trouble) -> _Cause:
        rng, robots = rig.rng, rig.robots
        earliest, latest = (round(second / TICK_S) for second in TROUBLE_S)
        at = rng.integers(earliest, latest, robots)
        angle, force = rng.uniform(0.0, 2.0 * np.pi, robots), rng.uniform(200.0, 500.0, robots)
        push = force[:, None] * np.stack([np.cos(angle), np.sin(angle), np.zeros(robots)], axis=-1)
        ticks = rng.integers(round(0.1 / TICK_S), round(0.3 / TICK_S) + 1, robots)
        friction = rng.uniform(0.03, 0.1, robots)
        return cls(rig, trouble, at, push, ticks, friction, np.tile(rig.robot.default_joint_position_rad, (robots, 1)))

    def act(self, tick: int) -> None:
        """On bodies and ground."""
        if self.trouble is Trouble.PUSH:
            acting = (tick >= self.at) & (tick < self.at + self.ticks)
            self.rig.simulator.set_base_force(np.where(acting[:, None], self.force_in_world_n, 0.0))
        elif self.trouble is Trouble.SLIP:
            ids = np.flatnonzero(self.at == tick)
            self.rig.simulator.set_parameters(ids, {"foot_friction": self.friction[ids]})

    def spoilt(self, target: np.ndarray, tick: int) -> np.ndarray:
        """The policy's joint targets [N, J], as they reach the motors."""
        default = self.rig.robot.default_joint_position_rad
        if self.trouble is Trouble.NOISE:
            bad = default + 0.6 * self.rig.rng.normal(target.shape)
        elif self.trouble is Trouble.FROZEN:
            bad = self.frozen
        elif self.trouble is Trouble.INVERTED:
            bad = 2.0 * default - target
        else:
            return target
        given = np.where((tick >= self.at)[:, None], bad, target)
        self.frozen = given
        return given


@dataclass(slots=True)
class _Tape:
    """All rows of all robots."""

    rig: Rig
    answered_s: float = 0.0
    rows: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    stamps: list[tuple[float, float]] = field(default_factory=list)
    touched: list[np.ndarray] = field(default_factory=list)
    fallen: list[np.ndarray] = field(default_factory=list)

    def note(self) -> None:
        """What is measured and what is asked, now."""
        rig = self.rig
        measured = rig.measured
        row = (
            measured.joint_position,
            measured.joint_velocity,
            np.asarray(rig.simulator.state().joint_torque_nm),
            rig.orientation(),
            measured.angular_velocity_in_base,
            rig.felt(),
            rig.command,
            rig.motors.position,
        )
        self.rows.append(tuple(column.astype(np.float32) for column in row))
        self.stamps.append((rig.time_s, self.answered_s))
        self.touched.append(rig.touched.copy())
        self.fallen.append(rig.fallen.copy())

    def of(self, robot: int, rows: int, trunk_contact_s: float, cause_s: float) -> WalkLog:
        """The log of one robot's first rows."""
        rig = self.rig
        columns = [np.array([row[index][robot] for row in self.rows[:rows]], np.float64) for index in range(8)]
        stamps = np.array(self.stamps[:rows])
        position, speed, torque, orientation, turn, acceleration, velocity, target = columns
        return WalkLog(
            robot=rig.robot.name,
            robot_hash=rig.limits.robot_hash,
            stamp_s=stamps[:, 0],
            joint_position_rad=position,
            joint_velocity_radps=speed,
            joint_torque_nm=torque,
            orientation_wxyz=orientation,
            angular_velocity_in_base_radps=turn,
            acceleration_in_base_mps2=acceleration,
            velocity_command=velocity,
            target_rad=target,
            target_stamp_s=stamps[:, 1],
            kp_nm_per_rad=np.asarray(rig.robot.kp_nm_per_rad, np.float64),
            kd_nms_per_rad=np.asarray(rig.robot.kd_nms_per_rad, np.float64),
            trunk_contact_s=trunk_contact_s,
            cause_s=cause_s,
        )


def _cut(tape: _Tape, cause: _Cause, trouble: Trouble) -> list[WalkLog]:
    """Good walks whole; falls up to the contact, if it came after their cause. Other robots are nobody's example."""
    touched, fallen = np.array(tape.touched), np.array(tape.fallen)
    first_row = round(tape.stamps[0][0] / TICK_S)
    logs = []
    for robot in range(touched.shape[1]):
        contacts = np.flatnonzero(touched[:, robot])
        if trouble is Trouble.NONE:
            if not fallen[-1, robot]:
                logs.append(tape.of(robot, len(touched), float("nan"), float("nan")))
        elif len(contacts) and contacts[0] + first_row > cause.at[robot]:
            row = int(contacts[0])
            logs.append(tape.of(robot, row + 1, tape.stamps[row][0], float(cause.at[robot]) * TICK_S))
    return logs
