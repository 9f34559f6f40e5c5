"""Which trunk makes the equations of motion hold.

Mass, centre and inertia enter those linearly, so that no simulation is needed to fit them, and no window's beginning
has to be known: this is why not `mujoco.sysid`'s rollouts, which on the ground must first guess how deep each foot is
in it (a tenth of a millimetre is a newton). What is not known exactly of joints and IMU takes part with what is known
of it, so that intervals hold what an encoder's zero or a joint's friction leaves open. The motors' strength does not:
motors and masses that are all a tenth less leave the equations true and their errors a tenth smaller, so that a fit
would make robots light. It is held, and what it leaves open is added to the intervals (`uncertainty`).

The trunk is in log-Cholesky coordinates, and `mujoco.sysid` minimizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_calibration.air.parameters import KINDS
from surefoot_calibration.air.sysid import sysid
from surefoot_calibration.ground.balance import Balance, Known, balance_of
from surefoot_calibration.ground.motion import RATE_HZ, Motion, motion_of
from surefoot_calibration.ground.parameters import THETA, pi_of_theta, pi_slopes_of
from surefoot_calibration.ground.priors import AXES, GRAVITY_ERROR_MPS2, GroundPriors
from surefoot_calibration.log.joint_log import FloatArray, JointLog
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.state import GRAVITY_MPS2

Told: TypeAlias = Callable[[str], None]
Rows: TypeAlias = NDArray[np.intp]
EVERY = 8
"""Of even times, one in so many is used: 25 Hz, three times the filter's cutoff; more of them say the same again.
Of long logs it is fewer, see `MOST_ROWS`."""
MOST_ROWS = 6000
"""Of all logs together: four minutes."""
WINDOW_S = 2.0
HELD_OUT_EVERY = 5
"""One window in so many is not fitted to, but kept for judging."""
TORQUE_NM = 0.03
"""What is not known of a joint's torque beside friction, deviation; only the ratio to friction's matters."""
FORCE_N, MOMENT_NM = 0.1, 0.01
"""What is not known of the whole."""
HUBER = 2.5
ROBUST_DEVIATION = 1.4826
ALIKE_S = 1.0
"""Errors further apart are not taken to be alike."""
ROUNDS = 3
"""Of working out the equations about what was found; robust weights come with the second."""
MOST_ITERATIONS, TOLERANCE, OFF_BOUNDS = 30, 1e-6, 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The best parameters and everything about how well they are known; P parameters, S moments."""

    vector: FloatArray
    """[P]: the trunk's coordinates, joints and IMU."""
    free: FloatArray
    """[P], 1 for those that were fitted, 0 for those that were held."""
    errors: FloatArray
    """[S, 6], weighted, in standard deviations."""
    slopes: FloatArray
    """[S, 6, P] of those."""
    rows: FloatArray
    """[G, P] of what is known besides: what is felt on average."""
    window_of: FloatArray
    """[S]."""
    wrench_noise: FloatArray
    """[6]: what is left, N and Nm."""
    outliers: int
    rate_hz: float
    """Of the moments, within a window; of several logs the highest."""


def kept_rows(motion: Motion, most: int) -> tuple[Rows, Rows]:
    """Rows to fit to and rows of windows that are kept for judging."""
    every = max(EVERY, -(-motion.samples // most))
    rows = np.arange(0, motion.samples, every, dtype=np.intp)
    window = window_of(motion.stamp_s[rows])
    held_out = window % HELD_OUT_EVERY == HELD_OUT_EVERY // 2
    return rows[~held_out], rows[held_out]


def window_of(stamp_s: FloatArray) -> Rows:
    """The number of the window that each time is in."""
    return (stamp_s // WINDOW_S).astype(np.intp)


def fit(logs: Sequence[JointLog], robot: RobotSpec, priors: GroundPriors, free: FloatArray, told: Told) -> Fitted:
    """Minimize: see the module. What is not free stays at the priors' means."""
    vector, huber, scale = priors.mean.copy(), None, np.ones(6)
    for number in range(ROUNDS):
        problem = _Problem(logs, robot, priors, _Guess(vector, free, huber, scale))
        vector = problem.minimized()
        plain = problem.plain_at(vector)
        spread = ROBUST_DEVIATION * np.median(np.abs(plain), axis=0)
        huber = np.sqrt(np.minimum(1.0, HUBER / np.maximum(np.abs(plain / spread), 1e-12)))
        scale = spread * np.sqrt(alike(huber * plain, problem.windows, problem.rate_hz))
        _check_finite(vector, scale)
        told(f"round {number + 1} of {ROUNDS}, {np.exp(2.0 * vector[0]):.3f} kg")
    return problem.result(vector)


@dataclass(frozen=True, slots=True, eq=False)
class _Guess:
    """What the equations are worked out about, and how samples count."""

    at: FloatArray
    """[P]."""
    free: FloatArray
    """[P]."""
    huber: FloatArray | None
    """[S, 6], weights."""
    scale: FloatArray
    """[6], of errors."""


class _Problem:
    """The equations about one guess."""

    def __init__(self, logs: Sequence[JointLog], robot: RobotSpec, priors: GroundPriors, guess: _Guess) -> None:
        at, huber = guess.at, guess.huber
        self._priors, self._at = priors, at
        self._free = np.setdiff1d(np.flatnonzero(guess.free), strength_places(priors))
        motions, balances = [], []
        each = [priors.known_of(at, number) for number in range(len(logs))]
        for log, known in zip(logs, each, strict=True):
            motion = motion_of(log, known.joints.action_delay_s)
            motion = motion.of(kept_rows(motion, MOST_ROWS // len(logs))[0])
            motions.append(motion)
            balances.append(balance_of(robot, motion, known))
        self.windows = _windows(motions)
        self.rate_hz = max(_rate_hz(one) for one in motions)
        self._trunk = np.concatenate([one.trunk for one in balances])
        self._others = np.concatenate([one.others for one in balances])
        self._slopes = np.concatenate([_spread(one.slopes, number, priors) for number, one in enumerate(balances)])
        white = np.concatenate([_whitening(*one) for one in zip(motions, balances, each, strict=True)])
        self._unweighted = white
        weights = (1.0 if huber is None else huber) / guess.scale
        self._outliers = 0 if huber is None else int((huber < 1.0).any(axis=1).sum())
        self._white = np.broadcast_to(weights, self._others.shape)[:, :, None] * white
        self._felt, self._felt_wanted = _felt_on_average(motions, priors)

    def minimized(self) -> FloatArray:
        """The best vector."""
        tools, priors = sysid(), self._priors
        lower, upper = self._scaled(priors.lower), self._scaled(priors.upper)
        parameters = tools.ParameterDict()
        parameters.add(tools.Parameter("robot", self._scaled(self._at).clip(lower, upper), lower, upper))
        parameters.move_off_bounds(OFF_BOUNDS)
        _, result = tools.optimize(
            parameters,
            lambda x, _: ([self._residual(self._vector(x))[:, None]], None, None),
            optimizer="mujoco",
            verbose=False,
            jacobian=lambda x, _: self._jacobian(self._vector(x)),
            max_iters=MOST_ITERATIONS,
            xtol=TOLERANCE,
            output=StringIO(),  # its `verbose` never gets as far as to the optimizer
        )
        return self._vector(result.x)

    def plain_at(self, vector: FloatArray) -> FloatArray:
        """[S, 6]: errors in what was assumed of torques, without any other weight."""
        errors: FloatArray = np.einsum("skl,sl->sk", self._unweighted, self._wrench(vector))
        return errors

    def result(self, vector: FloatArray) -> Fitted:
        """All about the end of a fit."""
        free = np.zeros(len(vector))
        free[self._free] = 1.0
        wrench = self._wrench(vector)
        return Fitted(
            vector,
            free,
            np.einsum("skl,sl->sk", self._white, wrench),
            self._white @ self._wrench_slopes(vector),
            self._felt,
            self.windows,
            ROBUST_DEVIATION * np.median(np.abs(wrench), axis=0),
            self._outliers,
            self.rate_hz,
        )

    def _wrench(self, vector: FloatArray) -> FloatArray:
        """What is missing in the equations, [S, 6]."""
        found: FloatArray = (
            self._trunk @ pi_of_theta(vector[:THETA])
            - self._others
            - self._slopes @ (vector[THETA:] - self._at[THETA:])
        )
        return found

    def _wrench_slopes(self, vector: FloatArray) -> FloatArray:
        return np.concatenate((self._trunk @ pi_slopes_of(vector[:THETA]), -self._slopes), axis=2)

    def _residual(self, vector: FloatArray) -> FloatArray:
        errors = np.einsum("skl,sl->sk", self._white, self._wrench(vector)).ravel()
        from_prior = ((vector - self._priors.mean) / self._priors.deviation)[self._free]
        return np.concatenate((errors, from_prior, self._felt @ vector - self._felt_wanted))

    def _jacobian(self, vector: FloatArray) -> FloatArray:
        slopes = (self._white @ self._wrench_slopes(vector)).reshape(-1, len(vector)) * self._priors.deviation
        felt = self._felt * self._priors.deviation
        return np.concatenate((slopes[:, self._free], np.eye(len(self._free)), felt[:, self._free]))

    def _scaled(self, vector: FloatArray) -> FloatArray:
        """The free parameters, in the priors' deviations, so that one tolerance suits all."""
        return (vector / self._priors.deviation)[self._free]

    def _vector(self, x: FloatArray) -> FloatArray:
        """The inverse, with all else as the priors say."""
        vector = self._priors.mean.copy()
        vector[self._free] = np.asarray(x).ravel() * self._priors.deviation[self._free]
        return vector


def _check_finite(vector: FloatArray, scale: FloatArray) -> None:
    """Numbers that are none would come out as a mass and intervals that are none, and as a verdict on them."""
    if not (np.isfinite(vector).all() and np.isfinite(scale).all()):
        raise SurefootError(
            "the fit does not come to finite numbers: forces and moments must be moved enough to have errors",
            hint="record again, for 10 s and more, by a plan for the ground",
        )


def alike(errors: FloatArray, windows: FloatArray, rate_hz: float) -> FloatArray:
    """How many samples in a row say the same, [6]: 1 and twice the correlations with those behind, while there are any.

    Errors of friction last as long as joints are slow. Taken for news each time, they would outweigh what is known.
    """
    total = np.mean(errors**2, axis=0)
    same, found, going = windows, np.ones(errors.shape[1]), np.ones(errors.shape[1])
    for lag in range(1, max(2, round(ALIKE_S * rate_hz))):
        both = same[lag:] == same[:-lag]
        if not both.any():  # of long logs so few rows are used that none are this near to each other
            break
        share = np.mean((errors[lag:] * errors[:-lag])[both], axis=0) / total
        going = going * (share > 0.0)  # up to the first that is none
        found += 2.0 * going * share
    return found


def _rate_hz(motion: Motion) -> float:
    """Exactly, whatever stamps are rounded to: lags are counted by it."""
    return RATE_HZ / round(RATE_HZ * float(np.median(np.diff(motion.stamp_s))))


def _windows(motions: Sequence[Motion]) -> FloatArray:
    """A number for each stretch of each log that was not interrupted by a window kept for judging."""
    parts, first = [], 0
    for motion in motions:
        broken = np.diff(motion.stamp_s) > 2.0 * np.median(np.diff(motion.stamp_s))
        numbers = np.concatenate(([0], np.cumsum(broken)))
        parts.append(numbers + first)
        first += int(numbers[-1]) + 1
    return np.concatenate(parts).astype(np.float64)


def _whitening(motion: Motion, balance: Balance, known: Known) -> FloatArray:
    """[S, 6, 6]: makes errors of torques that are not known, friction of joints that hardly move first of all, even."""
    variance = TORQUE_NM**2 + np.square(known.joints.friction_nm * motion.doubt)
    covariance = (balance.torque * variance[:, None, :]) @ np.swapaxes(balance.torque, 1, 2)
    covariance += np.diag(np.square([FORCE_N] * 3 + [MOMENT_NM] * 3))
    white: FloatArray = np.linalg.inv(np.linalg.cholesky(covariance))
    return white


def _spread(slopes: FloatArray, log: int, priors: GroundPriors) -> FloatArray:
    """Of one log's joints and bias [S, 6, 5 J + 4] as those of all logs."""
    wide = np.zeros((*slopes.shape[:2], len(priors.mean) - THETA))
    shared = priors.bias_place(0) - THETA
    wide[:, :, :shared] = slopes[:, :, :shared]
    wide[:, :, priors.bias_place(log) - THETA :][:, :, :AXES] = slopes[:, :, shared:]
    return wide


def _felt_on_average(motions: Sequence[Motion], priors: GroundPriors) -> tuple[FloatArray, FloatArray]:
    """Rows [logs, P] of what is felt on average and what they come to, in deviations.

    A trunk that is no faster at its log's end than at its beginning felt gravity on average: what else the
    accelerometer shows along it is a bias.
    """
    rows, wanted = np.zeros((len(motions), len(priors.mean))), np.zeros(len(motions))
    for number, motion in enumerate(motions):
        up = -motion.down.mean(axis=0)
        rows[number, priors.bias_place(number) :][:AXES] = up / GRAVITY_ERROR_MPS2
        felt = -np.einsum("ti,ti->t", motion.force_mps2, motion.down).mean()
        wanted[number] = (felt - GRAVITY_MPS2) / GRAVITY_ERROR_MPS2
    return rows, wanted


def strength_places(priors: GroundPriors) -> Rows:
    """Of the motors' strength in a vector."""
    joints = priors.joints
    places: Rows = THETA + KINDS.index("motor_strength") * joints + np.arange(joints, dtype=np.intp)
    return places
