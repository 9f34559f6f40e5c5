"""`surefoot doctor`: whether this machine has what each part of the work needs, and what to do where it has not."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from surefoot.doctor import installation, machine, network, robots, ros
from surefoot.doctor.finding import Finding, Health, bad
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar

DESCRIPTION = (
    "Looks at Python and its packages, cores, memory and permissions, clocks, ROS 2, the network, running robots and "
    "the policies that come along. Changes nothing. Exit status 1 if something does not work (BAD); what only some "
    "need (note) and what could be better (warn) is no failure."
)
Look = Callable[[], list[Finding]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to look for a robot, too."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "--robot-address", metavar="ADDRESS", help="of a real robot: is there a way to it, does it answer"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def run(arguments: argparse.Namespace) -> int:
    """Look at one thing after the other; 1 if something is bad."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    looks: dict[str, Look] = {
        "Python": installation.look,
        "machine": lambda: machine.look(Path.cwd(), installation.tried_apart),
        "ROS 2": lambda: ros.look(installation.tried_apart, python),
        "network": lambda: network.look(arguments.robot_address),
        "robots": robots.look,
    }
    findings: list[Finding] = []
    with progress_bar(len(looks), "looking", quiet=arguments.json) as advance:
        for name, look in looks.items():
            findings += _looked(name, look)
            advance(1)
    counts = Counter(finding.health for finding in findings)
    if arguments.json:
        print_json({"ok": not counts[Health.BAD], "findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings, counts)
    return 1 if counts[Health.BAD] else 0


def _looked(name: str, look: Look) -> list[Finding]:
    """A look that fails is a finding like any other: the rest is still looked at."""
    try:
        return look()
    except Exception as error:
        return [bad(name, f"looking failed: {type(error).__name__}: {error}", "please report this")]


def _print(findings: list[Finding], counts: Counter[Health]) -> None:
    print_table(["", "what", "found"], [(each.health.value, each.topic, each.what) for each in findings])
    todo = [each for each in findings if each.hint]
    for health, title in ((Health.BAD, "To mend"), (Health.WARN, "Better"), (Health.NOTE, "If you want it")):
        lines = [f"  {each.topic}: {each.hint}" for each in todo if each.health is health]
        if lines:
            print(f"\n{title}:")
            print("\n".join(lines))
    print(f"\n{counts[Health.BAD]} bad, {counts[Health.WARN]} that could be better")
