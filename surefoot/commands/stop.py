"""`surefoot stop`: stop the running robot, in whatever it does. Never refused; stays stopped until a reset."""

from __future__ import annotations

import argparse

from surefoot.operating import Operator, add_place, running_folder
from surefoot.output import print_json

LEVELS = {"settle": "stop", "damp": "damp", "zero-torque": "zero_torque"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How hard."""
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="settle",
        help="settle: sit down, then damp (default); damp: motors only brake; zero-torque: the robot falls",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Stop; an error if nobody answers, with what the link does meanwhile."""
    from surefoot_safety.mode import Request

    with Operator(running_folder(arguments)) as operator:
        answer = operator.ask(Request(LEVELS[arguments.level]))
    if arguments.json:
        print_json({"level": arguments.level, "mode": answer.mode})
    else:
        print(f"stop ({arguments.level}): the robot is {answer.mode.value}; `surefoot reset` when it is safe again")
    return 0
