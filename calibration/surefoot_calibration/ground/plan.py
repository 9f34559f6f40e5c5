"""Targets for a robot that stands: squats, sways and tilts over feet that stay, then all of these at once.

Its trunk's mass shows in what the legs carry, the centre of mass in how they share it, and its height and the inertia
where the trunk tilts and turns quickly. Feet that are pressed apart until they slide tell their friction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.motions import fade
from surefoot_calibration.air.plan import Plan
from surefoot_calibration.ground.motions import AXES, Stance, holding_nm, joint_angles, multisine, slow_chirp
from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.gaits.plan import plan_of

STILL_S = 0.5
"""At the pose, before and behind."""
PARTS = (
    ("squat", "up"),
    ("fore and aft", "forward"),
    ("sideways", "sideways"),
    ("roll", "roll"),
    ("pitch", "pitch"),
    ("yaw", "yaw"),
)
"""What moves in each chirp."""
CHIRP_SHARE, TOGETHER_SHARE = 0.6, 0.4
"""Of the time: all chirps, all axes at once."""
HEIGHT_SHARE = np.array([0.11, 0.09, 0.12])
"""Amplitudes along x, y and z, of the standing height: 3 to 4 cm of a Go2."""
TURN_RAD = np.array([0.14, 0.12, 0.16])
"""About x, y and z: feet press by a tenth of the weight more at most, far from where they would lift or slide."""
LOWEST_HZ, HIGHEST_HZ = 0.4, 2.5
"""Legs and feet are stiff against what is slower than that; the trunk's inertia shows in what is quick."""
LINES = 8
"""Of the multisine, for each axis."""
SLIDE_S, SLIDE_HZ = 6.0, 0.5
SLIDE_SHARE = 0.35
"""Of the standing height that a pair of feet is asked to go together and apart."""


@dataclass(frozen=True, slots=True)
class GroundOptions:
    """What a plan is to be."""

    seconds: float = 25.0
    """Without the sliding."""
    rate_hz: float = 200.0
    scale: float = 1.0
    """Of all amplitudes."""
    slide: bool = False
    """Whether feet are pressed apart until they slide, at the end."""
    seed: int = 0
    """Of the multisine's phases."""

    def __post_init__(self) -> None:
        if not 10.0 <= self.seconds <= 300.0:
            raise SurefootError(f"a plan of {self.seconds:g} s is not valid on the ground: must be 10 to 300")
        if not 50.0 <= self.rate_hz <= 1000.0:
            raise SurefootError(f"a rate of {self.rate_hz:g} Hz is not valid: must be 50 to 1000")
        if not 0.0 < self.scale <= 1.0:
            raise SurefootError(f"a scale of {self.scale:g} is not valid: must be above 0 and at most 1")


def standing_gains(robot: RobotSpec) -> Gains:
    """Those that the supervisor's gaits stand with: a policy's are too soft to stand on without a policy."""
    plan = plan_of(robot)
    return Gains(np.array(plan.kp_nm_per_rad), np.array(plan.kd_nms_per_rad), "those of the supervisor's gaits")


def stance_of(robot: RobotSpec) -> Stance:
    """As the supervisor stands."""
    plan = plan_of(robot)
    angle = np.array(plan.standing_rad)
    return Stance(angle, robot.kinematics.foot_position_in_base(angle))


def make_ground_plan(robot: RobotSpec, options: GroundOptions, gains: Gains) -> Plan:
    """The plan; targets lead the angles by what the file's weight makes joints sag with these gains."""
    stance, rate = stance_of(robot), options.rate_hz
    trunk, feet, parts = _motion(robot, options)
    angles = joint_angles(robot, stance, trunk)
    target = joint_angles(robot, stance, trunk, feet) if options.slide else angles
    target = target + holding_nm(robot, angles) / gains.kp_nm_per_rad
    return Plan(np.arange(len(target)) / rate, target, np.zeros((0, 0)), tuple(parts))


def _motion(robot: RobotSpec, options: GroundOptions) -> tuple[FloatArray, FloatArray, list[tuple[str, float]]]:
    """Of the trunk [T, 6], what is asked of the feet besides [T, 4, 3], and the parts."""
    rate = options.rate_hz
    amplitude = options.scale * np.concatenate((HEIGHT_SHARE * robot.standing_height_m, TURN_RAD))
    still = np.zeros((round(STILL_S * rate), len(AXES)))
    moving_s = options.seconds - 2.0 * STILL_S
    pieces, parts, at = [still], [], len(still)
    t = np.arange(round(CHIRP_SHARE * moving_s / len(PARTS) * rate)) / rate
    for name, axis in PARTS:
        parts.append((name, at / rate))
        piece = np.zeros((len(t), len(AXES)))
        place = AXES.index(axis)
        piece[:, place] = amplitude[place] * slow_chirp(t, LOWEST_HZ, HIGHEST_HZ) * fade(t)
        pieces.append(piece)
        at += len(t)
    t = np.arange(round(TOGETHER_SHARE * moving_s * rate)) / rate
    parts.append(("together", at / rate))
    pieces.append(amplitude * _together(t, options.seed) * fade(t)[:, None])
    at += len(t)
    feet = np.zeros((at, 4, 3))
    if options.slide:
        t = np.arange(round(SLIDE_S * rate)) / rate
        parts.append(("slide", at / rate))
        pieces.append(np.zeros((len(t), len(AXES))))
        feet = np.concatenate((feet, _slide(robot, t, options.scale)))
    pieces.append(still)
    return np.concatenate(pieces), np.concatenate((feet, np.zeros((len(still), 4, 3)))), parts


def _together(t: FloatArray, seed: int) -> FloatArray:
    """All axes at frequencies of their own, [T, 6]; none as far as alone."""
    rng = np.random.default_rng(seed)
    waves = []
    for place in range(len(AXES)):
        share = (np.arange(LINES) + place / len(AXES)) / LINES
        hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ) ** share
        waves.append(multisine(t, hz, rng.uniform(0.0, 2.0 * np.pi, LINES)))
    return 0.7 * np.stack(waves, axis=1)


def _slide(robot: RobotSpec, t: FloatArray, scale: float) -> FloatArray:
    """The front feet together and apart, then the rear ones, [T, 4, 3]: they push against one another, nothing else."""
    feet, half = np.zeros((len(t), 4, 3)), len(t) // 2
    reach = scale * SLIDE_SHARE * robot.standing_height_m
    for first, rows in ((0, slice(0, half)), (2, slice(half, len(t)))):
        own = t[rows] - t[rows][0]
        wave = -0.5 * reach * np.sin(2.0 * np.pi * SLIDE_HZ * own) * fade(own)
        feet[rows, first, 1], feet[rows, first + 1, 1] = wave, -wave
    return feet
