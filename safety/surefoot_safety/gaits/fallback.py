"""What takes over from a policy, and goes on without one: trot in place until at rest, then crawl where it is told."""

from __future__ import annotations

from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gaits.crawl import Crawl
from surefoot_safety.gaits.plan import Plan
from surefoot_safety.gaits.senses import Clock
from surefoot_safety.gaits.trot import Trot
from surefoot_safety.state import RobotState

REST_S = 0.5
"""At rest for so long before the first step of a crawl: a robot that was caught sways for about as long."""


class Fallback:
    """Never finished. The crawl ends on four feet when nobody asks for speed any more; then the trot watches again."""

    def __init__(self, plan: Plan) -> None:
        self._trot, self._crawl = Trot(plan), Crawl(plan)
        self._clock, self._rested_s, self._crawling = Clock(), 0.0, False

    def begin(self, state: RobotState) -> None:
        """In mid-stride, maybe."""
        self._clock.begin(state.stamp_s)
        self._rested_s, self._crawling = 0.0, False
        self._trot.begin(state)

    def tick(self, state: RobotState, command: VelocityCommand, now_s: float) -> JointTarget:
        """One tick of either."""
        dt_s = self._clock.passed_s(now_s)
        asked = (command.vx_mps, command.vy_mps, command.yaw_rate_radps) != (0.0, 0.0, 0.0)
        if self._crawling and not asked and self._crawl.at_rest:
            self._trot.stand_from(state, self._crawl.position_rad, now_s)
            self._crawling, self._rested_s = False, 0.0
        self._rested_s = self._rested_s + dt_s if self._trot.resting else 0.0
        if not self._crawling and asked and self._rested_s > REST_S:
            self._crawl.go_on(state, self._trot.position_rad, now_s)
            self._crawling = True
        return (self._crawl if self._crawling else self._trot).tick(state, command, now_s)

    @property
    def finished(self) -> bool:
        """Never."""
        return False

    @property
    def crawling(self) -> bool:
        """Whether it steps one foot at a time."""
        return self._crawling
