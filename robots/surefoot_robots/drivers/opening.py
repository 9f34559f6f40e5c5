"""Drivers by name. What is simulated needs a simulator, so drivers may live in any package and are imported when used.

`KINDS` names those that come with Surefoot; `package.module:function` names any other one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from surefoot_robots.drivers.driver import Driver
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

Opener: TypeAlias = Callable[[RobotSpec, Path | None, Path], Driver]
"""From the robot, a file that describes this one of its kind (None: as the driver likes), and the folder in which
processes of this robot meet, to a driver that is ready."""

KINDS = {
    "sim": "surefoot_training.simulated.driver:open_simulated",
    "pretend": "surefoot_robots.drivers.pretend:open_pretend",
}


def find_opener(kind: str) -> Opener:
    """The function that opens drivers of a kind."""
    name = KINDS.get(kind, kind)
    module_name, colon, function_name = name.partition(":")
    if not (colon and module_name and function_name):
        known = ", ".join(KINDS)
        raise SurefootError(f"driver {kind!r} is unknown: one of {known}, or one's own as package.module:function")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise  # something that the driver needs is not installed
        raise SurefootError(f"driver {kind!r}: there is no module {module_name}") from error
    opener: Opener | None = getattr(module, function_name, None)
    if opener is None:
        raise SurefootError(f"driver {kind!r}: module {module_name} has no {function_name}")
    return opener
