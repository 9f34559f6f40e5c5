"""A robot whose joints are where they are told to be one tick later, and whose trunk is where the test says."""

from __future__ import annotations

from safe_robot import DT, load_robot_once, pose, state

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits import plan_of
from surefoot_safety.leg import feet_of


class Obedient:
    """Plays one gait; keyword arguments of `run` bend the sample."""

    def __init__(self, gait, robot: str = "go2", at=None, **bent: object) -> None:
        self.gait, self.robot, self.plan = gait, robot, plan_of(load_robot_once(robot))
        self.ticks, self.joints = 0, at or pose(robot)
        self.law: JointTarget | None = None
        self.laws: list[JointTarget] = []
        gait.begin(self.sample(**bent))

    @property
    def now_s(self) -> float:
        return 1.0 + DT * self.ticks

    def sample(self, **bent: object):
        return state(self.now_s, self.ticks + 1, self.robot, **{"joint_position_rad": self.joints, **bent})

    def run(self, seconds: float, vx: float = 0.0, vy: float = 0.0, turn: float = 0.0, **bent: object) -> JointTarget:
        for _ in range(max(1, round(seconds / DT))):
            self.ticks += 1
            command = VelocityCommand(self.ticks, self.now_s, vx, vy, turn)
            self.law = self.gait.tick(self.sample(**bent), command, self.now_s)
            self.joints = self.law.position_rad
            self.laws.append(self.law)
        assert self.law is not None
        return self.law

    def feet(self) -> list[tuple[float, float, float]]:
        """Where its feet are in the base."""
        return [foot for foot, _ in feet_of(self.plan.legs, self.joints)]
