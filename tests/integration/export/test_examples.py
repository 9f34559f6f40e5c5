"""The file alone suffices: the example drives the simulated robot with it, by three libraries."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from untrained import source

from surefoot_policy.export import Exported, export
from surefoot_policy.runtime import Policy
from surefoot_robots.loader import load_robot

EXAMPLES = Path(__file__).parents[3] / "examples"
TRACED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import run_policy
policy = run_policy.Policy(sys.argv[2])
from simulated_robot import SimulatedRobot

class Watched(SimulatedRobot):
    def sense(self, joint_names):
        sensed = super().sense(joint_names)
        seen.append([float(value) for entry in policy.contract["observation"] for value in sensed[entry["term"]]])
        return sensed

    def hold(self, contract, joint_target):
        held.append([float(value) for value in joint_target])
        super().hold(contract, joint_target)

seen, held = [], []
robot = Watched(policy.contract["robot"], [0.5, 0.0, 0.2])
run_policy.walk(policy, robot, 1.0)
print(json.dumps([seen, held, robot.report(), sorted(name.partition(".")[0] for name in sys.modules)]))
"""


@pytest.fixture(scope="module", params=["gru", "full"])
def exported(request, tmp_path_factory) -> Exported:
    return export(source(request.param), tmp_path_factory.mktemp("example") / "policy.onnx", ticks=8)


def test_the_runner_is_short_and_needs_three_libraries():
    text = (EXAMPLES / "run_policy.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    imported = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imported}
    assert modules == {"json", "sys", "typing", "numpy", "onnxruntime"}


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_the_simulated_robot_stands_where_it_is_told(order, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    module, go2 = importlib.import_module("simulated_robot"), load_robot("go2")
    pose = go2.default_joint_position_rad
    contract = {
        "control_dt_s": 0.02,
        "joint_names": go2.joint_names[order],
        "gains": {"kp_nm_per_rad": [60.0] * 12, "kd_nms_per_rad": [2.0] * 12},
    }
    robot = module.SimulatedRobot("go2", [0.0, 0.0, 0.0])
    for _ in range(50):
        robot.hold(contract, pose[order])
    sensed = robot.sense(contract["joint_names"])
    # With gains above the robot's own it sags by less than 0.1 rad.
    np.testing.assert_allclose(sensed["joint_position"], pose[order], atol=0.1)
    np.testing.assert_allclose(sensed["gravity_in_base"], [0.0, 0.0, -1.0], atol=0.05)
    assert "after 1.0 s" in robot.report()


def run_example(*words: object) -> str:
    """What it says when it stops."""
    line = [sys.executable, str(EXAMPLES / "run_policy.py"), *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60).stderr


def test_the_runner_says_how_it_is_called():
    assert run_example().startswith("Walk by a policy file alone")


def test_the_runner_refuses_another_version(exported, tmp_path):
    other = tmp_path / "other.onnx"
    other.write_bytes(exported.file.read_bytes().replace(b'"version":1,', b'"version":2,'))
    assert "is of version 2, this runner of version 1" in run_example(other)


def test_the_file_alone_drives_the_robot(exported):
    words = [sys.executable, "-c", TRACED, str(EXAMPLES), str(exported.file)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    seen, held, report, modules = json.loads(ended.stdout)
    assert not {"torch", "onnx", "surefoot_policy", "surefoot_training"} & set(modules)
    assert len(seen) == len(held) == 50
    expected = Policy.load(exported.file, load_robot("go2")).play(np.array(seen, np.float32))
    np.testing.assert_allclose(np.array(held), expected, atol=1e-6)
    np.testing.assert_allclose(np.array(seen)[:, 6:9], [[0.5, 0.0, 0.2]] * 50)
    assert re.fullmatch(r"after 1\.0 s: .* m ahead, .* m to the left, trunk 0\.\d\d m high", report)


def test_the_runner_refuses_a_file_that_does_something_else(exported, tmp_path):
    data = exported.file.read_bytes()
    first = exported.contract.golden.joint_target[0, 0]
    written = repr(float(first)).encode()
    assert data.count(written) >= 1
    other = tmp_path / "other.onnx"
    other.write_bytes(data.replace(written, written[:2] + bytes([ord("9") - written[2] + ord("0")]) + written[3:], 1))
    assert "does not do here what it did where it was made" in run_example(other)
