"""Targets for a robot in air, one after the other: a chirp, a multisine, a ladder of speeds; all joints at once.

Joints of a leg move differently, so that what one does is not taken for another's; legs do the same or its opposite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.motions import chirp, fade, ladder, multisine
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import DEFAULT_POSE, JOINT_ROLES, LEG_NAMES, RobotSpec

STILL_S = 0.5
"""At the pose, before and behind."""
SHARES = {"chirp": 0.4, "multisine": 0.3, "ladder": 0.3}
"""Of the time that remains."""
AMPLITUDE_RAD = {"hip": 0.35, "thigh": 0.6, "calf": 0.45}
"""Far enough for gravity to pull otherwise, which is what tells offsets of encoders."""
SPEEDS_RADPS = (0.1, 0.3, 1.0, 2.0)
"""Of the ladder: from creeping, where friction is most of what is felt, to where damping is."""
LINES = 12
"""Of the multisine."""
LOWEST_HZ = 0.2


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is to be."""

    seconds: float = 20.0
    rate_hz: float = 200.0
    highest_hz: float = 10.0
    """At least twice the highest frequency of what is to be simulated: a trot has about 2 Hz, its steps twice that."""
    scale: float = 1.0
    """Of all amplitudes."""
    pose: str = DEFAULT_POSE
    """About which joints move."""

    def __post_init__(self) -> None:
        if not 5.0 <= self.seconds <= 600.0:
            raise SurefootError(f"a plan of {self.seconds:g} s is not valid: must be 5 to 600")
        if not 50.0 <= self.rate_hz <= 1000.0:
            raise SurefootError(f"a rate of {self.rate_hz:g} Hz is not valid: must be 50 to 1000")
        if not 2.0 <= self.highest_hz <= self.rate_hz / 5.0:
            raise SurefootError(
                f"a highest frequency of {self.highest_hz:g} Hz is not valid: must be 2 to a fifth of the rate, "
                f"{self.rate_hz / 5.0:g}"
            )
        if not 0.0 < self.scale <= 1.0:
            raise SurefootError(f"a scale of {self.scale:g} is not valid: must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Targets at even times."""

    stamp_s: FloatArray
    """[C]."""
    target_rad: FloatArray
    """[C, J]."""
    phases_rad: FloatArray
    """[roles, LINES], of the multisine."""
    parts: tuple[tuple[str, float], ...]
    """What, and from when on, s."""


def make_plan(robot: RobotSpec, options: PlanOptions, phases_rad: FloatArray) -> Plan:
    """The plan with these phases of the multisine: see `random_phases`."""
    count = round(options.seconds * options.rate_hz)
    moving_s = options.seconds - 2.0 * STILL_S
    target = np.tile(robot.pose_rad(options.pose), (count, 1))
    first, parts = round(STILL_S * options.rate_hz), []
    for name, share in SHARES.items():
        t = np.arange(round(share * moving_s * options.rate_hz)) / options.rate_hz
        parts.append((name, first / options.rate_hz))
        waves = np.stack([_wave(name, role, t, options, phases_rad) for role in range(len(JOINT_ROLES))], axis=1)
        waves *= options.scale * np.array([AMPLITUDE_RAD[role] for role in JOINT_ROLES])
        target[first : first + len(t)] += _for_all_legs(waves * fade(t)[:, None])
        first += len(t)
    return Plan(np.arange(count) / options.rate_hz, target, phases_rad, tuple(parts))


def random_phases(rng: np.random.Generator) -> FloatArray:
    """[roles, LINES]."""
    return rng.uniform(0.0, 2.0 * np.pi, (len(JOINT_ROLES), LINES))


def _wave(name: str, role: int, t: FloatArray, options: PlanOptions, phases_rad: FloatArray) -> FloatArray:
    """One role's motion in one part of the plan, [T], within -1 and 1."""
    high = options.highest_hz
    if name == "chirp":
        # The thigh sweeps down while its neighbours sweep up, one of them later.
        low_hz, high_hz = ((LOWEST_HZ, high), (high, LOWEST_HZ), (0.3 * high, high))[role]
        return chirp(t, low_hz, high_hz)
    if name == "multisine":
        # Logarithmic, and between one another's lines.
        place = (np.arange(LINES) + role / len(JOINT_ROLES)) / LINES
        return multisine(t, LOWEST_HZ * (high / LOWEST_HZ) ** place, phases_rad[role])
    amplitude_rad = options.scale * AMPLITUDE_RAD[JOINT_ROLES[role]]
    # Not all at the same speed at once.
    return ladder(t, amplitude_rad, np.roll(SPEEDS_RADPS, role).tolist())


def _for_all_legs(waves: FloatArray) -> FloatArray:
    """[T, roles] → [T, J]: right thighs and calves the other way round, so that the trunk is pushed less.

    Hips swing to the same side: feet that swing towards one another meet.
    """
    signs = [np.array([1.0, -1.0, -1.0]) if leg.endswith("R") else np.ones(3) for leg in LEG_NAMES]
    return np.concatenate([sign * waves for sign in signs], axis=1)
