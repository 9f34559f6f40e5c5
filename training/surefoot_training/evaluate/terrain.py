"""Who gets 20 m far, over which ground.

Robots are asked to walk along their lane at one speed, and steered like a remote control would: back to its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surefoot_training.evaluate.arena import examined
from surefoot_training.evaluate.lanes import Lane, build_lanes, hard_lanes, lanes_of
from surefoot_training.evaluate.metrics import Figures, figures_of, wilson_interval
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.evaluate.recording import Examiner
from surefoot_training.evaluate.subject import Subject
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task import terminations
from surefoot_training.task.arrays import wrap_angle
from surefoot_training.task.commands import CommandConfig
from surefoot_training.task.terms import TerminationTerm
from surefoot_training.task.terrain import TerrainConfig

_START_YAW_RAD = (-0.2, 0.2)
_LOOK_AHEAD_M = 2.0  # robots are sent towards a point of the lane's middle so far ahead
_STEEPEST_RAD = 0.6
_EDGE_M = 1.0  # of the field: beyond it there is nothing to stand on


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind and level, and how many robots are sent over it."""

    lane: Lane
    robots: int
    is_bar: bool
    """Whether the bar of the project names it."""


@dataclass(frozen=True, slots=True)
class LaneResult:
    """How one kind and level went."""

    lane: Lane
    robots: int
    is_bar: bool
    """Whether the bar of the project names it, at least 90 % success."""

    success_share: float
    """Robots that got as far as the protocol says, in time and without a fall."""

    success_low: float
    """95 % confidence interval of that share (Wilson)."""

    success_high: float
    """As above."""

    fell: int
    """Robots that fell before."""

    strayed: int
    """Robots that left their lane, which is 8 m wide, before."""

    too_slow: int
    """Robots that had fallen behind when time was over."""

    walked_mean_m: float
    """Along the lane, at most the length of success; what robots had walked when their trial ended."""

    figures: Figures
    """Until each robot's trial ended."""


class LaneExaminer(Examiner):
    """Sends robots along their lanes and notes how each one's trial ends."""

    def __init__(
        self,
        start_in_world: np.ndarray,
        *,
        speed_mps: float,
        length_m: float,
        half_width_m: float,
        gain_per_s: float,
        fastest_turn_radps: float,
    ) -> None:
        """`start_in_world` [N, 2], m: middles of where robots start."""
        self._start = start_in_world
        self._speed_mps, self._length_m, self._half_width_m = speed_mps, length_m, half_width_m
        self._gain_per_s, self._fastest_turn = gain_per_s, fastest_turn_radps
        robots = len(start_in_world)
        self._x0: np.ndarray | None = None
        self.succeeded, self.fell, self.strayed = (np.zeros(robots, dtype=bool) for _ in range(3))
        self.walked_m = np.zeros(robots)

    @property
    def trial_on(self) -> np.ndarray:
        """Robots [N] bool whose trial has not ended."""
        on: np.ndarray = ~(self.succeeded | self.fell | self.strayed)
        return on

    def command(self, step: int, state: RobotState) -> np.ndarray:
        """Ahead, turning back to the lane's middle."""
        position = np.asarray(state.base_position_in_world)
        if self._x0 is None:
            self._x0 = position[:, 0].astype(np.float64)
        aside_m = position[:, 1] - self._start[:, 1]
        wanted = -np.arctan2(aside_m, _LOOK_AHEAD_M).clip(-_STEEPEST_RAD, _STEEPEST_RAD)
        turn = self._gain_per_s * wrap_angle(wanted - np.asarray(state.heading_rad))
        turn = turn.clip(-self._fastest_turn, self._fastest_turn)
        return np.stack([np.full(len(turn), self._speed_mps), np.zeros(len(turn)), turn], axis=-1).astype(np.float32)

    def counts(self, robots: int) -> np.ndarray:
        """Whose trial is on."""
        return self.trial_on

    def judge(self, step: int, truth: RobotState, fell: np.ndarray) -> bool:
        """A fall ends a trial, as does leaving the lane or getting far enough."""
        on = self.trial_on
        assert self._x0 is not None
        position = np.asarray(truth.base_position_in_world, dtype=np.float64)
        walked = np.where(np.isfinite(position[:, 0]), position[:, 0] - self._x0, self.walked_m)
        self.walked_m = np.where(on & ~fell, walked, self.walked_m)
        self.fell |= on & fell
        self.strayed |= on & ~fell & ~(abs(position[:, 1] - self._start[:, 1]) <= self._half_width_m)
        self.succeeded |= on & ~fell & ~self.strayed & (self.walked_m >= self._length_m)
        return not self.trial_on.any()


def cells_of(config: TerrainConfig, protocol: Protocol) -> tuple[Cell, ...]:
    """All that is examined, by kind and level."""
    bar = hard_lanes(config, protocol.terrain_bar)
    others = [lane for lane in lanes_of(config, protocol.terrain_levels) if lane not in bar]
    cells = [
        *(Cell(lane, protocol.terrain_bar_robots, is_bar=True) for lane in bar),
        *(Cell(lane, protocol.terrain_robots, is_bar=False) for lane in others),
    ]
    return tuple(sorted(cells, key=lambda cell: (config.columns.index(cell.lane.kind), cell.lane.level)))


def examine_terrain(subject: Subject) -> tuple[LaneResult, ...]:
    """First the lanes of the bar, then the others, with the same number of robots on each."""
    config = subject.task.terrain or TerrainConfig()
    cells = cells_of(config, subject.protocol)
    found: dict[tuple[str, int], LaneResult] = {}
    for is_bar in (True, False):
        together = [cell for cell in cells if cell.is_bar == is_bar]
        results = _examine_together(subject, config, together) if together else []
        found |= {(result.lane.kind, result.lane.level): result for result in results}
    return tuple(found[cell.lane.kind, cell.lane.level] for cell in cells)


def _examine_together(subject: Subject, config: TerrainConfig, cells: Sequence[Cell]) -> list[LaneResult]:
    """Lanes with as many robots on each as on the first."""
    protocol, robots = subject.protocol, cells[0].robots
    ground = build_lanes(config, [cell.lane for cell in cells], protocol.terrain_length_m, protocol.seed)
    task = examined(subject.task, protocol.terrain_limit_s, initial_yaw_rad=_START_YAW_RAD)
    arena = subject.arena(task, len(cells) * robots, ground=ground, endings=(off_the_field(),))
    # The environment spreads robots evenly over the columns, in order.
    start = np.repeat(ground.tile_origin_in_world[0, :, :2], robots, axis=0)
    examiner = make_lane_examiner(start, task.commands, config, protocol.terrain_speed_mps, protocol.terrain_length_m)
    recording = subject.record(arena, examiner, protocol.terrain_limit_s)
    results = []
    for index, cell in enumerate(cells):
        rows = slice(index * robots, (index + 1) * robots)
        results.append(_result(cell, examiner, rows, figures_of(recording.of_robots(rows)), protocol.terrain_length_m))
    return results


def make_lane_examiner(
    start_in_world: np.ndarray, commands: CommandConfig, config: TerrainConfig, speed_mps: float, length_m: float
) -> LaneExaminer:
    """Steering as gently as the task's own commands for a heading."""
    return LaneExaminer(
        start_in_world,
        speed_mps=speed_mps,
        length_m=length_m,
        half_width_m=0.5 * config.tile_size_m,
        gain_per_s=commands.heading_gain_per_s,
        fastest_turn_radps=commands.yaw_rate_radps[1],
    )


def off_the_field() -> TerminationTerm:
    """Who is about to walk into the void is put back."""
    return TerminationTerm("off_the_field", terminations.off_terrain, {"margin_m": _EDGE_M}, is_timeout=True)


def _result(cell: Cell, examiner: LaneExaminer, rows: slice, figures: Figures, length_m: float) -> LaneResult:
    succeeded = examiner.succeeded[rows]
    low, high = wilson_interval(int(succeeded.sum()), len(succeeded))
    return LaneResult(
        lane=cell.lane,
        robots=len(succeeded),
        is_bar=cell.is_bar,
        success_share=float(succeeded.mean()),
        success_low=low,
        success_high=high,
        fell=int(examiner.fell[rows].sum()),
        strayed=int(examiner.strayed[rows].sum()),
        too_slow=int(examiner.trial_on[rows].sum()),
        walked_mean_m=float(examiner.walked_m[rows].clip(0.0, length_m).mean()),
        figures=figures,
    )
