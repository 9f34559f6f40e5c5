"""From recordings to figures. Pure functions; what each figure means is said once, in `Figures`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from surefoot_training.evaluate.recording import Recording
from surefoot_training.task.randomization import GRAVITY_MPS2

SETTLING_S = 1.0
"""After a change of command a robot cannot be at the new speed at once; "settled" leaves so long out."""

LANDING_S = 0.5
"""Robots start up to some centimetres in the air: touch-downs so soon after a start are not the walker's doing."""

IMPACT_STEPS = 3
"""Control steps, the one of touch-down included, of which the largest force is the impact."""

SLOWEST_TRANSPORT_MPS = 0.05
"""Robots that hardly move have no cost of transport: a figure divided by next to nothing says nothing."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well robots walked; errors over all control steps of all robots unless it says settled."""

    robot_seconds: float
    """Time walked, summed over robots."""

    speed_error_mean_mps: float
    """Length of the difference of commanded and true velocity in the plane, in the base's frame."""

    speed_error_p95_mps: float
    """Below it the error is in 95 of 100 control steps."""

    speed_error_settled_mean_mps: float | None
    """Without the first second after each change of command and after each start; None if nothing else is left."""

    speed_error_settled_p95_mps: float | None
    """As above."""

    yaw_rate_error_mean_radps: float
    """Difference of commanded and true yaw rate, absolute."""

    yaw_rate_error_p95_radps: float
    """As with speed."""

    falls: int
    """Episodes that ended otherwise than by time: trunk on the ground, tilted too far, simulation blown up."""

    robots_fallen: int
    """Robots that fell at least once."""

    cost_of_transport: float | None
    """Σ |τ q̇| dt / (g Σ m v dt), v the true speed in the plane; None below 0.05 m/s. Mechanical power of all joints,
    braking counted like driving, as a motor without recuperation pays for both; sampled once per control step."""

    impact_mean_n: float | None
    """Largest upward force on a foot in the first three control steps of a contact, sampled once per control step
    (20 ms): shorter peaks are missed, so compare it between policies, not with a force plate. None: no touch-down."""

    impact_p95_n: float | None
    """As above."""

    impact_mean_body_weights: float | None
    """As above, over the robots' mean weight."""

    estimate_error_mean_mps: float | None
    """Length of the difference of the believed and the true velocity in base; None if the walker believes nothing."""


def figures_of(recording: Recording) -> Figures:
    """All figures of a recording in which somebody counts."""
    known, dt_s = recording.known, recording.control_dt_s
    speed_error = speed_error_mps(recording.command, recording.velocity_in_base)
    yaw_error = abs(recording.yaw_rate_radps - recording.command[:, :, 2])
    settled = speed_error[known & (since_change_s(recording.command, recording.fell, dt_s) >= SETTLING_S - 1e-6)]
    landed = since_start_s(recording.fell, dt_s) >= LANDING_S - 1e-6
    impacts = impacts_n(recording.foot_force_n, recording.foot_contact, known & landed)
    weight_n = GRAVITY_MPS2 * float(recording.mass_kg[known].mean(dtype=np.float64))
    believed = recording.estimate_error_mps[known]
    believed = believed[np.isfinite(believed)]
    fell = recording.fell & recording.counts
    impact_mean_n = _mean(impacts)
    return Figures(
        robot_seconds=float(known.sum() * dt_s),
        speed_error_mean_mps=_mean_of_some(speed_error[known]),
        speed_error_p95_mps=_p95_of_some(speed_error[known]),
        speed_error_settled_mean_mps=_mean(settled),
        speed_error_settled_p95_mps=_p95(settled),
        yaw_rate_error_mean_radps=_mean_of_some(yaw_error[known]),
        yaw_rate_error_p95_radps=_p95_of_some(yaw_error[known]),
        falls=int(fell.sum()),
        robots_fallen=int(fell.any(axis=0).sum()),
        cost_of_transport=cost_of_transport(recording),
        impact_mean_n=impact_mean_n,
        impact_p95_n=_p95(impacts),
        impact_mean_body_weights=None if impact_mean_n is None else impact_mean_n / weight_n,
        estimate_error_mean_mps=_mean(believed),
    )


def speed_error_mps(command: np.ndarray, velocity_in_base: np.ndarray) -> np.ndarray:
    """Length of the error in the plane [...] of commands [..., 3] and velocities [..., 3]."""
    error: np.ndarray = np.hypot(velocity_in_base[..., 0] - command[..., 0], velocity_in_base[..., 1] - command[..., 1])
    return error


def since_start_s(fell: np.ndarray, dt_s: float) -> np.ndarray:
    """Time [T, N] at the end of each step since the robot was last put somewhere."""
    return _since(np.concatenate([np.ones_like(fell[:1]), fell[:-1]]), dt_s)


def since_change_s(command: np.ndarray, fell: np.ndarray, dt_s: float) -> np.ndarray:
    """Time [T, N] at the end of each step since the robot's command changed or it was put somewhere."""
    changed = np.concatenate([np.ones_like(fell[:1]), (command[1:] != command[:-1]).any(-1) | fell[:-1]])
    return _since(changed, dt_s)


def _since(begins: np.ndarray, dt_s: float) -> np.ndarray:
    """Time at the end of each step since the beginning of the last step that `begins` something."""
    step = np.arange(len(begins))[:, None]
    begun = np.maximum.accumulate(np.where(begins, step, 0), axis=0)
    time_s: np.ndarray = (step - begun + 1) * dt_s
    return time_s


def cost_of_transport(recording: Recording) -> float | None:
    """Energy over weight times distance, of all robots together; see `Figures`."""
    known = recording.known
    speed = np.hypot(recording.velocity_in_base[:, :, 0], recording.velocity_in_base[:, :, 1])[known]
    if not len(speed) or speed.mean(dtype=np.float64) < SLOWEST_TRANSPORT_MPS:
        return None
    power_w = recording.power_w[known].sum(dtype=np.float64)
    return float(power_w / (GRAVITY_MPS2 * (recording.mass_kg[known] * speed).sum(dtype=np.float64)))


def impacts_n(force_n: np.ndarray, contact: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Impact [n] of every touch-down in steps that count [T, N], of upward forces and contacts [T, N, 4]."""
    touched_down = contact[1:] & ~contact[:-1] & (counts[1:] & counts[:-1])[:, :, None]
    peak, still = np.zeros_like(force_n[1:]), np.ones_like(contact[1:])
    for later in range(IMPACT_STEPS):
        # Beyond the end, and beyond the end of the contact, there is nothing.
        here = np.zeros_like(still)
        rows = len(still) - later
        if rows <= 0:
            break
        here[:rows] = contact[1 + later :] & counts[1 + later :, :, None]
        still &= here
        force = np.zeros_like(peak)
        force[:rows] = force_n[1 + later :]
        peak = np.maximum(peak, np.where(still, force, 0.0))
    found: np.ndarray = peak[touched_down]
    return found


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a success rate (Wilson, 1927), which holds up near 0 and 1."""
    z, share = 1.959964, successes / trials
    middle = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean(dtype=np.float64)) if values.size else None


def _p95(values: np.ndarray) -> float | None:
    return float(np.percentile(values.astype(np.float64), 95)) if values.size else None


def _mean_of_some(values: np.ndarray) -> float:
    return float(values.mean(dtype=np.float64))


def _p95_of_some(values: np.ndarray) -> float:
    return float(np.percentile(values.astype(np.float64), 95))
