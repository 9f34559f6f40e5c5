"""Velocity commands: what each robot is asked to do, and when it is asked something else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import (
    Device,
    Namespace,
    Rng,
    horizontal_length,
    indices_where,
    load_arrays,
    namespace,
    save_arrays,
    wrap_angle,
)
from surefoot_training.task.settings import Span, about, check


@dataclass(frozen=True, slots=True)
class CommandConfig:
    """Which velocities are asked for, and how often they change."""

    vx_mps: Span = field(
        default=(-1.0, 1.0),
        metadata=about("m/s", "forward speed", source="the plan: ±1 m/s; unitree_rl_lab too"),
    )
    vy_mps: Span = field(
        default=(-0.5, 0.5),
        metadata=about("m/s", "speed to the left", source="measured CPU recipe; unitree_rl_lab ±0.4"),
    )
    yaw_rate_radps: Span = field(
        default=(-1.0, 1.0),
        metadata=about("rad/s", "turning to the left", source="measured CPU recipe; legged_gym"),
    )
    interval_s: Span = field(
        default=(5.0, 10.0),
        metadata=about(
            "s", "until a robot is asked something else", source="legged_gym, unitree_rl_lab: 10", at_least=0.1
        ),
    )
    standing_share: float = field(
        default=0.1,
        metadata=about("1", "share of commands that are to stand", source="unitree_rl_lab", at_least=0.0, at_most=1.0),
    )
    heading_share: float = field(
        default=0.5,
        metadata=about(
            "1",
            "share of moving commands that ask for a heading, from which the yaw rate follows",
            source="own choice: legged_gym has all, the robot's remote control none",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    heading_gain_per_s: float = field(
        default=0.5,
        metadata=about("1/s", "yaw rate asked for per radian of heading error", source="legged_gym", at_least=0.0),
    )
    acceleration_mps2: float = field(
        default=2.5,
        metadata=about("m/s²", "how fast vx and vy may change", source="velocity_smoother of Nav2: 2.5", at_least=0.1),
    )
    yaw_acceleration_radps2: float = field(
        default=3.2,
        metadata=about(
            "rad/s²", "how fast the yaw rate may change", source="velocity_smoother of Nav2: 3.2", at_least=0.1
        ),
    )
    minimum_speed_mps: float = field(
        default=0.1,
        metadata=about("m/s", "slower linear commands are zero", source="legged_gym has 0.2", at_least=0.0),
    )
    minimum_yaw_rate_radps: float = field(
        default=0.1,
        metadata=about("rad/s", "slower turns on the spot are commands to stand", source="own choice", at_least=0.0),
    )

    def __post_init__(self) -> None:
        """Refuse ranges that cannot be scaled down to standing."""
        check(self)
        for name in ("vx_mps", "vy_mps", "yaw_rate_radps"):
            low, high = getattr(self, name)
            if not low <= 0.0 <= high:
                raise SurefootError(
                    f"CommandConfig: {name} {(low, high)!r} does not contain 0",
                    hint="slow commands, from which the curriculum grows, lie around zero",
                )

    def change_limit(self, dt_s: float) -> tuple[float, float, float]:
        """By how much vx, vy m/s and yaw rate rad/s may change in `dt_s`."""
        linear = self.acceleration_mps2 * dt_s
        return linear, linear, self.yaw_acceleration_radps2 * dt_s

    def meant(self, command: Array) -> tuple[Array, Array]:
        """What commands [N, 3] ask for, without what is too slow to walk by, and who is to stand [N] bool."""
        return without_creeping(
            command, minimum_speed_mps=self.minimum_speed_mps, minimum_yaw_rate_radps=self.minimum_yaw_rate_radps
        )

    @property
    def low(self) -> tuple[float, float, float]:
        """Lowest vx, vy, yaw rate."""
        return self.vx_mps[0], self.vy_mps[0], self.yaw_rate_radps[0]

    @property
    def high(self) -> tuple[float, float, float]:
        """Highest vx, vy, yaw rate."""
        return self.vx_mps[1], self.vy_mps[1], self.yaw_rate_radps[1]


def ramped(asked: Array, before: Array, limit: Array) -> Array:
    """The command [N, 3] on its way from that of before to what is asked for, at most `limit` [3] on.

    Nobody can turn round between two steps; policies that were asked to fell where actions take long to arrive. Once
    more ramped from the same `before` it stays as it is, to the bit: simulation and exported policy both do it.
    """
    xp = namespace(asked)
    return xp.minimum(xp.maximum(asked, before - limit), before + limit)


def without_creeping(
    velocity_command: Array, *, minimum_speed_mps: float, minimum_yaw_rate_radps: float
) -> tuple[Array, Array]:
    """Commands [N, 3] with those too slow to walk by set to zero, and who is thereby told to stand [N] bool."""
    xp = namespace(velocity_command)
    in_place = horizontal_length(velocity_command) <= minimum_speed_mps  # zero is standing even where nothing creeps
    standing = in_place & (abs(velocity_command[:, 2]) <= minimum_yaw_rate_radps)
    zeroed = xp.stack([in_place, in_place, standing], axis=-1)
    return xp.where(zeroed, 0.0, velocity_command), standing


class CommandSampler:
    """The commands of N robots; each begins at rest and is ramped up from there.

    A curriculum limits robots to a band of speeds: shares (low, high) of the way from standing to the edge of the
    configured box of vx and vy, in whichever direction; the yaw rate is limited to the share `high`.
    """

    _ARRAYS = ("_drawn", "_left_s", "_target_heading_rad", "_by_heading", "_band", "ramped")

    def __init__(self, config: CommandConfig, robots: int, xp: Namespace, device: Device = None) -> None:
        """All stand until `reset`, and may then be asked for every speed."""
        self.config, self._xp, self._device = config, xp, device

        def zeros(*shape: int) -> Array:
            return xp.zeros((robots, *shape), dtype=xp.float32, device=device)

        self.ramped: Array = zeros(3)  # [N, 3] as below, also where it is too slow to walk by
        self.velocity_command: Array = zeros(3)  # [N, 3] vx, vy m/s, yaw rate rad/s
        self.standing: Array = xp.ones(robots, dtype=xp.bool, device=device)  # [N] bool
        self._drawn, self._left_s, self._target_heading_rad = zeros(3), zeros(), zeros()
        self._by_heading = xp.zeros(robots, dtype=xp.bool, device=device)
        self._band = zeros(2)
        self._band[:, 1] = 1.0
        self._low = xp.asarray(config.low, dtype=xp.float32, device=device)
        self._high = xp.asarray(config.high, dtype=xp.float32, device=device)

    def set_speed_band(self, ids: Array, band: Array) -> None:
        """Robots `ids` are asked for speeds within `band` [n, 2] from their next command on."""
        self._band[ids] = band

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` are at rest and will be asked for something new."""
        self._draw(ids, rng)
        at_rest = self._xp.asarray(self.ramped, copy=True)
        at_rest[ids] = 0.0
        self._ask(at_rest)

    def step(self, heading_rad: Array, dt_s: float, rng: Rng) -> None:
        """One control step: new commands where it is time, and the yaw rate that leads to a heading asked for."""
        self._left_s -= dt_s
        self._draw(indices_where(self._left_s <= 0.0), rng)
        limit = self._xp.asarray(self.config.change_limit(dt_s), dtype=self._xp.float32, device=self._device)
        self._ask(ramped(self._wanted(heading_rad), self.ramped, limit))

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)
        self._ask(self.ramped)

    def _draw(self, ids: Array, rng: Rng) -> None:
        n, config = ids.shape[0], self.config
        if not n:
            return
        self._left_s[ids] = rng.uniform(*config.interval_s, n)
        drawn = self._low + rng.uniform(0.0, 1.0, (n, 3)) * (self._high - self._low)
        drawn = self._within_band(drawn, self._band[ids])
        stands = rng.chance(config.standing_share, n)
        self._by_heading[ids] = rng.chance(config.heading_share, n) & ~stands
        self._target_heading_rad[ids] = rng.uniform(-math.pi, math.pi, n)
        self._drawn[ids] = drawn * ~stands[:, None]

    def _within_band(self, drawn: Array, band: Array) -> Array:
        """Commands [n, 3] drawn evenly from the whole box, moved into `band` so that they fill it evenly."""
        xp, low, high = self._xp, self._low, self._high
        # How far out a command is: 0 standing, 1 on the edge of the box. Its square is uniform, as the box is flat.
        reach = xp.where(drawn > 0, drawn / high.clip(1e-9), drawn / low.clip(None, -1e-9))[:, :2]
        share = xp.maximum(reach[:, 0], reach[:, 1]).clip(1e-6, 1.0)
        inner, outer = band[:, 0], band[:, 1]
        wanted = (inner**2 + share**2 * (outer**2 - inner**2)) ** 0.5
        factor = xp.stack([wanted / share, wanted / share, outer], axis=-1)
        return drawn * factor

    def _wanted(self, heading_rad: Array) -> Array:
        """What was drawn [N, 3], with the yaw rate that leads to a heading."""
        xp, config = self._xp, self.config
        wanted = wrap_angle(self._target_heading_rad - heading_rad) * config.heading_gain_per_s
        share = self._band[:, 1]
        turning = xp.minimum(xp.maximum(wanted, self._low[2] * share), self._high[2] * share)
        asked = xp.asarray(self._drawn, copy=True)
        asked[:, 2] = xp.where(self._by_heading, turning, self._drawn[:, 2])
        return asked

    def _ask(self, now: Array) -> None:
        """Commands [N, 3] that were ramped."""
        self.ramped = now
        self.velocity_command, self.standing = self.config.meant(now)
