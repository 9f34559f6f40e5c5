"""Messages of joints and IMU out of CDR, many at once.

Messages of one topic mostly differ in their numbers alone: those with the same bytes everywhere else are one table,
which NumPy takes apart in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.log.cursor import ENCAPSULATION, LITTLE_ENDIAN, STAMP, Cursor
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError

MOST_NAMES = 1000
IMU_NUMBERS = 37
"""Orientation 4 and its covariance 9, angular velocity 3 and 9, linear acceleration 3 and 9."""
GYRO, ACCELERATION = slice(13, 16), slice(25, 28)


@dataclass(frozen=True, slots=True, eq=False)
class JointMessages:
    """sensor_msgs/JointState of equal layout, N of them; speeds and efforts are [N, 0] if the messages have none."""

    rows: NDArray[np.intp]
    """[N], which of the messages given these are."""
    names: tuple[str, ...]
    stamp_ns: NDArray[np.int64]
    """[N]."""
    position: FloatArray
    """[N, J]."""
    velocity: FloatArray
    effort: FloatArray


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where numbers are in a message; `head` and counts are the bytes that must be as here."""

    length: int
    head: bytes
    """From behind the stamp to the count of positions, included."""
    names: tuple[str, ...]
    starts: tuple[int, int, int]
    """Of positions, velocities, efforts."""
    counts: tuple[int, int, int]

    def fits(self, data: bytes) -> bool:
        first = ENCAPSULATION + STAMP
        same_head = data[first : first + len(self.head)] == self.head
        return same_head and len(data) == self.length and data[:2] in LITTLE_ENDIAN


def joint_messages(messages: Sequence[bytes], topic: str, origin: str) -> list[JointMessages]:
    """Messages by layout: one for most logs."""
    rows_by_layout: dict[_Layout, list[int]] = {}
    layout: _Layout | None = None
    rows: list[int] = []
    for row, data in enumerate(messages):
        if layout is None or not layout.fits(data):
            try:
                layout = _layout_of(data)
            except ValueError as error:
                raise SurefootError(
                    f"{origin}: message {row} of {topic} is no sensor_msgs/JointState in little-endian CDR: {error}"
                ) from error
            rows = rows_by_layout.setdefault(layout, [])
        rows.append(row)
    return [_table(messages, layout, rows, topic, origin) for layout, rows in rows_by_layout.items()]


def imu_messages(messages: Sequence[bytes], topic: str, origin: str) -> tuple[NDArray[np.int64], FloatArray]:
    """Stamps, ns, [N] and numbers [N, IMU_NUMBERS] of sensor_msgs/Imu, whose frame must stay the same."""
    try:
        cursor = Cursor(messages[0])
        cursor.header()
        start = cursor.aligned(8)
    except ValueError as error:
        raise SurefootError(f"{origin}: message 0 of {topic} is no sensor_msgs/Imu: {error}") from error
    lengths = set(map(len, messages))
    if lengths != {start + 8 * IMU_NUMBERS}:
        raise SurefootError(
            f"{origin}: messages of {topic} have {min(lengths)} to {max(lengths)} bytes: must be "
            f"{start + 8 * IMU_NUMBERS}, as a sensor_msgs/Imu of its frame has"
        )
    table = np.frombuffer(b"".join(messages), np.uint8).reshape(len(messages), -1)
    return _stamps(table), _doubles(table, start, IMU_NUMBERS)


def _layout_of(data: bytes) -> _Layout:
    cursor = Cursor(data)
    cursor.header()
    count = cursor.number()
    if count > MOST_NAMES:
        raise ValueError(f"{count} names, must be at most {MOST_NAMES}")
    names = tuple(cursor.text() for _ in range(count))
    head_end = cursor.aligned(4) + 4
    sequences = (cursor.doubles(), cursor.doubles(), cursor.doubles())
    first = ENCAPSULATION + STAMP
    for what, (_, size) in zip(("positions", "velocities", "efforts"), sequences, strict=True):
        if size not in (0, len(names)):
            raise ValueError(f"{size} {what} for {len(names)} names")
    return _Layout(
        len(data),
        data[first:head_end],
        names,
        (sequences[0][0], sequences[1][0], sequences[2][0]),
        (sequences[0][1], sequences[1][1], sequences[2][1]),
    )


def _table(messages: Sequence[bytes], layout: _Layout, rows: Sequence[int], topic: str, origin: str) -> JointMessages:
    table = np.frombuffer(b"".join([messages[row] for row in rows]), np.uint8).reshape(len(rows), layout.length)
    _check_counts(table, layout, topic, origin)
    position, velocity, effort = (
        _doubles(table, start, count) for start, count in zip(layout.starts, layout.counts, strict=True)
    )
    return JointMessages(np.array(rows, dtype=np.intp), layout.names, _stamps(table), position, velocity, effort)


def _check_counts(table: NDArray[np.uint8], layout: _Layout, topic: str, origin: str) -> None:
    """Of velocities and efforts, each right behind the numbers before; the head has that of positions.

    Lengths tell whether there are any, but not two counts with the same sum.
    """
    ends = [start + 8 * count for start, count in zip(layout.starts, layout.counts, strict=True)]
    for end, count in zip(ends[:2], layout.counts[1:], strict=True):
        if (_column(table, end, 4, "<u4") != count).any():
            raise SurefootError(f"{origin}: messages of {topic} have other counts of speeds than of names")


def _stamps(table: NDArray[np.uint8]) -> NDArray[np.int64]:
    return _column(table, ENCAPSULATION, 4, "<i4") * 1_000_000_000 + _column(table, ENCAPSULATION + 4, 4, "<u4")


def _column(table: NDArray[np.uint8], start: int, size: int, kind: str) -> NDArray[np.int64]:
    return np.ascontiguousarray(table[:, start : start + size]).view(kind)[:, 0].astype(np.int64)


def _doubles(table: NDArray[np.uint8], start: int, count: int) -> FloatArray:
    numbers: FloatArray = np.ascontiguousarray(table[:, start : start + 8 * count]).view("<f8")
    return numbers.astype(np.float64, copy=False)
