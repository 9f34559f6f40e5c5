"""One console for each robot: a second one's check-ins would hide that the first one has fallen silent."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

from surefoot_robots.errors import SurefootError


def only_one(folder: Path) -> socket.socket:
    """Hold the robot's console until this is closed. An abstract name (unix(7)): the kernel forgets it with us."""
    digest = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:32]
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        held.bind(f"\0surefoot-console-{os.getuid()}-{digest}")
    except OSError as error:
        held.close()
        raise SurefootError(
            f"a console of {folder.name} is running already",
            hint="open its page (several may be open), or end it first",
        ) from error
    return held
