from pathlib import Path

import pytest
from toy_policy import robot, toy_file

from surefoot_policy.runtime import Policy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy that is in order."""
    path = tmp_path / "policy.onnx"
    path.write_bytes(toy_file())
    return path


@pytest.fixture
def policy(file: Path) -> Policy:
    """Loaded."""
    return Policy.load(file, robot())
