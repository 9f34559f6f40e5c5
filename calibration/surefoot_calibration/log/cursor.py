"""One ROS message out of its bytes: CDR (XCDR1, little-endian), https://www.omg.org/spec/DDSI-RTPS, 10.2.

Numbers are aligned to their size, counted from behind the first four bytes.
"""

from __future__ import annotations

import struct

LITTLE_ENDIAN = (b"\x00\x01", b"\x00\x03")
"""The first two bytes: CDR_LE and PL_CDR_LE."""
ENCAPSULATION = 4
STAMP = 8


class Cursor:
    """Reads a message from its start on; what is cut off or of another kind is a ValueError."""

    def __init__(self, data: bytes) -> None:
        if data[:2] not in LITTLE_ENDIAN:
            raise ValueError(f"it begins with {data[:4].hex(' ') or 'nothing'}, must be 00 01")
        self._data, self.place = data, ENCAPSULATION

    def aligned(self, size: int) -> int:
        """The next place for numbers of this size."""
        self.place += -(self.place - ENCAPSULATION) % size
        return self.place

    def take(self, kind: str) -> tuple[float, ...]:
        """Numbers of a `struct` format of one kind, such as "3d"."""
        try:
            found = struct.unpack_from(f"<{kind}", self._data, self.aligned(struct.calcsize(kind[-1])))
        except struct.error as error:
            raise ValueError(str(error)) from error
        self.place += struct.calcsize(f"<{kind}")
        return found

    def number(self) -> int:
        """A count, whatever it is."""
        return int(self.take("I")[0])

    def count(self) -> int:
        """Of a sequence, which cannot have more entries than bytes are left."""
        count = self.number()
        if count > len(self._data) - self.place:
            raise ValueError(f"{count} entries where {len(self._data) - self.place} bytes are left")
        return count

    def text(self) -> str:
        """A string."""
        size = self.number()
        raw = self._data[self.place : self.place + size]
        if len(raw) != size:
            raise ValueError(f"a text of {size} bytes where {len(raw)} are left")
        self.place += size
        return raw.rstrip(b"\0").decode("utf-8")

    def doubles(self) -> tuple[int, int]:
        """Start and count of a sequence of numbers, which are passed over."""
        count = self.number()
        start = self.aligned(8) if count else self.place
        self.place = start + 8 * count
        if self.place > len(self._data):
            raise ValueError(f"{count} numbers where {len(self._data) - start} bytes are left")
        return start, count

    def header(self) -> None:
        """A stamp and a frame, which are passed over."""
        self.take("2I")
        self.text()
