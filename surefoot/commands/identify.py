"""`surefoot identify`: plan motions that tell what a robot is, and learn from logs what it and its sensors are."""

from __future__ import annotations

import argparse
from types import ModuleType

from surefoot.commands import (
    identify_bench,
    identify_bench_sensors,
    identify_compare,
    identify_fit,
    identify_imu,
    identify_join,
    identify_latency,
    identify_listen,
    identify_plan,
    identify_record,
    identify_zero,
)

ACTIONS: dict[str, ModuleType] = {
    "plan": identify_plan,
    "record": identify_record,
    "fit": identify_fit,
    "compare": identify_compare,
    "listen": identify_listen,
    "imu": identify_imu,
    "zero": identify_zero,
    "latency": identify_latency,
    "join": identify_join,
    "bench": identify_bench,
    "bench-sensors": identify_bench_sensors,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per step."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    places = [parser]
    for name, module in ACTIONS.items():
        places.append(actions.add_parser(name, help=module.HELP, description=module.DESCRIPTION))
        module.add_arguments(places[-1])
    for place in places:  # before or after the action
        place.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    status: int = ACTIONS[arguments.action].run(arguments)
    return status
