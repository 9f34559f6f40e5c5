"""Motors that take whole commands, gains and torques included, in a simulator that takes positions."""

from __future__ import annotations

import numpy as np

from surefoot_robots.model import delay_on_grid_s
from surefoot_safety.command import JointCommand
from surefoot_safety.limits import Limits
from surefoot_training.sim.mujoco_batch import MujocoBatch

ROUNDING = 1e-9
"""Of limits: arithmetic that a check repeats in another order."""


class Motors:
    """The newest command of each of N robots, [N, J] each, and what of it has come through the delay."""

    def __init__(self, simulator: MujocoBatch, limits: Limits) -> None:
        """Robots must have got their parameters: their motors are off by what they are off by now."""
        self._simulator, self._limits = simulator, limits
        robot, everyone = simulator.robot, np.arange(simulator.robots)
        now = simulator.get_parameters(everyone)
        self._kp_scale = now["kp_nm_per_rad"] / robot.kp_nm_per_rad
        self._kd_scale = now["kd_nms_per_rad"] / robot.kd_nms_per_rad
        step_s = simulator.physics_dt_s
        grid_s = np.array([delay_on_grid_s(float(delay_s), step_s) for delay_s in now["action_delay_s"]])
        self._delay = np.ceil(grid_s / step_s).astype(int)
        shape = (simulator.robots, len(robot.joint_names))
        self.position, self.velocity, self.torque = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.kp, self.kd = np.tile(robot.kp_nm_per_rad, (shape[0], 1)), np.tile(robot.kd_nms_per_rad, (shape[0], 1))
        depth = int(self._delay.max()) + 1
        self._past = np.tile(np.stack([self.kp, self.kd]), (depth, 1, 1, 1))  # [depth, 2, N, J]
        self._working = self._past[0].copy()
        self._everyone, self._ticks = everyone, 0

    def track(self, robots: np.ndarray, position: np.ndarray, kp: np.ndarray, kd: np.ndarray) -> None:
        """Joint targets of some robots, with the gains of a policy."""
        self.position[robots], self.kp[robots], self.kd[robots] = position, kp, kd
        self.velocity[robots] = self.torque[robots] = 0.0

    def obey(self, robot: int, command: JointCommand) -> None:
        """All of one robot's command; without gains there is no position."""
        law = command.target
        self.position[robot], self.velocity[robot], self.torque[robot] = (
            law.position_rad,
            law.velocity_radps,
            law.torque_nm,
        )
        self.kp[robot], self.kd[robot] = law.kp_nm_per_rad, law.kd_nms_per_rad

    def send(self) -> np.ndarray:
        """Set the gains that come through the delay now, and give the positions that belong to the newest ones.

        Motors that know positions only give the same torque at q + (τ + kd v) / kp, whatever the joint does.
        """
        depth = len(self._past)
        self._past[self._ticks % depth] = self.kp, self.kd
        at = (self._ticks - self._delay) % depth
        working = self._past[at, :, self._everyone].swapaxes(0, 1)
        changed = np.flatnonzero((working != self._working).any(axis=(0, 2)))
        if len(changed):
            kp, kd = working[:, changed]
            gains = {"kp_nm_per_rad": self._kp_scale[changed] * kp, "kd_nms_per_rad": self._kd_scale[changed] * kd}
            self._simulator.set_parameters(changed, gains)
        self._working, self._ticks = working, self._ticks + 1
        push = self.torque + self.kd * self.velocity
        shift = np.divide(push, self.kp, out=np.zeros_like(push), where=self.kp > 0.0)
        held = np.where(self.kp > 0.0, self.position, self._simulator.state().joint_position)
        target: np.ndarray = held + shift
        return target

    def excess(self, robots: np.ndarray, position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
        """Which of the newest commands [n] ask for what the robot must not do, given the joints as they are measured.

        Written anew and not by the gate's own functions: this is what judges them.
        """
        limits, spec = self._limits, self._simulator.robot
        kp, kd, torque, at = self.kp[robots], self.kd[robots], self.torque[robots], self.position[robots]
        law = kp * (at - position) + kd * (self.velocity[robots] - velocity) + torque
        peak, no_load = spec.torque_limit_nm, spec.speed_limit_radps
        pushing = peak * np.clip((no_load - abs(velocity)) / (no_load - spec.full_torque_speed_radps), 0.0, 1.0)
        most = np.where(law * velocity > 0.0, pushing, peak) * (1.0 + ROUNDING) + ROUNDING
        tracked = kp > 0.0
        beyond = tracked & ((at < spec.joint_lower_rad) | (at > spec.joint_upper_rad))
        command = limits.settings.command
        strong = (kp > command.kp_limit_nm_per_rad) | (kd > command.kd_limit_nms_per_rad) | (kp < 0.0) | (kd < 0.0)
        # A damped stop brakes with whatever it takes, which the motor's own limit then cuts.
        pulling = tracked & (abs(law) > most)
        found: np.ndarray = (beyond | strong | pulling | ~np.isfinite(law)).any(axis=1)
        return found
