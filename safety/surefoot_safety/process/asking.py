"""Asks the supervisor and waits for its answer: for commands and for the robot node."""

from __future__ import annotations

import time
from pathlib import Path

from surefoot_safety.mode import STOPS, Request
from surefoot_safety.process.mailbox import REQUESTS, Mail, socket_path
from surefoot_safety.process.mailbox import STOPS as STOP_BOX
from surefoot_safety.process.requests import Answer, parse_answer, request_message

LEAST_WAIT_S = 0.001


class Asker:
    """One robot's. Stops go to the mailbox that nobody floods with anything else."""

    def __init__(self, folder: Path) -> None:
        self._requests, self._stops = Mail(socket_path(folder, REQUESTS)), Mail(socket_path(folder, STOP_BOX))
        self._number = 0

    def ask(self, request: Request, wait_s: float) -> Answer | None:
        """What the supervisor says; None if nothing within the time. Answers to earlier questions are passed over."""
        self._number += 1
        mail = self._stops if request in STOPS else self._requests
        end_s = time.monotonic() + wait_s
        sent = mail.send(request_message(request, self._number), wait_s)
        while sent and time.monotonic() < end_s:
            data = mail.answer(max(LEAST_WAIT_S, end_s - time.monotonic()))
            answer = None if data is None else parse_answer(data)
            if answer is not None and answer.number == self._number:
                return answer
        return None

    def close(self) -> None:
        """Ask nothing more."""
        self._requests.close()
        self._stops.close()
