"""`surefoot train`: learn a task from nothing, or go on with a run."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.calibrating import add_calibration, read_for
from surefoot.numbers import count, positive
from surefoot.terminated import SIGNALLED
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from surefoot_training.run.checkpoint import Networks
    from surefoot_training.run.config import RunConfig
    from surefoot_training.run.status import Status
    from surefoot_training.train import Ending, Order

_MINUTES = 10.0
_BAR_WIDTH = 60
# What a run is made with. None of it can be given to one that goes on: its folder has it all.
_NEW_RUN_ONLY = ("robot", "robots", "seed", "processes", "threads", "set", "begin_with", "safety_factor")
# Fewer make minibatches so small that processes do little but wait for each other.
_ROBOTS_EACH = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what to learn, for how long, and where to keep it."""
    parser.description = (
        "Learns a task from nothing, or goes on with a run, on the CPU: a GPU is not used. On several machines: "
        "torchrun … -m surefoot train …"
    )
    parser.add_argument("task", nargs="?", metavar="TASK", help="such as velocity-flat; see `surefoot task list`")
    parser.add_argument("--robot", help="whose body (default: the task's)")
    parser.add_argument("--robots", type=int, metavar="N", help="simulated together, by all processes (default: 256)")
    parser.add_argument(
        "--minutes", type=float, metavar="M",
        help=f"budget in time, from start-up to curves and export (default: {_MINUTES:g})",
    )  # fmt: skip
    parser.add_argument("--steps", type=count, metavar="N", help="budget in control steps of all robots, such as 5e6")
    parser.add_argument("--seed", type=int, help="of everything random (default: 0)")
    parser.add_argument(
        "--processes", type=positive, metavar="N",
        help=f"that share the robots (default: one per processor, of at least {_ROBOTS_EACH} robots)",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, metavar="N", help="in each process (default: all processors, shared)")
    parser.add_argument("--out", type=Path, metavar="RUN", help="folder of the run (default: runs/TASK-DATE-TIME)")
    parser.add_argument(
        "--from", dest="begin_with", type=Path, metavar="RUN",
        help="begin with the networks of this run, checkpoint or shipped policy, and its agent's settings",
    )  # fmt: skip
    add_calibration(parser, "train for the robot that was measured; see `surefoot task TASK --calibration FILE`")
    parser.add_argument(
        "--set", nargs="+", action="extend", metavar="KEY=VALUE",
        help="any setting of the run, such as ppo.clip=0.1 task.rewards.foot_slip=-0.2; see --show",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out; a new budget may be given")
    parser.add_argument("--show", action="store_true", help="print every setting that --set takes, and leave")


def run(arguments: argparse.Namespace) -> int:
    """Train, and say how to go on."""
    begun_s = time.monotonic()  # before torch is loaded, which takes seconds
    # Before torch is loaded: its threads wait for each other by spinning otherwise, and whenever another program takes
    # one of their processors, the others burn theirs meanwhile: updates took 3 to 10 times as long, measured.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if arguments.show:
        _show(_configured(arguments, _new_config(arguments)))
        return 0
    order = _order(arguments)
    processes = _processes_of(order)
    if _is_in_team() or processes == 1:
        ending = _trained(order, begun_s)
    else:
        ending = _trained_together(processes, arguments, order, begun_s)
    if _leads():
        _conclude(order, ending)
    return 0 if ending.signal is None or ending.finished else SIGNALLED + ending.signal


def _trained(order: Order, begun_s: float, why: Callable[[], str | None] = lambda: None) -> Ending:
    """In this process, which may be one of a team; `why` says what another one that was lost had to say."""
    from surefoot_training.run.team import LostWorkerError
    from surefoot_training.train import train

    with _shown(order.folder) as report:
        try:
            return train(order, report, begun_s=begun_s)
        except LostWorkerError as error:
            reason = why()
            raise SurefootError(
                error.message + (f": {reason}" if reason else ""),
                hint=f"to go on from the last checkpoint: {_resume_command(_processes(), order.folder)}",
            ) from error


def _trained_together(processes: int, arguments: argparse.Namespace, order: Order, begun_s: float) -> Ending:
    """With more processes of this machine, each on its share of the processors."""
    from surefoot_training.run.crew import crew

    with crew(processes, run, arguments) as others:
        return _trained(order, begun_s, others.last_words)


def _processes_of(order: Order) -> int:
    """How many the run has, or that are already there."""
    if _is_in_team():
        return _processes()
    from surefoot_training.run.config import load_config
    from surefoot_training.run.folder import RunFolder

    if order.config is not None:
        return order.config.processes
    file = RunFolder(order.folder).config
    return load_config(file).processes if file.exists() else 1  # one process is enough to say that there is no run


def _order(arguments: argparse.Namespace) -> Order:
    from surefoot_training.train import Order

    if not arguments.resume:
        config, networks = _new_config(arguments), None
        if arguments.begin_with is not None:
            config, networks = _begun_from(arguments.begin_with, config, arguments.calibration)
        config, file = _configured(arguments, config), arguments.calibration
        measured = None if file is None else file.read_bytes()
        folder = arguments.out or _default_folder(config.task.name)
        return Order(folder, config, calibration=measured, networks=networks)
    if arguments.out is None:
        raise SurefootError("--resume does not say with which run", hint="name its folder: --resume --out RUN")
    for name in _NEW_RUN_ONLY:
        if getattr(arguments, name) is not None:
            raise SurefootError(
                f"--{'from' if name == 'begin_with' else name.replace('_', '-')} goes with a new run",
                hint="a run goes on with what it began with; only --minutes or --steps may change",
            )
    _check_budget(arguments)
    if arguments.task is not None:
        _check_task(arguments.task, arguments.out)
    if arguments.calibration is not None:
        _check_calibration(arguments.calibration, arguments.out)
    return Order(arguments.out, None, arguments.minutes, arguments.steps)


def _new_config(arguments: argparse.Namespace) -> RunConfig:
    from surefoot_training.run.config import RunConfig
    from surefoot_training.task.tasks import TASKS, task_named

    if arguments.task is None:
        raise SurefootError("there is no TASK to learn", hint="tasks: " + ", ".join(TASKS))
    _check_budget(arguments)
    task = task_named(arguments.task)
    minutes = arguments.minutes if arguments.minutes is not None or arguments.steps is not None else _MINUTES
    processes = _processes_for(arguments)
    given = {name: getattr(arguments, name) for name in ("robots", "seed") if getattr(arguments, name) is not None}
    return RunConfig(
        task=task,
        robot=arguments.robot or task.robot,
        threads=arguments.threads if arguments.threads is not None else _processors_each(processes),
        processes=processes,
        minutes=minutes,
        steps=arguments.steps,
        **given,
    )


def _begun_from(path: Path, config: RunConfig, calibration: Path | None) -> tuple[RunConfig, Networks]:
    """The run with the agent of the one in `path`, and that one's networks."""
    from dataclasses import replace

    from surefoot_policy.shipped import networks_file
    from surefoot_training.run.checkpoint import load_networks

    networks, other, sha256 = load_networks(networks_file(path))
    if other.calibration is not None and calibration is None:
        print(
            f"warning: {path} was trained with {other.calibration.called}, and this run goes without: it learns for "
            "the robot of the file; --calibration takes it along",
            file=sys.stderr,
        )
    return replace(config, agent=other.agent, begun_from=sha256), networks


def _check_budget(arguments: argparse.Namespace) -> None:
    if arguments.minutes is not None and arguments.steps is not None:
        raise SurefootError("--minutes and --steps are two budgets", hint="give one of them")


def _check_task(task: str, folder: Path) -> None:
    from surefoot_training.run.config import load_config
    from surefoot_training.run.folder import RunFolder

    learned = load_config(RunFolder(folder).config).task.name
    if learned != task:
        raise SurefootError(f"the run in {folder} learns {learned}, not {task}", hint="leave the task out to go on")


def _check_calibration(file: Path, folder: Path) -> None:
    """That the run in `folder` has this one."""
    from surefoot_robots.calibration import read_calibration
    from surefoot_training.run.config import load_config
    from surefoot_training.run.folder import RunFolder

    kept, given = load_config(RunFolder(folder).config).calibration, read_calibration(file, None)
    if kept is None or kept.sha256 != given.sha256:
        raise SurefootError(
            f"the run in {folder} has {kept.called if kept else 'no calibration'}, not {given.called}",
            hint="leave --calibration out to go on; a new run can begin with what this one has learned: "
            f"--from {shlex.quote(str(folder))}",
        )


def _configured(arguments: argparse.Namespace, config: RunConfig) -> RunConfig:
    """With the calibration, and then the settings, which have the last word."""
    measured = read_for(config.robot, arguments)
    if measured is not None:
        config = config.with_calibration(*measured)
    return config.with_settings(arguments.set or [])


def _processes_for(arguments: argparse.Namespace) -> int:
    """That a new run is to have."""
    if _is_in_team():
        if arguments.processes not in (None, _processes()):
            raise SurefootError(
                f"--processes {arguments.processes}, but there are {_processes()}", hint="leave it to who starts them"
            )
        return _processes()
    if arguments.processes is not None:
        return int(arguments.processes)
    robots = 256 if arguments.robots is None else arguments.robots
    most = min(_processors(), max(1, robots // _ROBOTS_EACH))
    return max(n for n in range(1, most + 1) if robots % n == 0)


def _processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0))


def _processors_each(processes: int) -> int:
    """Shared by those of the run's processes that are on this machine."""
    return max(1, _processors() // int(os.environ.get("LOCAL_WORLD_SIZE", processes)))


def _is_in_team() -> bool:
    return "WORLD_SIZE" in os.environ


def _processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def _leads() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _default_folder(task: str) -> Path:
    return Path("runs") / f"{task}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"


def _show(config: RunConfig) -> None:
    from surefoot_training.run.overrides import current_settings

    for path, text in current_settings(config):
        print(f"{path}={text}")


def _conclude(order: Order, ending: Ending) -> None:
    """What came of it, and what to type next."""
    from surefoot_training.run.status import count_text, time_text

    folder = order.folder
    done = f"{count_text(ending.steps)} steps in {time_text(ending.elapsed_s)}"
    if ending.finished:
        print(f"trained {done}: {folder}")
        _export(folder)
        print(f"next: surefoot evaluate {shlex.quote(str(folder))}")
        return
    print(f"stopped and saved after {done}: {folder}")
    print(f"to go on: {_resume_command(ending.config.processes, folder)}")


def _export(folder: Path) -> None:
    """The best policy as one file; one that cannot be exported has been trained all the same."""
    from surefoot.progress import progress_bar
    from surefoot_policy.export import SUFFIXES
    from surefoot_training.run.exporting import COMPARISON_STEPS, default_file, export_run

    try:
        with progress_bar(COMPARISON_STEPS, "export") as advance:
            exported = export_run(folder, default_file(folder, SUFFIXES["onnx"]), report=advance)
    except SurefootError as error:
        print(f"not exported: {error.message}", file=sys.stderr)
        return
    print(f"exported {exported.file}: joint targets within {exported.parity.worst_rad:.1g} rad of the trained policy's")


def _resume_command(processes: int, folder: Path) -> str:
    from surefoot_training.run.team import MEETING

    by_torchrun = processes > 1 and _is_in_team() and MEETING not in os.environ
    start = f"torchrun --nproc-per-node {processes} -m surefoot train" if by_torchrun else "surefoot train"
    return f"{start} --resume --out {shlex.quote(str(folder))}"


# While it goes on


@contextmanager
def _shown(folder: Path) -> Iterator[Callable[[Status], None]]:
    """A table that is always of now on a terminal, the log's lines elsewhere; nothing from processes that follow."""
    if not _leads():
        yield _say_nothing
    elif sys.stderr.isatty():
        with _table(folder) as report:
            yield report
    else:
        with _logged_to(lambda line: print(line, file=sys.stderr, flush=True), logging.INFO):
            yield _say_nothing


def _say_nothing(status: Status) -> None:
    """The log says it."""


@contextmanager
def _logged_to(say: Callable[[str], object], level: int) -> Iterator[None]:
    """Whatever training logs from `level` up, but its failure, which is reported like any other."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(record.getMessage())

    handler, logger = Handler(level), logging.getLogger("surefoot_training")
    handler.addFilter(lambda record: record.levelno < logging.ERROR)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def _table(folder: Path) -> Iterator[Callable[[Status], None]]:
    from rich.console import Console
    from rich.live import Live
    from rich.markup import escape

    console = Console(stderr=True)
    begin = f"{escape(str(folder))}: starting"
    with Live(begin, console=console, refresh_per_second=4, transient=True, redirect_stdout=False) as live:

        def report(status: Status) -> None:
            live.update(_picture(folder, status))

        with _logged_to(lambda line: console.print(line, markup=False), logging.WARNING):
            yield report


def _picture(folder: Path, status: Status) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    from surefoot_training.run.status import time_text

    grid = Table.grid(padding=(0, 2))
    for _ in range(4):
        grid.add_column()
    cells = [text for pair in _figures(status) for text in pair]
    for index in range(0, len(cells), 4):
        grid.add_row(*cells[index : index + 4])
    left = f", {time_text(status.left_s)} left" if status.left_s is not None else ""
    bar = Table.grid()
    bar.add_row(ProgressBar(total=1.0, completed=status.progress, width=_BAR_WIDTH))
    head = Text.assemble((str(folder), "bold"), f"  {100 * status.progress:.0f} %{left}")
    return Group(head, bar, grid)


def _figures(status: Status) -> list[tuple[str, str]]:
    from surefoot_training.run.status import count_text

    def number(value: float | None, unit: str) -> str:
        return f"{value:.3f} {unit}" if value is not None else "…"

    figures = [
        ("reward", f"{status.reward_per_s:.2f} /s"),
        ("steps", f"{count_text(status.steps)} ({status.steps_per_s:,.0f} /s)"),
        ("speed error", number(status.speed_error_mps, "m/s")),
        ("yaw rate error", number(status.yaw_rate_error_radps, "rad/s")),
        ("falls", f"{status.falls_per_minute:.2f} /min"),
        ("iteration", str(status.iteration)),
    ]
    if status.speeds_unlocked is not None:
        figures.append(("speeds unlocked", f"{100 * status.speeds_unlocked:.0f} %"))
    if status.level is not None:
        figures.append(("terrain level", f"{status.level:.2f}"))
    return figures
