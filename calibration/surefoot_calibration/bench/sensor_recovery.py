"""Sensors with hidden errors, measured: how far off, and whether intervals hold the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.synthetic import hidden_parameters, synthetic_log
from surefoot_calibration.bench.recovery import Row
from surefoot_calibration.log.joint_log import FloatArray, ImuLog
from surefoot_calibration.sensors.feet import contacts
from surefoot_calibration.sensors.figures import Figure
from surefoot_calibration.sensors.latency import latency
from surefoot_calibration.sensors.noise import GYRO, noise
from surefoot_calibration.sensors.poses import Pose, sitting
from surefoot_calibration.sensors.rocking import rocked
from surefoot_calibration.sensors.sensor_log import Joints, SensorLog
from surefoot_calibration.sensors.zero import zeros_at_stops
from surefoot_robots.spec import RobotSpec

GRAVITY_MPS2 = 9.80665
RATE_HZ = 200.0
STILL_S, ROCKING_S = 600.0, 16.0
ATTITUDES = 8
MOMENT_S = 1e-4
"""To either side, of a rate: much less than a sample."""
KNOWN_RAD = 0.01
"""What stops may be off by, as `identify zero` takes it; hidden ones are, by half of it in the root mean square."""
OFFSET_RAD = 0.02


@dataclass(frozen=True, slots=True)
class Case:
    """One figure beside its truth."""

    name: str
    error: str
    """What errors are: relative, or their unit."""
    found: Figure
    truth: float

    @property
    def off(self) -> float:
        """How far."""
        off = abs(self.found.value - self.truth)
        return off / abs(self.truth) if self.error == "relative" else off


def sensor_cases(robot: RobotSpec, robots: int) -> Iterator[list[Case]]:
    """One robot after the other: from seed 0 on."""
    options = PlanOptions()
    plan = make_plan(robot, options, random_phases(np.random.default_rng(0)))
    for seed in range(robots):
        rng = np.random.default_rng([seed, 2])
        truth = hidden_parameters(robot, seed)
        log = synthetic_log(robot, truth, plan.target_rad, rate_hz=options.rate_hz, seed=seed)
        delay = Case("action_delay_s", "s", latency(log).robot, truth.action_delay_s)
        yield [*_noises(rng), *_attitudes(rng), *_rocking(robot, rng), *_stops(robot, rng), delay]


def sensor_summary(done: Iterable[Sequence[Case]]) -> list[Row]:
    """A row for each kind of figure."""
    each = [case for cases in done for case in cases]
    rows = []
    for name in dict.fromkeys(case.name for case in each):
        mine = [case for case in each if case.name == name]
        off = np.array([case.off for case in mine])
        inside = [case.found.low <= case.truth <= case.found.high for case in mine]
        rows.append(
            Row(
                name=name,
                count=len(mine),
                error=mine[0].error,
                median=float(np.median(off)),
                p95=float(np.quantile(off, 0.95)),
                most=float(off.max()),
                inside=float(np.mean(inside)),
                identified=float(np.mean([case.found.verdict == "identified" for case in mine])),
            )
        )
    return rows


def _noises(rng: np.random.Generator) -> Iterator[Case]:
    """Ten minutes of stillness. Walks from hardly seen to plain."""
    count = round(STILL_S * RATE_HZ)
    density, walk = 10.0 ** rng.uniform(-4.5, -3.0, 3), 10.0 ** rng.uniform(-5.0, -3.5, 3)
    walk *= density / density.max()
    bias = rng.uniform(-0.02, 0.02, 3)
    jitter = rng.uniform(-0.1, 0.1, count) / RATE_HZ
    walked = np.cumsum(rng.standard_normal((count, 3)), axis=0) * walk / np.sqrt(RATE_HZ)
    said = bias + density * np.sqrt(RATE_HZ) * rng.standard_normal((count, 3)) + walked
    found = noise(np.arange(count) / RATE_HZ + jitter, said, (), GYRO)
    for axis, one in enumerate(found.axes):
        yield Case("gyro_density", "relative", one.density, float(density[axis]))
        yield Case("gyro_walk", "relative", one.walk, float(walk[axis]))
        yield Case("gyro_bias_radps", "rad/s", one.bias, float(bias[axis] + walked[:, axis].mean()))


def _attitudes(rng: np.random.Generator) -> Iterator[Case]:
    """Some, anyhow, of which one is level."""
    bias, scale = rng.normal(0.0, 0.15, 3), rng.normal(0.0, 0.005, 3)
    turn = rng.normal(0.0, 0.03, 3)
    ups = np.concatenate(([[0.0, 0.0, 1.0]], Rotation.random(ATTITUDES - 1, rng=rng).as_matrix()[:, 2]))
    said = (1.0 + scale) * Rotation.from_rotvec(turn).inv().apply(GRAVITY_MPS2 * ups) + bias
    said += 0.005 * rng.standard_normal(said.shape)
    poses = [Pose(one, up if row == 0 else None) for row, (one, up) in enumerate(zip(said, ups, strict=True))]
    found = sitting(poses, GRAVITY_MPS2)
    for axis in range(3):
        yield Case("acceleration_bias_mps2", "m/s²", found.bias_mps2[axis], float(bias[axis]))
        yield Case("acceleration_scale", "1", found.scale[axis], float(scale[axis]))


def _rocking(robot: RobotSpec, rng: np.random.Generator) -> Iterator[Case]:
    """About three axes, over feet that roll and do not slide, by legs whose zeros are off."""
    turn = Rotation.from_rotvec(rng.normal(0.0, 0.03, 3))
    log = rocking_log(robot, _swung, turn, rng)
    for figure, truth in zip(rocked(log, robot).mounting_rad, turn.as_rotvec().tolist(), strict=True):
        yield Case("imu_turn_rad", "rad", figure, truth)


def rocking_log(
    robot: RobotSpec, swung: Callable[[FloatArray], FloatArray], turn: Rotation, rng: np.random.Generator
) -> SensorLog:
    """Of a base whose rotation vectors by time are `swung`, and an IMU that says its rates of that moment."""
    time_s = np.arange(0.0, ROCKING_S, 1.0 / RATE_HZ)
    base = Rotation.from_rotvec(swung(time_s))
    moves = (base[:-1].inv() * base[1:]).as_rotvec() * RATE_HZ
    angles = _rolled(robot, moves, base[:-1].inv().apply([0.0, 0.0, 1.0]))
    angles += rng.normal(0.0, 0.005, angles.shape[1]) + 2e-4 * rng.standard_normal(angles.shape)
    before, after = (Rotation.from_rotvec(swung(time_s + off_s)) for off_s in (-MOMENT_S, MOMENT_S))
    rates = (before.inv() * after).as_rotvec() / (2.0 * MOMENT_S)
    said = turn.inv().apply(rates) + 0.005 * rng.standard_normal(rates.shape) + 0.002
    up = np.tile([0.0, 0.0, GRAVITY_MPS2], (len(time_s), 1))
    return SensorLog("made up", Joints(time_s, angles), ImuLog(time_s, said, up), RATE_HZ, 0.0, ())


def _swung(time_s: FloatArray) -> FloatArray:
    return np.stack([size * np.sin(rate * time_s) for size, rate in ((0.1, 6.0), (0.08, 4.3), (0.05, 3.1))], axis=1)


def _rolled(robot: RobotSpec, rates_radps: FloatArray, up: FloatArray) -> FloatArray:
    """Joint angles [T + 1, J] of a base that turns about its middle: feet undo it where they touch, by midpoints."""
    angles = np.empty((len(rates_radps) + 1, len(robot.joint_names)))
    angles[0] = robot.default_joint_position_rad

    def speed(at: FloatArray, row: int) -> FloatArray:
        touching, jacobian = contacts(robot, at, up[row])
        found = np.linalg.solve(jacobian, -np.cross(rates_radps[row], touching)[..., None])
        return found.ravel().astype(np.float64, copy=False)

    for row in range(len(rates_radps)):
        half = angles[row] + 0.5 / RATE_HZ * speed(angles[row], row)
        angles[row + 1] = angles[row] + speed(half, row) / RATE_HZ
    return angles


def _stops(robot: RobotSpec, rng: np.random.Generator) -> Iterator[Case]:
    """Every joint pressed four times against its lower stop, which is not quite where the file has it."""
    offsets = rng.uniform(-OFFSET_RAD, OFFSET_RAD, len(robot.joint_names))
    stops = robot.joint_lower_rad + rng.normal(0.0, 0.5 * KNOWN_RAD, len(offsets))
    away, each = robot.default_joint_position_rad, round(RATE_HZ)
    parts: list[FloatArray] = []
    for _ in range(4):
        pressed = stops + 5e-4 * rng.standard_normal(len(offsets))
        parts += [np.linspace(away, pressed, each // 2), np.tile(pressed, (each, 1))]
        parts += [np.linspace(pressed, away, each // 2), np.tile(away, (each, 1))]
    angles = np.concatenate(parts) + offsets
    angles += 2e-4 * rng.standard_normal(angles.shape)
    log = SensorLog("made up", Joints(np.arange(len(angles)) / RATE_HZ, angles), None, RATE_HZ, 0.0, ())
    for zero, offset in zip(zeros_at_stops([log], robot, KNOWN_RAD), offsets.tolist(), strict=True):
        yield Case("encoder_offset_rad", "rad", zero.offset, offset)
