"""Messages as a recorder took them, still as bytes, whatever file they are from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(slots=True)
class Recorded:
    """All messages of one topic, in the order they were recorded."""

    type_name: str
    """As sensor_msgs/msg/JointState."""
    data: list[bytes] = field(default_factory=list)
    """CDR, as over the wire."""
    time_ns: list[int] = field(default_factory=list)
    """When the recorder took each, by its own clock."""


Topics: TypeAlias = dict[str, Recorded]


def of_type(topics: Topics, type_name: str) -> Iterator[str]:
    """The topics that have messages of a type."""
    return (name for name, recorded in topics.items() if recorded.type_name == type_name and recorded.data)
