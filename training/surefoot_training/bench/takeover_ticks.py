"""What one tick of each gait costs, on robots that really move."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import CommandKind, JointCommand, VelocityCommand
from surefoot_safety.gait import Gait
from surefoot_safety.gaits import Collapse, Crawl, Plan, Sit, Stand, StandUp, Trot, plan_of
from surefoot_training.bench.takeover_rig import TICK_S, Rig
from surefoot_training.sim.simulator import Placement
from surefoot_training.task.config import TaskConfig

GAITS: dict[str, tuple[Callable[[Plan], Gait], str]] = {
    "stand": (Stand, "default"),
    "stand up": (StandUp, "lying"),
    "sit": (Sit, "default"),
    "damped collapse": (Collapse, "default"),
    "crawl": (Crawl, "default"),
    "trot in place": (Trot, "default"),
}
"""And the pose that each begins in."""
QUANTILES = {"p50": 50, "p99": 99}
KICK_S = 0.5
"""The trunk is kicked so often, which keeps the trot stepping; the others have to live with it."""
KICK_MPS = 0.6


def measure(task: TaskConfig, robot: RobotSpec, name: str, ticks: int, clock_ns: Callable[[], int]) -> dict[str, float]:
    """Microseconds per tick of one gait, quantiles over so many ticks; robots that fall are put back."""
    kind, pose = GAITS[name]
    rig, plan = Rig(task, robot, 1, seed=0), plan_of(robot)
    times: list[int] = []
    while len(times) < ticks:
        rig.place(
            Placement(
                base_position_in_world=np.array([[0.0, 0.0, robot.standing_height_m]]),
                base_quaternion_wxyz=np.array([[1.0, 0.0, 0.0, 0.0]]),
                joint_position=robot.pose_rad(pose)[None],
            )
        )
        rig.forget_falls()
        gait = kind(plan)
        gait.begin(rig.state_of(0))
        for tick in range(min(round(4.0 / TICK_S), ticks - len(times))):
            state, command = rig.state_of(0), VelocityCommand(tick, rig.time_s, 0.14, 0.0, 0.0)
            start = clock_ns()
            law = gait.tick(state, command, rig.time_s)
            times.append(clock_ns() - start)
            rig.motors.obey(0, JointCommand("", 0, 0.0, CommandKind.TRACK, law))
            if tick % round(KICK_S / TICK_S) == 0:
                angle = float(rig.rng.uniform(0.0, 2.0 * np.pi, 1)[0])
                rig.simulator.push(KICK_MPS * np.array([[np.cos(angle), np.sin(angle), 0.0]]))
            rig.step()
            if rig.fallen[0] and pose != "lying":
                break
    return {quantile: float(np.percentile(times, share)) / 1000.0 for quantile, share in QUANTILES.items()}
