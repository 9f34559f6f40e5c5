"""Memory of an environment, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FEW_ROBOTS, MANY_ROBOTS = 64, 4096


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory."""

    bytes_per_robot: float  # from what 4096 robots take more than 64
    bytes_of_many: int  # the whole process with 4096 robots, libraries and terrain included


def measure(task: str) -> Memory:
    """Of `task`, from two fresh processes."""
    few, many = _peak_bytes(task, FEW_ROBOTS), _peak_bytes(task, MANY_ROBOTS)
    return Memory((many - few) / (MANY_ROBOTS - FEW_ROBOTS), many)


def _peak_bytes(task: str, robots: int) -> int:
    command = [sys.executable, "-m", "surefoot_training.bench.memory", task, str(robots)]
    return int(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _main(task: str, robots: int) -> None:
    from surefoot_training.task.tasks import make_environment

    environment = make_environment(task, robots)
    target = np.tile(environment.simulator.robot.default_joint_position_rad, (robots, 1)).astype(np.float32)
    for _ in range(3):
        environment.step(target)
    sys.stdout.write(json.dumps(_own_peak_bytes()))


def _own_peak_bytes() -> int:
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text()
    (peak_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak_kib) * 1024


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
