"""The import contracts of pyproject.toml: kept by the code as it is, broken by each import they are there to stop."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "surefoot",
    "robots/surefoot_robots",
    "safety/surefoot_safety",
    "policy_export/surefoot_policy",
    "training/surefoot_training",
    "calibration/surefoot_calibration",
    "ros2_ws/src/surefoot_bringup/surefoot_bringup",
    "ros2_ws/src/surefoot_control/surefoot_control",
    "ros2_ws/src/surefoot_description/surefoot_description",
)
NODES = "ros2_ws/src/surefoot_control/surefoot_control/"
PYTHON_ONLY = shutil.ignore_patterns("__pycache__", "*.yaml")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the packages and the contracts."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=PYTHON_ONLY)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    folders = os.pathsep.join(sorted({str((checkout / package).parent) for package in PACKAGES}))
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": folders, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_code_keeps_the_contracts(checkout: Path):
    ended = lint_imports(checkout)
    assert ended.returncode == 0, ended.stdout
    assert "0 broken" in ended.stdout


@pytest.mark.parametrize(
    ("module", "violation", "contract"),
    [
        ("robots/surefoot_robots/intruder.py", "import surefoot_training", "Dependencies point to the robot"),
        ("robots/surefoot_robots/intruder.py", "import surefoot.output", "Dependencies point to the robot"),
        ("training/surefoot_training/intruder.py", "import surefoot.output", "Dependencies point to the robot"),
        ("robots/surefoot_robots/intruder.py", "import torch", "What runs on the robot is free of torch"),
        ("robots/surefoot_robots/intruder.py", "def f():\n    from torch import nn", "What runs on the robot is free"),
        ("robots/surefoot_robots/intruder.py", "import mujoco", "the model builder only"),
        ("robots/surefoot_robots/intruder.py", "from mujoco.batch import Batch", "the model builder only"),
        ("robots/surefoot_robots/intruder.py", "import surefoot_robots.model", "stay free of the model builder"),
        ("robots/surefoot_robots/intruder.py", "from surefoot_robots import model", "stay free of the model builder"),
        ("policy_export/surefoot_policy/intruder.py", "import torch", "What runs a policy is free of torch"),
        ("policy_export/surefoot_policy/intruder.py", "import surefoot_policy.export_graph", "The runtime stays free"),
        ("policy_export/surefoot_policy/intruder.py", "import mujoco", "A policy knows no simulator"),
        ("policy_export/surefoot_policy/intruder.py", "import rclpy", "rclpy belongs to the ROS workspace"),
        ("policy_export/surefoot_policy/intruder.py", "import surefoot_training", "Dependencies point to the robot"),
        ("robots/surefoot_robots/intruder.py", "import surefoot_policy", "Dependencies point to the robot"),
        ("robots/surefoot_robots/intruder.py", "import surefoot_safety", "Dependencies point to the robot"),
        ("safety/surefoot_safety/intruder.py", "import surefoot_policy", "Dependencies point to the robot"),
        ("safety/surefoot_safety/intruder.py", "import mujoco", "Safety is NumPy and the standard library"),
        ("safety/surefoot_safety/intruder.py", "import threading", "Safety is NumPy and the standard library"),
        ("safety/surefoot_safety/intruder.py", "import mmap", "reads no clock and opens nothing that is shared"),
        ("safety/surefoot_safety/intruder.py", "import surefoot_safety.process.ticker", "knows no processes"),
        (
            "safety/surefoot_safety/channel/intruder.py",
            "import surefoot_safety.link.link",
            "link -> process -> channel",
        ),
        ("training/surefoot_training/simulated/intruder.py", "import torch", "needs a simulator and no learner"),
        ("surefoot/commands/intruder.py", "import torch", "The command reaches torch through surefoot_training only"),
        ("surefoot/commands/intruder.py", "import mujoco", "The command reaches mujoco through"),
        ("surefoot/console/intruder.py", "import matplotlib", "The console's process runs on the robot"),
        ("calibration/surefoot_calibration/intruder.py", "import torch", "needs a simulator and no learner"),
        ("calibration/surefoot_calibration/intruder.py", "import surefoot_training", "Dependencies point to the robot"),
        ("calibration/surefoot_calibration/intruder.py", "import rclpy", "rclpy belongs to the ROS workspace"),
        ("training/surefoot_training/intruder.py", "import surefoot_calibration", "Dependencies point to the robot"),
        ("training/surefoot_training/intruder.py", "import rclpy", "rclpy belongs to the ROS workspace"),
        ("surefoot/commands/intruder.py", "import rclpy", "The command reaches ROS through the nodes only"),
        ("training/surefoot_training/intruder.py", "import surefoot_control", "Dependencies point to the robot"),
        (NODES + "intruder.py", "import surefoot_training.simulated", "Dependencies point to the robot"),
        (NODES + "intruder.py", "import torch", "Nodes run on the robot"),
        (NODES + "intruder.py", "from surefoot_policy import export", "The runtime stays free of the export"),
        ("training/surefoot_training/intruder.py", "import gymnasium", "meet our tasks in surefoot_training.interop"),
        ("training/surefoot_training/intruder.py", "from rsl_rl.env import VecEnv", "meet our tasks in"),
    ],
)
def test_an_import_that_must_not_be_breaks_its_contract(checkout: Path, module: str, violation: str, contract: str):
    (checkout / module).write_text(violation + "\n")
    ended = lint_imports(checkout)
    assert ended.returncode == 1, ended.stdout
    broken = [line for line in ended.stdout.splitlines() if " BROKEN" in line]
    assert len(broken) == 1, ended.stdout
    assert contract in broken[0]
    assert "intruder" in ended.stdout


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("training/surefoot_training/guest.py", "import mujoco, torch, surefoot_robots.model"),
        ("calibration/surefoot_calibration/guest.py", "import mujoco, scipy, mcap, surefoot_robots.model"),
        ("training/surefoot_training/guest.py", "import surefoot_policy.export, surefoot_policy.runtime"),
        ("surefoot/commands/guest.py", "import surefoot_robots.model, surefoot_training"),
    ],
)
def test_an_import_that_may_be_keeps_them_all(checkout: Path, module: str, allowed: str):
    (checkout / module).write_text(allowed + "\n")
    assert lint_imports(checkout).returncode == 0


def test_others_learners_may_be_imported_in_interop(checkout: Path):
    interop = checkout / "training/surefoot_training/interop"
    interop.mkdir(exist_ok=True)
    (interop / "__init__.py").write_text('"""Guests."""\nimport gymnasium\n')
    (interop / "guest.py").write_text("import rsl_rl.env, tensordict\n")
    (checkout / "training/surefoot_training/user.py").write_text("import surefoot_training.interop.guest\n")
    ended = lint_imports(checkout)
    assert ended.returncode == 0, ended.stdout
