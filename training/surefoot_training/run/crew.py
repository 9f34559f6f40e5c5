"""The other processes of a run on this machine: started with the one that leads, told where to meet, ended with it.

torchrun does the same for several machines; a run that it starts has no crew of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

from surefoot_training.run.team import MEETING

Given = TypeVar("Given")

_END_S = 30.0
"""For the followers to end by themselves once the leader has; they save nothing and print nothing."""
_WHY_S = 10.0
"""For one that is lost to be known as such: its connections close before it has ended."""
_PR_SET_PDEATHSIG = 1  # prctl(2)


class Crew:
    """The processes that follow."""

    def __init__(self, followers: Mapping[BaseProcess, Path]) -> None:
        self._followers = followers

    def last_words(self) -> str | None:
        """What a follower that ended with an error said at last; None if none did."""
        until_s = time.monotonic() + _WHY_S
        multiprocessing.connection.wait([process.sentinel for process in self._followers], timeout=_WHY_S)
        for process, words in self._followers.items():
            process.join(max(0.0, until_s - time.monotonic()))
            if process.exitcode:
                said = words.read_text(errors="replace").strip().splitlines()
                return said[-1] if said else f"process {process.pid} ended with status {process.exitcode}"
        return None


@contextmanager
def crew(size: int, follow: Callable[[Given], object], given: Given) -> Iterator[Crew]:
    """With `size` − 1 more processes that call `follow(given)`, all of them a team (see `team.joined`) with this one.

    They get their own copies of `given` and find `RANK` and `WORLD_SIZE` in their environment, as this process does
    meanwhile. What they print is kept from the terminal. However this process ends, they end, too.
    """
    with tempfile.TemporaryDirectory(prefix="surefoot-crew-") as folder:
        place = Path(folder)
        start = multiprocessing.get_context("spawn")
        followers: dict[BaseProcess, Path] = {}
        with _environment(_place_in_team(0, size, place)):
            for rank in range(1, size):
                words = place / f"words-{rank}"
                told = (os.getpid(), _place_in_team(rank, size, place), words, follow, given)
                process = start.Process(target=_follow, args=told, name=f"surefoot-{rank}", daemon=True)
                process.start()
                followers[process] = words
            try:
                yield Crew(followers)
            except BaseException:
                _end(followers, patience_s=0.0)
                raise
            _end(followers, patience_s=_END_S)


def _place_in_team(rank: int, size: int, folder: Path) -> dict[str, str]:
    here = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "LOCAL_WORLD_SIZE": size, MEETING: folder / "meeting"}
    # They are on one machine, whose name need not lead to it.
    loopback = {} if "GLOO_SOCKET_IFNAME" in os.environ else {"GLOO_SOCKET_IFNAME": "lo"}
    return {name: str(value) for name, value in here.items()} | loopback


@contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _follow(
    leader: int, environment: Mapping[str, str], words: Path, follow: Callable[[Given], object], given: Given
) -> None:
    """What a follower does."""
    _die_with(leader)
    os.environ.update(environment)
    with words.open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    follow(given)


def _die_with(leader: int) -> None:
    """Have the kernel end this process when the one that started it is gone, be it by kill -9."""
    with contextlib.suppress(OSError, AttributeError):  # not Linux: then its connections tell it
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != leader:
        sys.exit(1)


def _end(followers: Mapping[BaseProcess, Path], *, patience_s: float) -> None:
    until_s = time.monotonic() + patience_s
    for process in followers:
        process.join(max(0.0, until_s - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
