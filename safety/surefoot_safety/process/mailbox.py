"""Requests and e-stop messages to the supervisor, and its answers: datagrams on sockets of this machine.

They are events, from several senders, and want an answer, so they are no latest-value records. The socket lies in the
robot's folder, which only its owner can enter. Stops have a socket of their own, so that nobody's flood of other
messages keeps one out.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import SOCKET_SUFFIX

MOST_BYTES = 2048
MOST_AT_ONCE = 8
"""Messages taken in one tick: at 200 Hz 1600 a second, each of which costs some microseconds."""
REQUESTS, STOPS, SIMULATION = "request", "stop", "sim"

Sender: TypeAlias = bytes | str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, and where its answer goes."""

    data: bytes
    sender: Sender


def socket_path(folder: Path, name: str) -> Path:
    """The socket of a mailbox."""
    return folder / f"{name}{SOCKET_SUFFIX}"


class Mailbox:
    """What a process receives. Never waits."""

    def __init__(self, path: Path) -> None:
        """The caller has made sure that no other process receives here: what is there is a leftover."""
        self._path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.bind(str(path))
            path.chmod(0o600)
        except OSError as error:
            self._socket.close()
            raise SurefootError(f"{path}: cannot receive requests: {error.strerror}") from error
        self._socket.setblocking(False)

    def take(self, most: int = MOST_AT_ONCE) -> list[Letter]:
        """What has come since the last time, the oldest first."""
        letters: list[Letter] = []
        while len(letters) < most:
            try:
                data, sender = self._socket.recvfrom(MOST_BYTES + 1)
            except OSError:
                break
            letters.append(Letter(data, sender))
        return letters

    def answer(self, letter: Letter, data: bytes) -> None:
        """Send an answer; a sender that is gone or does not listen gets none."""
        if letter.sender:
            with contextlib.suppress(OSError):
                self._socket.sendto(data, letter.sender)

    def close(self) -> None:
        """Receive nothing more."""
        self._path.unlink(missing_ok=True)
        self._socket.close()


class Mail:
    """The other side: sends to one mailbox and waits for answers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind("")  # an address that the kernel chooses and forgets: no file is left behind (unix(7))

    def send(self, data: bytes, wait_s: float = 0.0) -> bool:
        """Send a message; False if nobody receives, or not within the time."""
        self._socket.settimeout(wait_s)
        try:
            self._socket.sendto(data, str(self._path))
        except OSError:
            return False
        return True

    def answer(self, wait_s: float = 0.0) -> bytes | None:
        """The next answer; None if there is none within the time."""
        self._socket.settimeout(wait_s)
        try:
            return self._socket.recv(MOST_BYTES + 1)
        except OSError:
            return None

    def close(self) -> None:
        """Send nothing more."""
        self._socket.close()
