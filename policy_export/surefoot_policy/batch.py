"""An ONNX policy for N robots at once, for judging it: what runs on a robot is `runtime`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from surefoot_policy.file import read_policy_file
from surefoot_policy.runtime import Policy
from surefoot_policy.seal import check_seal
from surefoot_policy.session import open_session
from surefoot_robots.spec import RobotSpec


class BatchPolicy:
    """All robots' ticks in one call, each with a memory of its own."""

    def __init__(self, session: onnxruntime.InferenceSession, initial: Mapping[str, np.ndarray], robots: int) -> None:
        """`initial`: what one robot remembers at reset, name -> […]."""
        self._session, self._initial = session, initial
        self._outputs = [output.name for output in session.get_outputs()]
        self._state = {name: np.repeat(value[None], robots, axis=0) for name, value in initial.items()}
        self.estimates: dict[str, np.ndarray] = {}
        """What was believed in the last tick: name -> [N, …]."""

    @classmethod
    def load(cls, path: Path, robots: int, robot: RobotSpec | None = None) -> BatchPolicy:
        """Of a file that has passed every check, as for a robot."""
        contract = Policy.load(path, robot).contract
        data = read_policy_file(path)
        check_seal(data, contract.sha256)  # it may have been exchanged in between
        initial = {entry.name: entry.initial_value() for entry in contract.state}
        return cls(open_session(data), initial, robots)

    def reset(self, ids: np.ndarray) -> None:
        """Robots `ids` remember nothing."""
        for name, value in self._initial.items():
            self._state[name][ids] = value

    def tick(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [N, J] rad of raw observations [N, D]."""
        state = {f"state.{name}": value for name, value in self._state.items()}
        given = self._session.run(None, {"observation": observation.astype(np.float32, copy=False), **state})
        found: dict[str, np.ndarray] = dict(zip(self._outputs, given, strict=True))
        # Copies: onnxruntime may hand out memory that it shares with others.
        self._state = {name: found[f"state.{name}.next"].copy() for name in self._state}
        prefix = "estimate."
        self.estimates = {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
        return found["joint_target"]
