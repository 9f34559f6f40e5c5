"""A terminal whose keys come one by one."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Iterator

from surefoot_robots.errors import SurefootError

MOST_KEYS = 64


@contextlib.contextmanager
def raw_terminal(hint: str) -> Iterator[int]:
    """Keys one by one and unseen; Ctrl-C stays what it is. `hint`: what to do where there is no terminal."""
    terminal = sys.stdin.fileno()
    if not os.isatty(terminal):
        raise SurefootError("the keyboard is no terminal here", hint=hint)
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield terminal
    finally:
        with contextlib.suppress(termios.error):  # one that was closed has nothing to restore
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def keys_of(terminal: int) -> str | None:
    """The keys that were hit since; None once the terminal is closed."""
    keys = ""
    while select.select([terminal], [], [], 0.0)[0]:
        try:
            data = os.read(terminal, MOST_KEYS)
        except OSError:
            return None
        if not data:
            return None
        keys += data.decode("ascii", "ignore")
    return keys
