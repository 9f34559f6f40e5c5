"""Wall and processor time of a learner's iterations, and of what happens inside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

Method: TypeAlias = tuple[object, str]
"""An object and the name of a method of it."""


class Meter:
    """Measures one learner, iteration by iteration."""

    def __init__(self, iterate: Callable[[], object], update: Sequence[Method], engine: Method) -> None:
        """`update` are the methods that make up the update, `engine` the physics engine's step."""
        self._iterate = iterate
        self.whole_s: list[float] = []
        self.whole_cpu_s: list[float] = []
        self.update_s: list[float] = []
        self.update_cpu_s: list[float] = []
        self.engine_s: list[float] = []
        self.engine_cpu_s: list[float] = []
        self._update, self._engine = _Span(), _Span()
        for owner, name in update:
            setattr(owner, name, self._update.around(getattr(owner, name)))
        setattr(engine[0], engine[1], self._engine.around(getattr(*engine)))

    def measure(self, *, keep: bool) -> None:
        """One iteration; forgotten unless `keep`."""
        self._update.clear()
        self._engine.clear()
        whole = _Span()
        whole.around(self._iterate)()
        if keep:
            self.whole_s.append(whole.wall_s)
            self.whole_cpu_s.append(whole.cpu_s)
            self.update_s.append(self._update.wall_s)
            self.update_cpu_s.append(self._update.cpu_s)
            self.engine_s.append(self._engine.wall_s)
            self.engine_cpu_s.append(self._engine.cpu_s)


class _Span:
    """Time spent in some calls."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    def around(self, call: Callable[..., object]) -> Callable[..., object]:
        """The same call, timed."""

        def timed(*arguments: object, **named: object) -> object:
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            try:
                return call(*arguments, **named)
            finally:
                self.wall_s += time.perf_counter() - wall_s
                self.cpu_s += time.process_time() - cpu_s

        return timed
