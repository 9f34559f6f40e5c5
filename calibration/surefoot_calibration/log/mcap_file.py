"""Messages from an MCAP file: https://mcap.dev/spec.

The library reads what records say and unpacks chunks; records are told apart here, since it makes an object of each of
a million, and of each entry in indices that nobody needs for reading everything.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, DataEnd, Schema
from mcap.stream_reader import get_chunk_data_stream

from surefoot_calibration.log.records import Recorded, Topics
from surefoot_robots.errors import SurefootError

MAGIC = b"\x89MCAP0\r\n"
MOST_RECORD_BYTES, MOST_CHUNK_BYTES = 2**30, 2**29
"""Packed and unpacked; recorders make chunks of some megabytes at most."""
ENCODING = "cdr"
RECORD = struct.Struct("<BQ")
"""Opcode and length of any record: https://mcap.dev/spec#records"""
MESSAGE = struct.Struct("<HIQQ")
"""Channel, sequence, log time, publish time; then the message."""
UNREADABLE = (McapError, ValueError, struct.error, OverflowError, MemoryError)
"""What a damaged file leads to: wrong checksums and text that is no UTF-8 are ValueErrors, lengths may be anything."""
CUT_OFF = "is cut off: the recorder was killed, or the copy is not whole"


class EndsEarlyError(ValueError):
    """There is nothing more where something must come."""


def read_mcap(path: Path) -> Topics:
    """Every topic whose messages are CDR; of a whole file, or an error."""
    topics, cut_off = read_whole_part(path)
    if cut_off is not None:
        raise cut_off
    return topics


def read_whole_part(path: Path) -> tuple[Topics, SurefootError | None]:
    """What there is of a file that may end early, and that it does. Whatever else is wrong with it is an error."""
    reader = _Reader()
    try:
        with path.open("rb") as file:
            reader.read(file)
    except EndsEarlyError as error:
        return reader.topics, _useless(path, CUT_OFF, reader.messages, error)
    except UNREADABLE as error:
        raise _useless(path, "is damaged", reader.messages, error) from error
    return reader.topics, None


def _useless(path: Path, what: str, messages: int, error: Exception) -> SurefootError:
    line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return SurefootError(
        f"{path.name}: {what}; {messages} messages could be read, then: {line}",
        hint=f"`mcap recover {path.name} -o mended.mcap` keeps what is whole",
    )


class _Reader:
    """Sorts messages by topic."""

    def __init__(self) -> None:
        self._schemas: dict[int, str] = {}
        self._by_channel: dict[int, Recorded] = {}
        self.topics: Topics = {}

    @property
    def messages(self) -> int:
        """How many so far."""
        return sum(len(recorded.data) for recorded in self.topics.values())

    def read(self, file: IO[bytes]) -> None:
        """Up to the end of the data; what follows is indices and a summary."""
        start = file.read(len(MAGIC))
        if start != MAGIC:
            raise ValueError(f"begins with {start.hex(' ')}, must be {MAGIC.hex(' ')}")
        checksum = zlib.crc32(start)
        for opcode, head, data in _file_records(file):
            if opcode == Opcode.DATA_END:
                expected = DataEnd.read(_stream(data)).data_section_crc
                if expected not in (0, checksum):
                    raise ValueError(f"the checksum is {checksum:08x}, must be {expected:08x}")
                return
            checksum = zlib.crc32(data, zlib.crc32(head, checksum))
            if opcode == Opcode.CHUNK:
                self._take_chunk(Chunk.read(_stream(data)))
            else:
                self._take_record(opcode, data, 0, len(data))

    def _take_chunk(self, chunk: Chunk) -> None:
        if chunk.uncompressed_size > MOST_CHUNK_BYTES:
            raise ValueError(f"a chunk of {chunk.uncompressed_size} bytes, must be at most {MOST_CHUNK_BYTES}")
        try:
            stream, length = get_chunk_data_stream(chunk, validate_crc=True)
            data = stream.read(length)
        except Exception as error:  # each compression has its own base class, and none is ours to import
            raise ValueError(f"a chunk cannot be unpacked: {error}") from error
        for opcode, first, after in _chunk_records(data):
            self._take_record(opcode, data, first, after)

    def _take_record(self, opcode: int, data: bytes, first: int, after: int) -> None:
        if opcode == Opcode.MESSAGE:
            channel, _, time_ns, _ = MESSAGE.unpack_from(data, first)
            recorded = self._by_channel.get(channel)
            if recorded is None:
                raise ValueError(f"a message of channel {channel}, which was not announced")
            recorded.data.append(data[first + MESSAGE.size : after])
            recorded.time_ns.append(time_ns)
        elif opcode == Opcode.SCHEMA:
            schema = Schema.read(_stream(data[first:after]))
            self._schemas[schema.id] = schema.name
        elif opcode == Opcode.CHANNEL:
            self._take_channel(Channel.read(_stream(data[first:after])))

    def _take_channel(self, channel: Channel) -> None:
        if channel.id in self._by_channel:
            return
        type_name = self._schemas.get(channel.schema_id, "")
        if channel.message_encoding != ENCODING:
            # Kept apart under a name that no reader asks for: a bag may hold other topics in any encoding.
            type_name = f"{type_name} as {channel.message_encoding}"
        # Several recorders, or one that was asked twice, give a topic several channels.
        recorded = self.topics.setdefault(channel.topic, Recorded(type_name))
        if recorded.type_name != type_name:
            raise ValueError(f"topic {channel.topic} is both {recorded.type_name} and {type_name}")
        self._by_channel[channel.id] = recorded


def _stream(data: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(data))


def _file_records(file: IO[bytes]) -> Iterator[tuple[int, bytes, bytes]]:
    """Opcode, opcode and length as bytes, and content of each record in a file."""
    while True:
        head = file.read(RECORD.size)
        if len(head) != RECORD.size:
            raise EndsEarlyError("no more records, and no end of the data")
        opcode, length = RECORD.unpack(head)
        if length > MOST_RECORD_BYTES:
            raise ValueError(f"a record of {length} bytes, must be at most {MOST_RECORD_BYTES}")
        data = file.read(length)
        if len(data) != length:
            raise EndsEarlyError(f"a record of {length} bytes where the file has {len(data)} left")
        yield opcode, head, data


def _chunk_records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Opcode, first byte and end of each record in a chunk."""
    place, end = 0, len(data)
    while place < end:
        opcode, length = RECORD.unpack_from(data, place)
        first = place + RECORD.size
        place = first + length
        if place > end:
            raise ValueError(f"a record of {length} bytes where the chunk has {end - first} left")
        yield opcode, first, place
