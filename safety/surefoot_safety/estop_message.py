"""What e-stop endpoints and the robot say to each other: fixed layouts, each signed with HMAC-SHA-256 (RFC 2104).

A check-in: magic, version, level, length of the name, name, answer (32 bytes, zeros to ask for a challenge), signature.
A challenge: another magic, version, length of the name, name, challenge (16 bytes), signature.
The answer is the SHA-256 of the challenge, so that a message repeated to its sender is no answer.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import IntEnum

CHECK_IN_MAGIC, CHALLENGE_MAGIC = b"SFCI", b"SFCH"
VERSION = 1
CHALLENGE_BYTES, ANSWER_BYTES, SIGNATURE_BYTES = 16, 32, 32
NO_ANSWER = bytes(ANSWER_BYTES)
MOST_NAME_BYTES = 64


class EstopLevel(IntEnum):
    """What an endpoint permits; the lowest of all counts."""

    ZERO_TORQUE = 0
    SETTLE_THEN_DAMP = 1
    RELEASED = 2


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A check-in as it was read."""

    name: str
    level: EstopLevel
    answer: bytes
    """Empty if it only asks for a challenge."""
    authentic: bool
    """Whether whoever signed it has the key."""


def check_in_message(name: str, level: EstopLevel, answer: bytes, key: bytes) -> bytes:
    """A check-in, signed; without an answer it asks for a challenge."""
    head = CHECK_IN_MAGIC + bytes([VERSION, level]) + _named(name)
    return _signed(head + (answer or NO_ANSWER), key)


def challenge_message(name: str, challenge: bytes, key: bytes) -> bytes:
    """A challenge to an endpoint, signed."""
    return _signed(CHALLENGE_MAGIC + bytes([VERSION]) + _named(name) + challenge, key)


def answer_to(challenge: bytes) -> bytes:
    """What proves that a challenge was read."""
    return hashlib.sha256(challenge).digest()


def parse_check_in(message: object, key: bytes) -> CheckIn | None:
    """Read a check-in; None if it is none. A wrong signature is noted, not refused: it may still ask to stop."""
    if not isinstance(message, bytes) or message[:4] != CHECK_IN_MAGIC or message[4:5] != bytes([VERSION]):
        return None
    name, rest = _take_name(message[6:])
    if name is None or len(rest) != ANSWER_BYTES + SIGNATURE_BYTES or message[5] not in list(EstopLevel):
        return None
    answer = rest[:ANSWER_BYTES]
    authentic = hmac.compare_digest(_signed(message[:-SIGNATURE_BYTES], key), message)
    return CheckIn(name, EstopLevel(message[5]), b"" if answer == NO_ANSWER else answer, authentic)


def parse_challenge(message: object, name: str, key: bytes) -> bytes | None:
    """The challenge to this endpoint; None if it is none, is another's or is not signed with the key."""
    head = CHALLENGE_MAGIC + bytes([VERSION]) + _named(name)
    if not isinstance(message, bytes) or message[: len(head)] != head:
        return None
    challenge = message[len(head) : -SIGNATURE_BYTES]
    if len(challenge) != CHALLENGE_BYTES or not hmac.compare_digest(_signed(head + challenge, key), message):
        return None
    return challenge


def _named(name: str) -> bytes:
    data = name.encode("utf-8")[:MOST_NAME_BYTES]
    return bytes([len(data)]) + data


def _take_name(data: bytes) -> tuple[str | None, bytes]:
    length = data[0] if data else 0
    if not 0 < length <= MOST_NAME_BYTES:
        return None, b""
    try:
        return data[1 : 1 + length].decode("utf-8"), data[1 + length :]
    except UnicodeDecodeError:
        return None, b""


def _signed(content: bytes, key: bytes) -> bytes:
    return content + hmac.digest(key, content, "sha256")
