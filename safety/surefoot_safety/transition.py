"""From the measured pose to wherever a new source of targets wants to be, at a bounded rate that slowly grows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from surefoot_safety.command import JointTarget
from surefoot_safety.settings import MotionSettings
from surefoot_safety.state import Floats


@dataclass(frozen=True, slots=True)
class Transition:
    """Where the targets are on their way."""

    position_rad: Floats
    began_s: float
    last_s: float


def from_measured(position_rad: Floats, now_s: float) -> Transition:
    """A transition that begins where the joints are."""
    return Transition(position_rad, now_s, now_s)


def led(
    target: JointTarget, transition: Transition, now_s: float, motion: MotionSettings
) -> tuple[JointTarget, Transition | None]:
    """The target for now on the way to the wanted one, and the transition, None once all joints have arrived.

    On the way the velocity target is zero: it belongs to a position that the joint is not at.
    """
    rate = motion.transition_rate_radps + motion.transition_growth_radps2 * (now_s - transition.began_s)
    step = rate * (now_s - transition.last_s)
    position = tuple(
        at + min(step, max(-step, wanted - at))
        for at, wanted in zip(transition.position_rad, target.position_rad, strict=True)
    )
    if position == target.position_rad:
        return target, None
    still = (0.0,) * len(position)
    return replace(target, position_rad=position, velocity_radps=still), Transition(position, transition.began_s, now_s)
