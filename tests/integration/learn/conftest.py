"""What the tests of learning share: toy problems, and quick versions of the walking task."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_HERE = Path(__file__).parent


def _load(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


_TOYS = _load("surefoot_learning_toys", _HERE / "toys.py")


@pytest.fixture(scope="session")
def toys() -> ModuleType:
    return _TOYS


@pytest.fixture(params=list(_TOYS.KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """Every actor there is, by name."""
    return str(request.param)


@pytest.fixture(scope="session")
def lab():
    """The environment's own tests know how to make quick tasks."""
    module = _load("surefoot_task_lab", _HERE.parent / "task" / "conftest.py")
    return module.Lab({"flat": module.FLAT, "rough": module.ROUGH, "seeing": module.SEEING})
