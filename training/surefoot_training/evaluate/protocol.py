"""The protocol: how much of what is examined. Changing a number here changes what published figures mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_training.task.config import TaskConfig

_ROBOTS = ("tracking_robots", "terrain_robots", "terrain_bar_robots", "start_robots", "push_robots", "sweep_robots")
AXES = ("tracking", "terrain", "starts", "pushes", "payload", "friction", "delay")


@dataclass(frozen=True, slots=True)
class Protocol:
    """Numbers of robots, times, commands and grids; the defaults are the protocol."""

    seed: int = 9001
    """Of everything random, the same for every axis and point of a sweep; training uses small numbers."""

    tracking_robots: int = 256
    """The bar of the project: no fall in 256 × 20 s."""

    tracking_s: float = 20.0
    """Long enough for two or three commands."""

    terrain_robots: int = 10
    """Per kind and level, but for the bar's."""

    terrain_levels: tuple[int, ...] = (2, 4, 5, 6, 8)
    """Of every kind."""

    terrain_bar: tuple[tuple[str, float], ...] = (
        ("rough", 0.05),
        ("slope_up", 15.0),
        ("slope_down", 15.0),
        ("stairs_up", 0.10),
        ("stairs_down", 0.10),
    )
    """The bar of the project: at least 90 % success on these kinds, with a height in metres or an angle in degrees.
    Of each, the lowest level that is at least so hard is examined more closely."""

    terrain_bar_robots: int = 150
    """On each of those: successes of 143 put the lower end of the 95 % interval above 90 %; of 10 robots, not even
    10 do."""

    terrain_length_m: float = 20.0
    """How far is a success."""

    terrain_speed_mps: float = 0.5
    """Asked for, straight ahead."""

    terrain_limit_s: float = 60.0
    """Slower is a failure: a third of a metre per second."""

    start_shares: tuple[float, ...] = (0.0, 0.5, 1.0)
    """How violently robots start, from standing (as on every other axis) to what training throws them into: legs out of
    place, tilted, falling and moving in any direction."""

    start_robots: int = 256
    """Per point: a fall in a hundred shows."""

    start_s: float = 3.0
    """Per point: whoever stands by then walks."""

    push_robots: int = 8
    """Per force and direction."""

    push_forces_n: tuple[float, ...] = (0.0, 50.0, 75.0, 100.0, 125.0, 150.0)
    """0 N shows what walking alone does to the figures."""

    push_directions_deg: tuple[float, ...] = (0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0)
    """Of the force, in the base's frame as it begins: 0 forwards, 90 to the left."""

    push_duration_s: float = 0.1
    """150 N for so long give 15 kg 1 m/s."""

    push_speed_mps: float = 0.5
    """Asked for, straight ahead, before, during and after."""

    push_after_s: float = 2.0
    """When the first push begins; the others follow within a gait cycle, so that they meet all phases."""

    push_recovery_s: float = 3.0
    """So long after the push nobody may fall, and the speed must be right at the end."""

    push_speed_error_mps: float = 0.25
    """Speed is right: its error, averaged over half a second, is below this."""

    sweep_robots: int = 64
    """Per point."""

    sweep_s: float = 10.0
    """Per point, with commands over the whole box."""

    payload_shares: tuple[float, ...] = (-0.2, -0.1, 0.0, 0.1, 0.2)
    """Added to the trunk, of the robot's whole mass."""

    friction_factors: tuple[float, ...] = (0.8, 1.0, 1.2)
    """Of the feet's nominal friction."""

    frictions: tuple[float, ...] = (0.4, 1.2)
    """Besides."""

    delays_s: tuple[float, ...] = (0.0, 0.01, 0.02, 0.03, 0.04)
    """From joint target to motor."""

    def __post_init__(self) -> None:
        """Refuse what examines nobody."""
        for name in _ROBOTS:
            if getattr(self, name) < 1:
                raise SurefootError(f"protocol: {name} {getattr(self, name)}", hint="examine at least one robot")

    def of_size(self, tracking_robots: int) -> Protocol:
        """As many robots in tracking, and in proportion elsewhere."""
        share = tracking_robots / self.tracking_robots
        return replace(
            self,
            tracking_robots=tracking_robots,
            **{name: max(1, round(getattr(self, name) * share)) for name in _ROBOTS if name != "tracking_robots"},
        )

    def quick(self) -> Protocol:
        """A glimpse in under a minute: fewer robots, shorter, coarser grids. Not comparable with the protocol."""
        return replace(
            self,
            tracking_robots=64,
            tracking_s=10.0,
            terrain_robots=4,
            terrain_levels=(2, 5),
            terrain_bar=(),
            start_robots=32,
            push_robots=2,
            push_forces_n=(0.0, 50.0, 100.0, 150.0),
            sweep_robots=16,
            sweep_s=6.0,
            payload_shares=(-0.2, 0.0, 0.2),
            delays_s=(0.0, 0.02, 0.04),
        )


def axes_for(task: TaskConfig) -> tuple[str, ...]:
    """What is examined unless somebody asks otherwise: ground that the task does not know is left out."""
    return AXES if task.terrain else tuple(axis for axis in AXES if axis != "terrain")


def parse_axes(text: str) -> tuple[str, ...]:
    """Axes from a list with commas."""
    axes = tuple(axis.strip() for axis in text.split(","))
    for axis in axes:
        if axis not in AXES:
            raise SurefootError(f"there is no axis {axis!r}", hint="axes: " + ", ".join(AXES))
    return tuple(dict.fromkeys(axes))
