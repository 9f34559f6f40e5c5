"""The e-stop: a list of endpoints that must all check in, after Spot's design (docs/concepts/estop_service.md).

An endpoint asks for a challenge, answers it, gets the next one, and so on, well within its timeout. A wrong, old or
forged answer does not count. Silence escalates: past the timeout the robot settles, past the second one its torque
goes. The most restrictive endpoint wins. `RELEASED` permits; it never starts anything, and a robot that has stopped
stays stopped until an operator resets it.

Anybody can stop: a message that asks for a stop counts whoever sent it, authenticated or not, old or new, until an
operator clears it. Only a right answer to the newest challenge, with the right key, releases or keeps alive.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surefoot_robots.errors import SurefootError
from surefoot_safety.estop_message import (
    CHALLENGE_BYTES,
    MOST_NAME_BYTES,
    CheckIn,
    EstopLevel,
    answer_to,
    challenge_message,
    parse_check_in,
)
from surefoot_safety.finite import is_finite

RandomBytes = Callable[[int], bytes]
MOST_STRANGERS = 8
"""Stops of unknown origin that are remembered by name; one is enough to stop."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who must check in."""

    name: str
    timeout_s: float
    """Silence after which the robot settles."""
    zero_torque_after_s: float
    """Further silence after which the torque goes."""


@dataclass(slots=True)
class _Watch:
    """What is known of an endpoint."""

    challenge: bytes = b""
    issued_s: float = 0.0
    heard_s: float | None = None
    """When the challenge that it last answered rightly was issued."""
    level: EstopLevel = EstopLevel.ZERO_TORQUE


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a message: whether it counts as a check-in, why not, and the challenge to answer next."""

    accepted: bool
    reason: str
    message: bytes


class EStop:
    """Judges check-ins and says how far the robot may go. A new one, like a newly configured one, permits nothing."""

    def __init__(self, key: bytes, *, random_bytes: RandomBytes = secrets.token_bytes) -> None:
        self._key = key
        self._random_bytes = random_bytes
        self._endpoints: dict[str, Endpoint] = {}
        self._watches: dict[str, _Watch] = {}
        self._strangers: dict[str, EstopLevel] = {}

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Who must check in."""
        return tuple(self._endpoints.values())

    def configure(self, endpoints: Sequence[Endpoint], *, motors_on: bool) -> None:
        """Replace the list. Everybody is forgotten, so nothing is released until all of them have checked in."""
        if motors_on:
            raise SurefootError(
                "the e-stop's endpoints cannot be changed while the motors are on", hint="disarm the robot first"
            )
        names = [endpoint.name for endpoint in endpoints]
        for name in names:
            if names.count(name) > 1:
                raise SurefootError(f"e-stop endpoint {name!r} is given twice: names must differ")
        for endpoint in endpoints:
            _check_endpoint(endpoint)
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints}
        self._watches = {name: _Watch() for name in names}

    def check_in(self, message: object, now_s: float) -> Reply:
        """Take a message of whatever origin. Stops count at once; the rest is checked."""
        found = parse_check_in(message, self._key)
        if found is None:
            return Reply(False, "not a check-in", b"")
        if not self._key:  # which everybody has
            self._note_stop(found)
            return Reply(False, "there is no key", b"")
        watch, endpoint = self._watches.get(found.name), self._endpoints.get(found.name)
        reason = self._refusal(found, endpoint, watch, now_s)
        if watch is None or endpoint is None or reason:
            self._note_stop(found)
        else:
            # Heard when the challenge was issued: a message that is held back on its way keeps nothing alive meanwhile.
            watch.heard_s, watch.level, watch.challenge = watch.issued_s, found.level, b""
        if watch is None or endpoint is None or not found.authentic:
            return Reply(False, reason, b"")
        return Reply(not reason, reason, self._challenge(endpoint, watch, now_s))

    def level(self, now_s: float) -> EstopLevel:
        """The most restrictive of all."""
        return min(level for level, _ in self._levels(now_s))

    def reasons(self, now_s: float) -> tuple[str, ...]:
        """Why it is not released, one line each."""
        return tuple(reason for level, reason in self._levels(now_s) if level is not EstopLevel.RELEASED)

    def clear_strangers(self) -> None:
        """Forget stops of unknown origin: part of an operator's reset."""
        self._strangers = {}

    def _refusal(self, found: CheckIn, endpoint: Endpoint | None, watch: _Watch | None, now_s: float) -> str:
        """Why a message is no check-in; empty if it is one."""
        if endpoint is None or watch is None:
            return f"endpoint {found.name!r} is not configured"
        if not found.authentic:
            return "signed with another key"
        if not found.answer:
            return "asks for a challenge"
        if not watch.challenge:
            return "answers no challenge that is open"
        if not 0.0 <= now_s - watch.issued_s <= endpoint.timeout_s:
            return "answers too late"
        if not secrets.compare_digest(found.answer, answer_to(watch.challenge)):
            return "answers another challenge"
        return ""

    def _note_stop(self, found: CheckIn) -> None:
        """Keep a stop that does not count as a check-in; what does not ask for a stop changes nothing."""
        if found.level is EstopLevel.RELEASED:
            return
        name = found.name if found.name in self._strangers or len(self._strangers) < MOST_STRANGERS else ""
        self._strangers[name] = min(found.level, self._strangers.get(name, EstopLevel.RELEASED))

    def _challenge(self, endpoint: Endpoint, watch: _Watch, now_s: float) -> bytes:
        """The open challenge, or a new one if there is none or it has grown old."""
        if not watch.challenge or not 0.0 <= now_s - watch.issued_s <= endpoint.timeout_s:
            watch.challenge, watch.issued_s = self._random_bytes(CHALLENGE_BYTES), now_s
        return challenge_message(endpoint.name, watch.challenge, self._key)

    def _levels(self, now_s: float) -> list[tuple[EstopLevel, str]]:
        if not self._endpoints:
            return [(EstopLevel.ZERO_TORQUE, "no e-stop endpoint is configured")]
        strangers = [(level, f"a stop by {name or 'others'!r}") for name, level in self._strangers.items()]
        return strangers + [
            _level_of(endpoint, self._watches[name], now_s) for name, endpoint in self._endpoints.items()
        ]


def _level_of(endpoint: Endpoint, watch: _Watch, now_s: float) -> tuple[EstopLevel, str]:
    """What one endpoint permits; NaN and a clock that goes back count as silence."""
    if watch.heard_s is None:
        return EstopLevel.ZERO_TORQUE, f"{endpoint.name} has not checked in"
    silent_s = now_s - watch.heard_s
    if not 0.0 <= silent_s <= endpoint.timeout_s + endpoint.zero_torque_after_s:
        return EstopLevel.ZERO_TORQUE, f"{endpoint.name} is silent for {silent_s:.2f} s"
    if silent_s > endpoint.timeout_s:
        return min(watch.level, EstopLevel.SETTLE_THEN_DAMP), f"{endpoint.name} is silent for {silent_s:.2f} s"
    return watch.level, f"{endpoint.name} asks for {watch.level.name.lower()}"


def _check_endpoint(endpoint: Endpoint) -> None:
    name = endpoint.name
    if not (name.isidentifier() and name.isascii() and len(name) <= MOST_NAME_BYTES):
        valid = f"at most {MOST_NAME_BYTES} letters, digits and _"
        raise SurefootError(f"e-stop endpoint {name!r} is not a valid name: must be {valid}")
    if not (is_finite(endpoint.timeout_s) and endpoint.timeout_s > 0.0):
        raise SurefootError(f"e-stop endpoint {endpoint.name}: timeout_s {endpoint.timeout_s!r} must be above 0")
    if not (is_finite(endpoint.zero_torque_after_s) and endpoint.zero_torque_after_s >= 0.0):
        value = endpoint.zero_torque_after_s
        raise SurefootError(f"e-stop endpoint {endpoint.name}: zero_torque_after_s {value!r} must be at least 0")
