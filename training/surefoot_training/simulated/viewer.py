"""MuJoCo's viewer on the simulated robot, fed by what the link shows: it takes no time from the link."""

from __future__ import annotations

import os
import time
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.simulated.body import build_world
from surefoot_training.simulated.config import World
from surefoot_training.simulated.driver import read_truth

FRAME_S = 1.0 / 60.0
GONE_S = 2.0


def show(folder: Path, robot: str | None = None) -> None:
    """Until the window is closed or the robot has gone. The ground is drawn flat: only the robot's motion is known."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise SurefootError(
            "there is no display for a viewer", hint="`surefoot status --watch` shows the robot's state as text"
        )
    import mujoco.viewer

    truth = read_truth(folder)
    first = truth.read(time.monotonic())
    if first is None:
        raise SurefootError(f"{folder.name} is not simulated", hint="start a simulated one: surefoot up --sim")
    model, _ = build_world(load_robot(robot or first.record.robot), World())
    data = mujoco.MjData(model)
    with mujoco.viewer.launch_passive(model, data) as window:
        while window.is_running():
            now_s = time.monotonic()
            newest = truth.read(now_s)
            if newest is None or now_s - newest.stamp_s > GONE_S:
                break
            data.qpos[:] = newest.record.qpos
            mujoco.mj_forward(model, data)
            window.sync()
            time.sleep(FRAME_S)
    truth.close()
