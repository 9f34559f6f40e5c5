"""Shared memory that nodes leave behind when they are killed: found, and removed once nobody uses it. No ROS here.

Fast DDS is asked for datagrams only (`ros.DEFAULTS`), but where discovery is limited to this machine, as for a
simulated robot, rmw_fastrtps sets up its transports itself, shared memory among them
(ros2/rmw_fastrtps:rmw_fastrtps_shared_cpp/src/participant.cpp). A node that ends removes its segments; one that is
killed cannot.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
PREFIXES = ("fastrtps_", "sem.fastrtps_")


class Segments:
    """Those of nodes that were started after this was made."""

    def __init__(self, place: Path = SHARED_MEMORY) -> None:
        self._place = place
        self._before = frozenset(_segments(place))

    def clear(self) -> int:
        """Remove what has come since, is ours and is used by no process; how many files that were."""
        left = {path for path, _ in set(_segments(self._place)) - self._before}
        left -= set(_used(left)) if left else set()
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)


def used_by(process: int, place: Path = SHARED_MEMORY) -> set[Path]:
    """Those that one process has mapped or open; none of one that is gone."""
    found = map(Path, _names_in(Path(f"/proc/{process}")))
    return {path for path in found if path.parent == place and path.name.startswith(PREFIXES)}


def _segments(place: Path) -> Iterator[tuple[Path, int]]:
    """Of this user; with their inodes, since names are those of ports, and come again."""
    for path in place.iterdir() if place.is_dir() else ():
        try:
            found = path.lstat()
            if path.name.startswith(PREFIXES) and found.st_uid == os.getuid():
                yield path, found.st_ino
        except FileNotFoundError:
            continue


def _used(paths: set[Path]) -> Iterator[Path]:
    """Those that some process has mapped or open. Those of other users cannot have one that is only ours to open."""
    by_name = {str(path): path for path in paths}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for name in _names_in(process):
            if name in by_name:
                yield by_name[name]


def _names_in(process: Path) -> Iterator[str]:
    try:
        for line in (process / "maps").read_text(encoding="utf-8", errors="replace").splitlines():
            yield line[line.find("/") :] if "/" in line else ""
        for link in (process / "fd").iterdir():
            yield os.readlink(link)  # noqa: PTH115  # as it is, not as a path
    except OSError:  # gone meanwhile, or somebody else's
        return
