"""What a blow-up dump shows when it is played again: height, tilt and speeds of the robot up to its last step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surefoot_training.sim.blow_up import SPEED_LIMIT, load_dump, replay, robots_out_of_bounds

_BASE_POSITION, _QUATERNION, _JOINTS = slice(0, 3), slice(3, 7), slice(7, None)  # of MuJoCo's qpos


@dataclass(frozen=True, slots=True)
class BlowUpTrace:
    """The last T control steps of a simulation that blew up; one row per step, as things were at its end.

    Speeds are estimates: the distance between two ends of steps over the time between them. A dump holds what it takes
    to repeat the physics, and positions are what comes out.
    """

    robot: int
    control_dt_s: float
    step: np.ndarray  # [T] int, counted from the simulator's start
    base_height_m: np.ndarray  # [T] z of the base in the world, which is not its height over uneven ground
    tilt_rad: np.ndarray  # [T] 0 level, π upside down
    base_speed_mps: np.ndarray  # [T]
    joint_speed_radps: np.ndarray  # [T] of the fastest joint
    fastest_joint: tuple[str, ...]  # [T] its name
    base_force_n: np.ndarray  # [T] push on the trunk in that step
    velocity_kick_mps: np.ndarray  # [T] velocity added to the base at the start of that step
    left_sane_range: int
    """Row of the first step whose end is out of bounds: not finite, further than 1e6, faster than `SPEED_LIMIT`."""
    reason: str
    """What was out of bounds there, with its value and the limit."""


def trace(folder: Path) -> BlowUpTrace:
    """Play the dump in `folder` again and measure what happened."""
    dump = load_dump(folder)
    model, control_dt_s = dump.model, dump.control_dt_s
    everything = replay(dump)
    before, positions = everything[:-1], everything[1:]
    with np.errstate(all="ignore"):  # infinities and their differences are what this is about
        velocities = (positions - before)[:, [0, 1, 2, *range(7, model.nq)]] / control_dt_s
        base_speed = np.linalg.norm(velocities[:, :3], axis=1)
        tilt = _tilt_rad(positions[:, _QUATERNION])
    joint_speeds = np.abs(velocities[:, 3:])
    fastest = _largest(joint_speeds)
    names = tuple(model.joint(1 + int(joint)).name for joint in fastest)  # joint 0 is the free joint of the base
    left = _first_out_of_bounds(positions, velocities)
    held_still = bool((dump.controls[-1] == before[-1, _JOINTS]).all())
    return BlowUpTrace(
        robot=dump.robot,
        control_dt_s=control_dt_s,
        step=np.arange(len(positions)) + dump.first_step,
        base_height_m=positions[:, 2],
        tilt_rad=tilt,
        base_speed_mps=base_speed,
        joint_speed_radps=joint_speeds[np.arange(len(positions)), fastest],
        fastest_joint=names,
        base_force_n=np.linalg.norm(dump.base_forces_in_world_n, axis=1),
        velocity_kick_mps=np.linalg.norm(dump.velocity_kicks_in_world_mps, axis=1),
        left_sane_range=left,
        reason=_reason(positions[left], base_speed[left], joint_speeds[left], names[left], held_still=held_still),
    )


def _tilt_rad(quaternion_wxyz: np.ndarray) -> np.ndarray:
    """Angle between the base's z axis and the vertical [T]."""
    x, y = quaternion_wxyz[:, 1], quaternion_wxyz[:, 2]
    squared_length = (quaternion_wxyz**2).sum(axis=1)
    tilt: np.ndarray = np.arccos((1.0 - 2.0 * (x**2 + y**2) / squared_length).clip(-1.0, 1.0))
    return tilt


def _largest(speeds: np.ndarray) -> np.ndarray:
    """Index [T] of the fastest joint; one that is not finite counts as faster than any."""
    fastest: np.ndarray = np.where(np.isfinite(speeds), speeds, np.inf).argmax(axis=1)
    return fastest


def _first_out_of_bounds(positions: np.ndarray, velocities: np.ndarray) -> int:
    """Row of the first step that ends out of bounds; the last one where estimates show none, as that was its end."""
    out = robots_out_of_bounds(positions, velocities)
    return int(np.flatnonzero(out)[0]) if out.any() else len(positions) - 1


def _reason(
    position: np.ndarray, base_speed_mps: float, joint_speeds: np.ndarray, fastest_joint: str, *, held_still: bool
) -> str:
    joint_speed_radps = joint_speeds.max()
    if not np.isfinite(position).all():
        return "its positions are not finite"
    if joint_speed_radps >= SPEED_LIMIT:
        return f"{fastest_joint} moved at {joint_speed_radps:.3g} rad/s, limit {SPEED_LIMIT:g}"
    if base_speed_mps >= SPEED_LIMIT:
        return f"the base moved at {base_speed_mps:.3g} m/s, limit {SPEED_LIMIT:g}"
    if held_still:  # the simulator puts the present position in the place of a target that it cannot use
        return "a joint target was not a finite number"
    return f"a speed passed {SPEED_LIMIT:g} at the end of the step, although its mean over the step did not"
