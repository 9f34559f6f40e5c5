"""`surefoot task`: the tasks a robot can learn, all that defines one on a page, and what went wrong, played again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.calibrating import add_calibration
from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.task.config import TaskConfig

_USAGE = """surefoot task list [--json]
       surefoot task NAME [--only SECTIONS] [--json]
       surefoot task NAME --calibration FILE [--safety-factor K] [--robot ROBOT] [--json]
       surefoot task replay DUMP [--png FILE] [--json]"""
_OPTIONS_OF = {
    "list": (),
    "replay": ("dump", "png"),
    "NAME": ("only", "calibration", "safety_factor", "robot"),
}
_WORDS = {
    "dump": "DUMP",
    "png": "--png",
    "only": "--only",
    "calibration": "--calibration",
    "safety_factor": "--safety-factor",
    "robot": "--robot",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One word says what to show: `list`, `replay`, or else the name of a task."""
    parser.usage = _USAGE
    parser.add_argument(
        "what",
        metavar="list | NAME | replay",
        help="the tasks there are; all terms, weights and ranges of one; what a run left that went wrong",
    )
    parser.add_argument(
        "dump", nargs="?", type=Path, metavar="DUMP",
        help="folder of a simulation that blew up, in RUN/blow-ups, to see its last moments; or RUN/not-finite.pt, to "
        "see every loss and gradient of the batch that stopped the run",
    )  # fmt: skip
    parser.add_argument(
        "--only", metavar="SECTIONS", help="of a task, separated by commas, such as rewards,randomization"
    )
    add_calibration(parser, "what training with it would do to each range, before and after")
    parser.add_argument("--robot", help="that was measured (default: the task's)")
    parser.add_argument("--png", type=Path, metavar="FILE", help="also draw the last moments as curves")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; wrong names and folders are errors of those who look them up."""
    what = arguments.what if arguments.what in _OPTIONS_OF else "NAME"
    _refuse_what_does_not_belong(arguments, what)
    match what:
        case "list":
            _list(as_json=arguments.json)
        case "replay":
            from surefoot.commands.task_replay import replay

            replay(arguments.dump, arguments.png, as_json=arguments.json)
        case _ if (arguments.calibration, arguments.safety_factor, arguments.robot) != (None, None, None):
            from surefoot.commands.task_calibration import show_calibrated

            show_calibrated(arguments)
        case _:
            _show(arguments.what, arguments.only, as_json=arguments.json)
    return 0


def _refuse_what_does_not_belong(arguments: argparse.Namespace, what: str) -> None:
    see = "see `surefoot task --help`"
    for option, word in _WORDS.items():
        if getattr(arguments, option) is not None and option not in _OPTIONS_OF[what]:
            raise SurefootError(f"`surefoot task {what}` takes no {word}", hint=see)
    if what == "replay" and arguments.dump is None:
        raise SurefootError("`surefoot task replay` needs a dump", hint=see)


def _list(*, as_json: bool) -> None:
    from surefoot.commands.task_sections import overview
    from surefoot_training.task.tasks import TASKS

    tasks = [overview(task) for task in TASKS.values()]
    if as_json:
        print_json({"tasks": tasks})
        return
    rows = [
        (
            task.name,
            task.robot,
            task.observation_size,
            task.privileged_size,
            task.summary,
            ", ".join(task.terrain_kinds),
        )
        for task in tasks
    ]
    print_table(["name", "robot", "observation", "privileged", "summary", "terrain"], rows)


def _show(name: str, only: str | None, *, as_json: bool) -> None:
    from dataclasses import asdict

    from surefoot.commands.task_page import print_page
    from surefoot.commands.task_sections import overview, sections
    from surefoot_training.task.tasks import task_named

    task = task_named(name)
    shown = sections(task, _chosen(only))
    if as_json:
        print_json({**asdict(overview(task)), **{section.name: section.data for section in shown}})
    else:
        print_page({} if only else _facts(task), shown)


def _chosen(only: str | None) -> list[str] | None:
    import difflib

    from surefoot.commands.task_sections import SECTIONS

    if only is None:
        return None
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in SECTIONS:
            near = difflib.get_close_matches(name, SECTIONS, n=1)
            raise SurefootError(
                f"a task has no section {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
                hint=f"sections: {', '.join(SECTIONS)}",
            )
    return names


def _facts(task: TaskConfig) -> dict[str, str]:
    from surefoot.commands.task_fields import setting_rows
    from surefoot.commands.task_sections import SECTIONS, overview

    known = overview(task)
    ranges = sum(row.distribution != "fixed" for row in setting_rows(task.randomization))
    falls, timeouts = (
        ", ".join(term.name for term in task.terminations if term.is_timeout is kind) for kind in (False, True)
    )
    levels = f", {known.terrain_levels} levels" if task.terrain else ""
    return {
        "task": f"{task.name}: {task.summary}",
        "robot": f"{task.robot} (`surefoot robot show {task.robot}`)",
        "policy sees": f"{known.observation_size} numbers every {task.control_dt_s:g} s; it gives joint targets",
        "critic also sees": f"{known.privileged_size} numbers, in training",
        "rewards": f"{len(task.rewards)} terms",
        "episode": f"up to {task.episode_s:g} s; falls: {falls}; time-outs: {timeouts}",
        "terrain": f"{', '.join(known.terrain_kinds)}{levels}",
        "randomized": f"{ranges} ranges, besides pushes and sensor errors",
        "sections": f"{', '.join(SECTIONS)} (some of them: `--only rewards,terrain`)",
    }
