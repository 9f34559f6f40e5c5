"""Who is examined, in what, by which protocol: what every axis needs to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surefoot_robots.spec import RobotSpec
from surefoot_training.evaluate.arena import Arena, make_arena
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.evaluate.recording import Examiner, Recording, record
from surefoot_training.evaluate.walker import Walker
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.terms import TerminationTerm
from surefoot_training.task.terrain import Terrain


@dataclass(frozen=True, slots=True)
class Subject:
    """A walker in the making and where it belongs."""

    task: TaskConfig
    robot: RobotSpec
    make_walker: Callable[[TaskConfig, RobotSpec, int], Walker]
    protocol: Protocol
    threads: int
    report: Callable[[int], None]
    """Called with the number of robot steps that were made."""

    def arena(
        self,
        task: TaskConfig,
        robots: int,
        *,
        ground: Terrain | None = None,
        endings: Sequence[TerminationTerm] = (),
    ) -> Arena:
        """An arena for `task`, a version of the subject's."""
        return make_arena(
            task, self.robot, robots, seed=self.protocol.seed, threads=self.threads, ground=ground, endings=endings
        )

    def record(self, arena: Arena, examiner: Examiner, seconds: float) -> Recording:
        """The walker, without a past, in `arena`."""
        walker = self.make_walker(arena.environment.task, self.robot, arena.robots)
        steps = round(seconds / arena.control_dt_s)
        return record(arena, walker, examiner, steps, lambda: self.report(arena.robots))
