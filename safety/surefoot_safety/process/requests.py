"""What operators send to the supervisor and what it answers: small JSON objects, and e-stop messages as they are."""

from __future__ import annotations

import json
from dataclasses import dataclass

from surefoot_safety.finite import is_count
from surefoot_safety.mode import Mode, Request

MOST_BYTES = 2048
LONGEST_TEXT = 300
REQUEST_OF_NAME = {request.value: request for request in Request}
MODE_OF_NAME = {mode.value: mode for mode in Mode}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    number: int
    refusal: str
    """Why it was not followed; empty if it was."""
    mode: Mode
    """Of the robot, in the tick that took the request."""


def request_message(request: Request, number: int) -> bytes:
    """A request; the answer carries its number."""
    return json.dumps({"request": request.value, "number": number}).encode()


def parse_request(data: bytes) -> tuple[Request, int] | None:
    """A request and its number; None if it is none."""
    found = _object(data)
    name, number = found.get("request"), found.get("number")
    if not isinstance(name, str) or name not in REQUEST_OF_NAME or not isinstance(number, int) or not is_count(number):
        return None
    return REQUEST_OF_NAME[name], number


def answer_message(answer: Answer) -> bytes:
    """An answer."""
    text = {"number": answer.number, "refusal": answer.refusal[:LONGEST_TEXT], "mode": answer.mode.value}
    return json.dumps(text).encode()


def parse_answer(data: bytes) -> Answer | None:
    """What the supervisor answered; None if it is no answer."""
    found = _object(data)
    number, refusal, mode = found.get("number"), found.get("refusal"), found.get("mode")
    if not isinstance(number, int) or not isinstance(refusal, str) or not isinstance(mode, str):
        return None
    return Answer(number, refusal, MODE_OF_NAME[mode]) if mode in MODE_OF_NAME else None


def _object(data: bytes) -> dict[str, object]:
    """A JSON object; empty for whatever is none."""
    try:
        found = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}
