"""Whether a plan may be tried on a robot that stands: simulated with light and heavy ones, shown to the safety gate.

The robot that will be measured is not known yet: its trunk may be half or one and a half times as heavy, its payload
off to a side, its joints loose or stiff, its motors weak and late, the floor slippery. The worst counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.air.parameters import JointParameters, nominal_parameters
from surefoot_calibration.air.plan import Plan
from surefoot_calibration.air.plan_check import Margin, PlanCheck, first_collision, first_violation, joint_margins
from surefoot_calibration.air.robots import Rolled
from surefoot_calibration.ground.parameters import GroundParameters
from surefoot_calibration.ground.robots import FREE, GroundRobots, Stood
from surefoot_calibration.ground.synthetic import HiddenRobot, standing_base
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.inertia import Inertia, Inertial
from surefoot_robots.spec import RobotSpec
from surefoot_safety.limits import Limits

TIMESTEP_S = 0.001
SETTLING_S = 1.5
"""It stands at the first target before the plan begins."""
MOST_TILT_RAD = 0.35
"""20°: a third of what the supervisor takes for a fall, and three times what a plan asks for."""
LEAST_HEIGHT_SHARE = 0.6
"""Of the standing height; the supervisor takes 0.4 for a fall."""
LONGEST_LIFT_S = 0.15
"""That a foot may be off the ground: one that hops for longer comes down somewhere else."""
FAR_M = 0.1
"""That it may have moved over the ground at the end: feet that slid come to rest near where they were."""
CARRIED_N = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """One robot that it might be."""

    name: str
    robot: HiddenRobot


def check_ground_plan(robot: RobotSpec, limits: Limits, gains: Gains, plan: Plan, threads: int = 0) -> PlanCheck:
    """Simulate a plan and judge it."""
    variants = variants_of(robot)
    stood = _simulated(robot, gains, plan, variants, threads)
    rolled = Rolled(stood.qpos[..., FREE:], stood.qvel[..., 6:], stood.torque_nm)
    return PlanCheck(
        (*joint_margins(limits, plan, rolled, gains), *_body_margins(robot, stood, variants)),
        first_violation(limits, gains, plan, rolled, TIMESTEP_S),
        first_collision(robot, rolled),
    )


def variants_of(robot: RobotSpec) -> tuple[Variant, ...]:
    """See the module."""
    own, joints = robot.trunk.inertial, len(robot.joint_names)
    nominal = nominal_parameters(robot)

    def jointed(share: float, strength: float, delay_s: float) -> JointParameters:
        return JointParameters(
            share * nominal.armature_kgm2,
            share * nominal.damping_nms_per_rad,
            share * nominal.friction_nm,
            np.zeros(joints),
            np.full(joints, strength),
            delay_s,
        )

    def trunk(share: float, forward_m: float, left_m: float, up_m: float) -> Inertial:
        x, y, z = own.com_m
        inertia = Inertia.of_matrix(share * own.inertia_kgm2.matrix())
        return Inertial(share * own.mass_kg, (x + forward_m, y + left_m, z + up_m), inertia)

    rows = (
        ("as the file says", nominal, own, robot.foot_friction),
        ("light, loose, prompt", jointed(0.5, 1.1, 0.0), trunk(0.5, 0.03, 0.03, 0.0), robot.foot_friction),
        ("heavy, stiff, weak, late", jointed(1.5, 0.85, 0.02), trunk(1.5, -0.03, 0.02, 0.03), robot.foot_friction),
        ("heavy, on a slippery floor", nominal, trunk(1.5, 0.03, -0.02, 0.03), 0.5 * robot.foot_friction),
    )
    return tuple(Variant(name, HiddenRobot(own, GroundParameters(body, mu))) for name, own, body, mu in rows)


def _simulated(robot: RobotSpec, gains: Gains, plan: Plan, variants: tuple[Variant, ...], threads: int) -> Stood:
    """From the plan's beginning on."""
    settling = round(SETTLING_S / TIMESTEP_S)
    steps = Steps(-SETTLING_S, settling + round((plan.stamp_s[-1] + plan.stamp_s[1]) / TIMESTEP_S), TIMESTEP_S)
    delays_s = [one.robot.joints.action_delay_s for one in variants]
    targets = np.stack([targets_on_steps(plan.stamp_s, plan.target_rad, each_s, steps) for each_s in delays_s])
    robots = GroundRobots(robot, gains, len(variants), TIMESTEP_S, threads, integrator="implicitfast")
    for number, one in enumerate(variants):
        robots.set_parameters(number, one.robot.joints, one.robot.ground)
    robots.settle()
    start = np.tile(plan.target_rad[0], (len(variants), 1))
    stood = robots.roll(standing_base(robot, start), start, np.zeros((len(variants), 6 + start.shape[1])), targets)
    return replace(stood, **{name: getattr(stood, name)[:, settling:] for name in Stood.__slots__})


def _body_margins(robot: RobotSpec, stood: Stood, variants: tuple[Variant, ...]) -> tuple[Margin, ...]:
    """How far trunks lean and sink, and feet lift and wander."""
    up = 1.0 - 2.0 * np.square(stood.qpos[..., 4:6]).sum(axis=-1)
    tilt = np.arccos(np.clip(up, -1.0, 1.0)).max(axis=1)
    tilt[~np.isfinite(tilt)] = np.pi
    height = np.nan_to_num(stood.qpos[..., 2].min(axis=1))
    lift_s = np.array([_longest_lift_s(force) for force in stood.foot_force_n])
    moved = _moved_m(robot, stood)
    least = LEAST_HEIGHT_SHARE * robot.standing_height_m
    return (
        _most("tilt", tilt, MOST_TILT_RAD, "rad", variants),
        Margin("height", *_at(height, int(np.argmin(height)), variants), least, "m", bool(height.min() >= least)),
        _most("a foot in the air", lift_s, LONGEST_LIFT_S, "s", variants),
        _most("feet moved at the end", moved, FAR_M, "m", variants),
    )


def _at(values: FloatArray, number: int, variants: tuple[Variant, ...]) -> tuple[str, float]:
    return variants[number].name, float(values[number])


def _most(what: str, values: FloatArray, limit: float, unit: str, variants: tuple[Variant, ...]) -> Margin:
    where, found = _at(values, int(np.argmax(values)), variants)
    return Margin(what, where, found, limit, unit, found <= limit)


def _longest_lift_s(force_n: FloatArray) -> float:
    """Of one robot's feet, [steps, 4, 3]."""
    longest = 0
    for foot in (force_n[..., 2] < CARRIED_N).T:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], foot.astype(np.int8), [0]))))
        longest = max(longest, int((edges[1::2] - edges[::2]).max(initial=0)))
    return longest * TIMESTEP_S


def _moved_m(robot: RobotSpec, stood: Stood) -> FloatArray:
    """How much wider apart or nearer feet are at the end than at the beginning, the most of each robot, [n]."""
    feet = robot.kinematics.foot_position_in_base(stood.qpos[:, [0, -1], FREE:])
    apart = np.linalg.norm(feet[:, :, :, None, :] - feet[:, :, None, :, :], axis=-1)
    moved: FloatArray = np.nan_to_num(np.abs(apart[:, 1] - apart[:, 0]).max(axis=(1, 2)), nan=1.0)
    return moved
