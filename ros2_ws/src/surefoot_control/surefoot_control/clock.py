"""Between the processes' monotonic clock and the stamps of ROS messages, in whole nanoseconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self, TypeAlias

Stamp: TypeAlias = tuple[int, int]
"""Seconds and nanoseconds, as `builtin_interfaces/Time` has them."""
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Stamps:
    """Converts with an offset that stays as it is for as long as the node runs.

    The wall clock is looked at once, so that stamps are near what other nodes call now; whoever sets it later cannot
    make samples older or newer than they are.
    """

    offset_ns: int
    """What the wall clock was ahead of the monotonic one."""

    @classmethod
    def of_now(cls) -> Self:
        """With the offset of now."""
        return cls(time.time_ns() - time.monotonic_ns())

    def to_ros(self, stamp_s: float) -> Stamp:
        """A message's stamp for a time on the monotonic clock."""
        return divmod(round(stamp_s * NS_PER_S) + self.offset_ns, NS_PER_S)

    def from_ros(self, seconds: int, nanoseconds: int) -> float:
        """The time on the monotonic clock, s, that a message's stamp means."""
        return (seconds * NS_PER_S + nanoseconds - self.offset_ns) / NS_PER_S
