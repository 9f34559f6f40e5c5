"""Which policy of a run is its best: a running judgement of the episodes it trains on.

Early in a run robots walk slowly on level ground, later fast over stairs: how well they do counts together with how
hard it is. Tracking, falls, terrain level and the share of commanded speeds unlocked are all 0 to 1:

    score = tracking score − falls per episode + level / highest level + share of speeds unlocked

By the end of a run, which learns in smaller and smaller steps, a policy still gets better by less than what the score
moves by chance: unless something went wrong, a finished run's best policy is its last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def episode_score(log: Mapping[str, float], highest_level: int) -> float | None:
    """Of the episodes that ended in an iteration; None if none did."""
    if not log.get("episode/count"):
        return None
    level = log.get("curriculum/level_mean", 0.0) / highest_level if highest_level else 0.0
    speeds = log.get("curriculum/unlocked_share", 0.0)
    return log["episode/tracking_score"] - log["episode/falls"] + level + speeds


BY_CHANCE = 0.05
"""How far the running score goes up and down by chance: the spread of falls among 256 episodes, twice. Measured on the
flat, twice: the policy at the highest score was 0.01 m/s and 0.01 rad/s worse than the last one, whose score was lower
by less than this."""


class Score:
    """The mean over about the last `memory` episodes, and the highest it has been."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self._total = self._weight = self._episodes = 0.0
        self.highest = -math.inf

    @property
    def value(self) -> float | None:
        """None until it has seen as many episodes as it remembers."""
        return self._total / self._weight if self._episodes >= self._memory else None

    @property
    def is_about_highest(self) -> bool:
        """Whether it is no lower than chance explains."""
        return self.value is not None and self.value >= self.highest - BY_CHANCE

    def add(self, score: float, episodes: float) -> bool:
        """Take the mean of so many episodes into account; whether that is a new record."""
        keep = math.exp(-episodes / self._memory)
        self._total = keep * self._total + episodes * score
        self._weight = keep * self._weight + episodes
        self._episodes += episodes
        if self.value is None or self.value <= self.highest:
            return False
        self.highest = self.value
        return True

    def state_dict(self) -> dict[str, float]:
        """What `load_state_dict` needs to go on exactly."""
        return {
            "total": self._total,
            "weight": self._weight,
            "episodes": self._episodes,
            "highest": self.highest,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up where `state_dict` left off."""
        self._total, self._weight, self._episodes = state["total"], state["weight"], state["episodes"]
        self.highest = state["highest"]
