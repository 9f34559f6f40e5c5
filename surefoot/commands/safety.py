"""`surefoot safety`: what stops the robot and why, every number with its source, and a supervisor to try it out on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.commands import safety_replay, safety_try
from surefoot.output import print_json, print_table

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.settings import Settings

DRAWINGS = ("mermaid", "dot", "markdown")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per question."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    table = actions.add_parser("table", help="every trigger: what it does, after how long, how it clears")
    table.add_argument("--diagram", choices=DRAWINGS, help="draw the state machine (markdown: with the table)")
    numbers = actions.add_parser("numbers", help="every limit: value, how far it may be changed, source")
    trying = actions.add_parser("try", help=safety_try.HELP, description=safety_try.DESCRIPTION)
    safety_try.add_arguments(trying)
    replaying = actions.add_parser("replay", help=safety_replay.HELP, description=safety_replay.DESCRIPTION)
    safety_replay.add_arguments(replaying)
    key = actions.add_parser("key", help="make a key for the e-stop's endpoints")
    key.add_argument("file", type=Path, help="a new file, which only its owner will be able to read")
    for action in (table, numbers, trying, replaying):
        action.add_argument(
            "--robot", default="go2", help="name or YAML file of a robot with safety settings (default: go2)"
        )
        action.add_argument("--settings", type=Path, metavar="FILE", help="settings of your own on top of the shipped")
        action.add_argument(
            "--no-release",
            action="store_true",
            help="for the bench: let them be milder than the shipped, within bounds",
        )
    for place in (parser, table, numbers, trying, replaying):  # before or after the action
        place.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; wrong names and files are the loader's errors."""
    match arguments.action:
        case "table":
            _table(_robot(arguments)[1], arguments.diagram, as_json=arguments.json)
        case "numbers":
            _numbers(_robot(arguments)[1], as_json=arguments.json)
        case "try":
            return safety_try.run(*_robot(arguments), arguments)
        case "replay":
            return safety_replay.run(*_robot(arguments), arguments)
        case "key":
            _key(arguments.file)
    return 0


def _robot(arguments: argparse.Namespace) -> tuple[RobotSpec, Settings]:
    from surefoot_safety.settings_loader import load_robot_with_settings

    return load_robot_with_settings(arguments.robot, arguments.settings, release=not arguments.no_release)


def _table(settings: Settings, diagram: str | None, *, as_json: bool) -> None:
    from surefoot_safety import drawing

    if diagram is not None:
        text = getattr(drawing, diagram)(settings.rules)
        if as_json:
            print_json({"robot": settings.robot, diagram: text})
        else:
            print(text)
        return
    rows = drawing.table_rows(settings.rules)
    if as_json:
        print_json({"robot": settings.robot, "triggers": [_row_json(row) for row in rows]})
    else:
        print_table(drawing.COLUMNS, rows, title=f"What stops {settings.robot}, and why")


def _row_json(row: tuple[str, ...]) -> dict[str, object]:
    trigger, cause, watched, action, severity, delay_s, clears = row
    return {
        "trigger": trigger,
        "cause": cause,
        "watched_in": watched,
        "action": action,
        "severity": int(severity),
        "delay_s": float(delay_s),
        "clears": clears,
    }


def _numbers(settings: Settings, *, as_json: bool) -> None:
    from surefoot_safety.settings import SECTIONS, bounds_of

    sources = dict(settings.sourced_numbers)
    rows = [
        (
            f"{section}.{key}",
            getattr(getattr(settings, section), key),
            f"{bounds.low:g} to {bounds.high:g}",
            bounds.stricter.value,
            sources[f"{section}.{key}"],
        )
        for section in SECTIONS
        for key, bounds in bounds_of(section).items()
    ]
    columns = ("number", "value", "range", "stricter", "source")
    if as_json:
        print_json({"robot": settings.robot, "numbers": [dict(zip(columns, row, strict=True)) for row in rows]})
    else:
        print_table(columns, rows, title=f"Limits of {settings.robot}; delays: `surefoot safety table`")


def _key(file: Path) -> None:
    from surefoot_safety.estop_key import write_new_key

    write_new_key(file)
    print(f"{file}: a new key. Copy it to every endpoint, over a channel you trust; only its owner can read it.")
