"""The console as an e-stop endpoint of its own: it checks in for as long as the page that has the controls is there.

`surefoot up --console` makes it one whose silence stops the robot. Without that nobody waits for it, but its stops
count all the same: anybody can stop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from surefoot.operating import PAGE
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import KEY
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_key import read_key
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Request
from surefoot_safety.process.mailbox import REQUESTS, STOPS, Mail, socket_path
from surefoot_safety.process.requests import request_message

LOOK_S = 1.0
"""How often to look whether there is another key: each run makes its own."""
HEARD_S = 2.0
"""Without a challenge for so long nobody waits for this endpoint's check-ins."""
REPEAT_S = 1.0
"""For so long a stop is said again and again, lest one datagram be lost; it is latched at once."""

SendMail = Callable[[bytes], bool]
TakeMail = Callable[[], bytes | None]


class PageEndpoint:
    """Checks in, and stops. `tick` is to be called well within every third of the e-stop's timeout."""

    def __init__(self, folder: Path, key_file: Path | None) -> None:
        self._mail, self._stops = Mail(socket_path(folder, REQUESTS)), Mail(socket_path(folder, STOPS))
        self._file = key_file or folder / KEY
        self._key, self._looked_s = b"", -math.inf
        self._endpoint = EstopEndpoint(PAGE, b"")
        self._heard_s = -math.inf
        self._stop: tuple[Request, float] | None = None
        self._number = 0
        self.key_fault = ""
        """Why there is no key: then it can stop, and nothing else."""
        self.is_pressed = False
        """Whether it holds the robot stopped."""

    def tick(self, now_s: float, *, is_alive: bool) -> None:
        """Say what there is to say."""
        self._look(now_s)
        data = self._mail.answer()
        while data is not None:
            if self._endpoint.challenged(data):
                self._heard_s = now_s
            data = self._mail.answer()
        while self._stops.answer() is not None:  # what became of a stop shows in the status
            pass
        if self._stop is not None and now_s - self._stop[1] <= REPEAT_S:
            self._number += 1
            self._stops.send(request_message(self._stop[0], self._number))
        if is_alive and self._key:
            level = EstopLevel.SETTLE_THEN_DAMP if self.is_pressed else EstopLevel.RELEASED
            self._mail.send(self._endpoint.check_in(level))

    def is_waited_for(self, now_s: float) -> bool:
        """Whether silence of this endpoint stops the robot."""
        return now_s - self._heard_s <= HEARD_S

    def stop(self, request: Request, now_s: float) -> None:
        """Stop now, and hold it so until it is released."""
        self.is_pressed, self._stop = True, (request, now_s)
        self._number += 1
        self._stops.send(request_message(request, self._number))
        # Counts whoever waits for this endpoint or not, and however old its challenge is.
        self._stops.send(EstopEndpoint(PAGE, self._key).check_in(EstopLevel.SETTLE_THEN_DAMP))

    def release(self) -> None:
        """Hold it no longer. What the supervisor has latched stays until a reset."""
        self.is_pressed, self._stop = False, None

    def close(self) -> None:
        """Be silent from now on."""
        self._mail.close()
        self._stops.close()

    def _look(self, now_s: float) -> None:
        if 0.0 <= now_s - self._looked_s < LOOK_S:
            return
        self._looked_s = now_s
        try:
            key, self.key_fault = read_key(self._file), ""
        except SurefootError as error:
            key, self.key_fault = b"", error.message
        if key != self._key:
            self._key, self._endpoint = key, EstopEndpoint(PAGE, key)
