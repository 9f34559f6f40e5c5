"""`surefoot verify`: whether a policy file may run, every check with its outcome."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table

if TYPE_CHECKING:
    from surefoot_policy.checks import Candidate, Outcome
    from surefoot_robots.spec import RobotSpec

OK, FAILED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A file, and the robot it is for."""
    parser.add_argument("file", type=Path, help="a policy.onnx, or the name of a shipped policy")
    parser.add_argument(
        "--robot",
        help="the robot at hand: a name of `surefoot robot list` or the path of a .yaml file "
        "(default: the one the policy names, if it comes with surefoot)",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="what was measured of the robot at hand, if the policy is to be for it",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Check everything; 1 if anything failed."""
    from surefoot_policy.checks import Candidate, verify
    from surefoot_policy.shipped import policy_file
    from surefoot_robots.calibration import read_calibration
    from surefoot_robots.loader import load_robot

    robot = load_robot(arguments.robot) if arguments.robot else None
    candidate = Candidate(policy_file(arguments.file), robot)
    if arguments.calibration is not None:
        candidate.calibration = read_calibration(arguments.calibration, robot)
    outcomes = []
    for outcome in verify(candidate):
        outcomes.append(outcome)
        if outcome.check.name == "contract" and candidate.robot is None:
            candidate.robot = _robot_of(candidate)  # before the check that asks for it
    ok = not any(outcome.failure for outcome in outcomes)
    if arguments.json:
        print_json(_as_json(candidate, outcomes, ok=ok))
    else:
        _print(candidate, outcomes, ok=ok)
    return OK if ok else FAILED


def _robot_of(candidate: Candidate) -> RobotSpec | None:
    """The robot that the policy names, if it is one of ours."""
    from surefoot_robots.loader import available_robots, load_robot

    name = candidate.contract.robot if candidate.contract else None
    return load_robot(name) if name in available_robots() else None


def _as_json(candidate: Candidate, outcomes: list[Outcome], *, ok: bool) -> dict[str, object]:
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    return {
        "file": candidate.path,
        "ok": ok,
        "robot": candidate.robot.name if candidate.robot else None,
        "failures": [
            {"field": failure.field, "found": failure.found, "expected": failure.expected, "hint": failure.hint}
            for failure in failures
        ],
        "checks": [
            {"name": outcome.check.name, "result": outcome.word, "reason": outcome.skipped} for outcome in outcomes
        ],
    }


def _print(candidate: Candidate, outcomes: list[Outcome], *, ok: bool) -> None:
    print_table(
        ["check", "result", "what must hold"],
        [
            (outcome.check.name, outcome.word, f"{outcome.check.means}{f' ({reason})' if reason else ''}")
            for outcome in outcomes
            for reason in [outcome.skipped or _which(outcome, candidate)]
        ],
    )
    for outcome in outcomes:
        if outcome.failure:
            print(f"\n{outcome.check.name}: {outcome.failure.message}\n  hint: {outcome.failure.hint}")
    failed = sum(1 for outcome in outcomes if outcome.failure)
    print(f"\n{candidate.path}: {'ok' if ok else f'refused: {failed} of {len(outcomes)} checks failed'}")


def _which(outcome: Outcome, candidate: Candidate) -> str | None:
    return candidate.robot.name if outcome.check.name == "robot" and candidate.robot else None
