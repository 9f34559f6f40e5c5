import math
import random
from types import SimpleNamespace

import pytest

from surefoot.faults import states
from surefoot.faults.kinds import State
from surefoot.faults.states import NotReachedError, forward_mps, reach
from surefoot_safety.mode import Mode


def place(x=0.0, y=0.0, yaw_rad=0.0):
    return [x, y, 0.3, math.cos(yaw_rad / 2), 0.0, 0.0, math.sin(yaw_rad / 2)]


def test_speed_is_counted_where_the_robot_faces():
    assert forward_mps(place(), place(0.4, 0.3), 0.5) == pytest.approx(0.8)
    assert forward_mps(place(yaw_rad=math.pi / 2), place(0.4, 0.3), 0.5) == pytest.approx(0.6)
    assert forward_mps(place(1.0), place(0.6), 0.5) == pytest.approx(-0.8)
    assert forward_mps(place(), place(1.0), 0.0) == 0.0


class Robot:
    """Whose operator waits; it goes at a speed of its own, whatever it is told."""

    mode, status = Mode.WALKING, None

    def __init__(self, speed_mps):
        self._speed, self._now_s = speed_mps, 0.0

    def wait(self, seconds, until=lambda: False):
        self._now_s += max(0.0, seconds)
        return until()

    @property
    def truth(self):
        return SimpleNamespace(qpos=place(self._speed * self._now_s), time_s=self._now_s)


def test_a_robot_that_steps_on_the_spot_does_not_walk(monkeypatch):
    monkeypatch.setattr(states, "_reach", lambda *_: None)
    reach(Robot(0.7), State.FAST, random.Random(0))
    for speed_mps in (0.0, 0.3, -0.8):
        with pytest.raises(NotReachedError, match=f"walking 0.8 m/s is {speed_mps:.2f} m/s in truth"):
            reach(Robot(speed_mps), State.FAST, random.Random(0))
    reach(Robot(0.3), State.SLOW, random.Random(0))
    with pytest.raises(NotReachedError, match="standing ended by itself"):
        reach(Robot(0.0), State.STANDING, random.Random(0))
