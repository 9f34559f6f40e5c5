"""Motors: their law at 1 kHz, delay, torque–speed line, timeout; and the battery and warmth that follow from it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.drivers.driver import MotorTargets
from surefoot_robots.spec import RobotSpec
from surefoot_training.simulated.config import Power, World, own_values

FloatArray = NDArray[np.float64]
MOST_WAITING = 1000
"""Targets on their way: a second at 1 kHz. More come only to a simulation that is far behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """Targets as arrays, [5, 12]: position, velocity, torque, kp, kd."""

    rows: FloatArray
    written_s: float


class MotorBank:
    """All motors of one robot. Times are those of the simulation."""

    def __init__(self, robot: RobotSpec, world: World) -> None:
        own = own_values(world.truth, robot)
        self._delay_s = robot.action_delay_s if world.truth.action_delay_s is None else world.truth.action_delay_s
        self._offset = np.array(own["encoder_offset_rad"])
        self.strength = np.array(own["motor_strength"])
        self._peak, self._no_load = np.array(robot.torque_limit_nm), np.array(robot.speed_limit_radps)
        self._falling = self._no_load - np.array(robot.full_torque_speed_radps)
        self._timeout_s = world.motors.command_timeout_s
        brake = np.zeros((5, len(robot.joint_names)))
        brake[4] = world.motors.timeout_kd_nms_per_rad
        self._brake = Law(brake, -np.inf)
        self._law = self._brake
        self._waiting: deque[Law] = deque(maxlen=MOST_WAITING)
        self._last: tuple[MotorTargets, FloatArray] | None = None

    @property
    def timed_out(self) -> bool:
        """Whether they brake because nobody has told them anything for too long."""
        return self._law is self._brake

    def write(self, targets: MotorTargets, now_s: float) -> None:
        """Take targets; they act after the delay."""
        if self._last is None or self._last[0] is not targets:
            rows = (
                targets.position_rad,
                targets.velocity_radps,
                targets.torque_nm,
                targets.kp_nm_per_rad,
                targets.kd_nms_per_rad,
            )
            self._last = targets, np.array(rows)
        self._waiting.append(Law(self._last[1], now_s))

    def torque_nm(self, time_s: float, position_rad: FloatArray, velocity_radps: FloatArray) -> FloatArray:
        """What they give now, [12]; `position_rad` is the truth."""
        waiting = self._waiting
        while waiting and waiting[0].written_s + self._delay_s <= time_s:
            self._law = waiting.popleft()
        if not time_s - self._law.written_s <= self._timeout_s + self._delay_s:
            self._law = self._brake
        position, velocity, torque, kp, kd = self._law.rows
        asked = kp * (position - position_rad - self._offset) + kd * (velocity - velocity_radps) + torque
        # The full torque is there to brake, less of it to drive: see `surefoot_robots.spec.Motor`.
        driving = self._peak * np.clip((self._no_load - np.abs(velocity_radps)) / self._falling, 0.0, 1.0)
        forward = velocity_radps > 0.0
        highest, lowest = np.where(forward, driving, self._peak), np.where(forward, -self._peak, -driving)
        given: FloatArray = self.strength * np.minimum(highest, np.maximum(lowest, asked))
        return given


class Energy:
    """The battery's charge and each motor's warmth."""

    def __init__(self, power: Power, joints: int) -> None:
        self._power = power
        self._charge_ah = power.charge_share * power.capacity_ah
        self.temperature_c = np.full(joints, power.ambient_c)
        self.voltage_v = self._at_rest_v

    @property
    def _at_rest_v(self) -> float:
        power = self._power
        return power.empty_v + (power.full_v - power.empty_v) * self._charge_ah / power.capacity_ah

    def spend(self, torque_nm: FloatArray, velocity_radps: FloatArray, seconds: float) -> None:
        """A stretch of time with these torques and speeds; braking charges nothing."""
        power = self._power
        heat_w = power.winding_ohm * np.square(torque_nm / power.torque_constant_nm_per_a)
        work_w = float(np.maximum(torque_nm * velocity_radps, 0.0).sum() + heat_w.sum()) + power.idle_w
        current_a = work_w / self._at_rest_v  # without the sag: a battery that is asked for too much has no voltage
        self._charge_ah = max(0.0, self._charge_ah - current_a * seconds / 3600.0)
        self.voltage_v = max(0.0, self._at_rest_v - power.resistance_ohm * current_a)
        goal_c = power.ambient_c + power.warmth_c_per_w * heat_w
        self.temperature_c += (goal_c - self.temperature_c) * min(1.0, seconds / power.warmth_time_s)
