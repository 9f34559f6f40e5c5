"""What a page may say. Every message is taken for hostile: size, shape, type and range are looked at before use."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias, cast

from surefoot_safety.mode import STOPS, Request

MOST_BYTES = 1024
LONGEST_WORD = 128
Shares: TypeAlias = tuple[float, float, float]
"""Of the fastest speeds: ahead, to the left, turning left; each from −1 to 1."""
REQUESTS = {request.value: request for request in Request if request not in STOPS | {Request.HANG}}
"""Who lets a robot be measured in the air stands beside it, and has targets for it: `surefoot identify record`."""
STOP_REQUESTS = {request.value: request for request in (Request.STOP, Request.DAMP)}


@dataclass(frozen=True, slots=True)
class Hello:
    """Somebody who wants to see and to steer."""

    token: str


@dataclass(frozen=True, slots=True)
class Beat:
    """The page is there, has seen this number, and holds this."""

    answer: str
    hold: Shares


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the robot."""

    request: Request


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the supervisor."""

    request: Request


@dataclass(frozen=True, slots=True)
class Take:
    """Give this page the controls."""


@dataclass(frozen=True, slots=True)
class Record:
    """Begin or end a recording."""

    on: bool


Message: TypeAlias = Hello | Beat | Stop | Ask | Take | Record
KEYS = {
    "hello": {"token"},
    "beat": {"answer", "hold"},
    "stop": {"request"},
    "ask": {"request"},
    "take": set[str](),
    "record": {"on"},
}


def parse(data: object) -> Message | str:
    """The message, or what is wrong with it."""
    if not isinstance(data, str) or len(data.encode("utf-8", "replace")) > MOST_BYTES:
        return f"not a text of at most {MOST_BYTES} bytes"
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(found, dict):
        return "not an object"
    kind = found.pop("kind", None)
    if not isinstance(kind, str) or kind not in KEYS:
        return f"kind must be one of {', '.join(KEYS)}"
    if set(found) != KEYS[kind]:
        return f"{kind} has {', '.join(sorted(KEYS[kind])) or 'nothing else'}"
    return _read(kind, found)


def _read(kind: str, found: dict[str, object]) -> Message | str:
    match kind:
        case "hello" if _is_word(found["token"]):
            return Hello(str(found["token"]))
        case "beat" if _is_word(found["answer"]) and _are_shares(found["hold"]):
            ahead, left, turn = (float(share) for share in cast(list[float], found["hold"]))
            return Beat(str(found["answer"]), (ahead, left, turn))
        case "stop" if _is_word(found["request"]) and found["request"] in STOP_REQUESTS:
            return Stop(STOP_REQUESTS[str(found["request"])])
        case "ask" if _is_word(found["request"]) and found["request"] in REQUESTS:
            return Ask(REQUESTS[str(found["request"])])
        case "take":
            return Take()
        case "record" if isinstance(found["on"], bool):
            return Record(found["on"])
        case _:
            return f"{kind} does not hold what it must"


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_WORD


def _are_shares(value: object) -> bool:
    """Three numbers from −1 to 1; Python's JSON lets NaN through, comparisons do not."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and all(type(share) in {int, float} and -1.0 <= share <= 1.0 for share in value)
    )
