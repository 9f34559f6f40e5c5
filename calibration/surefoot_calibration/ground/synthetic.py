"""A robot on the ground whose truth is known: what a log of it would be. For tests, and to check plans.

Steps are finer than any that identification uses, and friction of feet is stiffer than in training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.air.parameters import JointParameters
from surefoot_calibration.air.synthetic import Senses, hidden_parameters
from surefoot_calibration.ground.parameters import GroundParameters, theta_of, trunk_of
from surefoot_calibration.ground.robots import FREE, GroundRobots, Stood
from surefoot_calibration.log.joint_log import FloatArray, Gains, ImuLog, JointLog, LogReport
from surefoot_calibration.log.stamps import steadiness
from surefoot_robots.spec import RobotSpec

TIMESTEP_S = 0.001
SETTLING_S = 1.5
"""It stands at the first target before the log begins."""


@dataclass(frozen=True, slots=True)
class GroundSenses:
    """Errors of what is measured; standard deviations."""

    joints: Senses = field(default_factory=Senses)
    gyro_noise_radps: float = 0.005
    gyro_bias_radps: float = 0.003
    acceleration_noise_mps2: float = 0.05
    acceleration_bias_mps2: float = 0.05
    """Biases are drawn once a log, axis by axis."""


NO_GROUND_ERRORS = GroundSenses(Senses(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class HiddenRobot:
    """What is to be found out."""

    joints: JointParameters
    ground: GroundParameters


def hidden_robot(robot: RobotSpec, seed: int) -> HiddenRobot:
    """Joints as in air, and a trunk and feet off the file.

    The trunk is 0.5 to 1.5 times as heavy, its centre of mass up to 5 cm off (3 cm up or down), its mass 0.8 to 1.25
    times as spread out along each axis; feet have a friction of 0.4 to 1.2.
    """
    rng = np.random.default_rng([seed, 1])
    own = robot.trunk.inertial
    share = float(rng.uniform(0.5, 1.5))
    shift = rng.uniform((-0.05, -0.05, -0.03), (0.05, 0.05, 0.03))
    spread = rng.uniform(math.log(0.8), math.log(1.25), 3)
    theta = theta_of(own)
    theta[0] += 0.5 * math.log(share)
    theta[1:4] += spread
    theta[7:] += shift
    return HiddenRobot(hidden_parameters(robot, seed), GroundParameters(trunk_of(theta), float(rng.uniform(0.4, 1.2))))


def ground_log(
    robot: RobotSpec,
    truth: HiddenRobot,
    target_rad: FloatArray,
    gains: Gains,
    *,
    rate_hz: float = 200.0,
    senses: GroundSenses | None = None,
    seed: int = 0,
) -> JointLog:
    """The log of a robot that stands and is given targets [C, J] at `rate_hz`; the same seed, the same log."""
    senses = senses or GroundSenses()
    rng = np.random.default_rng(seed)
    jitter = senses.joints.tick_jitter_s * np.clip(rng.standard_normal(len(target_rad)), -2.5, 2.5)
    tick_s = np.arange(len(target_rad)) / rate_hz + jitter
    tick_s -= tick_s[0]
    stood = _stood(robot, truth, gains, tick_s, target_rad)
    stamp_s = np.maximum.accumulate(tick_s + senses.joints.stamp_noise_s * rng.standard_normal(len(tick_s)))
    stamp_s -= stamp_s[0]
    found = _Sampled.of(stood, tick_s, stamp_s).with_errors(truth.joints, senses, rng)
    return _log(robot, gains, found, target_rad)


def _stood(robot: RobotSpec, truth: HiddenRobot, gains: Gains, tick_s: FloatArray, target_rad: FloatArray) -> Stood:
    steps = Steps(-SETTLING_S, math.ceil((SETTLING_S + tick_s[-1]) / TIMESTEP_S) + 1, TIMESTEP_S)
    targets = targets_on_steps(tick_s, target_rad, truth.joints.action_delay_s, steps)
    robots = GroundRobots(robot, gains, 1, TIMESTEP_S, threads=1)
    robots.set_parameters(0, truth.joints, truth.ground)
    robots.settle()
    return robots.roll(standing_base(robot, target_rad[:1]), target_rad[:1], np.zeros((1, 18)), targets[None])


def standing_base(robot: RobotSpec, angle_rad: FloatArray) -> FloatArray:
    """Where a level base is over feet that touch the ground, [n, 7]."""
    radius = np.array([leg.foot.radius_m for leg in robot.legs])
    base = np.zeros((len(angle_rad), FREE))
    base[:, 2] = np.max(radius - robot.kinematics.foot_position_in_base(angle_rad)[..., 2], axis=-1)
    base[:, 3] = 1.0
    return base


@dataclass(frozen=True, slots=True, eq=False)
class _Sampled:
    """What there was at each sample, without errors; times as they were and as they are stamped."""

    stamp_s: FloatArray
    angle_rad: FloatArray
    speed_radps: FloatArray
    torque_nm: FloatArray
    gyro_radps: FloatArray
    force_mps2: FloatArray

    @classmethod
    def of(cls, stood: Stood, tick_s: FloatArray, stamp_s: FloatArray) -> _Sampled:
        """At the ticks."""
        time_s = Steps(-SETTLING_S, stood.qpos.shape[1], TIMESTEP_S).edges_s[1:]

        def at(values: FloatArray) -> FloatArray:
            return np.stack([np.interp(tick_s, time_s, column) for column in values.T], axis=1)

        return cls(
            stamp_s,
            at(stood.qpos[0, :, FREE:]),
            at(stood.qvel[0, :, 6:]),
            at(stood.torque_nm[0]),
            at(stood.gyro_radps[0]),
            at(stood.accelerometer_mps2[0]),
        )

    def with_errors(self, joints: JointParameters, senses: GroundSenses, rng: np.random.Generator) -> _Sampled:
        """As sensors have it."""
        errors = senses.joints

        def noisy(values: FloatArray, deviation: float) -> FloatArray:
            return values + deviation * rng.standard_normal(values.shape)

        angle = noisy(self.angle_rad + joints.encoder_offset_rad, errors.encoder_noise_rad)
        if errors.encoder_step_rad > 0.0:
            angle = np.round(angle / errors.encoder_step_rad) * errors.encoder_step_rad
        gyro_bias, force_bias = rng.standard_normal((2, 3))
        return _Sampled(
            self.stamp_s,
            angle,
            noisy(self.speed_radps, errors.speed_noise_radps),
            # What motors think they give.
            noisy(self.torque_nm / joints.motor_strength, errors.torque_noise_nm),
            noisy(self.gyro_radps, senses.gyro_noise_radps) + senses.gyro_bias_radps * gyro_bias,
            noisy(self.force_mps2, senses.acceleration_noise_mps2) + senses.acceleration_bias_mps2 * force_bias,
        )


def _log(robot: RobotSpec, gains: Gains, found: _Sampled, target_rad: FloatArray) -> JointLog:
    steady = steadiness(found.stamp_s, "synthetic")
    return JointLog(
        origin="synthetic",
        robot=robot.name,
        joint_names=robot.joint_names,
        start_s=0.0,
        stamp_s=found.stamp_s,
        position_rad=found.angle_rad,
        velocity_radps=found.speed_radps,
        torque_nm=found.torque_nm,
        target_stamp_s=found.stamp_s,
        target_rad=target_rad,
        gains=gains,
        imu=ImuLog(found.stamp_s, found.gyro_radps, found.force_mps2),
        report=LogReport(
            format="synthetic",
            rate_hz=steady.rate_hz,
            jitter_s=steady.jitter_s,
            missing=steady.missing,
            gaps=steady.gaps,
            repeated=0,
            command_times="each target was given at its sample's stamp",
            clock_offset_s=(),
            ignored=(),
        ),
    )


def with_friction(truth: HiddenRobot, foot_friction: float) -> HiddenRobot:
    """The same robot on other ground."""
    return replace(truth, ground=replace(truth.ground, foot_friction=foot_friction))
