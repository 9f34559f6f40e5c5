"""The other side of the e-stop: what an operator's console or button does."""

from __future__ import annotations

from surefoot_safety.estop_message import EstopLevel, answer_to, check_in_message, parse_challenge


class EstopEndpoint:
    """Makes check-ins. Send one every third of the timeout, and hand every reply to `challenged`."""

    def __init__(self, name: str, key: bytes) -> None:
        self.name = name
        self._key = key
        self._answer = b""

    def challenged(self, message: bytes) -> bool:
        """Take a challenge; False if it is not one for this endpoint from somebody with the key."""
        challenge = parse_challenge(message, self.name, self._key)
        if challenge is None:
            return False
        self._answer = answer_to(challenge)
        return True

    def check_in(self, level: EstopLevel) -> bytes:
        """The next message. Without a challenge to answer it asks for one; each is answered once."""
        answer, self._answer = self._answer, b""
        return check_in_message(self.name, level, answer, self._key)
