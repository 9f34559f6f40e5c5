"""`surefoot mode`: ask the running robot to arm, stand, sit, walk."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from surefoot.operating import Operator, add_place, running_folder
from surefoot.output import print_json

if TYPE_CHECKING:
    from surefoot_safety.process.requests import Answer

ENDS = {
    "arm": "damped",
    "disarm": "off",
    "stand": "standing",
    "sit": "sitting",
    "walk": "walking",
    "crawl": "fallback",
}
"""What may be asked for, and the mode that it ends in."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the robot is to do."""
    parser.add_argument("request", choices=ENDS, metavar="MODE", help=f"one of {', '.join(ENDS)}")
    parser.add_argument("--wait", type=float, metavar="S", help="until the robot is there, at most so long")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask; 1 if the supervisor refuses, or if the robot does not get there in time."""
    from surefoot_safety.mode import Mode, Request

    with Operator(running_folder(arguments)) as operator:
        answer = operator.ask(Request(arguments.request))
        arrived = None
        if arguments.wait is not None and not answer.refusal:
            arrived = operator.wait_for(Mode(ENDS[arguments.request]), arguments.wait)
    _report(answer, arrived, arguments)
    return 1 if answer.refusal or arrived is False else 0


def _report(answer: Answer, arrived: bool | None, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json({"followed": not answer.refusal, "refusal": answer.refusal, "mode": answer.mode, "arrived": arrived})
    elif answer.refusal:
        print(answer.refusal)
    elif arrived is None:
        print(f"{arguments.request}: the robot is {answer.mode.value}")
    else:
        end = ENDS[arguments.request]
        print(f"{arguments.request}: " + (f"{end}" if arrived else f"not {end} after {arguments.wait:g} s"))
