"""Gaits that take over from a policy in mid-walk: how many robots fall.

Each robot walks by the policy, guarded by a supervisor of its own from before the policy fails. What follows
is the supervisor's doing: it notices, leads the joints from where they are to the fallback gait at a bounded rate, and
stands after some seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import CommandKind, JointCommand, JointTarget, VelocityCommand
from surefoot_safety.gait import Gaits
from surefoot_safety.gaits import Crawl, Sit, Stand, gaits_of, plan_of
from surefoot_safety.mode import Mode, Request
from surefoot_training.bench.takeover_guard import AtOnce, Failure, Guard, excesses, spoilt
from surefoot_training.bench.takeover_rig import TICK_S, Rig
from surefoot_training.evaluate.metrics import wilson_interval
from surefoot_training.evaluate.walker import Walker
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.placement import place
from surefoot_training.task.randomization import sample_start

WALK_S = (2.0, 3.0)
"""The policy fails after a time in this range: it is at speed, and anywhere in its stride."""
GUARD_S = 1.2
"""The supervisor is switched on so long before the policy fails. It takes 0.5 s to get from off to walking, ..."""
OBEY_S = 1.1
"""... and as long again to lead joints to the policy's targets. Only then is it obeyed: all that was in mid-walk."""
STAND_AFTER_S = 2.5
"""Then somebody asks the robot to stand; by itself it would after 5 s (`timing.fallback_s`)."""
WATCH_S = 4.0
"""From the failure to the end."""
REST_MPS = 0.15
NOTICED_TICKS = 12
"""About what it takes to notice that a policy is silent: pushes that are to meet the takeover come so much later."""

MakeWalker = Callable[[TaskConfig, RobotSpec, int], Walker]
MakeGaits = Callable[[RobotSpec], Gaits]


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be taken over."""

    name: str
    speed_mps: float
    around: bool = False
    """Any direction that the commands allow, turning at up to half the fastest; else straight ahead."""
    push_n: float = 0.0
    """For `push_s`, from any side, at the moment of the takeover."""
    push_s: float = 0.1
    failure: Failure = Failure.SILENT
    watch_s: float = WATCH_S


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the robots of one case."""

    name: str
    speed_mps: float
    trials: int
    """Robots that walked under their supervisor when the policy failed."""
    falls: int
    """Trunk on the ground or tilted by more than 1 rad, from then to the end."""
    no_fall_share: float
    no_fall_low: float
    """95 % confidence interval of that share (Wilson)."""
    no_fall_high: float
    standing: int
    """Robots whose supervisor has them standing at the end."""
    stopped: int
    """Robots that their supervisor damped, fallen or not."""
    tripped_before: int
    """Robots that their supervisor took from a sound policy; not among the trials."""
    fell_before: int
    """Robots that the policy let fall; not among the trials."""
    speed_at_takeover_mps: float | None
    """Mean of what they really had."""
    at_rest_s: float | None
    """Median of the time from the failure until a robot that did not fall stays below 0.15 m/s."""
    moved_m: float | None
    """Median of how far it went from there."""
    limit_excesses: int
    """Commands of all supervisors that asked for what the robot must not do."""
    clamped_share: float
    """Of the commands, which the gate had to bring within a limit of targets."""
    why_stopped: dict[str, int]
    """Triggers that ended in damping, and how often."""


class Walk:
    """Robots that walk by a policy until each one's fails."""

    def __init__(self, rig: Rig, walker: Walker, failure: Failure, failed_at: np.ndarray) -> None:
        self._rig, self._walker, self._failure, self._failed_at = rig, walker, failure, failed_at
        robot = rig.robot
        self._kp, self._kd = tuple(robot.kp_nm_per_rad.tolist()), tuple(robot.kd_nms_per_rad.tolist())
        self._still = (0.0,) * len(robot.joint_names)
        self._every = round(rig.task.control_dt_s / TICK_S)
        self._targets = np.zeros(())
        self._newest: list[JointCommand | None] = [None] * rig.robots
        self._answers = -1

    def tick(self, led: np.ndarray) -> None:
        """Ask the policy if it is time; `led` [N] robots have nobody between it and their motors."""
        rig = self._rig
        if rig.ticks % self._every:
            return
        self._answers += 1
        self._targets = self._walker.joint_targets(rig.observation())
        rows = np.flatnonzero(led)
        rig.motors.track(rows, self._targets[rows], rig.robot.kp_nm_per_rad, rig.robot.kd_nms_per_rad)
        for robot, failed_at in enumerate(self._failed_at):
            if rig.ticks < failed_at:
                self._newest[robot] = None  # made when it is asked for
            elif self._failure is Failure.BAD or (self._failure is Failure.LATE and self._answers % 2):
                self._newest[robot] = self._command(robot)

    def command(self, robot: int) -> JointCommand:
        """The newest joint targets of one robot's policy, sound or not."""
        newest = self._newest[robot]
        if newest is None:
            newest = self._newest[robot] = self._command(robot)
        return newest

    def _command(self, robot: int) -> JointCommand:
        law = JointTarget(tuple(self._targets[robot].tolist()), self._still, self._still, self._kp, self._kd)
        stamp_s = self._answers * self._every * TICK_S
        command = JointCommand(self._rig.limits.robot_hash, self._answers, stamp_s, CommandKind.TRACK, law)
        failed = self._failure is Failure.BAD and self._rig.ticks >= self._failed_at[robot]
        return spoilt(command) if failed else command


def measure(
    task: TaskConfig,
    robot: RobotSpec,
    make_walker: MakeWalker,
    make_gaits: MakeGaits,
    case: Case,
    *,
    trials: int,
    seed: int,
    report: Callable[[int], None] = lambda _: None,
) -> Result:
    """One case; `report` is told of every robot's tick."""
    rig = Rig(task, robot, trials, seed=seed)
    return _Takeover(rig, make_walker(task, robot, trials), make_gaits, case).run(report)


def ticks_of(case: Case, trials: int) -> int:
    """What `report` is told of altogether."""
    return trials * (round(WALK_S[1] / TICK_S) + round(case.watch_s / TICK_S))


class _Takeover:
    def __init__(self, rig: Rig, walker: Walker, make_gaits: MakeGaits, case: Case) -> None:
        self._case, self._rig = case, rig
        task, robot, trials = rig.task, rig.robot, rig.robots
        start = sample_start(task.randomization, trials, rig.rng, joints=len(robot.joint_names))
        rig.place(place(robot, start, np.zeros((trials, 3))))
        rig.command[:] = commands(task, case, rig)
        self._failed_at = rig.rng.integers(round(WALK_S[0] / TICK_S), round(WALK_S[1] / TICK_S), trials)
        self._pushes = Pushes.drawn(self._failed_at, rig, case)
        self._walk = Walk(rig, walker, case.failure, self._failed_at)
        at_once = AtOnce(tuple(robot.kp_nm_per_rad.tolist()), tuple(robot.kd_nms_per_rad.tolist()))
        self._guards = [Guard.of(rig, index, replace(make_gaits(robot), stand_up=at_once)) for index in range(trials)]
        self._guard_at = self._failed_at - round(GUARD_S / TICK_S)
        self._watched = round(case.watch_s / TICK_S)
        self._last = round(WALK_S[1] / TICK_S) + self._watched
        nobody = np.zeros(trials, dtype=bool)
        self._fell_before, self._tripped, self._fallen_at_end = nobody.copy(), nobody.copy(), nobody.copy()
        self._excesses = 0
        self._speed, self._place = np.zeros((self._last + 1, trials)), np.zeros((self._last + 1, trials, 2))

    def run(self, report: Callable[[int], None]) -> Result:
        rig = self._rig
        for tick in range(self._last):
            self._walk.tick(np.array([not guard.obeyed for guard in self._guards]))
            failing = self._failed_at == tick
            self._fell_before |= failing & rig.fallen
            self._tripped |= failing & ~rig.fallen & [guard.mode is not Mode.WALKING for guard in self._guards]
            for index, guard in enumerate(self._guards):
                self._guarded(guard, tick - int(self._guard_at[index]))
            self._excesses += excesses(self._guards)
            rig.simulator.set_base_force(self._pushes.at(tick))
            rig.step()
            state = rig.simulator.state()
            self._speed[tick + 1] = np.hypot(*state.base_velocity_in_base[:, :2].T)
            self._place[tick + 1] = state.base_position_in_world[:, :2]
            over = self._failed_at + self._watched == tick + 1
            self._fallen_at_end |= over & rig.fallen
            report(rig.robots)
        return self._result()

    def _guarded(self, guard: Guard, since: int) -> None:
        """One robot's tick, so many ticks after its supervisor was switched on."""
        index, rig = guard.robot, self._rig
        over = since > round(GUARD_S / TICK_S) + self._watched
        if since < 0 or over or rig.fallen[index]:
            return
        vx, vy, turn = rig.command[index].tolist()
        velocity = VelocityCommand(rig.ticks, rig.time_s, vx, vy, turn)
        policy = self._walk.command(index)
        if since < 2:
            guard.tick(policy, velocity, Request.ARM if since == 0 else Request.STAND)
        elif guard.mode is Mode.STANDING and not guard.obeyed:
            guard.tick(policy, velocity, Request.WALK)
        elif since == round((GUARD_S + STAND_AFTER_S) / TICK_S):
            guard.tick(policy, velocity, Request.STAND)
        else:
            guard.obeyed |= guard.mode is Mode.WALKING and since >= round(OBEY_S / TICK_S)
            guard.tick(policy, velocity)

    def _result(self) -> Result:
        case, rig = self._case, self._rig
        counted = ~(self._fell_before | self._tripped)
        fell = counted & self._fallen_at_end
        stood, trials = counted & ~fell, int(counted.sum())
        low, high = wilson_interval(int(stood.sum()), trials) if trials else (0.0, 1.0)
        guards = [guard for guard, counts in zip(self._guards, counted, strict=True) if counts]
        stopped = [guard for guard in guards if guard.mode is Mode.STOPPED]
        why = [trigger.value for guard in stopped for trigger in guard.why]
        rest_s, moved_m = self._rests(stood)
        commands = sum(guard.commands for guard in self._guards)
        return Result(
            name=case.name,
            speed_mps=case.speed_mps,
            trials=trials,
            falls=int(fell.sum()),
            no_fall_share=int(stood.sum()) / trials if trials else 0.0,
            no_fall_low=low,
            no_fall_high=high,
            standing=sum(guard.mode is Mode.STANDING for guard in guards),
            stopped=len(stopped),
            tripped_before=int(self._tripped.sum()),
            fell_before=int(self._fell_before.sum()),
            speed_at_takeover_mps=float(self._speed[self._failed_at, np.arange(rig.robots)][counted].mean())
            if trials
            else None,
            at_rest_s=rest_s,
            moved_m=moved_m,
            limit_excesses=self._excesses,
            clamped_share=sum(guard.hits for guard in self._guards) / max(1, commands),
            why_stopped={name: why.count(name) for name in sorted(set(why))},
        )

    def _rests(self, stood: np.ndarray) -> tuple[float | None, float | None]:
        """Medians of the robots that stood: time to rest, distance."""
        times, ways = [], []
        for index in np.flatnonzero(stood):
            first = int(self._failed_at[index])
            moving = np.flatnonzero(self._speed[first : first + self._watched, index] > REST_MPS)
            times.append((moving[-1] + 1) * TICK_S if len(moving) else 0.0)
            way = self._place[first + self._watched, index] - self._place[first, index]
            ways.append(float(np.hypot(*way)))
        return (float(np.median(times)), float(np.median(ways))) if times else (None, None)


def commands(task: TaskConfig, case: Case, rig: Rig) -> np.ndarray:
    """What the robots are asked for, [N, 3]: one speed, straight ahead or in directions of their own."""
    given = np.zeros((rig.robots, 3))
    given[:, 0] = case.speed_mps
    if not case.around:
        return given
    ranges = task.commands
    angle = rig.rng.uniform(-np.pi, np.pi, rig.robots)
    given[:, 0] = np.clip(case.speed_mps * np.cos(angle), *ranges.vx_mps)
    given[:, 1] = np.clip(case.speed_mps * np.sin(angle), *ranges.vy_mps)
    given[:, 2] = 0.5 * rig.rng.uniform(*ranges.yaw_rate_radps, rig.robots)
    return given


@dataclass(frozen=True, slots=True)
class Pushes:
    """Forces on the trunk, each for its time."""

    begin: np.ndarray  # [N] tick
    ticks: int
    force_in_world_n: np.ndarray  # [N, 3]

    @classmethod
    def drawn(cls, failed_at: np.ndarray, rig: Rig, case: Case) -> Pushes:
        """From all sides, on when the robot is taken over."""
        ticks = round(case.push_s / TICK_S)
        begin = failed_at + NOTICED_TICKS - rig.rng.integers(0, ticks, len(failed_at))
        angle = rig.rng.uniform(0.0, 2.0 * np.pi, len(failed_at))
        force = case.push_n * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
        return cls(begin, ticks, force)

    def at(self, tick: int) -> np.ndarray:
        """On everybody's trunk in this tick, [N, 3]."""
        acting = (tick >= self.begin) & (tick < self.begin + self.ticks)
        return np.where(acting[:, None], self.force_in_world_n, 0.0)


_FAST = 1.0
CASES: tuple[Case, ...] = (
    *(Case(f"{speed:g} m/s ahead", speed) for speed in (0.3, 0.5, _FAST)),
    *(Case(f"{speed:g} m/s, any direction", speed, around=True) for speed in (0.3, 0.5, _FAST)),
    *(Case(f"{speed:g} m/s ahead, 100 N", speed, push_n=100.0) for speed in (0.3, 0.5, _FAST)),
    Case(f"{_FAST:g} m/s ahead, policy late", _FAST, failure=Failure.LATE),
    Case(f"{_FAST:g} m/s ahead, policy gives NaN", _FAST, failure=Failure.BAD),
)
OTHER_FALLBACKS: dict[str, Callable[[RobotSpec], Gaits]] = {
    "crawl": lambda robot: replace(gaits_of(robot), fallback=Crawl(plan_of(robot))),
    "stand": lambda robot: replace(gaits_of(robot), fallback=Stand(plan_of(robot))),
    "sit": lambda robot: replace(gaits_of(robot), fallback=Sit(plan_of(robot))),
}
"""What could take over instead of the trot: what the choice was made from."""
OTHER_CASES = (Case("0.5 m/s ahead", 0.5), Case(f"{_FAST:g} m/s ahead", _FAST))
BARS = {0.3: 0.99, 0.5: 0.99, _FAST: 0.95}
"""Speed -> share of robots that must not fall, pushed or not."""
