"""From the measured pose to wherever a new source of targets wants to be, at a bounded rate that slowly grows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from surefoot_safety.command import JointTarget
from surefoot_safety.settings import MotionSettings
from surefoot_safety.state import Floats

LEAST_S = 0.5
"""A transition lasts so long even if its targets are where they should be: a gait may begin at the measured pose and
leap only then. By the end the rate has grown beyond what gaits ask for."""


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

    On the way the velocity target is zero: it belongs to a position that the joint is not at. A gait's torque is left
    as it is, since it carries the robot; the gate holds it to the motors' limits.
    """
    elapsed_s = now_s - transition.began_s
    rate = motion.transition_rate_radps + motion.transition_growth_radps2 * elapsed_s
    step = rate * (now_s - transition.last_s)
    position = tuple(
        _toward(at, wanted, step) for at, wanted in zip(transition.position_rad, target.position_rad, strict=True)
    )
    onward = Transition(position, transition.began_s, now_s)
    if position == target.position_rad:
        return target, None if elapsed_s >= LEAST_S else onward
    return replace(target, position_rad=position, velocity_radps=(0.0,) * len(position)), onward


def _toward(at: float, wanted: float, step: float) -> float:
    """At most a step nearer. What is no number stays as it is, for the gate to find: it must not be made one here."""
    if not isfinite(wanted):
        return wanted
    return max(at - step, min(at + step, wanted))
