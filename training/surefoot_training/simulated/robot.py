"""The simulated robot: time is injected, so that it runs in real time in a link and step by step in a test."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from surefoot_robots.drivers.driver import MotorTargets, Sample
from surefoot_robots.spec import RobotSpec
from surefoot_training.simulated.body import STEP_S, Body
from surefoot_training.simulated.config import World
from surefoot_training.simulated.faults import Faults
from surefoot_training.simulated.motors import Energy, MotorBank
from surefoot_training.simulated.senses import Senses

MOST_STEPS = 20
"""At once. A process that was held up catches up over some ticks, so that samples come in between."""
LONGEST_LAG_S = 3.0
"""Time beyond this is let go: the robot was not simulated then."""
ENERGY_STEPS = 10


@dataclass(frozen=True, slots=True)
class Push:
    """A force on the trunk's middle, in the world's frame."""

    force_x_n: float
    force_y_n: float
    until_s: float


class SimulatedRobot:
    """A driver whose robot is simulated. `now_s` may come from any clock that goes on."""

    def __init__(self, robot: RobotSpec, world: World) -> None:
        self.robot, self.world = robot, world
        motion, sensing, losing = np.random.SeedSequence(world.seed).spawn(3)
        del motion  # kept for what moves by chance one day, so that the others stay the same
        self.body = Body(robot, world)
        self.motors = MotorBank(robot, world)
        self.energy = Energy(world.power, len(robot.joint_names))
        self.faults = Faults(np.random.default_rng(losing))
        self._senses = Senses(robot, world, np.random.default_rng(sensing))
        self._sample_steps = max(1, round(world.sensors.period_s / STEP_S))
        self._push = Push(0.0, 0.0, -math.inf)
        self._start_s: float | None = None
        self._steps = self._measured = 0
        self._on_their_way: list[tuple[float, int, Sample]] = []
        self.torque_nm = np.zeros(len(robot.joint_names))
        self.let_go_s = 0.0
        """Time that was not simulated because the process was held up for too long."""

    @property
    def time_s(self) -> float:
        """How far the simulation is, on the clock of the calls."""
        return (self._start_s or 0.0) + self._steps * STEP_S

    def write(self, targets: MotorTargets, now_s: float) -> None:
        """Targets to all motors."""
        self.motors.write(targets, now_s)

    def read(self, now_s: float) -> Sample | None:
        """Simulate up to now and give the newest sample that has arrived, if there is a new one."""
        self.advance_to(now_s)
        newest = None
        while self._on_their_way and self._on_their_way[0][0] <= now_s:
            newest = heapq.heappop(self._on_their_way)[2]
        return newest

    def close(self) -> None:
        """Nothing to let go of."""

    def advance_to(self, now_s: float) -> None:
        """Step until now, or as far as one call may go."""
        if self._start_s is None:
            self._start_s = now_s
        behind_s = now_s - self.time_s
        if behind_s > LONGEST_LAG_S:
            self._start_s += behind_s - LONGEST_LAG_S
            self.let_go_s += behind_s - LONGEST_LAG_S
            behind_s = LONGEST_LAG_S
        for _ in range(min(MOST_STEPS, int(behind_s / STEP_S + 1e-6))):
            self._step()

    def push(self, force_n: float, direction_rad: float, duration_s: float) -> None:
        """Push the trunk from now on; direction 0 is ahead, π/2 to the left, as the robot stands now."""
        w, x, y, z = self.body.orientation_wxyz.tolist()
        angle = direction_rad + math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        until_s = self.time_s + duration_s
        self._push = Push(force_n * math.cos(angle), force_n * math.sin(angle), until_s)

    def _step(self) -> None:
        time_s, body = self.time_s, self.body
        torque = self.motors.torque_nm(time_s, body.joint_position_rad, body.joint_velocity_radps)
        dead = self.faults.dead_motors(time_s)
        if dead is not None:
            torque[list(dead) or slice(None)] = 0.0
        push = self._push
        force = np.array([push.force_x_n, push.force_y_n, 0.0]) if time_s < push.until_s else NO_FORCE
        body.step(torque, force)
        self.torque_nm = torque
        self._steps += 1
        if self._steps % ENERGY_STEPS == 0:
            self.energy.spend(torque, body.joint_velocity_radps, ENERGY_STEPS * STEP_S)
        if self._steps % self._sample_steps == 0:
            self._measure()

    def _measure(self) -> None:
        sample = self._senses.sample(self.body, self.torque_nm, self.energy, self.time_s)
        seen = self.faults.seen(sample)
        if seen is not None:
            self._measured += 1
            arrives_s = sample.stamp_s + self.world.sensors.latency_s + self.faults.delay_s()
            heapq.heappush(self._on_their_way, (arrives_s, self._measured, seen))


NO_FORCE = np.zeros(3)
