"""Where the time of a control step goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps


class Stopwatch:
    """Times methods of an object by name, each without what it spends in others that are timed too."""

    def __init__(self) -> None:
        """Nothing has been timed."""
        self.seconds: dict[str, float] = {}
        self._inside: list[float] = []  # per open call: time spent in timed calls within it

    @contextmanager
    def timing(self, methods: Mapping[tuple[object, str], str]) -> Iterator[None]:
        """Inside the block, time (object, method name) under a label."""
        for (owner, method), label in methods.items():
            setattr(owner, method, self._timed(getattr(owner, method), label))
        try:
            yield
        finally:
            for owner, method in methods:
                delattr(owner, method)  # the class's own method shows again

    def _timed(self, method: Callable[..., object], label: str) -> Callable[..., object]:
        @wraps(method)
        def timed(*arguments: object, **named: object) -> object:
            self._inside.append(0.0)
            before = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                spent = time.perf_counter() - before
                self.seconds[label] = self.seconds.get(label, 0.0) + spent - self._inside.pop()
                if self._inside:
                    self._inside[-1] += spent

        return timed
