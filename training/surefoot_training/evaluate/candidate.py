"""What is to be examined, from what was typed: a run folder, a checkpoint, an exported file, or a baseline's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot_policy.shipped import is_shipped, policy_file, shipped_names
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.evaluate.walker import ExportedWalker, OracleWalker, PolicyWalker, Standing, Trotting, Walker
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.observations import policy_terms
from surefoot_training.task.tasks import TASKS, task_named
from surefoot_training.task.terrain import ScanGrid

if TYPE_CHECKING:
    from surefoot_policy.contract import Contract

EXPORTED = ".onnx"
BASELINES = ("stand", "trot")
_BASELINE_TASK = TASKS["velocity-flat"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A walker in the making, and what it was made for."""

    name: str
    task: TaskConfig
    """As it was learned."""
    robot: str
    make: Callable[[TaskConfig, RobotSpec, int], Walker]
    """(task, robot, number of robots) -> a walker with nothing behind it."""
    is_told_velocity: bool = False
    """Whether it is told its true velocity, which no robot knows."""


def find_candidate(what: str) -> Candidate:
    """The candidate called `what`; a path goes before a shipped policy or a baseline of the same name."""
    path = Path(what)
    if is_shipped(what) and not path.exists():
        return replace(_exported(policy_file(path)), name=what)
    if path.exists():
        return _exported(path) if path.suffix == EXPORTED else _trained(path)
    if what in BASELINES:
        return Candidate(what, _BASELINE_TASK, "go2", _baseline(what))
    raise SurefootError(
        f"there is no run or policy {what!r}",
        hint="give a run folder, a checkpoint, an exported .onnx, the name of a shipped policy "
        f"({', '.join(shipped_names())}) or of a baseline ({', '.join(BASELINES)})",
    )


def judging_task(candidate: Candidate, name: str | None = None) -> TaskConfig:
    """The task called `name`, or that of the candidate's own name, as everybody is judged by it.

    What a run made easier or harder for itself, ranges, commands and ground, is left aside; what its policy rests on,
    what it sees and how often it is asked, is its own. A task nobody here knows by name is taken as it is.
    """
    own = candidate.task
    if name is None and own.name not in TASKS:
        return own
    return replace(
        task_named(name or own.name),
        observation=own.observation,
        privileged=own.privileged,
        scan=own.scan,
        control_dt_s=own.control_dt_s,
        action_scale_rad=own.action_scale_rad,
        gait=own.gait,
    )


def _baseline(name: str) -> Callable[[TaskConfig, RobotSpec, int], Walker]:
    def make(task: TaskConfig, robot: RobotSpec, robots: int) -> Walker:
        return Standing(robot, robots) if name == "stand" else Trotting(robot, robots, task.control_dt_s)

    return make


def _trained(path: Path) -> Candidate:
    from surefoot_training.evaluate.oracle import OraclePolicy, is_oracle
    from surefoot_training.nets.policy import Policy
    from surefoot_training.run.checkpoint import load_agent

    perception, agent, config = load_agent(path)
    if is_oracle(agent):
        oracle = OraclePolicy(perception, agent)
        return Candidate(
            str(path), config.task, config.robot, lambda task, robot, robots: OracleWalker(oracle, robots), True
        )
    policy = Policy(perception, agent)
    return Candidate(str(path), config.task, config.robot, lambda task, robot, robots: PolicyWalker(policy, robots))


def _exported(path: Path) -> Candidate:
    from surefoot_policy.batch import BatchPolicy
    from surefoot_policy.runtime import Policy

    contract = Policy.load(path, None).contract

    def make(task: TaskConfig, robot: RobotSpec, robots: int) -> Walker:
        return ExportedWalker(BatchPolicy.load(path, robots, robot))

    return Candidate(str(path), _task_of(contract), contract.robot, make)


def _task_of(contract: Contract) -> TaskConfig:
    """The task it was trained for, seen as the contract says; an unknown one is taken for walking on a plane."""
    named = contract.trained_with.task
    task = TASKS.get(named, replace(_BASELINE_TASK, name=named))
    known = {term.name: term for term in policy_terms(contract.joints, 1)}
    grid = next((entry.grid for entry in contract.observation if entry.grid), None)
    if grid:
        scan = ScanGrid(grid.x_m, grid.y_m, grid.spacing_m)
        wide = (replace(term, size=scan.size) if term.name == "height_scan" else term for term in task.privileged)
        task = replace(task, scan=scan, privileged=tuple(wide))
    return replace(
        task,
        observation=tuple(replace(known[entry.term], size=entry.size) for entry in contract.observation),
        control_dt_s=contract.control_dt_s,
    )
