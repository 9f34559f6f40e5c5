"""Forces that keep the trunk where it should be, shared out over the feet that stand."""

from __future__ import annotations

from collections.abc import Sequence

from surefoot_safety.gaits.plan import Plan
from surefoot_safety.gaits.senses import Attitude
from surefoot_safety.gaits.support import loads_n
from surefoot_safety.state import Vector3

UPRIGHT_SHARE = 0.7
"""Of m g h, the moment per radian by which gravity tips an upright pendulum. The legs' own stiffness holds the trunk to
the ground with many times that and without delay; this adds what the ground does not know, which way is up."""
TURN_DAMPING_S = 0.1
"""Per m g h: a Go2's trunk then loses a turn in 0.05 s or so, as fast as sensors and motors with 50 ms of delay can."""
LIFT_SHARE = 0.5
"""Of the weight, that the feet may be asked to carry more or less while the trunk bounces."""
FRICTION_SHARE = 0.25
"""Horizontal force per weight that is asked of the feet: half of what slippery ground (0.4 to 0.5) holds."""


def balancing_n(
    plan: Plan,
    attitude: Attitude,
    feet_m: Sequence[Vector3],
    shares: Sequence[float],
    push_n: Vector3 = (0.0, 0.0, 0.0),
) -> list[Vector3]:
    """Forces of the ground on the feet, [4], that carry the robot, turn it upright and push it by `push_n`.

    Moments are about the centre of mass, whose height above the feet each horizontal force has as a lever.
    """
    weight, tip = plan.weight_n, plan.weight_n * plan.height_m
    com_x, com_y, _ = plan.com_in_base_m
    turn_x, turn_y, _ = attitude.turn_radps
    moment_x = -tip * (UPRIGHT_SHARE * attitude.roll_rad + TURN_DAMPING_S * turn_x)
    moment_y = -tip * (UPRIGHT_SHARE * attitude.pitch_rad + TURN_DAMPING_S * turn_y)
    most = FRICTION_SHARE * weight
    push_x, push_y = max(-most, min(most, push_n[0])), max(-most, min(most, push_n[1]))
    # A push at the feet turns the trunk by r × f with r_z = −h.
    moment_x -= plan.height_m * push_y
    moment_y += plan.height_m * push_x
    lift = weight + max(-LIFT_SHARE * weight, min(LIFT_SHARE * weight, push_n[2]))
    around = [(x - com_x, y - com_y, z) for x, y, z in feet_m]
    loads = loads_n(around, shares, lift, moment_x, moment_y)
    total = sum(loads)
    if total <= 0.0:
        return [(0.0, 0.0, 0.0)] * len(feet_m)
    return [(push_x * load / total, push_y * load / total, load) for load in loads]
