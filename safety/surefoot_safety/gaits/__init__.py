"""Gaits that need no network, no map and no contact sensor: an IMU, encoders, and the robot's spec."""

from __future__ import annotations

from surefoot_robots.loader import load_robot
from surefoot_robots.spec import RobotSpec
from surefoot_safety.gait import Gaits
from surefoot_safety.gaits.crawl import Crawl
from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.fallback import Fallback
from surefoot_safety.gaits.plan import Plan, plan_of
from surefoot_safety.gaits.sit import Collapse, Sit, StandUp
from surefoot_safety.gaits.stand import Stand
from surefoot_safety.gaits.trot import Trot

__all__ = [
    "Collapse",
    "Crawl",
    "Fallback",
    "GaitError",
    "Plan",
    "Sit",
    "Stand",
    "StandUp",
    "Trot",
    "gaits_of",
    "plan_of",
]


def gaits_of(robot: RobotSpec | str) -> Gaits:
    """What the supervisor of one robot needs; `robot` is its spec, or its name.

    It may be told to stand in mid-walk: what stands is a trot that settles.
    """
    plan = plan_of(load_robot(robot) if isinstance(robot, str) else robot)
    return Gaits(stand_up=StandUp(plan), stand=Trot(plan, settles=True), sit=Sit(plan), fallback=Fallback(plan))
