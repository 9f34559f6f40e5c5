"""The curriculum: a grid of terrain level × commanded speed for every kind of terrain, and each robot's place in it.

Levels are a robot's own matter, as a game's are: it goes up one level after an episode that it *walked* well, down one
after a bad one. Walked means that it covered the distance asked for; a high tracking score alone is not enough, since a
robot that stands still tracks a slow command nearly perfectly. Robots that pass the highest level are spread over all
of them.

Speeds belong to the cells. Each level starts with the slowest speed bin; a cell that robots pass reliably unlocks the
next faster bin of its level, and its own speed in the levels next to it (the grid-adaptive rule of DreamWaQ and
Margolis et al., arXiv 2205.02824). A robot's bin is drawn among those unlocked where it is.

Episodes end rarely and few at a time, so all of this happens in host memory; only `level`, `column` and the speed band
are handed out as arrays of the task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, Rng, load_arrays, save_arrays, to_numpy
from surefoot_training.task.settings import about, check


@dataclass(frozen=True, slots=True)
class CurriculumConfig:
    """The grid and what it takes to move in it."""

    levels: int = field(
        default=10,
        metadata=about("1", "terrain levels, as the terrain has", source="DreamWaQ, legged_gym", at_least=1),
    )
    initial_level_max: int = field(
        default=2,
        metadata=about(
            "1", "robots start on levels 0 to this", source="own choice: unitree_rl_lab 1, legged_gym 5", at_least=0
        ),
    )
    speed_bins: int = field(
        default=4,
        metadata=about("1", "equal shares of the commanded speed", source="own choice", at_least=1, at_most=20),
    )
    promote_score: float = field(
        default=0.8,
        metadata=about(
            "1",
            "mean tracking reward as a share of its maximum, to go up",
            source="legged_gym",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    promote_distance_share: float = field(
        default=0.7,
        metadata=about(
            "1",
            "distance walked along the commands as a share of the distance commanded, to go up",
            source="own choice: legged_gym asks for half a tile, whatever was commanded",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    demote_score: float = field(
        default=0.4,
        metadata=about(
            "1", "tracking score below which a robot goes down", source="own choice", at_least=0.0, at_most=1.0
        ),
    )
    demote_distance_share: float = field(
        default=0.4,
        metadata=about(
            "1",
            "share of the commanded distance below which a robot goes down",
            source="legged_gym 0.5",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    early_fall_share: float = field(
        default=0.5,
        metadata=about(
            "1",
            "a fall before this share of the longest episode takes a robot down, however it walked",
            source="legged_gym: half the distance of a whole episode",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    minimum_commanded_m: float = field(
        default=1.0,
        metadata=about(
            "m",
            "episodes that asked for less say nothing, unless the robot fell",
            source="own choice: a tile's platform is 1 m from middle to edge",
            at_least=0.0,
        ),
    )
    unlock_success_share: float = field(
        default=0.7,
        metadata=about(
            "1",
            "share of a cell's episodes that pass, to unlock its neighbours",
            source="own choice",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    unlock_episodes: int = field(
        default=20,
        metadata=about(
            "1", "episodes a cell needs before it can unlock, and remembers", source="own choice", at_least=1
        ),
    )

    def __post_init__(self) -> None:
        """Refuse thresholds between which nothing is left."""
        check(self)
        if self.initial_level_max >= self.levels:
            raise SurefootError(
                f"CurriculumConfig: initial_level_max {self.initial_level_max} is not a level",
                hint=f"give a level from 0 to {self.levels - 1}, or more levels",
            )
        for low, high in (("demote_score", "promote_score"), ("demote_distance_share", "promote_distance_share")):
            if getattr(self, low) > getattr(self, high):
                raise SurefootError(
                    f"CurriculumConfig: {low} {getattr(self, low)} is above {high} {getattr(self, high)}",
                    hint="robots would go up and down for the same episode",
                )


@dataclass(frozen=True, slots=True)
class EpisodeOutcome:
    """How the episodes of n robots went."""

    tracking_score: Array  # [n] mean tracking reward as a share of its maximum, 0 to 1
    fell: Array  # [n] bool, ended otherwise than by time
    walked_m: Array  # [n] time integral of the velocity along the commanded direction
    commanded_m: Array  # [n] time integral of the commanded speed
    lasted_share: Array  # [n] the episode's duration as a share of the longest possible


@dataclass(frozen=True, slots=True)
class CellProgress:
    """One cell of the grid."""

    kind: str
    level: int
    speed_bin: int
    unlocked: bool
    robots: int  # in it now
    episodes: int  # that counted, since the beginning
    tracking_score: float  # running mean; 0 before the first episode
    success_share: float  # running mean


class Curriculum:
    """Where N robots are in the grid, and how each of its cells is going."""

    _ARRAYS = (
        "_level",
        "_column",
        "_speed_bin",
        "_unlocked_bins",
        "_episodes",
        "_tracking_score",
        "_success_share",
        "_moves",
    )

    def __init__(
        self, config: CurriculumConfig, robots: int, columns: Sequence[str], xp: Namespace, device: Device = None
    ) -> None:
        """`columns` names the kind of terrain of each column; robots are spread evenly over them, all on level 0."""
        self.config, self._xp, self._device = config, xp, device
        self.kinds = tuple(dict.fromkeys(columns))
        self._kind_of_column = np.array([self.kinds.index(kind) for kind in columns])
        self._column = np.arange(robots) * len(columns) // robots
        self._level, self._speed_bin = np.zeros(robots, dtype=np.int64), np.zeros(robots, dtype=np.int64)
        grid = (len(self.kinds), config.levels, config.speed_bins)
        self._unlocked_bins = np.ones(grid[:2], dtype=np.int64)  # so many, from the slowest on
        self._episodes = np.zeros(grid, dtype=np.int64)
        self._tracking_score, self._success_share = np.zeros(grid), np.zeros(grid)  # running means
        self._moves = np.zeros(3, dtype=np.int64)  # up, down, spread since the last log

    @property
    def level(self) -> Array:
        """Terrain level of every robot [N] int64."""
        return self._xp.asarray(self._level.copy(), device=self._device)

    @property
    def column(self) -> Array:
        """Terrain column of every robot [N] int64; it never changes, so that every kind keeps its share of robots."""
        return self._xp.asarray(self._column.copy(), device=self._device)

    def speed_band(self, ids: Array) -> Array:
        """Shares of the commanded speed (low, high) between which robots `ids` are to be asked [n, 2]."""
        slowest = self._speed_bin[to_numpy(ids)].astype(np.float32)
        band = np.stack([slowest, slowest + 1.0], axis=-1) / np.float32(self.config.speed_bins)
        return self._xp.asarray(band, device=self._device)

    def start(self, rng: Rng) -> None:
        """Place every robot anew on the first levels; what cells have unlocked stays."""
        robots = len(self._level)
        self._level[:] = rng.on_host().integers(0, self.config.initial_level_max + 1, robots)
        self._draw_speed_bins(np.arange(robots), rng)

    def end_episodes(self, ids: Array, outcome: EpisodeOutcome, rng: Rng) -> None:
        """Robots `ids` [n], each once, finished an episode: count it, move them, and draw the next speed bin."""
        robots, verdict = to_numpy(ids), _judge(outcome, self.config)
        self._record(robots[verdict.counts], verdict.score[verdict.counts], verdict.passed[verdict.counts])
        self._level[robots[verdict.failed]] = np.maximum(self._level[robots[verdict.failed]] - 1, 0)
        climbers = robots[verdict.passed]
        solved = climbers[self._level[climbers] == self.config.levels - 1]
        self._level[climbers] += 1
        self._level[solved] = rng.on_host().integers(0, self.config.levels, len(solved))
        self._moves += np.array([len(climbers) - len(solved), verdict.failed.sum(), len(solved)])
        self._draw_speed_bins(robots, rng)

    def cells(self) -> list[CellProgress]:
        """Every cell of the grid."""
        robots = np.zeros_like(self._episodes)
        np.add.at(robots, (self._kind_of_column[self._column], self._level, self._speed_bin), 1)
        return [
            CellProgress(
                kind=self.kinds[kind],
                level=level,
                speed_bin=speed_bin,
                unlocked=bool(speed_bin < self._unlocked_bins[kind, level]),
                robots=int(robots[kind, level, speed_bin]),
                episodes=int(self._episodes[kind, level, speed_bin]),
                tracking_score=float(self._tracking_score[kind, level, speed_bin]),
                success_share=float(self._success_share[kind, level, speed_bin]),
            )
            for kind, level, speed_bin in np.ndindex(self._episodes.shape)
        ]

    def log(self) -> dict[str, float]:
        """Progress as named numbers: levels, moves since the last call, and every cell that has seen an episode."""
        up, down, spread = (float(moves) for moves in self._moves)
        self._moves[:] = 0
        progress = {
            "level_mean": float(self._level.mean()),
            "unlocked_share": float(self._unlocked_bins.mean() / self.config.speed_bins),
            "moved_up": up,
            "moved_down": down,
            "spread": spread,
        }
        kinds = self._kind_of_column[self._column]
        for kind, name in enumerate(self.kinds):
            if (kinds == kind).any():
                progress[f"{name}/level_mean"] = float(self._level[kinds == kind].mean())
            progress[f"{name}/unlocked_share"] = float(self._unlocked_bins[kind].mean() / self.config.speed_bins)
        for cell in self.cells():
            if cell.episodes:
                where = f"{cell.kind}/level_{cell.level}/speed_{cell.speed_bin}"
                progress[f"{where}/tracking_score"] = cell.tracking_score
                progress[f"{where}/success_share"] = cell.success_share
                progress[f"{where}/episodes"] = float(cell.episodes)
        return progress

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)

    def _record(self, robots: np.ndarray, score: np.ndarray, passed: np.ndarray) -> None:
        """Update the cells these robots were in, and unlock the neighbours of those that are mastered."""
        shape, memory = self._episodes.shape, self.config.unlock_episodes
        cells = (self._kind_of_column[self._column[robots]], self._level[robots], self._speed_bin[robots])
        flat = np.ravel_multi_index(cells, shape)
        count = np.bincount(flat, minlength=self._episodes.size).reshape(shape)
        self._episodes += count
        # The mean of all episodes while they are few, then one that forgets with a time constant of `memory` of them.
        weight = 1.0 / np.maximum(np.maximum(count, np.minimum(self._episodes, memory)), 1)
        for mean, values in ((self._tracking_score, score), (self._success_share, passed)):
            total = np.bincount(flat, weights=values, minlength=self._episodes.size).reshape(shape)
            mean[...] = (mean + (total - count * mean) * weight).clip(0.0, 1.0)  # rounding would go beyond
        enough = self._success_share >= self.config.unlock_success_share - 1e-9  # and could stay below 1 for ever
        mastered = (self._episodes >= memory) & enough
        for kind, level, speed_bin in np.argwhere(mastered & (count > 0)):
            self._unlock_around(kind, level, speed_bin)

    def _unlock_around(self, kind: int, level: int, speed_bin: int) -> None:
        """The next faster bin of this level, and this bin in the levels next to it (with all slower ones)."""
        unlocked, last = self._unlocked_bins[kind], self.config.speed_bins
        unlocked[level] = max(unlocked[level], min(speed_bin + 2, last))
        for neighbour in (level - 1, level + 1):
            if 0 <= neighbour < self.config.levels:
                unlocked[neighbour] = max(unlocked[neighbour], speed_bin + 1)

    def _draw_speed_bins(self, robots: np.ndarray, rng: Rng) -> None:
        """Evenly among those unlocked where each robot is."""
        unlocked = self._unlocked_bins[self._kind_of_column[self._column[robots]], self._level[robots]]
        share = rng.on_host().uniform(0.0, 1.0, len(robots))
        self._speed_bin[robots] = np.minimum((share * unlocked).astype(np.int64), unlocked - 1)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What follows from n episodes; no episode is both passed and failed."""

    score: np.ndarray  # [n]
    counts: np.ndarray  # [n] bool, says something about its cell
    passed: np.ndarray  # [n] bool
    failed: np.ndarray  # [n] bool


def _judge(outcome: EpisodeOutcome, config: CurriculumConfig) -> _Verdict:
    fell = to_numpy(outcome.fell).astype(bool)
    score, walked_m, commanded_m, lasted = (
        to_numpy(values).astype(np.float64)
        for values in (outcome.tracking_score, outcome.walked_m, outcome.commanded_m, outcome.lasted_share)
    )
    # A simulation that blew up leaves NaN: a failure like a fall, and a score of nothing.
    lost = ~np.isfinite(score + walked_m + commanded_m + lasted)
    fell, score = fell | lost, np.where(lost, 0.0, score)
    no_share = (score < -0.01) | (score > 1.01)
    if no_share.any():
        raise SurefootError(
            f"curriculum: tracking_score {score[no_share][0]:g} is not a share, 0 to 1",
            hint="give the mean tracking reward of the episode over its maximum, not its sum",
        )
    score = score.clip(0.0, 1.0)
    walked_share = np.where(lost, 0.0, walked_m / np.maximum(commanded_m, 1e-9))
    asked = commanded_m >= config.minimum_commanded_m  # False where NaN
    passed = asked & ~fell & (score >= config.promote_score) & (walked_share >= config.promote_distance_share)
    poor = asked & ((score < config.demote_score) | (walked_share < config.demote_distance_share))
    failed = (poor | (fell & ~(lasted >= config.early_fall_share)) | lost) & ~passed
    return _Verdict(score, asked | fell, passed, failed)
