"""The processes that learn together, of torchrun or `run.crew`: one leads, which owns the run's folder and its output.

Gradients go over torch.distributed's own group (`surefoot_training.workers`); what is said here goes over a second
one on the CPU, so that it works alike beside NCCL.
"""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

import torch
import torch.distributed as dist

from surefoot_robots.errors import SurefootError
from surefoot_training.nets import cenet
from surefoot_training.run.sealed import State

T = TypeVar("T")
_Group: TypeAlias = Any

# A process that is killed is noticed at once, since its connections close; this is for one that hangs. The longest that
# others wait for a healthy one is while the leader saves, seconds.
TIMEOUT = timedelta(minutes=2)

MEETING = "SUREFOOT_MEETING"
"""Environment variable: the file by which processes of one machine find each other. torchrun names a port instead."""

_ALIKE_EVERYWHERE = (cenet.__name__, "surefoot_training.train")


class Team:
    """All processes of the run; every method is called by all of them at the same point."""

    def __init__(self, rank: int, size: int, group: _Group) -> None:
        self.rank, self.size, self._group = rank, size, group

    @property
    def is_led_here(self) -> bool:
        """Whether this is the process that owns folder and output."""
        return self.rank == 0

    def told(self, value: T | None) -> T:
        """What the leader has to say; what others give does not count."""
        if self.size > 1:
            said = [value]
            dist.broadcast_object_list(said, src=0, group=self._group)
            value = said[0]
        assert value is not None
        return value

    def any(self, here: bool) -> bool:
        """Whether it is so in any process."""
        if self.size == 1:
            return here
        anywhere = torch.tensor(here, dtype=torch.uint8)
        dist.all_reduce(anywhere, op=dist.ReduceOp.MAX, group=self._group)
        return bool(anywhere)

    def collected(self, part: State) -> list[State]:
        """Everybody's part, at the leader; nothing elsewhere."""
        if self.size == 1:
            return [part]
        packed: list[bytes] | None = [b""] * self.size if self.is_led_here else None
        dist.gather_object(_packed(part), packed, dst=0, group=self._group)
        return [_unpacked(each) for each in packed or []]

    def dealt(self, parts: Sequence[State] | None) -> State:
        """This process's part of what the leader has."""
        if self.size == 1:
            assert parts is not None
            return parts[0]
        mine: list[bytes] = [b""]
        dist.scatter_object_list(mine, [_packed(part) for part in parts] if parts else None, src=0, group=self._group)
        return _unpacked(mine[0])


@contextmanager
def joined() -> Iterator[Team]:
    """This process's team: the one it was started in, or itself alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Team(0, 1, None)
        return
    # What learns here learns on the CPU, so that gradients go over gloo, on machines with GPUs, too. NCCL is there for
    # a learner whose tensors are on GPUs; there is none yet.
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    if MEETING in os.environ:
        meeting = f"file://{os.environ[MEETING]}"
        dist.init_process_group(backend, meeting, TIMEOUT, size, int(os.environ["RANK"]))
    else:
        dist.init_process_group(backend, timeout=TIMEOUT)
    try:
        yield Team(dist.get_rank(), size, dist.new_group(backend="gloo", timeout=TIMEOUT))
    except RuntimeError as error:
        if not _is_about_others(error):
            raise
        raise LostWorkerError from error
    finally:
        dist.destroy_process_group()


@contextmanager
def hushed() -> Iterator[None]:
    """In processes that follow: no warnings of what is alike in all of them, which the leader says.

    Warnings of a process's own robots are heard.
    """

    def is_heard(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR

    loggers = [logging.getLogger(name) for name in _ALIKE_EVERYWHERE]
    for logger in loggers:
        logger.addFilter(is_heard)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_heard)


class LostWorkerError(SurefootError):
    """Another process is gone, and with it its robots: the run goes on from the last checkpoint."""

    def __init__(self) -> None:
        super().__init__(
            "another process of this run ended or hangs",
            hint="resume from the last checkpoint, with as many processes",
        )


def _is_about_others(error: RuntimeError) -> bool:
    """Whether torch.distributed has failed: it raises plain RuntimeErrors, which only their text tells apart."""
    text = str(error).lower()
    return isinstance(error, dist.DistError) or any(word in text for word in ("gloo", "nccl", "by peer", "timed out"))


def _packed(part: State) -> bytes:
    stream = io.BytesIO()
    torch.save(part, stream)
    return stream.getvalue()


def _unpacked(packed: bytes) -> State:
    part: State = torch.load(io.BytesIO(packed), weights_only=True)
    return part
