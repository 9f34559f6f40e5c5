"""A robot in air whose truth is known: what a log of it would be. For tests, and to check a plan before anything moves.

It is simulated in finer steps than any fit uses, so that a fit's own error of discretization is among what it is
judged by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.commands import Steps, targets_on_steps
from surefoot_calibration.air.parameters import JointParameters, nominal_parameters
from surefoot_calibration.air.robots import AirRobots, Rolled
from surefoot_calibration.log.joint_log import FloatArray, Gains, JointLog, LogReport
from surefoot_calibration.log.stamps import steadiness
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

TIMESTEP_S = 0.0005
SETTLING_S = 1.0
"""It hangs still at the first target before the log begins."""
LONGEST_DELAY_S = 0.025


@dataclass(frozen=True, slots=True)
class Senses:
    """Errors of what is measured; standard deviations."""

    encoder_noise_rad: float = 0.0005
    encoder_step_rad: float = 2.0 * math.pi / 2**15
    speed_noise_radps: float = 0.03
    torque_noise_nm: float = 0.1
    tick_jitter_s: float = 0.0002
    """Of when the control loop runs: samples are taken and targets given then, and stamped so."""
    stamp_noise_s: float = 0.00005
    """Of the stamps themselves."""


NO_ERRORS = Senses(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def hidden_parameters(robot: RobotSpec, seed: int) -> JointParameters:
    """A robot off its file: joints by up to ±50 %, encoders by 0.02 rad, motors 0.8 to 1.1 strong, delay 0 to 25 ms."""
    rng = np.random.default_rng(seed)
    nominal, joints = nominal_parameters(robot), len(robot.joint_names)
    return JointParameters(
        nominal.armature_kgm2 * rng.uniform(0.5, 1.5, joints),
        nominal.damping_nms_per_rad * rng.uniform(0.5, 1.5, joints),
        nominal.friction_nm * rng.uniform(0.5, 1.5, joints),
        rng.uniform(-0.02, 0.02, joints),
        rng.uniform(0.8, 1.1, joints),
        float(rng.uniform(0.0, LONGEST_DELAY_S)),
    )


def synthetic_log(
    robot: RobotSpec,
    truth: JointParameters,
    target_rad: FloatArray,
    *,
    rate_hz: float = 200.0,
    gains: Gains | None = None,
    senses: Senses | None = None,
    seed: int = 0,
) -> JointLog:
    """The log of a robot that is given targets [C, J] at `rate_hz`; the same seed gives the same log to the bit."""
    senses = senses or Senses()
    gains = gains or Gains(robot.kp_nm_per_rad, robot.kd_nms_per_rad, robot.origin)
    rng = np.random.default_rng(seed)
    tick_s = _ticks(len(target_rad), rate_hz, senses, rng)
    rolled = _rolled(robot, truth, gains, tick_s, target_rad)
    time_s = Steps(-SETTLING_S, rolled.encoder_rad.shape[1], TIMESTEP_S).edges_s[1:]
    angle = _at(tick_s, time_s, rolled.encoder_rad[0])
    speed = _at(tick_s, time_s, rolled.velocity_radps[0])
    torque = _at(tick_s, time_s, rolled.torque_nm[0])
    angle += senses.encoder_noise_rad * rng.standard_normal(angle.shape)
    if senses.encoder_step_rad > 0.0:
        angle = np.round(angle / senses.encoder_step_rad) * senses.encoder_step_rad
    stamp_s = np.maximum.accumulate(tick_s + senses.stamp_noise_s * rng.standard_normal(len(tick_s)))
    stamp_s -= stamp_s[0]
    steady = steadiness(stamp_s, "synthetic")
    return JointLog(
        origin="synthetic",
        robot=robot.name,
        joint_names=robot.joint_names,
        start_s=0.0,
        stamp_s=stamp_s,
        position_rad=angle,
        velocity_radps=speed + senses.speed_noise_radps * rng.standard_normal(speed.shape),
        # What motors think they give.
        torque_nm=torque / truth.motor_strength + senses.torque_noise_nm * rng.standard_normal(torque.shape),
        target_stamp_s=stamp_s,
        target_rad=target_rad,
        gains=gains,
        imu=None,
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


def _ticks(count: int, rate_hz: float, senses: Senses, rng: np.random.Generator) -> FloatArray:
    """When the loop ran, on the simulation's clock; it never runs twice at once."""
    least_s = 0.2 / rate_hz
    if not 5.0 * senses.tick_jitter_s <= 1.0 / rate_hz - least_s:
        raise SurefootError(f"a jitter of {senses.tick_jitter_s:g} s is too much for {rate_hz:g} Hz")
    jitter = senses.tick_jitter_s * np.clip(rng.standard_normal(count), -2.5, 2.5)
    ticks: FloatArray = np.arange(count) / rate_hz + jitter
    ticks -= ticks[0]
    return ticks


def _rolled(
    robot: RobotSpec, truth: JointParameters, gains: Gains, tick_s: FloatArray, target_rad: FloatArray
) -> Rolled:
    steps = Steps(-SETTLING_S, math.ceil((SETTLING_S + tick_s[-1]) / TIMESTEP_S) + 1, TIMESTEP_S)
    targets = targets_on_steps(tick_s, target_rad, truth.action_delay_s, steps)
    robots = AirRobots(robot, gains, 1, TIMESTEP_S, threads=1)
    robots.set_parameters(truth.table[None])
    return robots.roll(target_rad[:1], np.zeros_like(target_rad[:1]), targets[None])


def _at(when_s: FloatArray, time_s: FloatArray, values: FloatArray) -> FloatArray:
    return np.stack([np.interp(when_s, time_s, column) for column in values.T], axis=1)
