"""`surefoot task`: the tasks a robot can learn, all that defines one on a page, and simulations that went wrong."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.sim.blow_up_trace import BlowUpTrace
    from surefoot_training.task.config import TaskConfig

_USAGE = """surefoot task list [--json]
       surefoot task NAME [--only SECTIONS] [--json]
       surefoot task replay DUMP_FOLDER [--png FILE] [--json]"""
_OUT = "out of bounds"
_OPTIONS_OF = {"list": (), "replay": ("dump", "png"), "NAME": ("only",)}
_WORDS = {"dump": "DUMP_FOLDER", "png": "--png", "only": "--only"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One word says what to show: `list`, `replay`, or else the name of a task."""
    parser.usage = _USAGE
    parser.add_argument(
        "what",
        metavar="list | NAME | replay",
        help="the tasks there are; all terms, weights and ranges of one; the last moments of a simulation that blew up",
    )
    parser.add_argument("dump", nargs="?", type=Path, metavar="DUMP_FOLDER", help="what a simulator left behind")
    parser.add_argument(
        "--only", metavar="SECTIONS", help="of a task, separated by commas, such as rewards,randomization"
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="also draw the replay as curves")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; wrong names and folders are errors of those who look them up."""
    what = arguments.what if arguments.what in _OPTIONS_OF else "NAME"
    _refuse_what_does_not_belong(arguments, what)
    match what:
        case "list":
            _list(as_json=arguments.json)
        case "replay":
            _replay(arguments.dump, arguments.png, as_json=arguments.json)
        case _:
            _show(arguments.what, arguments.only, as_json=arguments.json)
    return 0


def _refuse_what_does_not_belong(arguments: argparse.Namespace, what: str) -> None:
    see = "see `surefoot task --help`"
    for option, word in _WORDS.items():
        if getattr(arguments, option) is not None and option not in _OPTIONS_OF[what]:
            raise SurefootError(f"`surefoot task {what}` takes no {word}", hint=see)
    if what == "replay" and arguments.dump is None:
        raise SurefootError("`surefoot task replay` needs the folder of a dump", hint=see)


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


def _replay(folder: Path, png: Path | None, *, as_json: bool) -> None:
    from surefoot_training.sim.blow_up_trace import trace

    blow_up = trace(folder)
    if png is not None:
        from surefoot_training.sim.blow_up_chart import draw_blow_up

        draw_blow_up(blow_up, png)
    if as_json:
        print_json(_replay_json(blow_up, png))
        return
    _print_replay(blow_up)
    if png is not None:
        print(f"curves: {png}")


def _replay_json(blow_up: BlowUpTrace, png: Path | None) -> dict[str, object]:
    return {
        "robot": blow_up.robot,
        "control_dt_s": blow_up.control_dt_s,
        "left_sane_range_in_step": blow_up.step[blow_up.left_sane_range],
        "reason": blow_up.reason,
        "steps": {
            name: getattr(blow_up, name)
            for name in (
                "step",
                "base_height_m",
                "tilt_rad",
                "base_speed_mps",
                "joint_speed_radps",
                "fastest_joint",
                "base_force_n",
                "velocity_kick_mps",
            )
        },
        **({"png": png} if png else {}),
    }


def _print_replay(blow_up: BlowUpTrace) -> None:
    rows = [
        (
            int(step),
            _short(blow_up.base_height_m[row]),
            _short(math.degrees(blow_up.tilt_rad[row]), decimals=1),
            _short(blow_up.base_speed_mps[row]),
            _short(blow_up.joint_speed_radps[row]),
            blow_up.fastest_joint[row],
            _events(blow_up, row),
        )
        for row, step in enumerate(blow_up.step)
    ]
    print_table(
        ["step", "height m", "tilt °", "base m/s", "joint rad/s", "fastest joint", "what happened"],
        rows,
        title=f"robot {blow_up.robot}: its last {len(rows)} control steps of {blow_up.control_dt_s:g} s",
    )
    print(f"{_OUT} in step {blow_up.step[blow_up.left_sane_range]}: {blow_up.reason}")
    print("(speeds are means over a step, from positions; height is that of the base above the world's zero)")


def _short(value: float, decimals: int = 3) -> str:
    return f"{value:.{decimals}f}" if abs(value) < 1e4 else f"{value:.3g}"


def _events(blow_up: BlowUpTrace, row: int) -> str:
    events = []
    if blow_up.velocity_kick_mps[row] > 0:
        events.append(f"kick {blow_up.velocity_kick_mps[row]:.3g} m/s")
    if blow_up.base_force_n[row] > 0:
        events.append(f"push {blow_up.base_force_n[row]:.3g} N")
    if row == blow_up.left_sane_range:
        events.append(_OUT)
    return ", ".join(events)
