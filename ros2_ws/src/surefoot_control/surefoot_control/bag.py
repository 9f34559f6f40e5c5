"""An MCAP file of ROS 2 messages with their definitions in it: `ros2 bag`, Foxglove and PlotJuggler read it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mcap.writer import CompressionType, Writer

from surefoot_robots.errors import SurefootError

LEAST_FREE_BYTES = 32 * 1024 * 1024
"""Room that is left when recording ends by itself: more than closing the file takes."""
CHUNK_BYTES = 256 * 1024
SEPARATOR = "=" * 80
"""Between definitions in one schema: https://mcap.dev/spec/registry#ros2msg"""
FIELD_TYPE = re.compile(r"^\s*([A-Za-z]\w*(?:/[A-Za-z]\w*)?)(?:<=\d+)?(?:\[[^\]]*\])?\s+\w+", re.MULTILINE)
PLAIN = {
    *("bool", "byte", "char", "float32", "float64", "string", "wstring"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
}


class Bag:
    """A file that is being written. What could be written can be read, however it ends."""

    def __init__(self, path: Path) -> None:
        """Refused if it cannot be made; one that is there is never written over."""
        self.path = path
        try:
            self._file = path.open("xb" if not path.is_char_device() else "wb")
            self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD)
            self._begin()
        except OSError as error:
            raise SurefootError(f"{path}: {error.strerror}", hint="record to another file") from error
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self.messages = 0

    def _begin(self) -> None:
        try:
            self._writer.start(profile="ros2", library="surefoot")
            self._file.flush()
        except OSError:
            self.abandon()
            raise

    def add_topic(self, topic: str, type_name: str, definition: str) -> None:
        """Say what a topic's messages are; `type_name` as sensor_msgs/msg/Imu."""
        if type_name not in self._schemas:
            self._schemas[type_name] = self._writer.register_schema(type_name, "ros2msg", definition.encode())
        self._channels[topic] = self._writer.register_channel(topic, "cdr", self._schemas[type_name])

    def add(self, topic: str, data: bytes, time_ns: int) -> None:
        """Add a message as it came over the wire."""
        self._writer.add_message(self._channels[topic], time_ns, data, time_ns)
        self.messages += 1

    def flush(self) -> None:
        """Hand on to the system what is complete."""
        self._file.flush()

    @property
    def has_room(self) -> bool:
        """Whether the disk has more room than closing the file takes."""
        found = os.statvfs(self._file.fileno())
        return found.f_bavail * found.f_frsize > LEAST_FREE_BYTES

    def close(self) -> None:
        """End the file with its index."""
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Let go of a file that takes nothing more; what is in it can be read without its index."""
        with contextlib.suppress(OSError):
            self._file.close()


def free_name(path: Path) -> Path:
    """The path, or one with a number if it is taken: a recorder that is started again begins another file."""
    if not path.exists() or path.is_char_device():
        return path
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in range(2, 10_000))
    return next(candidate for candidate in numbered if not candidate.exists())


def definition_of(type_name: str) -> str:
    """The text of a message's definition and of all it is made of."""
    inner_types = sorted(set(_inner_types(type_name)))
    parts = [f"{SEPARATOR}\nMSG: {_short(inner)}\n{_text_of(inner)}" for inner in inner_types]
    return "\n".join([_text_of(type_name), *parts])


def _inner_types(type_name: str) -> Iterator[str]:
    package = type_name.split("/", maxsplit=1)[0]
    for found in FIELD_TYPE.findall(_text_of(type_name)):
        if found in PLAIN:
            continue
        inner_package, _, name = found.rpartition("/")
        inner = f"{inner_package or package}/msg/{name}"
        yield inner
        yield from _inner_types(inner)


def _short(type_name: str) -> str:
    package, _, name = type_name.split("/")
    return f"{package}/{name}"


def _text_of(type_name: str) -> str:
    for prefix in (*os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep), sys.prefix):
        file = Path(prefix) / "share" / f"{type_name}.msg"
        if prefix and file.is_file():
            lines = file.read_text().splitlines()
            return "\n".join(line for line in lines if line.split("#")[0].strip())
    raise SurefootError(f"the definition of {type_name} is not installed", hint="install ROS 2's message packages")
