"""`surefoot bench hang`: whom the supervisor lets hang, and whom it finds out."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress

if TYPE_CHECKING:
    from surefoot.identifying.trials import Outcome, Place

HELP = "robots in the air and on the ground, asked to hang: who is measured, and how far the others rise"
DESCRIPTION = (
    "Simulated robots of all kinds with random weights, friction and motors, every other one without sensors for its "
    "feet, are played a plan of `surefoot identify plan`: in the air, lying, lying as they fell, having sat down, and "
    "let go of while standing. Bars: who hangs with its legs free is measured to the end; nobody else is, nor does its "
    "trunk rise by 20 mm. Some seconds for each."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many."""
    parser.add_argument("--robots", type=positive, default=100, help="for each place (default: 100)")


def run(arguments: argparse.Namespace) -> int:
    """Try all of them; 1 if a bar is missed."""
    from surefoot.identifying.trials import Place, trials

    places = tuple(Place)
    total = arguments.robots * len(places)
    done = list(progress(trials(places, arguments.robots), "hang", total=total, quiet=arguments.json))
    rows = [_row(place, [one for one in done if one.place is place]) for place in places]
    wrong = [one for one in done if not one.right]
    if arguments.json:
        print_json({"robots": arguments.robots, "rows": rows, "wrong": [asdict(one) for one in wrong]})
    else:
        print_table([name.replace("_", " ") for name in rows[0]], [tuple(map(_told, row.values())) for row in rows])
        for one in wrong:
            print(f"wrong: {one}")
    return 1 if wrong else 0


def _row(place: Place, found: list[Outcome]) -> dict[str, object]:
    """What became of those of one place."""
    reasons: dict[str, int] = {}
    for one in found:
        if one.why:
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
    return {
        "place": place.value,
        "robots": len(found),
        "measured": sum(one.followed for one in found),
        "tangled": sum(one.is_tangled for one in found),
        "refused": sum(not one.followed and not one.hung_s for one in found),
        "longest_s": max((one.hung_s for one in found if not one.followed), default=0.0),
        "most_risen_mm": 1e3 * max(one.rose_m for one in found),
        "wrong": sum(not one.right for one in found),
        "ended_by": dict(sorted(reasons.items(), key=lambda item: -item[1])),
    }


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {times}" for name, times in value.items())
    return f"{value:.2g}" if isinstance(value, float) else str(value)
