"""Whether a plan may be tried on a robot: a simulation of it, and what the safety gate would say of every command.

The robot that will be measured is not known yet: robots off the file to all sides are simulated, and the worst counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.air.parameters import JointParameters, nominal_parameters
from surefoot_calibration.air.plan import Plan
from surefoot_calibration.air.robots import AirRobots, Rolled
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.model import ModelOptions, build_model
from surefoot_robots.spec import RobotSpec
from surefoot_safety.clamps import clamped_target
from surefoot_safety.command import JointTarget
from surefoot_safety.limits import Limits
from surefoot_safety.state import RobotState

TIMESTEP_S = 0.001
MOST_SHARE = 0.8
"""Of a limit, so that a robot that is a little otherwise stays within it."""
LEAST_ROOM_RAD = 0.05
"""Between a joint and its stop."""
LOOK_EVERY = 10
"""Steps between looks for collisions: 10 ms, in which a joint at 10 rad/s goes 0.1 rad."""


@dataclass(frozen=True, slots=True)
class Margin:
    """One limit and how near the plan comes to it."""

    what: str
    joint: str
    """Where it is nearest."""
    found: float
    limit: float
    unit: str
    kept: bool


@dataclass(frozen=True, slots=True, eq=False)
class PlanCheck:
    """What was found."""

    margins: tuple[Margin, ...]
    gate: str
    """The first thing that the safety gate would have changed; empty if nothing."""
    collision: str
    """The first two parts that would meet; empty if none."""

    @property
    def passed(self) -> bool:
        """Whether the plan may be tried."""
        return all(margin.kept for margin in self.margins) and not self.gate and not self.collision


def check_plan(robot: RobotSpec, limits: Limits, gains: Gains, plan: Plan) -> PlanCheck:
    """Simulate a plan and judge it."""
    variants = _variants(robot)
    rolled = _simulated(robot, gains, plan, variants)
    return PlanCheck(
        joint_margins(limits, plan, rolled, gains),
        first_violation(limits, gains, plan, rolled, TIMESTEP_S),
        first_collision(robot, rolled),
    )


def _variants(robot: RobotSpec) -> tuple[JointParameters, ...]:
    """As the file says; light, loose, strong and prompt; heavy, stiff, weak and late."""
    nominal, joints = nominal_parameters(robot), len(robot.joint_names)

    def scaled(share: float, strength: float, delay_s: float) -> JointParameters:
        return JointParameters(
            share * nominal.armature_kgm2,
            share * nominal.damping_nms_per_rad,
            share * nominal.friction_nm,
            np.zeros(joints),
            np.full(joints, strength),
            delay_s,
        )

    return nominal, scaled(0.5, 1.2, 0.0), scaled(1.5, 0.8, 0.025)


def _simulated(robot: RobotSpec, gains: Gains, plan: Plan, variants: tuple[JointParameters, ...]) -> Rolled:
    steps = Steps(0.0, round((plan.stamp_s[-1] + plan.stamp_s[1]) / TIMESTEP_S), TIMESTEP_S)
    targets = [targets_on_steps(plan.stamp_s, plan.target_rad, one.action_delay_s, steps) for one in variants]
    robots = AirRobots(robot, gains, len(variants), TIMESTEP_S)
    robots.set_parameters(np.stack([one.table for one in variants]))
    start = np.tile(plan.target_rad[0], (len(variants), 1))
    return robots.roll(start, np.zeros_like(start), np.stack(targets))


def joint_margins(limits: Limits, plan: Plan, rolled: Rolled, gains: Gains) -> tuple[Margin, ...]:
    """How near joints and targets come to their limits."""
    command = limits.settings.command
    lower, upper = np.array(limits.target_lower_rad), np.array(limits.target_upper_rad)
    rate = np.abs(np.diff(plan.target_rad, axis=0)).max(axis=0) / plan.stamp_s[1]
    speed = np.abs(rolled.velocity_radps).max(axis=(0, 1))
    torque, available = _tightest_torque(limits, rolled)
    joints = len(lower)
    angle = np.concatenate((rolled.encoder_rad.reshape(-1, joints), plan.target_rad))
    return (
        _room("room to the lower stop", angle.min(axis=0) - lower, limits),
        _room("room to the upper stop", upper - angle.max(axis=0), limits),
        _share("rate of targets", rate, np.array(limits.target_rate_radps), "rad/s", limits),
        _share("speed", speed, np.array(limits.no_load_speed_radps), "rad/s", limits),
        _share("torque", torque, available, "Nm", limits),
        _share("kp", gains.kp_nm_per_rad, np.full(joints, command.kp_limit_nm_per_rad), "Nm/rad", limits),
        _share("kd", gains.kd_nms_per_rad, np.full(joints, command.kd_limit_nms_per_rad), "Nm s/rad", limits),
    )


def _tightest_torque(limits: Limits, rolled: Rolled) -> tuple[FloatArray, FloatArray]:
    """Of each joint the torque that is nearest to what the motor has at its speed, and that; [J] both."""
    full, no_load = np.array(limits.full_torque_speed_radps), np.array(limits.no_load_speed_radps)
    left = np.clip((no_load - np.abs(rolled.velocity_radps)) / (no_load - full), 1e-3, 1.0)
    available = (np.array(limits.torque_nm) * left).reshape(-1, len(full))
    torque = np.abs(rolled.torque_nm).reshape(-1, len(full))
    row, joint = np.argmax(torque / available, axis=0), np.arange(len(full))
    return torque[row, joint], available[row, joint]


def _room(what: str, room: FloatArray, limits: Limits) -> Margin:
    joint = int(np.argmin(room))
    found = float(room[joint])
    return Margin(what, limits.joint_names[joint], found, LEAST_ROOM_RAD, "rad", found >= LEAST_ROOM_RAD)


def _share(what: str, found: FloatArray, limit: FloatArray, unit: str, limits: Limits) -> Margin:
    joint = int(np.argmax(found / limit))
    most = MOST_SHARE * float(limit[joint])
    return Margin(what, limits.joint_names[joint], float(found[joint]), most, unit, float(found[joint]) <= most)


def first_violation(limits: Limits, gains: Gains, plan: Plan, rolled: Rolled, timestep_s: float) -> str:
    """What the gate says of each command to each of the robots, in the state it has then."""
    at = np.minimum((plan.stamp_s / timestep_s).astype(int), rolled.encoder_rad.shape[1] - 1)
    every_s = float(plan.stamp_s[1])
    for angles, speeds in zip(rolled.encoder_rad[:, at], rolled.velocity_radps[:, at], strict=True):
        anchor = tuple(plan.target_rad[0].tolist())
        for row, target_rad in enumerate(plan.target_rad):
            target = JointTarget.of_arrays(target_rad, gains.kp_nm_per_rad, gains.kd_nms_per_rad)
            state = _state(limits, float(plan.stamp_s[row]), angles[row], speeds[row])
            _, found = clamped_target(target, state, limits, anchor, every_s)
            if found:
                return f"at {plan.stamp_s[row]:.3f} s: {found[0].message}"
            anchor = target.position_rad
    return ""


def _state(limits: Limits, stamp_s: float, angle_rad: FloatArray, speed_radps: FloatArray) -> RobotState:
    return RobotState(
        robot_hash=limits.robot_hash,
        sequence=0,
        stamp_s=stamp_s,
        joint_position_rad=tuple(angle_rad.tolist()),
        joint_velocity_radps=tuple(speed_radps.tolist()),
        joint_torque_nm=(0.0,) * len(angle_rad),
        orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
        angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
        acceleration_in_base_mps2=(0.0, 0.0, 9.81),
    )


def first_collision(robot: RobotSpec, rolled: Rolled) -> str:
    """Of any two parts, at any of the angles that were reached."""
    options = ModelOptions(base="fixed", ground="none", self_collision="all", sensors=False, action_delay_s=0.0)
    model = build_model(robot, options).compile()
    data = mujoco.MjData(model)
    for angles in rolled.encoder_rad[:, ::LOOK_EVERY]:
        for row, angle in enumerate(angles):
            data.qpos[:] = angle
            mujoco.mj_kinematics(model, data)
            mujoco.mj_collision(model, data)
            if data.ncon:
                first, second = (model.geom(int(geom)).name for geom in data.contact[0].geom)
                return f"{first} meets {second} at {row * LOOK_EVERY * TIMESTEP_S:.3f} s"
    return ""
