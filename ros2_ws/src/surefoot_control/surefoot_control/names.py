"""From joints by name to joints in order."""

from __future__ import annotations

from collections.abc import Sequence


class ByName:
    """Takes per-joint values in whatever order a message has them. Messages mostly have the same one: it is kept."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self.wanted = tuple(wanted)
        self._seen: list[str] = []
        self._places: tuple[int, ...] = ()

    def fault(self, names: Sequence[str]) -> str:
        """Why these are not the joints; empty if they are, in whatever order."""
        found = list(names)
        if found == self._seen and self._places:
            return ""
        if len(found) != len(self.wanted):
            return f"{len(found)} joints, must be {len(self.wanted)}"
        missing = [name for name in self.wanted if name not in found]
        if missing:
            return f"joint {missing[0]} is missing"
        self._seen, self._places = found, tuple(found.index(name) for name in self.wanted)
        return ""

    def ordered(self, values: Sequence[float]) -> tuple[float, ...]:
        """Values of the message whose names passed last, in the wanted order."""
        return tuple([values[place] for place in self._places])
