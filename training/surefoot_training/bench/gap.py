"""The whole loop on hidden robots: a nominal policy, the robot's own, and one that was trained for what was identified.

In the folder: `gap.yaml`, the plan; `start.pt`, what all runs begin with; `nominal/`, a run folder; per hidden robot
`robot-N/` with `world.yaml`, its truth as `surefoot up --sim --world` and `evaluate --world` take it,
`calibration.yaml`, what was identified of it, the run folders `own/` and `identified/`, and an evaluation of each
policy on that robot. It may be stopped at any moment: what is there is not made again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from surefoot_robots.calibration import read_calibration
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.whole_file import write_text
from surefoot_training.bench.gap_plan import (
    KINDS,
    Kind,
    Plan,
    Run,
    hidden_truth,
    load_plan,
    robot_name,
    runs,
    save_plan,
)
from surefoot_training.evaluate.body import hidden_body, known_calibration
from surefoot_training.evaluate.candidate import find_candidate, judging_task
from surefoot_training.evaluate.evaluation import evaluate, robot_steps
from surefoot_training.run.checkpoint import Checkpoint, load_networks, policy_file
from surefoot_training.run.config import RunConfig, load_config, to_yaml
from surefoot_training.run.folder import RunFolder
from surefoot_training.simulated.config import Truth, load_world
from surefoot_training.train import Ending, Order, Report, train

_PLAN, _START = "gap.yaml", "start.pt"
AXES = ("tracking",)


@dataclass(frozen=True, slots=True)
class Judged:
    """A policy on a hidden robot."""

    speed_error_mps: float
    yaw_rate_error_radps: float
    falls: int


@dataclass(frozen=True, slots=True)
class Row:
    """One hidden robot, its three policies examined."""

    robot: int
    base_mass_kg: float
    motor_strength: float
    """Mean over the joints."""
    action_delay_s: float
    judged: dict[Kind, Judged]

    @property
    def gap_mps(self) -> float:
        """How much worse the nominal policy follows than the robot's own."""
        return self.judged["nominal"].speed_error_mps - self.judged["own"].speed_error_mps

    @property
    def left_mps(self) -> float:
        """What is left of it for the policy that was trained for what was identified."""
        return self.judged["identified"].speed_error_mps - self.judged["own"].speed_error_mps


def closed_share(rows: list[Row]) -> float | None:
    """Of the gap, over all of them: the sum of what was closed over the sum of gaps; None if there is no gap."""
    gap = sum(row.gap_mps for row in rows)
    return 1.0 - sum(row.left_mps for row in rows) / gap if gap > 0.0 else None


class Bench:
    """Hidden robots and policies in a folder, which nobody else writes to."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.spec = load_robot(plan.base.robot)

    # What is left

    def identifications_left(self) -> list[int]:
        """Hidden robots of which nothing was identified yet."""
        return [robot for robot in range(self.plan.robots) if not self.calibration(robot).exists()]

    def runs_left(self) -> list[Run]:
        """Policies that are not trained to the end."""
        return [run for run in runs(self.plan) if self.steps_left(run)]

    def judgements_left(self) -> list[tuple[int, Kind]]:
        """Policies that are to be examined, by robot."""
        each = [(robot, kind) for robot in range(self.plan.robots) for kind in KINDS]
        return [(robot, kind) for robot, kind in each if not self._evaluation(robot, kind).exists()]

    def steps_left(self, run: Run) -> int:
        """For a run to train."""
        checkpoint, budget = self._newest(run), self.plan.base.steps
        assert budget is not None
        return max(0, budget - checkpoint.steps) if checkpoint else budget

    @property
    def judging_steps(self) -> int:
        """Robot steps of one evaluation."""
        return robot_steps(self.plan.protocol, AXES, self.plan.base.task)

    # Where things are

    def world(self, robot: int) -> Path:
        """What a hidden robot is in truth."""
        return self.folder / robot_name(robot) / "world.yaml"

    def calibration(self, robot: int) -> Path:
        """What was identified of it."""
        return self.folder / robot_name(robot) / "calibration.yaml"

    def truth(self, robot: int) -> Truth:
        """Of a hidden robot, with a value for every joint."""
        return load_world(self.world(robot), self.spec).truth

    # Work

    def train(self, run: Run, report: Report = lambda _: None) -> Ending:
        """Begin `run`, or go on with it from its last checkpoint, until it has trained or a signal comes."""
        return train(self._order(run), report)

    def judge(self, robot: int, kind: Kind, report: Callable[[int], None] = lambda _: None) -> None:
        """Examine a policy on a hidden robot, and keep everything that was found."""
        run = Run(kind, None if kind == "nominal" else robot)
        candidate = find_candidate(str(self.folder / run.name))
        body = hidden_body(judging_task(candidate), self.spec, self.truth(robot), f"{robot_name(robot)}/world.yaml")
        found = evaluate(
            replace(candidate, name=run.name),
            self.plan.protocol,
            AXES,
            task=body.task,
            body=body,
            threads=self.plan.base.threads,
            report=report,
        )
        write_text(self._evaluation(robot, kind), json.dumps(asdict(found), allow_nan=False, indent=1) + "\n")

    def rows(self) -> list[Row]:
        """Hidden robots whose three policies have been examined."""
        done = [
            robot for robot in range(self.plan.robots) if all(self._evaluation(robot, kind).exists() for kind in KINDS)
        ]
        return [self._row(robot) for robot in done]

    def _row(self, robot: int) -> Row:
        truth = self.truth(robot)
        strengths, mass_kg, delay_s = truth.motor_strength, truth.base_mass_kg, truth.action_delay_s
        assert strengths is not None
        assert mass_kg is not None
        assert delay_s is not None
        judged = {kind: _judged(json.loads(self._evaluation(robot, kind).read_text())) for kind in KINDS}
        return Row(robot, mass_kg, sum(strengths) / len(strengths), delay_s, judged)

    def _evaluation(self, robot: int, kind: Kind) -> Path:
        return self.folder / robot_name(robot) / f"{kind}.json"

    def config(self, run: Run) -> RunConfig:
        """What a run learns with."""
        base = self.plan.base
        if run.robot is None:
            return base
        if run.kind == "own":
            # Nothing of what identification looks for is left open.
            return base.with_calibration(known_calibration(self.truth(run.robot), self.spec, "truth"), 1.0)
        measured = read_calibration(self.calibration(run.robot), self.spec)
        return base.with_calibration(measured, self.plan.safety_factor)

    def _newest(self, run: Run) -> Checkpoint | None:
        folder = RunFolder(self.folder / run.name)
        if not folder.config.exists():
            return None
        config = self.config(run)
        if load_config(folder.config) != config:
            raise SurefootError(
                f"the run in {folder.path} is of other settings than the bench", hint="move it away, to train it anew"
            )
        return folder.checkpoints.newest(config)

    def _order(self, run: Run) -> Order:
        folder = RunFolder(self.folder / run.name)
        if self._newest(run) is not None:
            return Order(folder.path, None)
        if folder.path.exists():  # begun, and nothing kept that it could go on from
            shutil.rmtree(folder.path)
        networks, _, sha256 = load_networks(self.folder / _START)
        if sha256 != self.plan.base.begun_from:
            raise SurefootError(f"{self.folder / _START} is not what the bench began with", hint="begin anew")
        file = None
        if run.kind == "identified":
            assert run.robot is not None
            file = self.calibration(run.robot).read_bytes()
        return Order(folder.path, self.config(run), calibration=file, networks=networks)


def _judged(evaluation: dict[str, Any]) -> Judged:
    figures = evaluation["tracking"]["figures"]
    return Judged(figures["speed_error_mean_mps"], figures["yaw_rate_error_mean_radps"], figures["falls"])


@contextmanager
def begun(folder: Path, plan: Plan, start: Path) -> Iterator[Bench]:
    """A new bench: its robots are hidden, its networks copied from the run or checkpoint `start`."""
    if (folder / _PLAN).exists():
        raise SurefootError(
            f"{folder} holds an earlier bench", hint=f"go on in it: surefoot bench gap --resume --out {folder}"
        )
    place = RunFolder(folder)
    with place.locked():
        place.check_is_free()
        shutil.copyfile(policy_file(start), folder / _START)
        bench = Bench(folder, plan)
        for robot in range(plan.robots):
            bench.world(robot).parent.mkdir()
            truth = hidden_truth(bench.spec, plan.seed + robot)
            write_text(bench.world(robot), to_yaml({"seed": plan.seed + robot, "truth": truth}))
        save_plan(plan, folder / _PLAN)  # last: with it, there is a bench
        yield bench


@contextmanager
def resumed(folder: Path) -> Iterator[Bench]:
    """The bench in `folder`."""
    if not (folder / _PLAN).exists():
        raise SurefootError(f"there is no such bench in {folder}", hint="give the folder of one with --out")
    place = RunFolder(folder)
    with place.locked():
        yield Bench(folder, load_plan(folder / _PLAN))
