"""What an e-stop endpoint with a person at it is: what is pressed, what is said, what is shown. No ROS here."""

from __future__ import annotations

from enum import Enum

from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel

STOP_KEYS, RELEASE_KEY, END_KEY = " \r\n", "r", "q"
HEARD_S = 0.5
"""A challenge that is older says that nobody hears this endpoint: the shipped timeout of endpoints."""
HELP = (
    "space or Enter: STOP. r: release again, which starts nothing.\n"
    "q: end. Then this endpoint is silent, and the robot sits down."
)
WITHOUT_MODE = {"": "the robot does not say what it does", "unknown": "the robot's supervisor is silent"}
"""What is told where the topic `mode` has nothing to say."""


class Sight(Enum):
    """The state that a person at the button must know."""

    UNHEARD = "NOT CONNECTED"
    LOST = "LOST"
    RELEASED = "RELEASED"
    STOP = "STOP"
    STOP_UNHEARD = "STOP, UNHEARD"


class Button:
    """One endpoint: it permits until somebody presses, and from then on it stops until somebody releases it."""

    def __init__(self, endpoint: EstopEndpoint, pressed: EstopLevel = EstopLevel.SETTLE_THEN_DAMP) -> None:
        self.level = EstopLevel.RELEASED
        self.robot_mode = ""
        """What the robot says that it does; empty if it has said nothing."""
        self._endpoint, self._pressed = endpoint, pressed
        self._heard_s: float | None = None

    @property
    def name(self) -> str:
        """The endpoint's."""
        return self._endpoint.name

    def press(self, key: str) -> bool:
        """Take a key; whether the robot is to be told at once."""
        if key in STOP_KEYS:
            self.level = self._pressed
            return True
        if key.lower() == RELEASE_KEY:
            self.level = EstopLevel.RELEASED
        return False

    def check_in(self) -> bytes:
        """The next message."""
        return self._endpoint.check_in(self.level)

    def challenged(self, message: bytes, now_s: float) -> None:
        """Take what the robot asks of its endpoints; what is for another one or by another key is passed over."""
        if self._endpoint.challenged(message):
            self._heard_s = now_s

    def sight(self, now_s: float) -> Sight:
        """How things are."""
        is_heard = self._heard_s is not None and now_s - self._heard_s <= HEARD_S
        if self.level is not EstopLevel.RELEASED:
            return Sight.STOP if is_heard else Sight.STOP_UNHEARD
        if is_heard:
            return Sight.RELEASED
        return Sight.UNHEARD if self._heard_s is None else Sight.LOST

    def words(self, now_s: float) -> str:
        """How things are, in a line."""
        return f"{self.sight(now_s).value}: {self._meaning(now_s)}"

    def _meaning(self, now_s: float) -> str:
        robot = WITHOUT_MODE.get(self.robot_mode, f"the robot is {self.robot_mode}")
        match self.sight(now_s):
            case Sight.UNHEARD:
                return f"nobody answers: is the robot up, with --estop-endpoint {self.name} and this key?"
            case Sight.LOST:
                silent_s = now_s - (self._heard_s or 0.0)
                return f"no answer for {silent_s:.1f} s: a robot that does not hear this endpoint sits down by itself"
            case Sight.RELEASED:
                return f"{robot}; space or Enter stops it"
            case Sight.STOP:
                return f"{robot}; r releases, which starts nothing"
            case Sight.STOP_UNHEARD:
                return "it is being sent, and nobody answers: use the button at the robot"
