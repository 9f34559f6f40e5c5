"""A walking environment as learners of dimensionless actions want it: what both adapters have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_training.interop.observation import ObservationLayout
from surefoot_training.sim.simulator import Array
from surefoot_training.task.environment import Observations, StepResult, WalkingEnvironment

_SUMS_OVER_TIME = ("tracking_score", "speed_error_mps", "yaw_rate_error_radps")


class LearnerEnvironment:
    """`environment` with actions [N, J] instead of joint targets, and observations laid out by `layout`.

    A joint target is the default pose + `action_scale_rad` × action. Actions are clipped to the range in which they
    make a difference, `action_low` to `action_high` [J].
    """

    def __init__(self, environment: WalkingEnvironment) -> None:
        """Around `environment`, which goes on from where it is."""
        xp, robot = environment.simulator.arrays, environment.simulator.robot
        self.environment = environment
        self.layout = ObservationLayout(environment.task, robot, xp)
        low, high = action_range(robot, environment.task.action_scale_rad)
        self.action_low, self.action_high = xp.asarray(low), xp.asarray(high)

    @property
    def observations(self) -> Observations:
        """What all robots see now, new arrays."""
        return self.layout.arrange(self.environment.observations, self.environment.last_action)

    def step(self, action: Array) -> StepResult:
        """One control step with actions [N, J]; as `WalkingEnvironment.step`, with readable means in `log`."""
        environment = self.environment
        action = self._usable(action)
        result = environment.step(environment.joint_target_of(action))
        return replace(
            result,
            observations=self.observations,
            final=self.layout.arrange(result.final, action[result.finished_ids]),
            log=means_per_second(result.log),
        )

    def _usable(self, action: Array) -> Array:
        shape = (self.environment.robots, self.environment.joints)
        if tuple(action.shape) != shape:
            raise SurefootError(f"actions have shape {tuple(action.shape)}", hint=f"give one row per robot: {shape}")
        xp = self.environment.simulator.arrays
        unusable = ~xp.isfinite(action).all(-1)
        if unusable.any():
            raise SurefootError(
                f"{int(unusable.sum())} of {shape[0]} robots got actions that are not finite numbers",
                hint="the learner has diverged: lower its learning rate, or normalize observations and rewards",
            )
        return xp.minimum(xp.maximum(action, self.action_low), self.action_high)


def action_range(robot: RobotSpec, action_scale_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest action [J] that make a difference, float32.

    Wherever a joint is within its limits, a target farther than full torque / Kp beyond them gives full torque.
    """
    reach_rad = robot.torque_limit_nm / robot.kp_nm_per_rad
    low = robot.joint_lower_rad - reach_rad - robot.default_joint_position_rad
    high = robot.joint_upper_rad + reach_rad - robot.default_joint_position_rad
    return (low / action_scale_rad).astype(np.float32), (high / action_scale_rad).astype(np.float32)


def means_per_second(log: Mapping[str, float]) -> dict[str, float]:
    """A step's log with means over time where it had sums: rewards per second, errors in their units."""
    return {
        name: value / log["length_s"] if name in _SUMS_OVER_TIME or name.startswith("reward/") else value
        for name, value in log.items()
    }
