"""Whose body is examined: as the file has it and randomized, as it was measured, or one robot whose truth is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.identity import robot_hash
from surefoot_robots.spec import RobotSpec
from surefoot_training.simulated.config import Truth, own_values
from surefoot_training.task.calibrated import calibrated_task, measured_robot
from surefoot_training.task.config import TaskConfig
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.settings import Span

_AS_IT_IS: Span = (1.0, 1.0)
_NOTHING: Span = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Body:
    """A robot, and the task with the ranges that go with it."""

    robot: RobotSpec
    task: TaskConfig
    called: str | None
    """What else than the robot's file it is from."""


def measured_body(task: TaskConfig, robot: RobotSpec, calibration: Calibration, factor: float) -> Body:
    """As training with this calibration has it."""
    return Body(
        measured_robot(robot, calibration),
        calibrated_task(task, robot, calibration, factor),
        f"{calibration.called}, safety factor {factor:g}",
    )


def hidden_body(task: TaskConfig, robot: RobotSpec, truth: Truth, called: str) -> Body:
    """The one robot of a world's file. Its sensors, its starts and what it is asked for are drawn as ever.

    A delay between two physics steps is the one for some robots and the other for the rest, right on average.
    """
    known = known_calibration(truth, robot, called)
    alike = replace(task, randomization=_one_body(task.randomization, truth.foot_friction or robot.foot_friction))
    return Body(measured_robot(robot, known), calibrated_task(alike, robot, known, 1.0), called)


def known_calibration(truth: Truth, robot: RobotSpec, called: str) -> Calibration:
    """What is certain of a robot whose truth is known, in the words of what was measured."""
    of_joints = [
        (name, joint, value)
        for name, values in own_values(truth, robot).items()
        for joint, value in zip(robot.joint_names, values, strict=True)
    ]
    delay_s = robot.action_delay_s if truth.action_delay_s is None else truth.action_delay_s
    of_robot = {"action_delay_s": delay_s, "base_mass_kg": truth.base_mass_kg, "base_com_x_m": truth.base_com_x_m}
    rows = [*of_joints, *((name, None, value) for name, value in of_robot.items() if value is not None)]
    measured = tuple(Measured(name, joint, value, value, value, "identified") for name, joint, value in rows)
    sha256 = hashlib.sha256(repr(measured).encode()).hexdigest()  # there is no file
    return Calibration(called, sha256, robot.name, robot_hash(robot), "truth", measured)


def _one_body(ranges: RandomizationConfig, foot_friction: float) -> RandomizationConfig:
    """`ranges` with none about the body; how feet rebound is the ground's matter, and stays."""
    return replace(
        ranges,
        base_mass_added_kg=_NOTHING,
        link_mass_scale=_AS_IT_IS,
        link_inertia_scale=_AS_IT_IS,
        base_com_shift_x_m=_NOTHING,
        base_com_shift_y_m=_NOTHING,
        base_com_shift_z_m=_NOTHING,
        kp_scale=_AS_IT_IS,
        kd_scale=_AS_IT_IS,
        torque_limit_scale=_AS_IT_IS,
        supply_voltage_scale=_AS_IT_IS,
        dead_zone_rad=_NOTHING,
        gravity_error_mps2=_NOTHING,
        foot_friction=(foot_friction, foot_friction),
    )
