"""The last three actions of each robot, for terms about how smoothly it acts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Namespace, load_arrays, save_arrays


class ActionMemory:
    """An action is where a joint target is from the default pose, in units of `scale_rad`."""

    _ARRAYS = ("target", "action", "previous", "before_previous")

    def __init__(self, default_joint_position_rad: np.ndarray, scale_rad: float, robots: int, xp: Namespace) -> None:
        """All robots hold the default pose."""
        self._xp = xp
        self.default_joint_position: Array = xp.asarray(np.array(default_joint_position_rad, dtype=np.float32))
        self._per_rad = 1.0 / scale_rad
        joints = len(default_joint_position_rad)
        self.action, self.previous, self.before_previous = (
            xp.zeros((robots, joints), dtype=xp.float32) for _ in range(3)
        )
        self.target: Array = xp.zeros((robots, joints), dtype=xp.float32) + self.default_joint_position

    def note(self, joint_target: Array) -> None:
        """One control step with joint targets [N, J] rad, of which a copy is kept."""
        self.before_previous, self.previous = self.previous, self.action
        self.target = self._xp.asarray(joint_target, dtype=self._xp.float32, copy=True)
        self.action = (self.target - self.default_joint_position) * self._per_rad

    def reset(self, ids: Array) -> None:
        """Robots `ids` hold the default pose; arrays handed out before stay as they were."""
        for name in ("action", "previous", "before_previous"):
            fresh = getattr(self, name) + 0.0
            fresh[ids] = 0.0
            setattr(self, name, fresh)
        target = self.target + 0.0
        target[ids] = self.default_joint_position
        self.target = target

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)
