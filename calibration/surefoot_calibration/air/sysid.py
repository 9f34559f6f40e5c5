"""`mujoco.sysid`, the optimizer and the intervals of this package, when it is really there."""

from __future__ import annotations

import importlib
from types import ModuleType

from surefoot_robots.errors import SurefootError


def sysid() -> ModuleType:
    """The module. Without the extra it imports all the same, and is empty."""
    # By name: it says that it has types, and type checkers then miss those of the rest of mujoco, which has none.
    module = importlib.import_module("mujoco.sysid")
    if not hasattr(module, "optimize"):
        raise SurefootError("mujoco.sysid lacks what it needs", hint="pip install 'surefoot[calibrate]'")
    return module
