"""`surefoot bench gap`: hidden robots, identified and trained for; how much of the gap to their own policies closes."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import count, positive, seed
from surefoot.output import print_json, print_table, to_json
from surefoot.progress import progress, progress_bar
from surefoot.terminated import SIGNALLED
from surefoot.training_progress import steps_reported
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.progress import Advance
    from surefoot_training.bench.gap import Bench, Row
    from surefoot_training.bench.gap_plan import Plan, Run

_TASK, _START, _ROBOTS, _STEPS = "velocity-flat", "go2-velocity-flat", 5, 1_000_000
BAR = 0.6
"""Of the gap that has to be closed."""
# What a bench is made with. None of it can be given to one that goes on: its folder has it all.
_NEW_BENCH_ONLY = {
    "task": "TASK",
    "begin_with": "--from",
    "robots": "--robots",
    "steps": "--steps",
    "seed": "--seed",
    "episodes": "--episodes",
    "safety_factor": "--safety-factor",
    "threads": "--threads",
    "set": "--set",
}

HELP = "the whole loop on hidden robots: identify, retrain briefly, how much of the gap that closes; hours, resumable"
DESCRIPTION = (
    "Hides robots that are heavier, weaker and later than their file says, identifies each from a log in air and one "
    "on the ground, and trains three policies from the same networks for the same steps: for the file's robot (one for "
    "all), for the hidden robot with its truth known, and for what was identified. Each is examined on the hidden "
    "robot. The gap is what the first follows worse than the second; told is how much of it the third closes. All is "
    "kept in --out; it may be stopped at any moment and taken up again with --resume --out DIR."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, how long, and where to keep it."""
    parser.add_argument("task", nargs="?", metavar="TASK", help=f"see `surefoot task list` (default: {_TASK})")
    parser.add_argument(
        "--from", dest="begin_with", type=Path, metavar="RUN", help=f"what all begin with (default: {_START})"
    )
    parser.add_argument("--robots", type=positive, metavar="N", help=f"hidden ones (default: {_ROBOTS})")
    parser.add_argument("--steps", type=count, metavar="N", help="of each training, such as 5e5 (default: 1e6)")
    parser.add_argument("--seed", type=seed, metavar="S", help="of the first hidden robot; others follow (default: 0)")
    parser.add_argument("--episodes", type=positive, metavar="N", help="of each evaluation (default: 256)")
    parser.add_argument("--safety-factor", type=float, metavar="K", help="on identified intervals (default: 2)")
    parser.add_argument("--threads", type=positive, metavar="N", help="(default: all processors)")
    parser.add_argument("--set", nargs="+", action="extend", metavar="KEY=VALUE", help="settings of all trainings")
    parser.add_argument("--out", type=Path, default=Path("runs/gap"), help="folder (default: runs/gap)")
    parser.add_argument("--resume", action="store_true", help="go on with the bench in --out")


def run(arguments: argparse.Namespace) -> int:
    """Identify, train and examine what is missing, and print everything; 1 if the bar is missed."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for `surefoot train`, and for its reason
    quiet: bool = arguments.json
    with _opened(arguments) as bench:
        try:
            signalled = _work(bench, quiet=quiet)
        except KeyboardInterrupt:  # in what is repeated: an identification or an evaluation
            signalled = signal.SIGINT
        closed = _conclude(bench, quiet=quiet)
    if signalled is not None:
        return SIGNALLED + signalled
    return 0 if closed is not None and closed >= BAR else 1


def _opened(arguments: argparse.Namespace) -> AbstractContextManager[Bench]:
    from surefoot_policy.shipped import networks_file
    from surefoot_training.bench import gap

    if not arguments.resume:
        start = networks_file(arguments.begin_with or Path(_START))
        return gap.begun(arguments.out, _plan(arguments, start), start)
    for name, written in _NEW_BENCH_ONLY.items():
        if getattr(arguments, name) is not None:
            raise SurefootError(f"{written} goes with a new bench", hint="one goes on with what it began with")
    return gap.resumed(arguments.out)


def _plan(arguments: argparse.Namespace, start: Path) -> Plan:
    from surefoot_training.bench.gap_plan import Plan
    from surefoot_training.evaluate.protocol import Protocol
    from surefoot_training.run.checkpoint import load_networks
    from surefoot_training.run.config import RunConfig
    from surefoot_training.task.calibrated import SAFETY_FACTOR, check_factor
    from surefoot_training.task.tasks import task_named

    factor = SAFETY_FACTOR if arguments.safety_factor is None else arguments.safety_factor
    check_factor(factor)
    _, other, sha256 = load_networks(start)
    task = task_named(arguments.task or _TASK)
    base = RunConfig(
        task=task,
        robot=task.robot,
        threads=arguments.threads or len(os.sched_getaffinity(0)),
        steps=arguments.steps or _STEPS,
        agent=other.agent,
        begun_from=sha256,
    )
    protocol = Protocol()
    return Plan(
        base=base.with_settings(arguments.set or []),
        robots=arguments.robots or _ROBOTS,
        seed=arguments.seed or 0,
        safety_factor=factor,
        protocol=protocol.of_size(arguments.episodes) if arguments.episodes else protocol,
    )


def _work(bench: Bench, *, quiet: bool) -> int | None:
    """Do what is left; the signal that stopped it."""
    for robot in progress(bench.identifications_left(), "identify", quiet=quiet):
        _identify(bench, robot)
    left = bench.runs_left()
    for index, each in enumerate(left):
        with progress_bar(bench.steps_left(each), f"{each.name} ({index + 1} of {len(left)})", quiet=quiet) as advance:
            signalled = _train(bench, each, advance)
        if signalled is not None:
            return signalled
    for robot, kind in bench.judgements_left():
        with progress_bar(bench.judging_steps, f"robot-{robot}: {kind} policy", quiet=quiet) as advance:
            bench.judge(robot, kind, advance)
    return None


def _identify(bench: Bench, robot: int) -> None:
    from surefoot.identifying.hidden import identify_hidden

    threads = bench.plan.base.threads
    identify_hidden(bench.spec, bench.truth(robot), bench.plan.seed + robot, bench.calibration(robot), threads)


def _train(bench: Bench, each: Run, advance: Advance) -> int | None:
    assert bench.plan.base.steps is not None
    report = steps_reported(advance, bench.plan.base.steps - bench.steps_left(each))
    ending = bench.train(each, report)
    return None if ending.finished else ending.signal


def _conclude(bench: Bench, *, quiet: bool) -> float | None:
    """Write `summary.json`, print, and say how to go on; how much of the gap is closed."""
    from surefoot_robots.whole_file import write_text
    from surefoot_training.bench.gap import closed_share

    rows = bench.rows()
    closed = closed_share(rows)
    left = len(bench.identifications_left()) + len(bench.judgements_left())
    summary = {
        "task": bench.plan.base.task.name,
        "robot": bench.spec.name,
        "steps": bench.plan.base.steps,
        "safety_factor": bench.plan.safety_factor,
        "gap_closed_share": closed,
        "left": left,
        "rows": [{**_as_json(row), "gap_closed_share": closed_share([row])} for row in rows],
    }
    if rows:
        import json

        write_text(bench.folder / "summary.json", json.dumps(to_json(summary), indent=1) + "\n")
    if quiet:
        print_json(summary)
    else:
        _print(rows, closed)
        if left:
            print(f"to go on: surefoot bench gap --resume --out {shlex.quote(str(bench.folder))}", file=sys.stderr)
    return closed


def _as_json(row: Row) -> dict[str, object]:
    found = to_json(row)
    assert isinstance(found, dict)
    return found


def _print(rows: list[Row], closed: float | None) -> None:
    from surefoot_training.bench.gap import closed_share
    from surefoot_training.bench.gap_plan import KINDS

    print_table(
        ["robot", "trunk kg", "strength", "delay ms", *(f"{kind} m/s (falls)" for kind in KINDS), "gap closed"],
        [
            (
                str(row.robot),
                f"{row.base_mass_kg:.1f}",
                f"{row.motor_strength:.2f}",
                f"{1e3 * row.action_delay_s:.1f}",
                *(f"{row.judged[kind].speed_error_mps:.3f} ({row.judged[kind].falls})" for kind in KINDS),
                _share(closed_share([row])),
            )
            for row in rows
        ],
        title="Speed error on hidden robots, by what the policy was trained for",
    )
    print(f"closed over all: {_share(closed)} (bar: {100 * BAR:.0f} %)")


def _share(share: float | None) -> str:
    return "no gap" if share is None else f"{100 * share:.0f} %"
