"""`surefoot identify`: plan a motion that tells what a robot's joints are, and learn it from logs."""

from __future__ import annotations

import argparse

from surefoot.commands import identify_bench, identify_fit, identify_plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per step."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    planning = actions.add_parser("plan", help=identify_plan.HELP, description=identify_plan.DESCRIPTION)
    identify_plan.add_arguments(planning)
    fitting = actions.add_parser("fit", help=identify_fit.HELP, description=identify_fit.DESCRIPTION)
    identify_fit.add_arguments(fitting)
    benching = actions.add_parser("bench", help=identify_bench.HELP, description=identify_bench.DESCRIPTION)
    identify_bench.add_arguments(benching)
    for place in (parser, planning, fitting, benching):  # before or after the action
        place.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    match arguments.action:
        case "plan":
            return identify_plan.run(arguments)
        case "fit":
            return identify_fit.run(arguments)
        case _:
            return identify_bench.run(arguments)
