"""What a supervisor's gaits do by themselves: stand up, sit down, sink, and crawl on the flat and on slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import VelocityCommand
from surefoot_safety.gait import Gaits
from surefoot_safety.mode import Mode, Request
from surefoot_training.bench.takeover_guard import Guard, excesses
from surefoot_training.bench.takeover_rig import TICK_S, Rig
from surefoot_training.evaluate.metrics import wilson_interval
from surefoot_training.sim.simulator import Placement
from surefoot_training.task.config import TaskConfig

LIE_S = 0.7
"""To come to rest on the floor."""
JOINT_SCATTER_RAD = 0.1
"""How far joints are off the pose that a robot begins in."""
CRAWL_SPEED_MPS = 0.14
"""Asked for; at least 0.1 m/s is to come of it."""
CRAWL_M, CRAWL_AT_LEAST_MPS = 3.0, 0.1
SLOPE_RAD = np.deg2rad(5.0)
BAR = 0.95
"""Share of robots that must do it."""
HARD_MPS = 1.0
"""A trunk that touches the ground faster than this has fallen, and not sunk: 5 cm of free fall."""


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """What robots are to do."""

    name: str
    begins_in: str
    """A pose of the robot's spec."""
    requests: tuple[tuple[float, Request], ...]
    """When an operator asks for what, s."""
    seconds: float
    ends_in: Mode
    slope_rad: float = 0.0
    uphill_rad: float = 0.0
    """Which way is up, from the robot's: 0 ahead, π/2 to its left."""
    is_crawl: bool = False


_UP = ((LIE_S, Request.ARM), (LIE_S + 0.2, Request.STAND))
_STOOD_S = LIE_S + 4.0
_CRAWL_S = _STOOD_S + 1.0 + CRAWL_M / CRAWL_AT_LEAST_MPS
_CRAWL = (*_UP, (_STOOD_S, Request.CRAWL))

MANOEUVRES: tuple[Manoeuvre, ...] = (
    Manoeuvre("stand up", "lying", _UP, _STOOD_S + 0.8, Mode.STANDING),
    Manoeuvre("sit down", "lying", (*_UP, (_STOOD_S, Request.SIT)), _STOOD_S + 3.0, Mode.SITTING),
    Manoeuvre("sink, damped", "lying", (*_UP, (_STOOD_S, Request.DAMP)), _STOOD_S + 1.5, Mode.STOPPED),
    Manoeuvre("crawl 3 m, flat", "lying", _CRAWL, _CRAWL_S, Mode.FALLBACK, is_crawl=True),
    Manoeuvre("crawl 3 m, 5° up", "lying", _CRAWL, _CRAWL_S, Mode.FALLBACK, SLOPE_RAD, 0.0, is_crawl=True),
    Manoeuvre("crawl 3 m, 5° down", "lying", _CRAWL, _CRAWL_S, Mode.FALLBACK, SLOPE_RAD, np.pi, is_crawl=True),
    Manoeuvre("crawl 3 m, 5° across", "lying", _CRAWL, _CRAWL_S, Mode.FALLBACK, SLOPE_RAD, 0.5 * np.pi, is_crawl=True),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of them."""

    name: str
    trials: int
    done: int
    """Robots that did it all: right mode at the end, and standing or, sat down and sunk, low and level; crawled 3 m in
    time, standing there."""
    done_share: float
    done_low: float
    """95 % confidence interval of that share (Wilson)."""
    done_high: float
    falls: int
    """Tilted by more than 1 rad at the end, or trunk on the ground where they were to stand."""
    hard_landings: int
    """Trunks that came down at more than 1 m/s."""
    speed_mps: float | None
    """Median of those that crawled and did not fall, from the request to 3 m."""
    limit_excesses: int
    clamped_share: float
    """Of the commands, which the gate had to bring within a limit of targets."""


def measure(
    task: TaskConfig,
    robot: RobotSpec,
    make_gaits: Callable[[RobotSpec], Gaits],
    manoeuvre: Manoeuvre,
    *,
    trials: int,
    seed: int,
    report: Callable[[int], None] = lambda _: None,
) -> Figures:
    """One manoeuvre; `report` is told of every robot's tick."""
    return _Trial(Rig(task, robot, trials, seed=seed), make_gaits, manoeuvre).run(report)


def ticks_of(manoeuvre: Manoeuvre, trials: int) -> int:
    """What `report` is told of at most."""
    return trials * round(manoeuvre.seconds / TICK_S)


class _Trial:
    def __init__(self, rig: Rig, make_gaits: Callable[[RobotSpec], Gaits], manoeuvre: Manoeuvre) -> None:
        self._rig, self._what = rig, manoeuvre
        robot, trials = rig.robot, rig.robots
        scatter = rig.rng.uniform(-JOINT_SCATTER_RAD, JOINT_SCATTER_RAD, (trials, len(robot.joint_names)))
        joints = np.clip(robot.pose_rad(manoeuvre.begins_in) + scatter, robot.joint_lower_rad, robot.joint_upper_rad)
        rig.place(
            Placement(
                base_position_in_world=np.tile([0.0, 0.0, 0.6 * robot.standing_height_m], (trials, 1)),
                base_quaternion_wxyz=np.tile([1.0, 0.0, 0.0, 0.0], (trials, 1)),
                joint_position=joints,
            )
        )
        if manoeuvre.slope_rad:
            rig.lean(manoeuvre.slope_rad, manoeuvre.uphill_rad)
        self._guards = [Guard.of(rig, index, make_gaits(robot)) for index in range(trials)]
        self._requests = {round(at_s / TICK_S): request for at_s, request in manoeuvre.requests}
        self._crawled_from = np.zeros((trials, 2))
        self._there_s = np.full(trials, np.nan)
        """When each had crawled the distance, from the request on."""
        self._hard = np.zeros(trials, dtype=bool)
        self._excesses = 0

    def run(self, report: Callable[[int], None]) -> Figures:
        rig, what = self._rig, self._what
        crawl_at = round(_STOOD_S / TICK_S)
        for tick in range(round(what.seconds / TICK_S)):
            requests = (self._requests[tick],) if tick in self._requests else ()
            velocity = VelocityCommand(tick, rig.time_s, CRAWL_SPEED_MPS if what.is_crawl else 0.0, 0.0, 0.0)
            for guard in self._guards:
                if np.isnan(self._there_s[guard.robot]) and not self._tilted[guard.robot]:
                    guard.obeyed = tick >= round(LIE_S / TICK_S)
                    guard.tick(None, velocity, *requests)
            self._excesses += excesses(self._guards)
            before = rig.touched
            rig.step()
            state = rig.simulator.state()
            falling = np.asarray(state.base_velocity_in_base)[:, 2] < -HARD_MPS
            self._hard |= rig.touched & ~before & falling & (tick > crawl_at)
            place = state.base_position_in_world[:, :2]
            if tick == crawl_at:
                self._crawled_from = place.copy()
                rig.forget_falls()
            if what.is_crawl and tick > crawl_at:
                gone = np.hypot(*(place - self._crawled_from).T)
                newly = np.isnan(self._there_s) & (gone >= CRAWL_M) & ~rig.fallen & rig.stands
                self._there_s[newly] = (tick - crawl_at) * TICK_S
                if (rig.fallen | ~np.isnan(self._there_s)).all():
                    break
            report(rig.robots)
        return self._figures()

    @property
    def _tilted(self) -> np.ndarray:
        tilted: np.ndarray = self._rig.simulator.state().gravity_in_base[:, 2] > -0.5
        return tilted

    def _figures(self) -> Figures:
        what, rig = self._what, self._rig
        mode = np.array([guard.mode is what.ends_in for guard in self._guards])
        down = what.ends_in in (Mode.SITTING, Mode.STOPPED)
        if what.is_crawl:
            fell = rig.fallen & np.isnan(self._there_s)  # who has arrived is not led any more
            done = mode & (self._there_s <= CRAWL_M / CRAWL_AT_LEAST_MPS)
        else:
            fell = self._tilted if down else self._tilted | rig.touched
            done = mode & ~fell & (rig.lies if down else rig.stands)
        trials, count = rig.robots, int(done.sum())
        low, up = wilson_interval(count, trials)
        speeds = CRAWL_M / self._there_s[~np.isnan(self._there_s)]
        commands = sum(guard.commands for guard in self._guards)
        return Figures(
            name=what.name,
            trials=trials,
            done=count,
            done_share=count / trials,
            done_low=low,
            done_high=up,
            falls=int(fell.sum()),
            hard_landings=int(self._hard.sum()),
            speed_mps=float(np.median(speeds)) if len(speeds) else None,
            limit_excesses=self._excesses,
            clamped_share=sum(guard.hits for guard in self._guards) / max(1, commands),
        )
