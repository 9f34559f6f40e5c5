"""An ONNX policy for N robots at once, for judging it: what runs on a robot is `runtime`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnxruntime


def open_session(data: bytes) -> onnxruntime.InferenceSession:
    """A session on one thread, as the robot's, of a file's bytes: nothing is loaded from beside it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


class BatchPolicy:
    """All robots' ticks in one call, each with a memory of its own."""

    def __init__(self, session: onnxruntime.InferenceSession, initial: Mapping[str, np.ndarray], robots: int) -> None:
        """`initial`: what one robot remembers at reset, name -> […]."""
        self._session, self._initial = session, initial
        self._outputs = [output.name for output in session.get_outputs()]
        self._state = {name: np.repeat(value[None], robots, axis=0) for name, value in initial.items()}
        self.estimates: dict[str, np.ndarray] = {}
        """What was believed in the last tick: name -> [N, …]."""

    def reset(self, ids: np.ndarray) -> None:
        """Robots `ids` remember nothing."""
        for name, value in self._initial.items():
            self._state[name][ids] = value

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [N, J] rad of raw observations [N, D]."""
        state = {f"state.{name}": value for name, value in self._state.items()}
        given = self._session.run(None, {"observation": observation.astype(np.float32), **state})
        found: dict[str, np.ndarray] = dict(zip(self._outputs, given, strict=True))
        # Copies: onnxruntime may hand out memory that it shares with others.
        self._state = {name: found[f"state.{name}.next"].copy() for name in self._state}
        prefix = "estimate."
        self.estimates = {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
        return found["joint_target"]
