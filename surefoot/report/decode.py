"""The few ROS messages of a recording that are not joints or IMU, out of their bytes (CDR, XCDR1, little-endian)."""

from __future__ import annotations

import struct

ENCAPSULATION = 4
LITTLE_ENDIAN = (b"\x00\x01", b"\x00\x03")
"""The first two bytes: CDR_LE and PL_CDR_LE."""
Diagnostics = dict[str, tuple[str, dict[str, str]]]
"""By name: the message and the values."""


class Cursor:
    """Reads one message from its start; what is cut off is a ValueError."""

    def __init__(self, data: bytes) -> None:
        if data[:2] not in LITTLE_ENDIAN:
            raise ValueError(f"it begins with {data[:4].hex(' ') or 'nothing'}, must be 00 01")
        self._data, self._place = data, ENCAPSULATION

    def take(self, kind: str) -> tuple[float, ...]:
        """Numbers of a `struct` format of one kind, such as "3d", aligned to their size."""
        size = struct.calcsize(kind[-1])
        self._place += -(self._place - ENCAPSULATION) % size
        try:
            found = struct.unpack_from(f"<{kind}", self._data, self._place)
        except struct.error as error:
            raise ValueError(str(error)) from error
        self._place += struct.calcsize(f"<{kind}")
        return found

    def count(self) -> int:
        """Of a sequence or a text, which cannot have more bytes than are left."""
        (count,) = self.take("I")
        if count > len(self._data) - self._place:
            raise ValueError(f"{count} entries where {len(self._data) - self._place} bytes are left")
        return int(count)

    def text(self) -> str:
        """A string."""
        size = self.count()
        raw = self._data[self._place : self._place + size]
        self._place += size
        return raw.rstrip(b"\0").decode("utf-8", errors="replace")

    def stamp_s(self) -> float:
        """Of a header, whose frame is passed over."""
        (seconds,), (nanoseconds,) = self.take("i"), self.take("I")
        self.text()
        return seconds + 1e-9 * nanoseconds


def twist(data: bytes) -> tuple[float, ...]:
    """geometry_msgs/Twist: linear x, y, z, angular x, y, z."""
    return Cursor(data).take("6d")


def stamped_twist(data: bytes) -> tuple[float, ...]:
    """geometry_msgs/TwistStamped, without its stamp."""
    cursor = Cursor(data)
    cursor.stamp_s()
    return cursor.take("6d")


def text(data: bytes) -> str:
    """std_msgs/String."""
    return Cursor(data).text()


def diagnostics(data: bytes) -> Diagnostics:
    """diagnostic_msgs/DiagnosticArray."""
    cursor = Cursor(data)
    cursor.stamp_s()
    found: Diagnostics = {}
    for _ in range(cursor.count()):
        cursor.take("b")
        name, message, _hardware = cursor.text(), cursor.text(), cursor.text()
        found[name] = message, {cursor.text(): cursor.text() for _ in range(cursor.count())}
    return found
