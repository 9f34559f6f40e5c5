"""A trial as it went: what was asked of every robot, what it did, and what that took, at every control step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from surefoot_training.evaluate.arena import Arena
from surefoot_training.evaluate.walker import OracleWalker, Walker
from surefoot_training.sim.simulator import RobotState
from surefoot_training.task.arrays import square_sum, to_numpy
from surefoot_training.task.feet import CONTACT_FORCE_N


@dataclass(frozen=True, slots=True)
class Recording:
    """T control steps of N robots, as they were at the end of each step, before anybody who fell was put back."""

    counts: np.ndarray  # [T, N] bool: the robot's trial was on
    blown_up: np.ndarray  # [T, N] bool: the simulation gave no numbers; what it did stays zero
    fell: np.ndarray  # [T, N] bool: fell in this step and was put back
    command: np.ndarray  # [T, N, 3] vx, vy m/s, yaw rate rad/s
    velocity_in_base: np.ndarray  # [T, N, 3] m/s
    yaw_rate_radps: np.ndarray  # [T, N]
    position_in_world: np.ndarray  # [T, N, 2] m
    power_w: np.ndarray  # [T, N] sum over the joints of |torque × speed|
    mass_kg: np.ndarray  # [T, N]
    foot_force_n: np.ndarray  # [T, N, 4] of the ground on the foot, upwards
    foot_contact: np.ndarray  # [T, N, 4] bool
    estimate_error_mps: np.ndarray  # [T, N] how far the believed velocity was off; NaN where nothing is believed
    control_dt_s: float

    @property
    def known(self) -> np.ndarray:
        """Steps [T, N] of a trial of which there are numbers."""
        known: np.ndarray = self.counts & ~self.blown_up
        return known

    def of_robots(self, rows: slice) -> Recording:
        """The same of some of the robots."""
        return self._part((slice(None), rows))

    def until(self, steps: int) -> Recording:
        """The first `steps` control steps."""
        return self._part((slice(0, steps),))

    def _part(self, index: tuple[slice, ...]) -> Recording:
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "control_dt_s"}
        return Recording(**{name: array[index] for name, array in arrays.items()}, control_dt_s=self.control_dt_s)


class Examiner:
    """Decides what is asked of the robots. This one leaves all to the task; others override what they do otherwise."""

    def command(self, step: int, state: RobotState) -> np.ndarray | None:
        """Velocity commands [N, 3] for this step; None: as the task draws them."""
        return None

    def force(self, step: int, state: RobotState) -> np.ndarray | None:
        """Forces on the trunks [N, 3] N in this step, in the world; None: none."""
        return None

    def counts(self, robots: int) -> np.ndarray:
        """Robots [N] bool whose trial is on, asked before every step."""
        return np.ones(robots, dtype=bool)

    def judge(self, step: int, truth: RobotState, fell: np.ndarray) -> bool:
        """Take note of what a step came to; True when there is nothing more to see."""
        return False


def record(arena: Arena, walker: Walker, examiner: Examiner, steps: int, report: Callable[[], None]) -> Recording:
    """At most `steps` control steps; `report` is called after each."""
    recording = _blank(steps, arena.robots, arena.control_dt_s)
    walker.reset(np.arange(arena.robots))
    for step in range(steps):
        done = _step(arena, walker, examiner, recording, step)
        report()
        if done:
            return recording.until(step + 1)
    return recording


def _step(arena: Arena, walker: Walker, examiner: Examiner, recording: Recording, step: int) -> bool:
    environment, simulator = arena.environment, arena.simulator
    before = simulator.state()
    seen = np.array(to_numpy(environment.observations.policy), dtype=np.float32)
    asked = examiner.command(step, before)
    if asked is not None:
        seen[:, arena.command_columns] = asked
    force = examiner.force(step, before)
    if force is not None:
        simulator.set_base_force(force)
    recording.counts[step] = examiner.counts(arena.robots)
    recording.command[step] = environment.task.commands.meant(seen[:, arena.command_columns])[0]
    recording.mass_kg[step] = simulator.get_parameters(np.arange(arena.robots))["link_mass_kg"].sum(-1)
    if isinstance(walker, OracleWalker):
        walker.tell(before.base_velocity_in_base)
    target = walker.joint_targets(seen)
    recording.estimate_error_mps[step] = _distance(walker.estimated_velocity(), before.base_velocity_in_base)
    result = environment.step(target)
    walker.reset(result.finished_ids)
    _note(recording, step, simulator.truth, simulator.blown_up)
    recording.fell[step] = to_numpy(result.terminated)
    return examiner.judge(step, simulator.truth, recording.fell[step])


def _note(recording: Recording, step: int, truth: RobotState, blown_up: np.ndarray) -> None:
    """What the robots did. Of simulations that blew up no number means anything: they count as falls only."""
    recording.blown_up[step] = blown_up
    good = ~blown_up
    with np.errstate(over="ignore", invalid="ignore"):
        seen = {
            "velocity_in_base": truth.base_velocity_in_base,
            "yaw_rate_radps": truth.angular_velocity_in_base[:, 2],
            "position_in_world": truth.base_position_in_world[:, :2],
            "power_w": abs(truth.joint_torque_nm * truth.joint_velocity).sum(-1),
            "foot_force_n": truth.foot_force_in_world_n[:, :, 2],
            "foot_contact": square_sum(truth.foot_force_in_world_n) > CONTACT_FORCE_N**2,
        }
    for name, values in seen.items():
        getattr(recording, name)[step][good] = values[good]


def _distance(believed: np.ndarray | None, true: np.ndarray) -> np.ndarray | float:
    if believed is None:
        return float("nan")
    distance: np.ndarray = np.linalg.norm(believed - true, axis=-1)
    return distance


def _blank(steps: int, robots: int, control_dt_s: float) -> Recording:
    def zeros(*shape: int, dtype: type = np.float32) -> np.ndarray:
        return np.zeros((steps, robots, *shape), dtype=dtype)

    return Recording(
        counts=zeros(dtype=bool),
        blown_up=zeros(dtype=bool),
        fell=zeros(dtype=bool),
        command=zeros(3),
        velocity_in_base=zeros(3),
        yaw_rate_radps=zeros(),
        position_in_world=zeros(2),
        power_w=zeros(),
        mass_kg=zeros(),
        foot_force_n=zeros(4),
        foot_contact=zeros(4, dtype=bool),
        estimate_error_mps=zeros(),
        control_dt_s=control_dt_s,
    )
