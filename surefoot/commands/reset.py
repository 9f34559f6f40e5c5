"""`surefoot reset`: let a stopped robot be armed again, once the causes are gone. Starts nothing."""

from __future__ import annotations

import argparse

from surefoot.operating import Operator, add_place, running_folder
from surefoot.output import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which robot."""
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Reset; 1 if it is refused because a cause is still there."""
    from surefoot_safety.mode import Request

    with Operator(running_folder(arguments)) as operator:
        answer = operator.ask(Request.RESET)
    if arguments.json:
        print_json({"followed": not answer.refusal, "refusal": answer.refusal, "mode": answer.mode})
    else:
        print(answer.refusal or f"reset: the robot is {answer.mode.value}; `surefoot mode arm` comes next")
    return 1 if answer.refusal else 0
