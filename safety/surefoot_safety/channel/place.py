"""Where the processes of one robot meet: a folder in shared memory that only its owner can enter."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import socket
import stat
from pathlib import Path

from surefoot_robots.errors import SurefootError

ROOT_VARIABLE = "SUREFOOT_RUN_DIR"
SHARED_MEMORY = Path("/dev/shm")
LONGEST_SOCKET_PATH = 107  # bytes of sun_path (unix(7)), less the closing zero
LONGEST_SOCKET_NAME = len("/request.sock")
ROBOT_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
CHANNEL_SUFFIX, SOCKET_SUFFIX, LOG_SUFFIX = ".channel", ".sock", ".log"
LOCK, KEY = "lock", "estop.key"


def default_root() -> Path:
    """The folder of all robots of this user."""
    chosen = os.environ.get(ROOT_VARIABLE)
    return Path(chosen) if chosen else SHARED_MEMORY / f"surefoot-{os.getuid()}"


def folder_of(robot: str, root: Path | None = None) -> Path:
    """The folder of one robot, which need not exist."""
    if not ROBOT_NAME.fullmatch(robot):
        raise SurefootError(f"robot name {robot!r} is not valid: must be up to 32 letters, digits, _ and -")
    folder = (root or default_root()).absolute() / robot
    if len(os.fsencode(folder)) + LONGEST_SOCKET_NAME > LONGEST_SOCKET_PATH:
        raise SurefootError(
            f"{folder}: is too long a path for sockets: at most {LONGEST_SOCKET_PATH - LONGEST_SOCKET_NAME} bytes",
            hint=f"choose a shorter run folder with --run-dir or {ROOT_VARIABLE}",
        )
    return folder


def make_folder(folder: Path) -> None:
    """Make the folder, or check the one that is there: ours, and closed to others."""
    for place in (folder.parent, folder):
        try:
            place.mkdir(mode=0o700, parents=place is folder.parent, exist_ok=True)
            found = place.lstat()
        except OSError as error:
            raise SurefootError(
                f"no shared memory: {place}: {error.strerror}",
                hint=f"name a folder that can be written, best in memory, with --run-dir or {ROOT_VARIABLE}",
            ) from error
        if place is folder and not _is_ours_alone(found):
            raise SurefootError(
                f"{place}: is not a folder that only its owner can enter",
                hint="remove it, or choose another run folder",
            )


def _is_ours_alone(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077


class RunLock:
    """Held by whoever runs a robot. The kernel lets go of it when its holder ends, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._file = _locked_file(folder)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let others run the robot."""
        os.close(self._file)


def _locked_file(folder: Path) -> int:
    """The lock's file, locked. One that its last holder has just removed is no lock: then it is made again."""
    while True:
        make_folder(folder)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not try_lock(descriptor):
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(descriptor)
            raise SurefootError(
                f"{folder.name} is running already (process {holder})",
                hint="`surefoot status` shows it; stop it first, or choose another run folder with --run-dir",
            )
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def remove_leftovers(folder: Path) -> list[str]:
    """Remove what crashed processes left in the folder; what is in use stays, and its names are returned."""
    used = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if _in_use(path):
            used.append(path.name)
        elif path.suffix in {CHANNEL_SUFFIX, SOCKET_SUFFIX, LOG_SUFFIX} or path.name == KEY:
            path.unlink(missing_ok=True)
    return used


def remove_folder(folder: Path) -> None:
    """Remove the folder with its lock, and that of all robots if it was the last; to be called with the lock held."""
    remove_leftovers(folder)
    (folder / LOCK).unlink(missing_ok=True)
    for place in (folder, folder.parent):
        try:
            place.rmdir()
        except OSError:
            return  # something else is in it


def _in_use(path: Path) -> bool:
    try:
        if path.suffix == CHANNEL_SUFFIX:
            return _is_locked(path)
        return path.suffix == SOCKET_SUFFIX and _is_answered(path)
    except FileNotFoundError:
        return False


def _is_locked(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int) -> bool:
    """Lock an open file, until it is closed or its process ends; False if another one has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_answered(path: Path) -> bool:
    """Whether a process has this socket open."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except OSError as error:
            return error.errno not in {errno.ECONNREFUSED, errno.ENOENT}
    return True
