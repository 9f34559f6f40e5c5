"""The file behind a channel: a header, then a few slots that the writer fills in turn.

Why a reader never gets a torn record:

1. The writer fills slot `sequence % SLOTS` and names the sequence number in the header only when the slot is complete,
   so a reader copies a slot that nobody writes to, unless it is held up while the writer goes round all of them.
2. Each slot has a guard, odd while it is written (a sequence lock): a reader that finds it odd, or changed after its
   copy, takes another copy.
3. Each slot ends with a CRC-32 over everything in it. Copies are `memcpy`; on x86-64 stores become visible in program
   order and 2. is exact, on ARM neither Python nor NumPy orders them, and any mixture of two records that 2. lets
   through is left to the CRC, which misses one in 2³².

A writer that is killed in the middle of a record leaves the header pointing to the one before.
The guard's and the header's numbers are written as aligned machine words (`memoryview` of format Q).
"""

from __future__ import annotations

import mmap
import os
import secrets
import stat
import struct
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.layout import Layout, Record
from surefoot_safety.channel.place import try_lock

MAGIC = b"SFCHAN\0\1"
"""The last byte is the version of this file's own format."""
SLOTS = 4
HEADER = struct.Struct(
    "<8sII16sII"
)  # magic, slots, bytes per slot, hash of the layout, bytes per record, writer's process
HEADER_BYTES = 64
NEWEST_WORD = 7
"""Which word of the file has the sequence number of the newest complete record."""
GUARD_BYTES = 8
STAMPED = struct.Struct("<QdQ")  # sequence, stamp, writer
CHECKSUM = struct.Struct("<I")
SLOT_HEAD_BYTES = GUARD_BYTES + STAMPED.size
LOCK_TRIES, LOCK_PAUSE_S = 5, 0.02
"""Whoever cleans up holds each lock for a moment."""
READ_TRIES = 8
REOPEN_S = 0.1
"""How often a reader looks whether the file is there, or has become another one."""
STALE_S = 0.2
"""Silence after which it does so."""


@dataclass(frozen=True, slots=True)
class Received(Generic[Record]):
    """A record as it was read. The same object comes again until there is a newer one."""

    record: Record
    sequence: int
    """Counts what was ever written to the channel, across writers."""
    stamp_s: float
    """When it was written."""
    writer: int
    """A number of the writer's own: another one means that it was started anew."""


class Writer(Generic[Record]):
    """The one writer of a channel."""

    def __init__(self, path: Path, record: type[Record]) -> None:
        self._layout = Layout(record)
        self._path = path
        self._slot_bytes = slot_bytes(self._layout)
        self._file = _open_for_writing(path, self._layout)
        self._memory = mmap.mmap(self._file, file_bytes(self._layout))
        self._words = memoryview(self._memory).cast("Q")
        self._writer = secrets.randbits(63)
        # A record that a killed writer was at may have been begun: number it is not given again.
        self._sequence = self._words[NEWEST_WORD] + 1 if self._words[NEWEST_WORD] else 0
        HEADER.pack_into(self._memory, 0, *_header(self._layout, os.getpid()))

    def write(self, record: Record, now_s: float) -> None:
        """Make this the newest record."""
        self._sequence += 1
        sequence = self._sequence
        body = STAMPED.pack(sequence, now_s, self._writer) + self._layout.pack(record)
        start = HEADER_BYTES + (sequence % SLOTS) * self._slot_bytes
        words, guard = self._words, start // 8
        words[guard] = 2 * sequence - 1
        self._memory[start + GUARD_BYTES : start + GUARD_BYTES + len(body) + CHECKSUM.size] = body + CHECKSUM.pack(
            zlib.crc32(body)
        )
        words[guard] = 2 * sequence
        words[NEWEST_WORD] = sequence

    def close(self, *, remove: bool = True) -> None:
        """Let go of the channel; readers keep what they have, and see that it grows old."""
        if remove:
            self._path.unlink(missing_ok=True)
        self._words.release()
        self._memory.close()
        os.close(self._file)


class Reader(Generic[Record]):
    """One of any number of readers. The channel's file need not be there yet, and may become another one."""

    def __init__(self, path: Path, record: type[Record]) -> None:
        self._path = path
        self._layout = Layout(record)
        self._slot_bytes = slot_bytes(self._layout)
        self._body_bytes = STAMPED.size + self._layout.size
        self._memory: mmap.mmap | None = None
        self._words: memoryview[int] | None = None
        self._inode = -1
        self._looked_s = -float("inf")
        self._last: Received[Record] | None = None
        self.refusal = ""
        """Why the file that is there cannot be read."""
        self.torn = 0
        """Copies that were taken again."""

    def read(self, now_s: float) -> Received[Record] | None:
        """The newest record, None if none was ever written. How old it is, is for the caller to judge."""
        last = self._last
        if self._words is None or last is None or not now_s - last.stamp_s <= STALE_S:
            self._look(now_s)
            last = self._last  # of another file none: numbers begin anew there
        if self._words is None:
            return last
        for _ in range(READ_TRIES):
            newest = self._words[NEWEST_WORD]
            if newest == 0 or (last is not None and newest == last.sequence):
                return last
            body = self._copied(newest)
            if body is not None:
                sequence, stamp_s, writer = STAMPED.unpack_from(body)
                self._last = Received(self._layout.unpack(body[STAMPED.size :]), sequence, stamp_s, writer)
                return self._last
            self.torn += 1
        return last  # the writer is always faster than this reader: its age will tell

    def close(self) -> None:
        """Let go of the file."""
        if self._memory is not None and self._words is not None:
            self._words.release()
            self._memory.close()
        self._memory = self._words = None

    def _copied(self, sequence: int) -> bytes | None:
        """The slot of a record without its guard and checksum; None if it was written to meanwhile."""
        assert self._memory is not None
        assert self._words is not None
        start = HEADER_BYTES + (sequence % SLOTS) * self._slot_bytes
        guard, begin = start // 8, start + GUARD_BYTES
        end = begin + self._body_bytes
        before = self._words[guard]
        body = self._memory[begin:end]
        (checksum,) = CHECKSUM.unpack(self._memory[end : end + CHECKSUM.size])
        if before != 2 * sequence or self._words[guard] != before or zlib.crc32(body) != checksum:
            return None
        return body

    def _look(self, now_s: float) -> None:
        """Open the file, if there is another one than before."""
        if 0.0 <= now_s - self._looked_s < REOPEN_S:
            return
        self._looked_s = now_s
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            self.refusal = "" if isinstance(error, FileNotFoundError) else f"{self._path}: {error.strerror}"
            return
        try:
            inode = os.fstat(descriptor).st_ino
            begun = os.pread(descriptor, len(MAGIC), 0).strip(b"\0")  # else its writer is just making it
            if begun and (inode != self._inode or self._memory is None):
                self._open(descriptor, inode)
        finally:
            os.close(descriptor)

    def _open(self, descriptor: int, inode: int) -> None:
        self.refusal = problem_of(descriptor, self._layout, self._path)
        if self.refusal:
            return
        self.close()
        self._memory = mmap.mmap(descriptor, file_bytes(self._layout), prot=mmap.PROT_READ)
        self._words = memoryview(self._memory).cast("Q")
        self._inode, self._last = inode, None


def slot_bytes(layout: Layout[Record]) -> int:
    """Of one slot; slots begin on cache lines."""
    needed = SLOT_HEAD_BYTES + layout.size + CHECKSUM.size
    return -(-needed // 64) * 64


def file_bytes(layout: Layout[Record]) -> int:
    """Of the whole file."""
    return HEADER_BYTES + SLOTS * slot_bytes(layout)


def problem_of(descriptor: int, layout: Layout[Record], path: Path) -> str:
    """Why an open file cannot be this channel; empty if it can."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        return f"{path}: is not a file that only its owner may read"
    header = os.pread(descriptor, HEADER.size, 0)
    if len(header) < HEADER.size or header[: len(MAGIC) - 1] != MAGIC[:-1]:
        return f"{path}: is not a channel"
    if header[: HEADER.size - 4] != HEADER.pack(*_header(layout, 0))[:-4] or found.st_size != file_bytes(layout):
        return f"{path}: was made by another version of Surefoot: stop all its processes, then start them together"
    return ""


def _header(layout: Layout[Record], process: int) -> tuple[bytes, int, int, bytes, int, int]:
    return MAGIC, SLOTS, slot_bytes(layout), layout.hash, layout.size, process


def _open_for_writing(path: Path, layout: Layout[Record]) -> int:
    """The channel's file, locked. One that fits is used again, so that readers keep it; another one is replaced."""
    while True:
        descriptor = _open_file(path)
        _lock(descriptor, path)
        named = os.fstat(descriptor).st_nlink > 0  # else its last writer removed it while this one was opening it
        if named and not problem_of(descriptor, layout, path):
            return descriptor
        if named and os.fstat(descriptor).st_size == 0:
            _fill(descriptor, layout, path)
            return descriptor
        if named:
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _open_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise SurefootError(f"no shared memory: {path}: {error.strerror}") from error


def _lock(descriptor: int, path: Path) -> None:
    for _ in range(LOCK_TRIES):
        if try_lock(descriptor):
            return
        time.sleep(LOCK_PAUSE_S)
    header = os.pread(descriptor, HEADER.size, 0)
    writer = HEADER.unpack(header)[-1] if len(header) == HEADER.size else "?"
    os.close(descriptor)
    raise SurefootError(
        f"{path}: has a writer already (process {writer})",
        hint="one process of a kind per robot: stop the other one first",
    )


def _fill(descriptor: int, layout: Layout[Record], path: Path) -> None:
    """Give a new file its size, all of it at once: memory that is promised only would end in a SIGBUS."""
    try:
        os.posix_fallocate(descriptor, 0, file_bytes(layout))
    except OSError as error:
        path.unlink(missing_ok=True)
        raise SurefootError(f"no shared memory: {path}: {error.strerror}", hint="free some memory") from error
    os.pwrite(descriptor, HEADER.pack(*_header(layout, os.getpid())), 0)
