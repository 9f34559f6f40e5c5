"""Whatever turns observations into joint targets: a trained policy, or a baseline that needs no training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from surefoot_robots.spec import RobotSpec
from surefoot_training.bench.motions import trot_targets
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import to_numpy

if TYPE_CHECKING:
    from torch import Tensor

    from surefoot_policy.batch import BatchPolicy
    from surefoot_training.evaluate.oracle import OraclePolicy
    from surefoot_training.nets.policy import Policy

TROT_SPEED_MPS = 0.6
_TROT_HZ = 2.5  # a cycle is 20 control steps of 20 ms
# `trot_targets` grows for two cycles, which its slopes feel a moment longer; from then on every cycle is like the last.
_GROWING_CYCLES = 3


class Walker(Protocol):
    """Controls N robots at once, remembering what it has to about each."""

    def reset(self, ids: Array) -> None:
        """Robots `ids` begin anew."""
        ...

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        """Joint targets [N, J] rad for what the robots see now, [N, D] in raw SI units."""
        ...

    def estimated_velocity(self) -> np.ndarray | None:
        """The velocity in base [N, 3] m/s that was believed when the last targets were given; None has no opinion."""
        ...


class Standing:
    """Holds the default pose, whatever is asked: what a policy has to be better than."""

    def __init__(self, robot: RobotSpec, robots: int) -> None:
        self._target = np.tile(robot.default_joint_position_rad, (robots, 1)).astype(np.float32)

    def reset(self, ids: Array) -> None:
        """Nothing to forget."""

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        """The default pose."""
        return self._target

    def estimated_velocity(self) -> np.ndarray | None:
        """It has no idea."""
        return None


class Trotting:
    """Trots ahead by an open-loop gait, whatever is asked and wherever it is."""

    def __init__(self, robot: RobotSpec, robots: int, control_dt_s: float) -> None:
        self._cycle = round(1.0 / (_TROT_HZ * control_dt_s))
        self._grown = _GROWING_CYCLES * self._cycle
        time_s = np.arange(self._grown + 2 * self._cycle) * control_dt_s  # one more, for the slope at the end
        self._targets = trot_targets(robot, time_s, TROT_SPEED_MPS, frequency_hz=_TROT_HZ).astype(np.float32)
        self._step = np.zeros(robots, dtype=np.int64)

    def reset(self, ids: Array) -> None:
        """Robots `ids` begin with small steps."""
        self._step[to_numpy(ids)] = 0

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        """Where each robot's gait is."""
        later = self._grown + (self._step - self._grown) % self._cycle
        row = np.where(self._step < self._grown, self._step, later)
        self._step += 1
        return self._targets[row]

    def estimated_velocity(self) -> np.ndarray | None:
        """It has no idea."""
        return None


class PolicyWalker:
    """A trained policy, deterministic, as it would run on the robot."""

    def __init__(self, policy: Policy, robots: int) -> None:
        """The policy is switched to evaluation; it must be on the CPU."""
        self._policy = policy.eval()
        self._state = policy.initial_state(robots)
        self._estimate: Tensor | None = None

    def reset(self, ids: Array) -> None:
        """Robots `ids` remember nothing."""
        rows = to_numpy(ids)
        if not len(rows):
            return
        fresh = self._policy.initial_state(len(rows))
        for name, before in self._state.items():
            after = before.clone()  # what the policy gave may be a view of something it keeps
            after[rows] = fresh[name]
            self._state[name] = after

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        """One tick of all robots' policies."""
        import torch

        with torch.inference_mode():
            target, self._state, estimates = self._policy(torch.from_numpy(observation), self._state)
        self._state = dict(self._state)
        self._estimate = estimates.get("velocity_in_base")
        return to_numpy(target)

    def estimated_velocity(self) -> np.ndarray | None:
        """What the policy says, if it estimates velocity."""
        return None if self._estimate is None else to_numpy(self._estimate)


class OracleWalker(PolicyWalker):
    """A policy that is told its true velocity, which no robot knows: an upper bound for those that estimate it."""

    def __init__(self, policy: OraclePolicy, robots: int) -> None:
        """As with any policy."""
        super().__init__(policy, robots)
        self._oracle = policy

    def tell(self, velocity_in_base: np.ndarray) -> None:
        """The truth [N, 3] m/s, before targets are asked for."""
        import torch

        self._oracle.velocity_in_base = torch.from_numpy(np.array(velocity_in_base, dtype=np.float32))


class ExportedWalker:
    """An exported policy, by the runtime of the robot, on the file alone."""

    def __init__(self, policy: BatchPolicy) -> None:
        """Of as many robots as `policy` is for."""
        self._policy = policy

    def reset(self, ids: Array) -> None:
        """Robots `ids` remember nothing."""
        self._policy.reset(to_numpy(ids))

    def joint_targets(self, observation: np.ndarray) -> np.ndarray:
        """One tick of all robots' policies."""
        return self._policy.tick(observation)

    def estimated_velocity(self) -> np.ndarray | None:
        """What the policy says, if it estimates velocity."""
        return self._policy.estimates.get("velocity_in_base")
