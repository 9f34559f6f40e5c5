"""`surefoot demo` as `make demo` runs it, at its quickest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from surefoot_training.demo import walk as walking


def test_every_act_is_shown_and_every_picture_is_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "surefoot", "demo", "--out", str(tmp_path / "pictures")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | {"QUICK": "1"})
    assert done.returncode == 0, done.stderr
    for act in ("1/5", "2/5", "3/5", "4/5", "5/5", "identical to the last bit", "Try next"):
        assert act in done.stdout
    pictures = tmp_path / "pictures"
    for name in ("terrain.png", "walk.png", "walk-randomized.png"):
        assert imread(pictures / name).std() > 0.05, f"{name} is empty"
    # Without OpenGL the scene is left out, and the demo says so.
    if (pictures / "robots.png").exists():
        assert imread(pictures / "robots.png").std() > 0.05
    else:
        assert "left out: no picture without OpenGL" in done.stdout
    assert (pictures / "go2.urdf").read_text().startswith("<robot")


def test_speed_is_that_of_the_robots_that_stayed_up() -> None:
    speeds = np.array([[0.4, 9.0, 0.2], [0.6, 9.0, 0.4]])
    assert walking.mean_where(np.array([True, False, True]), speeds) == pytest.approx(0.4)
    assert np.isnan(walking.mean_where(np.zeros(3, dtype=bool), speeds))


@pytest.mark.parametrize("randomized", [False, True])
def test_the_trace_is_of_one_robot_over_the_whole_walk(randomized: bool) -> None:
    ticks: list[int] = []
    walk, environment = walking.walk(22, 0.4, 3, randomized=randomized, report=lambda: ticks.append(1))
    assert len(ticks) == len(walk.trace.time_s) == 20
    assert walk.trace.time_s[-1] == pytest.approx(0.4)
    assert walk.trace.joint_position_rad.shape == (20, 12)
    assert (walk.trace.base_height_m > 0.1).all()
    assert walk.poses.shape == (22, 19)
    assert environment.robots == 22
