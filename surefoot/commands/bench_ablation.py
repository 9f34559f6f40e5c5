"""`surefoot bench ablation`: what each part of the estimator is worth, on equal budgets and seeds."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.numbers import count, positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar
from surefoot.terminated import SIGNALLED
from surefoot.training_progress import steps_reported
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.progress import Advance
    from surefoot_training.bench.ablation import Bench
    from surefoot_training.bench.ablation_plan import Plan, Run
    from surefoot_training.bench.ablation_report import Summary

_TASK, _SEEDS, _STEPS = "velocity-flat", 2, 2_000_000
# What a bench is made with. None of it can be given to one that goes on: its folder has it all.
_NEW_BENCH_ONLY = {
    "task": "TASK",
    "robot": "--robot",
    "robots": "--robots",
    "threads": "--threads",
    "steps": "--steps",
    "variants": "--variants",
    "also": "--also",
    "set": "--set",
    "begin_with": "--from",
    "terrain": "--terrain",
    "episodes": "--episodes",
}

HELP = "what the estimator's parts are worth: variants trained on equal budgets and seeds; hours, resumable"
DESCRIPTION = (
    "Trains the same task with each variant of the estimator and each seed, examines every policy by the protocol of "
    "`surefoot evaluate`, and says what differs from the full estimator and which of it is noise. All is kept in "
    "--out: a run folder per variant and seed, summary.json, table.md and curves.png. It may be stopped or killed at "
    "any moment and taken up again with --resume --out DIR, also with more --seeds."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to compare, how long, and where to keep it."""
    parser.add_argument("task", nargs="?", metavar="TASK", help=f"see `surefoot task list` (default: {_TASK})")
    parser.add_argument("--robot", help="whose body (default: the task's)")
    parser.add_argument("--robots", type=positive, metavar="N", help="simulated together (default: 256)")
    parser.add_argument("--threads", type=positive, metavar="N", help="(default: all processors)")
    parser.add_argument(
        "--variants", nargs="+", metavar="V", help="of none, velocity, no_adaboot, full, oracle (default: all)"
    )
    parser.add_argument(
        "--also", nargs="+", action="extend", metavar="NAME:KEY=VALUE,…",
        help="further variants: full with other settings, such as lopsided:agent.symmetric=false",
    )  # fmt: skip
    parser.add_argument("--seeds", type=positive, metavar="N", help=f"of each, from 0 on (default: {_SEEDS})")
    parser.add_argument("--steps", type=count, metavar="N", help="of each run, such as 5e6 (default: 2e6)")
    parser.add_argument(
        "--set", nargs="+", action="extend", metavar="KEY=VALUE", help="settings of all; see `surefoot train --show`"
    )
    parser.add_argument(
        "--from", dest="begin_with", type=Path, metavar="RUN",
        help="all begin with the networks of this run or checkpoint, and its agent's settings; where they fit",
    )  # fmt: skip
    parser.add_argument(
        "--terrain", action="store_true", default=None, help="examine on the bar's terrain, too: what rough is about"
    )
    parser.add_argument("--episodes", type=positive, metavar="N", help="of an evaluation's tracking (default: 256)")
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"), help="folder (default: runs/ablation)")
    parser.add_argument("--resume", action="store_true", help="go on with the bench in --out")


def run(arguments: argparse.Namespace) -> int:
    """Train and examine what is missing, and print everything."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for `surefoot train`, and for its reason
    quiet: bool = arguments.json
    with _opened(arguments) as bench:
        try:
            signalled = _work(bench, quiet=quiet)
        except KeyboardInterrupt:  # in an evaluation, which is repeated; or the second one in a training
            signalled = signal.SIGINT
        summary = bench.conclude()
        _show(bench, summary, quiet=quiet)
    return 0 if signalled is None else SIGNALLED + signalled


def _start(arguments: argparse.Namespace) -> Path | None:
    """What all runs begin with."""
    from surefoot_policy.shipped import networks_file

    return None if arguments.begin_with is None else networks_file(arguments.begin_with)


def _opened(arguments: argparse.Namespace) -> AbstractContextManager[Bench]:
    from surefoot_training.bench import ablation

    if not arguments.resume:
        return ablation.begun(arguments.out, _plan(arguments), _start(arguments))
    for name, written in _NEW_BENCH_ONLY.items():
        if getattr(arguments, name) is not None:
            raise SurefootError(
                f"{written} goes with a new bench", hint="one goes on with what it began with; only --seeds may grow"
            )
    return ablation.resumed(arguments.out, arguments.seeds)


def _plan(arguments: argparse.Namespace) -> Plan:
    from dataclasses import replace

    from surefoot_training.bench import ablation_plan
    from surefoot_training.evaluate.protocol import Protocol
    from surefoot_training.run.checkpoint import load_networks
    from surefoot_training.run.config import RunConfig
    from surefoot_training.task.tasks import task_named

    task = task_named(arguments.task or _TASK)
    base = RunConfig(
        task=task,
        robot=arguments.robot or task.robot,
        threads=arguments.threads or len(os.sched_getaffinity(0)),
        steps=arguments.steps or _STEPS,
    )
    if arguments.robots is not None:
        base = replace(base, robots=arguments.robots)
    if start := _start(arguments):
        _, other, sha256 = load_networks(start)
        base = replace(base, agent=other.agent, begun_from=sha256)
    settings = arguments.set or []
    ablation_plan.check_common_settings(settings)
    names = arguments.variants or ablation_plan.ESTIMATORS
    protocol = Protocol().of_size(arguments.episodes) if arguments.episodes else Protocol()
    return ablation_plan.Plan(
        base=base.with_settings(settings),
        variants=(
            *map(ablation_plan.estimator_variant, names),
            *map(ablation_plan.parse_variant, arguments.also or []),
        ),
        seeds=arguments.seeds or _SEEDS,
        protocol=replace(protocol, terrain_levels=()),  # on terrain, nothing but what the bar names
        axes=("tracking", "terrain") if arguments.terrain else ("tracking",),
    )


def _work(bench: Bench, *, quiet: bool) -> int | None:
    """Do what is left; the signal that stopped it."""
    for each in bench.left():
        if not quiet:
            print(bench.left_text(), file=sys.stderr, flush=True)
        steps = bench.steps_left(each)
        if steps:
            with progress_bar(steps, each.name, quiet=quiet) as advance:
                signalled = _train(bench, each, advance)
            if signalled is not None:
                return signalled
        with progress_bar(bench.judging_steps, f"{each.name}: evaluation", quiet=quiet) as advance:
            bench.judge(each, advance)
        bench.conclude()
    return None


def _train(bench: Bench, each: Run, advance: Advance) -> int | None:
    assert bench.plan.base.steps is not None
    report = steps_reported(advance, bench.plan.base.steps - bench.steps_left(each))
    return bench.train(each, report).signal


def _show(bench: Bench, summary: Summary, *, quiet: bool) -> None:
    from surefoot_training.bench.ablation_report import footer, tables

    if quiet:
        from dataclasses import asdict

        print_json(asdict(summary))
        return
    if bench.results:
        for table in tables(summary):
            print_table(table.columns, table.rows, title=table.title)
            print()
        for paragraph in footer(summary):
            print(f"{paragraph}\n")
        print(", ".join(str(bench.folder / name) for name in ("table.md", "summary.json", "curves.png")))
    if summary.left:
        print(f"stopped: {bench.left_text()}")
        print(f"to go on: surefoot bench ablation --resume --out {shlex.quote(str(bench.folder))}")
