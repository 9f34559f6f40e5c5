"""The trot clock: when each foot should be down.

One phase per robot, 0..1. Diagonal pairs share it: FL and RR are down in the first part of a cycle, FR and RL half a
cycle later. While the command is to stand, the clock rests at 0 and all feet should be down. It starts at 0, not
anywhere, because an exported policy's clock does: its `state.gait_clock` is zero at reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, fraction_of, load_arrays, namespace, save_arrays
from surefoot_training.task.settings import about, check


@dataclass(frozen=True, slots=True)
class GaitConfig:
    """The trot that the clock asks for."""

    frequency_hz: float = field(
        default=3.5,
        metadata=about(
            "Hz",
            "gait cycles per second",
            source="measured: at 2.5, 3 and 3.5 Hz a trot sways by 0.18, 0.16 and 0.15 rad/s, and is learned sooner",
            at_least=0.1,
            at_most=10.0,
        ),
    )
    duty_factor: float = field(
        default=0.5,
        metadata=about(
            "1", "share of a cycle that a foot is down", source="a trot without flight", at_least=0.1, at_most=0.9
        ),
    )
    transition_share: float = field(
        default=0.1,
        metadata=about(
            "1",
            "share of a cycle over which a foot goes from up to down",
            source="own choice: 29 ms at 3.5 Hz, a step and a half of a 50 Hz policy",
            at_least=0.001,
            at_most=0.5,
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what is no gait."""
        check(self)


def next_phase(gait_phase: Array, standing: Array, *, frequency_hz: float, dt_s: float) -> Array:
    """The clock [N] one step on; at rest at 0 where the command is to stand."""
    return fraction_of(gait_phase + frequency_hz * dt_s) * ~standing


def desired_contact(
    gait_phase: Array, standing: Array, *, duty_factor: float = 0.5, transition_share: float = 0.1
) -> Array:
    """How much each foot should be down [N, 4], 0 to 1: FL, FR, RL, RR; ones where the command is to stand."""
    xp = namespace(gait_phase)
    # Distance to the middle of the stance, which lasts from phase 0 to duty_factor; half a cycle later it is the rest.
    first = abs(fraction_of(gait_phase - 0.5 * duty_factor + 0.5) - 0.5)
    second = 0.5 - first
    from_middle = xp.stack([first, second, second, first], axis=-1)
    # A smooth step at both ends of the stance.
    ramp = ((0.5 * duty_factor - from_middle) * (1.0 / transition_share) + 0.5).clip(0.0, 1.0)
    return xp.maximum(ramp * ramp * (3.0 - 2.0 * ramp), standing[:, None])


class TrotClock:
    """The clocks of N robots."""

    def __init__(self, config: GaitConfig, robots: int, xp: Namespace, device: Device = None) -> None:
        """All start at phase 0."""
        self.config = config
        self.phase: Array = xp.zeros(robots, dtype=xp.float32, device=device)

    def advance(self, standing: Array, dt_s: float) -> None:
        """One control step; `standing` [N] says who is told to stand."""
        self.phase = next_phase(self.phase, standing, frequency_hz=self.config.frequency_hz, dt_s=dt_s)

    def reset(self, ids: Array) -> None:
        """Robots `ids` start a cycle."""
        self.phase[ids] = 0.0

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, ("phase",))

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, ("phase",), state)
