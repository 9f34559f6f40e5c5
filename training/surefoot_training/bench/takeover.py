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
from surefoot_training.bench.takeover_figures import Result, Seen, figures
from surefoot_training.bench.takeover_guard import AtOnce, Failure, Guard, excesses, spoilt
from surefoot_training.bench.takeover_rig import TICK_S, Rig
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
OTHER_SEED = 1_000_003
"""From one seed to that of robots that take others' place: far from those that people give."""
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
    is_stop: bool = False
    """An operator's stop in place of the failure: the robot is to sit down, as when the e-stop falls silent."""
    watch_s: float = WATCH_S


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
            if rig.ticks < failed_at or self._failure is Failure.NONE:
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
    """One case; `report` is told of every robot's tick, other than of those that take the place of others."""

    def simulated(robots: int, seed: int, report: Callable[[int], None]) -> Seen:
        rig = Rig(task, robot, robots, seed=seed)
        return _Takeover(rig, make_walker(task, robot, robots), make_gaits, case).run(report)

    return figures(case.name, case.speed_mps, enough(simulated, trials, seed, report))


def enough(
    simulated: Callable[[int, int, Callable[[int], None]], Seen],
    trials: int,
    seed: int,
    report: Callable[[int], None] = lambda _: None,
) -> list[Seen]:
    """So many robots that count: others take the place of those that did not get to the failure.

    After twice as many robots it gives up: then there are fewer trials than asked for, which misses a bar.
    """
    parts = [simulated(trials, seed, report)]
    while missing := trials - sum(int(part.counted.sum()) for part in parts):
        so_far = sum(len(part.tripped) for part in parts)
        if so_far >= 2 * trials:
            break
        robots = min(missing, 2 * trials - so_far)
        parts.append(simulated(robots, seed + len(parts) * OTHER_SEED, lambda _: None))
    return parts


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
        self._fell_before, self._tripped = nobody.copy(), nobody.copy()
        self._fell, self._stands = nobody.copy(), nobody.copy()
        self._excesses = 0
        self._speed, self._place = np.zeros((self._last + 1, trials)), np.zeros((self._last + 1, trials, 2))

    def run(self, report: Callable[[int], None]) -> Seen:
        rig, is_stop = self._rig, self._case.is_stop
        for tick in range(self._last):
            self._walk.tick(np.array([not guard.obeyed for guard in self._guards]))
            self._tripped |= self._tripping(tick)
            self._fell_before |= (self._failed_at == tick) & rig.fallen & ~self._tripped
            for index, guard in enumerate(self._guards):
                self._guarded(guard, tick - int(self._guard_at[index]))
            self._excesses += excesses(self._guards)
            rig.simulator.set_base_force(self._pushes.at(tick))
            rig.step()
            state = rig.simulator.state()
            self._speed[tick + 1] = np.hypot(*state.base_velocity_in_base[:, :2].T)
            self._place[tick + 1] = state.base_position_in_world[:, :2]
            over = self._failed_at + self._watched == tick + 1
            self._fell |= over & (rig.tilted | ~rig.lies if is_stop else rig.fallen | ~rig.stands)
            self._stands |= over & rig.stands
            report(rig.robots)
        return self._seen()

    def _tripping(self, tick: int) -> np.ndarray:
        """Whose supervisor is not walking any more, or still not, though nothing has failed and nobody has fallen."""
        due, rig = self._failed_at == tick, self._rig
        obeyed = np.array([guard.obeyed for guard in self._guards])
        elsewhere = np.array([guard.mode is not Mode.WALKING for guard in self._guards])
        tripping: np.ndarray = elsewhere & ~rig.fallen & (due | (obeyed & (tick < self._failed_at)))
        return tripping

    def _guarded(self, guard: Guard, since: int) -> None:
        """One robot's tick, so many ticks after its supervisor was switched on."""
        index, rig = guard.robot, self._rig
        over = since > round(GUARD_S / TICK_S) + self._watched
        # Who sits down after a stop touches the ground.
        if since < 0 or over or (rig.tilted if self._case.is_stop else rig.fallen)[index]:
            return
        vx, vy, turn = rig.command[index].tolist()
        velocity = VelocityCommand(rig.ticks, rig.time_s, vx, vy, turn)
        policy = self._walk.command(index)
        if since < 2:
            guard.tick(policy, velocity, Request.ARM if since == 0 else Request.STAND)
        elif guard.mode is Mode.STANDING and not guard.obeyed:
            guard.tick(policy, velocity, Request.WALK)
        elif self._case.is_stop and since == round(GUARD_S / TICK_S):
            guard.tick(policy, velocity, Request.STOP)
        elif not self._case.is_stop and since == round((GUARD_S + STAND_AFTER_S) / TICK_S):
            guard.tick(policy, velocity, Request.STAND)
        else:
            guard.obeyed |= guard.mode is Mode.WALKING and since >= round(OBEY_S / TICK_S)
            guard.tick(policy, velocity)

    def _seen(self) -> Seen:
        guards, everyone = self._guards, np.arange(self._rig.robots)
        at_rest_s, moved_m = self._rests()
        return Seen(
            tripped=self._tripped,
            fell_before=self._fell_before,
            fell=self._fell,
            standing=self._stands & [guard.mode is Mode.STANDING for guard in guards],
            stopped=np.array([guard.mode is Mode.STOPPED for guard in guards]),
            why=tuple(guard.why for guard in guards),
            speed_mps=self._speed[self._failed_at, everyone],
            at_rest_s=at_rest_s,
            moved_m=moved_m,
            limit_excesses=self._excesses,
            commands=sum(guard.commands for guard in guards),
            hits=sum(guard.hits for guard in guards),
        )

    def _rests(self) -> tuple[np.ndarray, np.ndarray]:
        """From the failure on: time to rest, distance; [N] each."""
        times, ways = [], []
        for index, first in enumerate(self._failed_at):
            moving = np.flatnonzero(self._speed[first : first + self._watched, index] > REST_MPS)
            times.append((moving[-1] + 1) * TICK_S if len(moving) else 0.0)
            way = self._place[first + self._watched, index] - self._place[first, index]
            ways.append(float(np.hypot(*way)))
        return np.array(times), np.array(ways)


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
STOPS: tuple[Case, ...] = tuple(
    Case(f"operator's stop at {speed:g} m/s", speed, failure=Failure.NONE, is_stop=True) for speed in (0.5, _FAST)
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
STOP_BAR = 0.95
"""Share of robots that must sit down unharmed."""
TRIPPED_BAR = 0.02
"""Share of the robots that their supervisor may take from a sound policy: who trips on everything lets nobody fall."""
