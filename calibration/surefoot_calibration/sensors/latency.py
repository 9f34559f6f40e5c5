"""How long after a command a joint moves, from the log's own stamps.

A joint under PD control answers a target as a mass on a spring with a damper: later than the command by a dead time
(cable, bus, the motor's own loop), and then slowly at first, by inertia. Correlation of motion with command sees both
together. Here the spring's answer is fitted beside the dead time, of each joint by itself:

    q'' = ω² (a u(t - d) + c - q) - 2 ζ ω q' - f sign(q') + Σ (g p + h p'')

with the leg's other joints p as they were measured. All but d, ω and ζ enters in proportion, and is solved for. No
model of the robot, no gains and no calibration are needed; `surefoot identify fit` has all of them, for one delay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import expm
from scipy.optimize import least_squares
from scipy.signal import bilinear, lfilter
from scipy.stats import t as student

from surefoot_calibration.air.priors import DELAY_S, MOST_DELAY_S
from surefoot_calibration.air.verdicts import ABSOLUTE, ADVICE, DELAY, WEAK_SHARE
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_calibration.sensors.figures import Figure, judged
from surefoot_robots.errors import SurefootError

STEP_S = 0.0005
PART_S = 2.0
"""Of a log: errors of parts count as independent, those within one do not."""
LEAST_PARTS = 5
SETTLING_S = 0.5
"""At the beginning, where the filter has not yet forgotten that it began at rest."""
JOINT_S, ROBOT_S = 0.0009, 0.0005
"""What such a model gets wrong, single joints and all together, in full in every interval: of ten hidden robots in air,
all joints moving, one joint of 120 was found further off, and no robot."""
EXPLAINED = 0.98
"""Of the motion: a fit that explains less is begun elsewhere again."""
UNKNOWN_S = WEAK_SHARE * 1.96 * DELAY_S
"""Half of what was known before: a log that does not tell delays apart that differ by so much tells nothing."""
MOST_TRIES = 12
CLEARLY = 1.2
"""Times the squares that are left."""
SMOOTHED_S = 0.01
CREEP_RADPS = 0.02
"""Slower, friction is not in full against the motion: encoders' noise has speeds of this size."""
LEAST_SWING_RAD = 0.02
"""Standard deviation of a joint's targets: less is no motion."""
MOST_LAG_S = 0.15
STARTS = ((0.01, 30.0, 0.5), (0.005, 15.0, 1.0), (0.02, 60.0, 0.3))
"""Delay, s, natural frequency, rad/s, and damping ratio: 5 to 25 Nm/rad at legs' inertias."""
LOWER, UPPER = (0.0, 1.0, 0.02), (MOST_DELAY_S, 300.0, 10.0)


@dataclass(frozen=True, slots=True)
class JointLatency:
    """One joint."""

    joint: str
    latency: Figure
    """From command to the first of its motion, s."""
    lag_s: float
    """By correlation: with the joint's own slowness."""
    fit: float
    """Share of the motion that the fit explains."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A log's."""

    joints: tuple[JointLatency, ...]
    """Those that moved."""
    robot: Figure
    """Of all joints together."""


def latency(log: JointLog, advance: Callable[[str], object] = lambda joint: None) -> Latency:
    """Joint by joint; `advance` is told each that is done."""
    parts = int((log.seconds - SETTLING_S) / PART_S)
    if parts < LEAST_PARTS:
        raise SurefootError(
            f"{log.origin}: {log.seconds:.1f} s: must be at least {LEAST_PARTS * PART_S + SETTLING_S:g}",
            hint="record for longer",
        )
    found = []
    for place, joint in enumerate(log.joint_names):
        if float(np.std(log.target_at_rad(log.stamp_s)[:, place])) >= LEAST_SWING_RAD:
            found.append(_of_joint(_Answer(log, place), joint, parts))
        advance(joint)
    if not found:
        raise SurefootError(f"{log.origin}: no joint's target swings by {LEAST_SWING_RAD:g} rad", hint=ADVICE[DELAY])
    return Latency(tuple(found), _together([one.latency for one in found]))


class _Answer:
    """What one joint was told and did; times on the log's clock."""

    def __init__(self, log: JointLog, place: int) -> None:
        self.stamp_s, self.angle_rad = log.stamp_s, log.position_rad[:, place]
        self.time_s = np.arange(0.0, log.seconds, STEP_S)
        # The sum of targets over time: its differences are means over steps, whatever the delay.
        given_s = np.concatenate(([-1.0], log.target_stamp_s.clip(-1.0), [log.seconds + 1.0]))
        target = np.concatenate((log.target_rad[:1, place], log.target_rad[:, place]))
        self._sum = np.concatenate(([0.0], np.cumsum(target * np.diff(given_s))))
        self._given_s = given_s
        self.counts = self.stamp_s > SETTLING_S
        own, *self._others = (
            np.interp(self.time_s, self.stamp_s, log.position_rad[:, one])
            for one in (place, *(one for one in range(place // 3 * 3, place // 3 * 3 + 3) if one != place))
        )
        width = round(SMOOTHED_S / STEP_S)
        speed = np.gradient(np.convolve(np.pad(own, width, "edge"), np.full(width, 1.0 / width), "same")[width:-width])
        self._against = np.tanh(speed / STEP_S / CREEP_RADPS)

    def target(self, delay_s: float) -> FloatArray:
        """Mean over each step, later by the delay."""
        edges = np.append(self.time_s, self.time_s[-1] + STEP_S) - delay_s
        means: FloatArray = np.diff(np.interp(edges, self._given_s, self._sum)) / STEP_S
        return means

    def off(self, values: FloatArray) -> FloatArray:
        """What the spring does not explain, with the scales that explain most."""
        delay_s, frequency, damping = values.tolist()
        answer = _spring(self.target(delay_s), frequency, damping)
        # Friction pushes against the motion, the leg's other joints pull by their weight and their acceleration.
        pulls = [_spring(self._against, frequency, damping)]
        for other in self._others:
            pulls += [_spring(other, frequency, damping), _spring(other, frequency, damping, of_acceleration=True)]
        at_stamps = [np.interp(self.stamp_s, self.time_s, each)[self.counts] for each in (answer, *pulls)]
        columns = np.stack((*at_stamps, np.ones(len(at_stamps[0]))), axis=1)
        said = self.angle_rad[self.counts]
        left: FloatArray = said - columns @ np.linalg.lstsq(columns, said, rcond=None)[0]
        return left

    def lag_s(self) -> float:
        """Where speeds of targets and of the joint go together best."""
        wanted, done = (
            np.diff(each) for each in (self.target(0.0), np.interp(self.time_s, self.stamp_s, self.angle_rad))
        )
        size = 2 ** int(np.ceil(np.log2(2 * len(wanted))))
        both = np.fft.irfft(np.fft.rfft(done, size) * np.conj(np.fft.rfft(wanted, size)), size)
        return float(np.argmax(both[: int(MOST_LAG_S / STEP_S)])) * STEP_S


def _of_joint(answer: _Answer, joint: str, parts: int) -> JointLatency:
    moved = answer.angle_rad[answer.counts]
    fits = []
    for start in STARTS:
        fit = least_squares(answer.off, start, bounds=(LOWER, UPPER), x_scale=(0.005, 10.0, 0.3))
        share = 1.0 - float(np.square(fit.fun).sum() / np.square(moved - moved.mean()).sum())
        fits.append((share, fit))
        if share >= EXPLAINED:
            break
    share, fit = max(fits, key=lambda one: one[0])
    half = float(np.hypot(_half(answer, fit.jac, fit.fun, parts), JOINT_S))
    value = float(fit.x[0])
    figure = _figure(value, half)
    if not all(_is_worse(answer, fit.x, fit.cost, value + side * UNKNOWN_S) for side in (-1.0, 1.0)):
        figure = Figure(value, 0.0, max(value, MOST_DELAY_S), "not_identifiable", ADVICE[DELAY])
    return JointLatency(joint, figure, answer.lag_s(), share)


def _is_worse(answer: _Answer, found: FloatArray, cost: float, delay_s: float) -> bool:
    """Whether another spring with that delay explains clearly less; in slow motion a stiffer one does as well.

    The slopes at one fit do not tell: where the spring is very stiff already, they say that it does not matter.
    """
    held_s = min(max(delay_s, LOWER[0]), UPPER[0])
    if abs(held_s - found[0]) < 0.5 * UNKNOWN_S:
        return True  # there is no such delay on that side
    # What a slow motion shows is the sum of both, d + 2 ζ / ω: the same sum is where the other spring is looked for.
    rest_s = max(found[0] + 2.0 * found[2] / found[1] - held_s, 2.0 * STARTS[0][2] / UPPER[1])
    starts = (found[1:], (2.0 * STARTS[0][2] / rest_s, STARTS[0][2]))
    others = [
        least_squares(
            lambda spring: answer.off(np.array([held_s, *spring])),
            np.clip(start, LOWER[1:], UPPER[1:]),
            bounds=(LOWER[1:], UPPER[1:]),
            x_scale=(10.0, 0.3),
            max_nfev=MOST_TRIES,
        )
        for start in starts
    ]
    return min(float(other.cost) for other in others) > CLEARLY * cost


def _half(answer: _Answer, jacobian: FloatArray, left: FloatArray, parts: int) -> float:
    """Half of the delay's 95 % interval: errors within a part go together (cluster-robust covariance)."""
    inverse = np.linalg.pinv(jacobian.T @ jacobian)
    part = ((answer.stamp_s[answer.counts] - SETTLING_S) / PART_S).astype(int).clip(0, parts - 1)
    pulls = np.array([jacobian[part == one].T @ left[part == one] for one in range(parts)])
    spread = inverse @ (pulls.T @ pulls) @ inverse * parts / (parts - 1)
    return float(student.ppf(0.975, parts - 1)) * float(np.sqrt(spread[0, 0]))


def _spring(target: FloatArray, frequency: float, damping: float, *, of_acceleration: bool = False) -> FloatArray:
    """The answer at the beginning of each step to targets that are constant over steps; at rest before.

    With `of_acceleration`, to their second derivative instead, over the frequency's square.
    """
    # https://en.wikipedia.org/wiki/Discretization: the target as a third state that stays.
    system = np.array([[0.0, 1.0, 0.0], [-(frequency**2), -2.0 * damping * frequency, frequency**2], [0.0, 0.0, 0.0]])
    stepped = expm(system * STEP_S)
    a, b = stepped[:2, :2], stepped[:2, 2]
    # x[k+1] = a x[k] + b u[k] as a filter of the first state, by Cayley and Hamilton.
    trace, determinant = float(np.trace(a)), float(np.linalg.det(a))
    numerator = [0.0, b[0], a[0, 1] * b[1] - a[1, 1] * b[0]]
    first = target[0]
    denominator = [1.0, -trace, determinant]
    if of_acceleration:
        moved = target - first
        # s² / (s² + 2 ζ ω s + ω²) by the bilinear transform: it is of measured angles, and only their size is fitted.
        numerator, denominator = bilinear([1.0, 0.0, 0.0], [1.0, 2.0 * damping * frequency, frequency**2], 1.0 / STEP_S)
        return np.asarray(lfilter(numerator, denominator, moved))
    answer: FloatArray = lfilter(numerator, denominator, target - first) + first
    return answer


def _together(each: list[Figure]) -> Figure:
    """The median of joints that are known, and how far they scatter about it."""
    known = [one for one in each if one.verdict != "not_identifiable"] or each
    values = np.array([one.value for one in known])
    value = float(np.median(values))
    # 1.4826 median deviations are a standard deviation of normal errors; the median has π/2 of the mean's variance.
    scatter = 1.4826 * float(np.median(np.abs(values - value))) * np.sqrt(0.5 * np.pi / len(values))
    own = float(np.median([0.5 * (one.high - one.low) for one in known])) / np.sqrt(len(values))
    half = float(np.hypot(np.hypot(student.ppf(0.975, max(1, len(values) - 1)) * scatter, own), ROBOT_S))
    return _figure(value, half)


def _figure(value: float, half: float) -> Figure:
    """Judged by all of the interval; what of it is before the command is left out."""
    limits = {"narrow": ABSOLUTE[DELAY], "known": UNKNOWN_S}
    figure = judged(value, value - half, value + half, needs=ADVICE[DELAY], **limits)
    return replace(figure, low=max(0.0, figure.low))
