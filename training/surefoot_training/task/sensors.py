"""Sensor models: what stands between the truth and what the policy sees.

    truth → latency → bias, tilt and offset → noise → encoder steps → lost samples → measurement

Inertial unit and encoders are packed side by side in one array [N, 6 + 2 J] (angular velocity, gravity, joint position,
joint velocity), so that each stage is a few array operations for all of them. Bias, offset and latency are drawn when
a robot is reset; bias and tilt then wander.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array
from surefoot_training.task.arrays import (
    Device,
    Namespace,
    Rng,
    indices_where,
    load_arrays,
    save_arrays,
    square_sum,
)
from surefoot_training.task.scan_sensor import ScanConfig, ScanSensor
from surefoot_training.task.settings import OPTIONAL, Span, about, check, check_spans

# Columns of the packed array
_ANGULAR_VELOCITY, _GRAVITY, _IMU, _ENCODERS = slice(0, 3), slice(3, 6), slice(0, 6), slice(6, None)


@dataclass(frozen=True, slots=True)
class SensorConfig:
    """Errors of the robot's sensors; `scan` has those of the height scan."""

    gyro_noise_radps: float = field(
        default=0.115,
        metadata=about(
            "rad/s",
            "white noise of the gyroscope, standard deviation",
            source="that of ±0.2 uniform: unitree_rl_lab, MuJoCo Playground, mjlab",
            at_least=0.0,
        ),
    )
    gyro_bias_radps: Span = field(
        default=(-0.02, 0.02),
        metadata=about(
            "rad/s",
            "offset of each axis of the gyroscope, fixed at reset",
            source="zero-rate offset of ±1 °/s in common inertial units",
        ),
    )
    measured_gyro_bias_radps: tuple[Span, ...] | None = field(default=None, metadata={OPTIONAL: True})
    """Of x, y and z, instead of the one for all axes, from a robot's calibration."""
    gyro_drift_radps_per_sqrt_s: float = field(
        default=0.0005,
        metadata=about(
            "rad/s/√s", "random walk of that offset", source="own choice: 0.002 rad/s over 20 s", at_least=0.0
        ),
    )
    gravity_noise: float = field(
        default=0.029,
        metadata=about(
            "1",
            "white noise of the gravity direction, standard deviation",
            source="that of ±0.05 uniform: unitree_rl_lab, MuJoCo Playground, mjlab",
            at_least=0.0,
        ),
    )
    tilt_bias_rad: Span = field(
        default=(-0.03, 0.03),
        metadata=about(
            "rad",
            "error of the attitude estimate in roll and pitch, fixed at reset",
            source="within mjlab's ±0.05 rad for how the inertial unit is mounted",
        ),
    )
    measured_tilt_bias_rad: tuple[Span, ...] | None = field(default=None, metadata={OPTIONAL: True})
    """Of roll and pitch, instead of the one for both, from a robot's calibration."""
    tilt_drift_rad_per_sqrt_s: float = field(
        default=0.002,
        metadata=about("rad/√s", "random walk of that error", source="own choice: 0.009 rad over 20 s", at_least=0.0),
    )
    encoder_noise_rad: float = field(
        default=0.0058,
        metadata=about(
            "rad",
            "white noise of the joint positions, standard deviation",
            source="that of ±0.01 uniform: unitree_rl_lab, mjlab",
            at_least=0.0,
        ),
    )
    encoder_offset_rad: Span = field(
        default=(-0.015, 0.015),
        metadata=about(
            "rad", "zero error of each joint, fixed at reset", source="mjlab ±0.015 (walk-these-ways ±0.02)"
        ),
    )
    measured_encoder_offset_rad: tuple[Span, ...] | None = field(default=None, metadata={OPTIONAL: True})
    """[J] in the robot's order, instead of the one for all joints, from a robot's calibration. What was measured counts
    for motors, too, which go by their encoders; of the offsets of robots that nobody has measured, which are small and
    have no common sign, they know nothing."""
    encoder_step_rad: float = field(
        default=2 * math.pi / 2**14,
        metadata=about(
            "rad",
            "smallest difference an encoder tells apart",
            source="own choice: 14 bits over a turn of the joint",
            at_least=0.0,
        ),
    )
    joint_speed_noise_radps: float = field(
        default=0.87,
        metadata=about(
            "rad/s",
            "white noise of the joint speeds, standard deviation",
            source="that of ±1.5 uniform: unitree_rl_lab, MuJoCo Playground, mjlab",
            at_least=0.0,
        ),
    )
    joint_speed_window_s: float = field(
        default=0.01,
        metadata=about(
            "s",
            "joint speed is the difference of two encoder readings this far apart",
            source="own choice",
            at_least=0.001,
        ),
    )
    imu_latency_s: Span = field(
        default=(0.0, 0.015),
        metadata=about(
            "s",
            "age of the inertial unit's values, fixed at reset",
            source="DreamWaQ: 0 to 15 ms in all",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    encoder_latency_s: Span = field(
        default=(0.0, 0.015),
        metadata=about(
            "s",
            "age of the joints' values, fixed at reset",
            source="DreamWaQ: 0 to 15 ms in all",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    imu_drop_probability: float = field(
        default=0.005,
        metadata=about(
            "1",
            "chance per control step that the inertial unit sends nothing new",
            source="own choice",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    encoder_drop_probability: float = field(
        default=0.005,
        metadata=about(
            "1",
            "chance per control step and joint that its motor sends nothing new",
            source="own choice",
            at_least=0.0,
            at_most=1.0,
        ),
    )
    scan: ScanConfig = field(default_factory=ScanConfig)

    def __post_init__(self) -> None:
        """Refuse what no sensor can be."""
        check(self)
        if self.measured_encoder_offset_rad is not None:
            check_spans("measured_encoder_offset_rad", self.measured_encoder_offset_rad, -math.pi, math.pi)
        for name, axes in (("measured_gyro_bias_radps", 3), ("measured_tilt_bias_rad", 2)):
            spans = getattr(self, name)
            if spans is not None:
                check_spans(name, spans, -math.pi, math.pi)
                if len(spans) != axes:
                    raise SurefootError(f"{name} has {len(spans)} ranges: must be {axes}, one for each axis")


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the policy may see of N robots, under the names its observation terms ask by."""

    angular_velocity_in_base: Array  # [N, 3] rad/s
    gravity_in_base: Array  # [N, 3] unit vector
    velocity_command: Array  # [N, 3] not measured, handed on: the terms find all they need in one place
    joint_position: Array  # [N, J] rad
    joint_velocity: Array  # [N, J] rad/s
    height_scan_m: Array  # [N, K] 0 where it is not valid
    height_scan_valid: Array  # [N] bool


MEASURED_NAMES = tuple(measured.name for measured in fields(Measurement))


class SensorModel:
    """The sensors of N robots with J joints."""

    _ARRAYS = ("_fresh", "_history", "_whole_steps", "_part_step", "_bias", "_tilt_rad", "_held", "_step_error")

    def __init__(
        self,
        config: SensorConfig,
        robots: int,
        joints: int,
        control_dt_s: float,
        xp: Namespace,
        *,
        scan_points: int = 0,
        device: Device = None,
    ) -> None:
        """All sensors are without bias and latency until `reset` draws them."""
        self.config, self._robots, self._joints, self._dt_s, self._xp = config, robots, joints, control_dt_s, xp
        self._position, self._velocity = slice(6, 6 + joints), slice(6 + joints, 6 + 2 * joints)
        width = 6 + 2 * joints
        longest_s = max(config.imu_latency_s[1], config.encoder_latency_s[1])
        # A latency between i and i + 1 steps needs the samples of i and of i + 1 steps ago.
        self._depth = max(2, math.ceil(longest_s / control_dt_s - 1e-6) + 1)

        def zeros(*shape: int) -> Array:
            return xp.zeros(shape, dtype=xp.float32, device=device)

        self._fresh = xp.ones(robots, dtype=xp.bool, device=device)  # no sample yet since the reset
        self._history, self._newest = zeros(self._depth, robots, width), 0  # ring of true samples
        self._whole_steps = xp.zeros((robots, 2), dtype=xp.int64, device=device)  # latency of unit and encoders
        self._part_step = zeros(robots, width)  # what it has beyond whole steps, 0 to 1
        self._bias, self._held = zeros(robots, width), zeros(robots, width)
        self._tilt_rad = zeros(robots, 2)  # about x and y
        self._step_error = zeros(robots, joints)  # reading minus position, in the last step
        self._everyone = xp.arange(robots, device=device)
        self._deviation = xp.asarray(_deviations(config, joints, control_dt_s), device=device)
        # The inertial unit loses all its values at once, a motor its joint's position and speed.
        drops = [config.imu_drop_probability, *[config.encoder_drop_probability] * joints]
        self._drop_probability = np.array(drops, dtype=np.float32)
        motors = range(1, 1 + joints)

        def ends(spans: tuple[Span, ...] | None) -> Array | None:
            if spans is None:
                return None
            return xp.asarray(np.ascontiguousarray(np.array(spans, dtype=np.float32).T), device=device)

        # [2, columns], of each joint's and axis's own range
        self._offset_ends = ends(config.measured_encoder_offset_rad)
        self._gyro_bias_ends, self._tilt_ends = (
            ends(config.measured_gyro_bias_radps),
            ends(config.measured_tilt_bias_rad),
        )
        self._packet_of_column = xp.asarray(np.array([*[0] * 6, *motors, *motors]), device=device)
        self._scan = ScanSensor(config.scan, robots, scan_points, xp, device)

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` [n] get sensors with errors of their own, and forget every sample."""
        config, n = self.config, ids.shape[0]
        self._fresh[ids] = True
        self._bias[ids, _ANGULAR_VELOCITY] = self._drawn(self._gyro_bias_ends, config.gyro_bias_radps, (n, 3), rng)
        self._bias[ids, self._position] = self._drawn(
            self._offset_ends, config.encoder_offset_rad, (n, self._joints), rng
        )
        self._tilt_rad[ids] = self._drawn(self._tilt_ends, config.tilt_bias_rad, (n, 2), rng)
        self._set_latency(ids, 0, _IMU, rng.uniform(*config.imu_latency_s, n))
        self._set_latency(ids, 1, _ENCODERS, rng.uniform(*config.encoder_latency_s, n))
        self._scan.reset(ids, rng)

    @property
    def target_offset_rad(self) -> Array | None:
        """What motors add to joint targets because they go by their encoders, [N, J]; None if that is left out."""
        if self._offset_ends is None:
            return None
        return -self._bias[:, self._position]

    @staticmethod
    def _drawn(ends: Array | None, of_all: Span, shape: tuple[int, int], rng: Rng) -> Array:
        """From each column's own range, [2, columns], if there are any."""
        if ends is None:
            return rng.uniform(*of_all, shape)
        low, high = ends
        return (low + rng.uniform(0.0, 1.0, shape) * (high - low)).clip(low, high)

    def measure(
        self,
        *,
        angular_velocity_in_base: Array,
        gravity_in_base: Array,
        joint_position: Array,
        joint_velocity: Array,
        velocity_command: Array,
        height_scan_m: Array,
        rng: Rng,
        ids: Array | None = None,
    ) -> Measurement:
        """One control step: the truth in, what the sensors say out (new arrays, but for the command).

        With `ids`, the first look of robots that were just reset: all arrays have their rows only, and no time passes
        for the others.
        """
        truth = self._xp.concat([angular_velocity_in_base, gravity_in_base, joint_position, joint_velocity], axis=-1)
        width = truth.shape[-1]
        noise = rng.normal((truth.shape[0], width + 5)) * self._deviation
        rows = slice(None) if ids is None else ids
        if ids is None:
            sample = self._delayed(truth)
            self._wander(noise[:, width:])
        else:
            self._history[:, ids] = truth  # before its first sample, a robot was as it is now
            sample = truth  # a fresh array, made by concat
        self._disturb(sample, noise[:, :width], rows)
        if ids is None:
            sample = self._without_lost(sample, rng)
        self._held[rows] = sample
        self._fresh[rows] = False
        scan_m, scan_valid = self._scan.measure(height_scan_m, self._dt_s, rng, ids)
        return Measurement(
            angular_velocity_in_base=sample[:, _ANGULAR_VELOCITY],
            gravity_in_base=sample[:, _GRAVITY],
            velocity_command=velocity_command,
            joint_position=sample[:, self._position],
            joint_velocity=sample[:, self._velocity],
            height_scan_m=scan_m,
            height_scan_valid=scan_valid,
        )

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly."""
        scan = {f"scan.{name}": array for name, array in self._scan.state_dict().items()}
        return save_arrays(self, self._ARRAYS) | {"newest": np.array(self._newest)} | scan

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        load_arrays(self, self._ARRAYS, state)
        self._newest = int(state["newest"])
        self._scan.load_state_dict(
            {name.removeprefix("scan."): array for name, array in state.items() if name.startswith("scan.")}
        )

    def _set_latency(self, ids: Array, sensor: int, columns: slice, latency_s: Array) -> None:
        xp, steps = self._xp, latency_s * (1.0 / self._dt_s)
        whole = xp.astype(steps, xp.int64).clip(0, self._depth - 2)
        self._whole_steps[ids, sensor] = whole
        self._part_step[ids, columns] = (steps - xp.astype(whole, xp.float32)).clip(0.0, 1.0)[:, None]

    def _delayed(self, truth: Array) -> Array:
        """What was true a latency ago [N, 6 + 2 J], between two samples linearly; the ring advances by `truth`."""
        self._newest = (self._newest + 1) % self._depth
        self._history[self._newest] = truth
        fresh = indices_where(self._fresh)
        self._history[:, fresh] = truth[fresh]  # before its first sample, a robot was as it is now
        if self._depth == 2:  # every latency is within one step
            younger, older = truth, self._history[1 - self._newest]
        else:
            younger, older = self._samples_ago(0), self._samples_ago(1)
        return younger + self._part_step * (older - younger)

    def _samples_ago(self, more: int) -> Array:
        history, robots = self._history, self._everyone
        at = (self._newest - more - self._whole_steps) % self._depth
        parts = [history[at[:, 0], robots, _IMU], history[at[:, 1], robots, _ENCODERS]]
        return self._xp.concat(parts, axis=-1)

    def _disturb(self, sample: Array, noise: Array, rows: Array | slice) -> None:
        """Tilt, bias, noise and encoder steps of the robots `rows`, in place."""
        gravity = sample[:, _GRAVITY]
        _tilt(gravity, self._tilt_rad[rows])
        sample += self._bias[rows]
        sample += noise
        gravity *= (square_sum(gravity) ** -0.5)[:, None]
        if self.config.encoder_step_rad > 0:
            self._read_encoders(sample[:, self._position], sample[:, self._velocity], rows)

    def _wander(self, drift: Array) -> None:
        """One control step of the random walks of bias and tilt [N, 5]."""
        self._bias[:, _ANGULAR_VELOCITY] += drift[:, :3]
        self._tilt_rad += drift[:, 3:]

    def _read_encoders(self, position: Array, velocity: Array, rows: Array | slice) -> None:
        """Whole encoder steps, in place, and the speed that follows from readings instead of positions."""
        step = self.config.encoder_step_rad
        reading = self._xp.round(position * (1.0 / step)) * step
        error = reading - position
        before = self._xp.where(self._fresh[rows][:, None], error, self._step_error[rows])
        velocity += (error - before) * (1.0 / self.config.joint_speed_window_s)
        position[:] = reading
        self._step_error[rows] = error

    def _without_lost(self, sample: Array, rng: Rng) -> Array:
        """`sample`, but what a lost packet would have brought stays as it was."""
        packets = (self._robots, len(self._drop_probability))
        lost = rng.chance(self._drop_probability, packets) & ~self._fresh[:, None]
        return self._xp.where(lost[:, self._packet_of_column], self._held, sample)


def _deviations(config: SensorConfig, joints: int, dt_s: float) -> np.ndarray:
    """Standard deviations, float32: white noise of every packed column, then one step's drift of bias and tilt."""
    sqrt_dt = math.sqrt(dt_s)
    deviations = [
        config.gyro_noise_radps,
        config.gravity_noise,
        config.encoder_noise_rad,
        config.joint_speed_noise_radps,
        config.gyro_drift_radps_per_sqrt_s * sqrt_dt,
        config.tilt_drift_rad_per_sqrt_s * sqrt_dt,
    ]
    return np.repeat(np.array(deviations, dtype=np.float32), [3, 3, joints, joints, 3, 2])


def _tilt(gravity_in_base: Array, tilt_rad: Array) -> None:
    """Turn gravity [N, 3] by small angles θ about x and y [N, 2], in place: θ × g is added to it."""
    about_x, about_y = tilt_rad[:, 0], tilt_rad[:, 1]
    x, y, z = (gravity_in_base[:, i] for i in range(3))
    turned_by = (about_y * z, -about_x * z, about_x * y - about_y * x)
    for axis, change in enumerate(turned_by):
        gravity_in_base[:, axis] += change
