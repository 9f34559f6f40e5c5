"""The sensor behind the height scan: a map made from camera or lidar, slower and less certain than the other sensors.

A scan is captured once per period, shown after a latency, and shown until the next one arrives. What has no scan, for
want of one so far or because its sensor failed for the whole episode, sees zeros and the flag that they mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import Device, Namespace, Rng, indices_where, load_arrays, save_arrays
from surefoot_training.task.settings import Span, about, check

_NEVER_S = 1e9
_SLACK_S = 1e-5  # of summed float32 time steps


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """Errors of the height scan."""

    period_s: Span = field(
        default=(0.1, 0.1),
        metadata=about(
            "s", "between two scans, fixed at reset", source="DreamWaQ++: point cloud at 10 Hz", at_least=0.001
        ),
    )
    latency_s: Span = field(
        default=(0.02, 0.08),
        metadata=about("s", "from a scan's capture to its use, fixed at reset", source="own choice", at_least=0.0),
    )
    noise_m: float = field(
        default=0.03,
        metadata=about(
            "m",
            "white noise of every height, standard deviation",
            source="half of ±0.1 uniform in legged_gym and Isaac Lab, since drift and delay are separate here",
            at_least=0.0,
        ),
    )
    offset_m: Span = field(
        default=(-0.03, 0.03),
        metadata=about(
            "m",
            "error common to all heights, fixed at reset: drift of the base's estimated height",
            source="own choice",
        ),
    )
    drop_probability: float = field(
        default=0.02,
        metadata=about("1", "chance that a scan never arrives", source="own choice", at_least=0.0, at_most=1.0),
    )
    lost_share: float = field(
        default=0.1,
        metadata=about(
            "1",
            "share of robots without any scan for the whole episode",
            source="own choice: the policy must walk without (DreamWaQ++ drops modalities too)",
            at_least=0.0,
            at_most=1.0,
        ),
    )

    def __post_init__(self) -> None:
        """Refuse what no sensor can be."""
        check(self)
        if self.latency_s[1] > self.period_s[0]:
            raise SurefootError(
                f"ScanConfig: latency_s up to {self.latency_s[1]:g} is longer than period_s from {self.period_s[0]:g}",
                hint="only one scan can be under way: shorten the latency or lengthen the period",
            )


class ScanSensor:
    """The height scans of N robots, K points each."""

    _ARRAYS = (
        "_captured_m", "_shown_m", "_shown_valid", "_lost", "_offset_m", "_period_s", "_latency_s",
        "_until_capture_s", "_until_shown_s",
    )  # fmt: skip

    def __init__(self, config: ScanConfig, robots: int, points: int, xp: Namespace, device: Device = None) -> None:
        """No robot has a scan before its first reset."""
        self.config, self._points, self._xp = config, points, xp

        def full(value: float, *shape: int) -> Array:
            return xp.full((robots, *shape), value, dtype=xp.float32, device=device)

        self._captured_m, self._shown_m = full(0.0, points), full(0.0, points)
        self._shown_valid = xp.zeros(robots, dtype=xp.bool, device=device)
        self._lost = xp.zeros(robots, dtype=xp.bool, device=device)
        self._offset_m, self._period_s, self._latency_s = full(0.0), full(config.period_s[0]), full(0.0)
        self._until_capture_s, self._until_shown_s = full(0.0), full(_NEVER_S)

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` [n] have no scan yet and capture one in the next step."""
        if not self._points:
            return
        n = ids.shape[0]
        self._shown_m[ids] = 0.0
        self._shown_valid[ids] = False
        self._lost[ids] = rng.chance(self.config.lost_share, n)
        self._offset_m[ids] = rng.uniform(*self.config.offset_m, n)
        self._period_s[ids] = rng.uniform(*self.config.period_s, n)
        self._latency_s[ids] = rng.uniform(*self.config.latency_s, n)
        self._until_capture_s[ids] = 0.0
        self._until_shown_s[ids] = _NEVER_S

    def measure(self, height_scan_m: Array, dt_s: float, rng: Rng, ids: Array | None = None) -> tuple[Array, Array]:
        """One control step: the true scan [N, K] in, the scan shown [N, K] and whether it is valid [N] out.

        With `ids`, the first look of robots that were just reset, whose rows alone go in and out.
        """
        if ids is not None:
            if self._points:
                self._capture(height_scan_m, ids, rng)
                self._until_capture_s[ids] -= dt_s
            return self._shown_m[ids], self._shown_valid[ids]
        if self._points:
            self._until_shown_s -= dt_s
            self._show(indices_where(self._until_shown_s <= _SLACK_S))
            due = indices_where(self._until_capture_s <= _SLACK_S)
            self._capture(height_scan_m[due], due, rng)
            self._until_capture_s -= dt_s
        return self._xp.asarray(self._shown_m, copy=True), self._xp.asarray(self._shown_valid, copy=True)

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        return save_arrays(self, self._ARRAYS)

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)

    def _capture(self, height_scan_m: Array, ids: Array, rng: Rng) -> None:
        if not ids.shape[0]:
            return
        self._until_capture_s[ids] += self._period_s[ids]
        arrives = ~(rng.chance(self.config.drop_probability, ids.shape[0]) | self._lost[ids])
        arriving = ids[arrives]
        noise = rng.normal((arriving.shape[0], self._points)) * self.config.noise_m
        self._captured_m[arriving] = height_scan_m[arrives] + self._offset_m[arriving][:, None] + noise
        self._until_shown_s[arriving] = self._latency_s[arriving]
        self._show(arriving[self._latency_s[arriving] <= _SLACK_S])

    def _show(self, ids: Array) -> None:
        if not ids.shape[0]:
            return
        self._shown_m[ids] = self._captured_m[ids]
        self._shown_valid[ids] = True
        self._until_shown_s[ids] = _NEVER_S
