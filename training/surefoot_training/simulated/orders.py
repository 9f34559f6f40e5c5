"""What somebody who watches the simulated robot may do to it: pushes, faults, back to the start. Small JSON objects."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from surefoot_robots.errors import SurefootError
from surefoot_training.simulated.faults import make_fault
from surefoot_training.simulated.robot import SimulatedRobot

MOST_BYTES = 2048
STRONGEST_PUSH_N, LONGEST_PUSH_S = 5000.0, 10.0
Fields = dict[str, Any]
"""JSON; every value is checked."""


def obey(robot: SimulatedRobot, message: bytes) -> bytes:
    """Do what a message says; the answer says what was done, or why not."""
    try:
        found = json.loads(message) if len(message) <= MOST_BYTES else None
        found = found if isinstance(found, dict) else {}
        name = found.get("order")
        if not isinstance(name, str) or name not in ORDERS:
            raise SurefootError(f"not an order: one of {', '.join(ORDERS)}")
        done = ORDERS[name](robot, found)
    except SurefootError as error:
        return json.dumps({"error": error.message}).encode()
    except (ValueError, RecursionError):
        return json.dumps({"error": "not an order"}).encode()
    return json.dumps({"done": done}).encode()


def _push(robot: SimulatedRobot, fields: Fields) -> str:
    force_n = _number(fields, "force_n", 0.0, STRONGEST_PUSH_N)
    direction_rad = _number(fields, "direction_rad", -100.0, 100.0)
    duration_s = _number(fields, "duration_s", 0.0, LONGEST_PUSH_S)
    robot.push(force_n, direction_rad, duration_s)
    return f"a push of {force_n:g} N for {duration_s:g} s"


def _fault(robot: SimulatedRobot, fields: Fields) -> str:
    kind, joint = fields.get("kind"), fields.get("joint")
    if not isinstance(kind, str) or not (joint is None or isinstance(joint, str)):
        raise SurefootError("a fault needs a kind, and its joint by name")
    size = None if fields.get("size") is None else _number(fields, "size", -1e6, 1e6)
    lasts_s = math.inf if fields.get("for_s") is None else _number(fields, "for_s", 0.0, 1e6)
    robot.faults.set(make_fault(kind, size, joint, robot.time_s + lasts_s, robot.robot.joint_names))
    return f"{kind} for {lasts_s:g} s" if math.isfinite(lasts_s) else f"{kind} until cleared"


def _clear(robot: SimulatedRobot, _fields: Fields) -> str:
    gone = ", ".join(robot.faults.names)
    robot.faults.clear()
    return f"cleared: {gone or 'nothing was wrong'}"


def _place(robot: SimulatedRobot, _fields: Fields) -> str:
    robot.body.restart()
    return f"back at the start, {robot.world.start_pose}"


ORDERS: dict[str, Callable[[SimulatedRobot, Fields], str]] = {
    "push": _push,
    "fault": _fault,
    "clear": _clear,
    "place": _place,
}


def _number(fields: Fields, name: str, low: float, high: float) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise SurefootError(f"{name} {value!r} is not valid: must be a number within {low:g} to {high:g}")
    return float(value)
