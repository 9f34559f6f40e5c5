"""From launch arguments to the words of `surefoot up`, which starts, watches and ends the processes.

There is one description of what runs (`surefoot_safety.process.runner.describe`) and one way of bringing the robot to
rest; a launch file that started the processes by itself would be a second one of both, and nobody's end of the e-stop.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaunchArgument:
    """One argument of the launch file: name, default, what it is. Empty: not given."""

    name: str
    default: str
    what: str


ARGUMENTS = (
    LaunchArgument("robot", "go2", "which robot"),
    LaunchArgument("driver", "sim", "sim, pretend, or package.module:function"),
    LaunchArgument("policy", "", "a policy's file, or the name of a shipped one"),
    LaunchArgument("calibration", "", "what was measured of this robot: warns if the policy has another"),
    LaunchArgument("record", "", "an MCAP file to write"),
    LaunchArgument("parameters", "", "parameters of the nodes; config/ROBOT.yaml of this package unless given"),
    LaunchArgument("settings", "", "safety settings of one's own"),
    LaunchArgument("run_dir", "", "where the processes meet"),
)
END_S = 20.0
"""How long the robot may take to come to rest after Ctrl-C: longer than `up` waits for each of its processes."""


def up_words(given: Mapping[str, str], default_parameters: str = "") -> list[str]:
    """The command line; `given` has a value for each of `ARGUMENTS`, empty for what is not given."""
    words = [sys.executable, "-m", "surefoot", "up", "--ros", "--robot", given["robot"], "--driver", given["driver"]]
    options = {
        "--policy": given["policy"],
        "--calibration": given["calibration"],
        "--record": given["record"],
        "--ros-parameters": given["parameters"] or default_parameters,
        "--settings": given["settings"],
        "--run-dir": given["run_dir"],
    }
    return words + [word for name, value in options.items() if value for word in (name, value)]
