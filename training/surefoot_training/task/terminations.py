"""Termination terms: pure functions of quantities that say which robots' episodes end, bool [N].

Falling and running out of time are kept apart by the `is_timeout` of their line in the table. Comparisons are written
so that NaN ends an episode: a robot whose state is lost has failed.
"""

from __future__ import annotations

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import horizontal_length, namespace


def trunk_on_ground(trunk_contact: Array) -> Array:
    """The trunk touches the ground (legged_gym, unitree_rl_lab `base_contact`)."""
    return trunk_contact


def tilted(gravity_in_base: Array, *, limit_rad: float) -> Array:
    """The trunk leans further than `limit_rad` (unitree_rl_lab `bad_orientation`, 0.8 rad)."""
    tilt_rad = namespace(gravity_in_base).atan2(horizontal_length(gravity_in_base), -gravity_in_base[:, 2])
    return ~(tilt_rad <= limit_rad)


def too_low(base_height_m: Array, *, lowest_m: float) -> Array:
    """The base is lower over the terrain below it than `lowest_m`."""
    return ~(base_height_m >= lowest_m)


def out_of_time(episode_time_s: Array, control_dt_s: float, *, limit_s: float) -> Array:
    """The episode has lasted `limit_s`; half a step of slack absorbs the rounding of summed time steps."""
    return ~(episode_time_s < limit_s - 0.5 * control_dt_s)


def off_terrain(distance_to_edge_m: Array, *, margin_m: float) -> Array:
    """The base is nearer to where the ground ends than `margin_m`: not the robot's fault, so a time-out."""
    return ~(distance_to_edge_m >= margin_m)
