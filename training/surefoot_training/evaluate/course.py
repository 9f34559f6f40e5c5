"""What a robot is asked for in a film, and what it does about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.evaluate.arena import Arena, examined, make_arena
from surefoot_training.evaluate.lanes import Lane, build_lanes, lanes_of
from surefoot_training.evaluate.recording import Examiner, record
from surefoot_training.evaluate.terrain import make_lane_examiner, off_the_field
from surefoot_training.evaluate.walker import Walker
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.terms import TerminationTerm
from surefoot_training.task.terrain import Terrain, TerrainConfig

COURSE = (
    (0.0, 0.0, 0.0),
    (0.5, 0.0, 0.0),
    (1.0, 0.0, 0.0),
    (0.5, 0.0, 1.0),
    (0.5, 0.0, -1.0),
    (0.0, 0.4, 0.0),
    (0.0, -0.4, 0.0),
    (-0.5, 0.0, 0.0),
    (0.0, 0.0, 1.0),
    (0.0, 0.0, 0.0),
)
"""Commands vx, vy m/s, yaw rate rad/s, one after the other, each for the same time."""

_LANE_SPEED_MPS = 0.5
_SHORTEST_LANE_M = 20.0
_LEVEL_HEADED = {"initial_yaw_rad": (0.0, 0.0), "initial_position_m": (0.0, 0.0)}


@dataclass(frozen=True, slots=True)
class Shot:
    """One control step of one robot."""

    time_s: float
    qpos: np.ndarray  # [7 + J]
    heading_rad: float
    command: np.ndarray  # [3] vx, vy m/s, yaw rate rad/s
    velocity_in_base: np.ndarray  # [3] m/s
    yaw_rate_radps: float
    estimate_in_base: np.ndarray | None  # [3] m/s, made from what was seen before this step
    fell: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the film is made."""

    arena: Arena
    examiner: Examiner
    ground: Terrain
    lane: Lane | None  # None: a plane


class Commands(Examiner):
    """Commands one after the other, for the same time each; the last one stays."""

    def __init__(self, commands: tuple[tuple[float, float, float], ...], steps_each: int) -> None:
        """In the order given."""
        self._commands, self._steps_each = np.array(commands, dtype=np.float32), steps_each

    def command(self, step: int, state: RobotState) -> np.ndarray:
        """That of the time."""
        return self._commands[None, min(step // self._steps_each, len(self._commands) - 1)]


def set_stage(
    task: TaskConfig,
    robot: RobotSpec,
    seconds: float,
    *,
    command: tuple[float, float, float] | None,
    lane: Lane | None,
    seed: int,
    threads: int,
) -> Stage:
    """One robot: on a plane it does the course, on a lane it walks ahead; with `command` it does as told."""
    config = task.terrain or TerrainConfig()
    ground = Terrain.flat()
    endings: tuple[TerminationTerm, ...] = ()
    if lane:
        ground = build_lanes(config, [lane], max(_SHORTEST_LANE_M, _LANE_SPEED_MPS * seconds), seed)
        endings = (off_the_field(),)
    arena = make_arena(
        examined(task, seconds, **_LEVEL_HEADED), robot, 1, seed=seed, threads=threads, ground=ground, endings=endings
    )
    steps = round(seconds / task.control_dt_s)
    if command:
        examiner: Examiner = Commands((command,), steps)
    elif lane:
        start = ground.tile_origin_in_world[0, :, :2]
        examiner = make_lane_examiner(start, task.commands, config, _LANE_SPEED_MPS, np.inf)
    else:
        examiner = Commands(COURSE, max(1, steps // len(COURSE)))
    return Stage(arena, examiner, ground, lane)


def parse_lane(text: str, task: TaskConfig) -> Lane:
    """`kind:level` -> that lane of the task's terrain."""
    kind, _, level = text.partition(":")
    if not level.isdigit():
        raise SurefootError(f"terrain {text!r} is not kind:level", hint="such as stairs_up:4; see `surefoot terrain`")
    return lanes_of(task.terrain or TerrainConfig(), (int(level),), (kind,))[0]


def parse_command(text: str) -> tuple[float, float, float]:
    """`vx,vy,yaw` -> m/s, m/s, rad/s."""
    try:
        vx, vy, yaw = (float(part) for part in text.split(","))
    except ValueError:
        vx = vy = yaw = float("nan")
    if not np.isfinite([vx, vy, yaw]).all():
        raise SurefootError(f"command {text!r} is not vx,vy,yaw", hint="such as 0.5,0,0: m/s, m/s and rad/s")
    return vx, vy, yaw


def perform(stage: Stage, walker: Walker, seconds: float, report: Callable[[], None]) -> list[Shot]:
    """Let the robot walk, and keep every control step."""
    witness = _Witness(stage.examiner, walker, stage.arena.control_dt_s)
    recording = record(stage.arena, walker, witness, round(seconds / stage.arena.control_dt_s), report)
    return [replace(shot, command=recording.command[step, 0]) for step, shot in enumerate(witness.shots)]


class _Witness(Examiner):
    """Another examiner, watched."""

    def __init__(self, examiner: Examiner, walker: Walker, control_dt_s: float) -> None:
        self._examiner, self._walker, self._control_dt_s = examiner, walker, control_dt_s
        self.shots: list[Shot] = []

    def command(self, step: int, state: RobotState) -> np.ndarray | None:
        return self._examiner.command(step, state)

    def judge(self, step: int, truth: RobotState, fell: np.ndarray) -> bool:
        estimate = self._walker.estimated_velocity()
        pose = (truth.base_position_in_world, truth.base_quaternion_wxyz, truth.joint_position)
        self.shots.append(
            Shot(
                time_s=(step + 1) * self._control_dt_s,
                qpos=np.concatenate([part[0] for part in pose]).astype(np.float64),
                heading_rad=float(truth.heading_rad[0]),
                command=np.zeros(3),  # known when all is recorded
                velocity_in_base=np.array(truth.base_velocity_in_base[0]),
                yaw_rate_radps=float(truth.angular_velocity_in_base[0, 2]),
                estimate_in_base=None if estimate is None else np.array(estimate[0]),
                fell=bool(fell[0]),
            )
        )
        return False
