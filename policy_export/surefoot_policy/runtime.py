"""A policy on the robot: load, tick, reset.

    policy = Policy.load("policy.onnx", load_robot("go2"))
    while True:
        joint_target_rad = policy.tick(policy.pack(terms))

Whatever comes out is handed on as it is: judging it is the supervisor's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from surefoot_policy.contract import (
    ESTIMATE_PREFIX,
    JOINT_TARGET,
    NEXT_SUFFIX,
    OBSERVATION,
    STATE_PREFIX,
    Contract,
    StateEntry,
)
from surefoot_policy.fields import HINT, Float32Array
from surefoot_policy.refusal import PolicyError, said
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec

Observed: TypeAlias = NDArray[np.float32] | NDArray[np.float64]

WARM_UP_TICKS = 50  # contract.md; first inferences may take 0.4 s (isaac_ros_deploy)


class Policy:
    """One robot's policy with what it remembers. Not for several threads at once.

    All memory is there after loading: onnxruntime reads and writes NumPy's buffers in place, and what is remembered
    lies in two sets of them, of which one is read and the other written in turns.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, contract: Contract, estimates: Mapping[str, tuple[int, ...]]
    ) -> None:
        """Of a graph that keeps the contract, which `load` has made sure of; `estimates`: name -> shape."""
        self.contract = contract
        self._session = session
        self._observation = np.zeros((1, contract.observation_size), np.float32)
        self._joint_target = np.zeros((1, contract.joints), np.float32)
        self._estimates = {name: np.zeros((1, *shape), np.float32) for name, shape in estimates.items()}
        self._memories = tuple(_Memory(entry) for entry in contract.state)
        self._bindings = (self._bind(0), self._bind(1))
        self._turn = 0
        self._packed = np.zeros(contract.observation_size, np.float32)
        self._columns = contract.columns()
        # Rows of the buffers, so that a tick makes no views of them.
        self._observed, self._decided = self._observation[0], self._joint_target[0]
        self.reset()

    @classmethod
    def load(cls, path: Path | str, robot: RobotSpec | None) -> Policy:
        """Read, check, self-test and warm up; a PolicyError names file and field, both values and the way out.

        `robot` is the one at hand; None where there is none, as on a desk.
        """
        from surefoot_policy.checks import load_checked  # which runs policies to check them

        return load_checked(Path(path), robot)

    def tick(self, observation: Observed) -> Float32Array:
        """Joint targets [J] rad, of the caller's own, for one observation [D] in raw SI units."""
        if observation.shape != self._observed.shape:
            raise SurefootError(
                f"an observation of shape {list(observation.shape)} for a policy of [{self._observed.size}]",
                hint="`pack` puts the terms in the contract's order",
            )
        np.copyto(self._observed, observation, casting="same_kind")
        try:
            self._session.run_with_iobinding(self._bindings[self._turn])
        except Exception as error:  # onnxruntime has a class per status code, and no common one but Exception
            raise PolicyError(
                "graph", found=f"a failure in a tick: {said(error)}", expected="joint targets", hint=HINT
            ) from error
        self._turn = 1 - self._turn
        target: Float32Array = self._decided.copy()
        return target

    def estimates(self) -> dict[str, Float32Array]:
        """What the policy believed in the last tick: name -> […], as `velocity_in_base` [3] m/s."""
        return {name: value[0].copy() for name, value in self._estimates.items()}

    def reset(self) -> None:
        """Remember nothing."""
        self._turn = 0
        for memory in self._memories:
            memory.reset()
        for value in (self._joint_target, *self._estimates.values()):
            value.fill(0.0)

    def pack(self, terms: Mapping[str, Observed]) -> Float32Array:
        """An observation [D] of terms by name; the same buffer every time, valid until the next call."""
        if terms.keys() != self._columns.keys():
            raise SurefootError(
                f"observation terms {', '.join(terms)} for a policy that observes {', '.join(self._columns)}",
                hint="give it what it observes and nothing else: `surefoot inspect` lists it with sizes and units",
            )
        for name, columns in self._columns.items():
            place, value = self._packed[columns], terms[name]
            if np.shape(value) != place.shape:  # NumPy would spread a single number over all
                raise SurefootError(
                    f"observation term {name} has shape {list(np.shape(value))}: must be {list(place.shape)}",
                    hint="one value per axis or joint, of one robot: see `surefoot inspect`",
                )
            place[:] = value
        return self._packed

    @property
    def command_low(self) -> Float32Array:
        """Smallest velocity command it was trained for, [3]: vx, vy m/s and yaw rate rad/s."""
        span = self.contract.command_range
        return np.array([span.vx_mps[0], span.vy_mps[0], span.yaw_rate_radps[0]], np.float32)

    @property
    def command_high(self) -> Float32Array:
        """Largest velocity command it was trained for, [3]: vx, vy m/s and yaw rate rad/s."""
        span = self.contract.command_range
        return np.array([span.vx_mps[1], span.vy_mps[1], span.yaw_rate_radps[1]], np.float32)

    def play(self, observations: Float32Array) -> Float32Array:
        """Joint targets [T, J] of observations [T, D] from reset; remembers nothing afterwards."""
        self.reset()
        targets = np.array([self.tick(observation) for observation in observations], np.float32)
        self.reset()
        return targets.reshape(-1, self.contract.joints)

    def warm_up(self) -> Self:
        """Run as long as the first runs may still allocate."""
        golden = self.contract.golden.observation
        self.play(golden[np.arange(WARM_UP_TICKS) % len(golden)])
        return self

    def _bind(self, turn: int) -> onnxruntime.IOBinding:
        """The buffers of every other tick."""
        binding = self._session.io_binding()
        binding.bind_ortvalue_input(OBSERVATION, _in_place(self._observation))
        binding.bind_ortvalue_output(JOINT_TARGET, _in_place(self._joint_target))
        for name, value in self._estimates.items():
            binding.bind_ortvalue_output(f"{ESTIMATE_PREFIX}{name}", _in_place(value))
        for memory in self._memories:
            name = f"{STATE_PREFIX}{memory.name}"
            binding.bind_ortvalue_input(name, _in_place(memory.buffers[turn]))
            binding.bind_ortvalue_output(f"{name}{NEXT_SUFFIX}", _in_place(memory.buffers[1 - turn]))
        return binding


class _Memory:
    """A state entry in two buffers [1, …]; the first is read in the first tick after a reset."""

    def __init__(self, entry: StateEntry) -> None:
        self.name, self._initial = entry.name, entry.initial_value()
        self.buffers = (np.zeros((1, *entry.shape), np.float32), np.zeros((1, *entry.shape), np.float32))

    def reset(self) -> None:
        self.buffers[0][0] = self._initial
        self.buffers[1].fill(0.0)


def _in_place(array: Float32Array) -> onnxruntime.OrtValue:
    """What onnxruntime reads or writes where NumPy keeps it."""
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)
