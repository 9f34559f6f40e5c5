"""`surefoot sim`: push the simulated robot, let its sensors fail, look at it."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from surefoot.operating import add_place, running_folder
from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

ANSWER_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per thing to do to it."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    push = actions.add_parser("push", help="push the trunk")
    push.add_argument("force_n", type=float, metavar="N", help="force")
    push.add_argument("--direction", type=float, default=90.0, metavar="DEG", help="0 ahead, 90 to the left (default)")
    push.add_argument("--seconds", type=float, default=0.2, help="how long (default: 0.2)")
    fault = actions.add_parser("fault", help="let something fail; `surefoot sim faults` lists what can")
    fault.add_argument("kind", help="as in imu-frozen")
    fault.add_argument("--size", type=float, help="how much; what it means depends on the fault")
    fault.add_argument("--joint", help="of this joint only")
    fault.add_argument("--seconds", type=float, help="end by itself after so long")
    clear = actions.add_parser("clear", help="let all faults be over")
    place = actions.add_parser("place", help="put the robot back where it began")
    faults = actions.add_parser("faults", help="what can fail")
    view = actions.add_parser("view", help="watch it in MuJoCo's viewer, in a process of its own")
    for action in (push, fault, clear, place, view):
        add_place(action)
    for place_of_option in (parser, push, fault, clear, place, faults):
        place_of_option.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)


def run(arguments: argparse.Namespace) -> int:
    """Do it; a refusal is an error."""
    match arguments.action:
        case "faults":
            _list(as_json=arguments.json)
            return 0
        case "view":
            from surefoot_training.simulated.viewer import show

            show(running_folder(arguments), arguments.robot)
            return 0
        case "push":
            order: dict[str, object] = {
                "force_n": arguments.force_n,
                "direction_rad": math.radians(arguments.direction),
                "duration_s": arguments.seconds,
            }
        case "fault":
            order = {
                "kind": arguments.kind,
                "size": arguments.size,
                "joint": arguments.joint,
                "for_s": arguments.seconds,
            }
        case _:
            order = {}
    done = _order(running_folder(arguments), {"order": arguments.action, **order})
    if arguments.json:
        print_json({"done": done})
    else:
        print(done)
    return 0


def _order(folder: Path, order: dict[str, object]) -> str:
    from surefoot_safety.process.mailbox import SIMULATION, Mail, socket_path

    path = socket_path(folder, SIMULATION)
    if not path.exists():
        raise SurefootError(f"{folder.name} is not simulated", hint="start a simulated one: surefoot up --sim")
    mail = Mail(path)
    try:
        data = mail.answer(ANSWER_S) if mail.send(json.dumps(order).encode(), ANSWER_S) else None
    finally:
        mail.close()
    if data is None:
        raise SurefootError(f"the simulation of {folder.name} does not answer")
    answer = json.loads(data)
    if "error" in answer:
        raise SurefootError(answer["error"])
    return str(answer["done"])


def _list(*, as_json: bool) -> None:
    from surefoot_training.simulated.faults import OF_JOINTS, SIZES, FaultKind

    rows = []
    for kind in FaultKind:
        size = SIZES.get(kind)
        rows.append(
            (
                kind.value,
                "" if size is None else f"{size.low:g} to {size.high:g} {size.unit}",
                None if size is None else size.default,
                "yes" if kind in OF_JOINTS else "",
            )
        )
    columns = ("fault", "size", "default", "of a joint")
    if as_json:
        print_json({"faults": [dict(zip(columns, row, strict=True)) for row in rows]})
    else:
        print_table(columns, rows, title="What can fail: surefoot sim fault NAME")
