"""`surefoot identify imu`: what an IMU's noise and biases are, and how it sits in the base."""

from __future__ import annotations

import argparse
import math
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.commands.identify_logs import KINDS_OF_LOGS
from surefoot.commands.identify_sensors import (
    add_result_arguments,
    check_places,
    finish,
    show_sensor_logs,
    sources,
)
from surefoot.progress import progress
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_calibration.log.joint_log import FloatArray
    from surefoot_calibration.sensors.noise import Kind, Noise
    from surefoot_calibration.sensors.poses import Pose, Sitting
    from surefoot_calibration.sensors.results import Imu
    from surefoot_calibration.sensors.sensor_log import SensorLog
    from surefoot_calibration.sensors.stillness import Still
    from surefoot_robots.spec import RobotSpec

HELP = "what an IMU's noise and biases are, and how it sits in the base"
DESCRIPTION = (
    "From logs of a robot that is still: bias, white noise, bias instability and random walk of gyroscope and "
    "accelerometer by Allan deviation, each with an interval, a verdict, and how long a log would settle it. With "
    "--standing, --poses and --rocking: the accelerometer's bias and scale and the IMU's mounting. Logs are "
    f"{KINDS_OF_LOGS}, of `surefoot identify listen` or `surefoot record`."
)
STANDARD_GRAVITY_MPS2 = 9.80665
EARTH_MPS2 = (9.76, 9.84)
"""From Huascarán to the Arctic Ocean."""
MOST_TILT_RAD = math.pi
MOST_OFF_M = 0.02
"""Of feet off the plane they stand on: zeros that are 0.05 rad off, or a foot in the air."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which logs, and how the robot was in them."""
    parser.add_argument("logs", type=Path, nargs="*", metavar="LOG", help="of the robot still from beginning to end")
    parser.add_argument(
        "--starts", action="store_true", help="each LOG is of a start of its own: biases are those of the next start"
    )
    parser.add_argument(
        "--standing", type=Path, nargs="+", default=[], metavar="LOG",
        help="of the robot standing on level ground, on all four feet, for 10 s: its legs say how its trunk leans",
    )  # fmt: skip
    parser.add_argument(
        "--tilt", metavar="ROLL,PITCH",
        help="of the trunk in each LOG and --standing LOG, rad, as measured on it (0,0: level), not by its legs",
    )  # fmt: skip
    parser.add_argument(
        "--level-error", type=float, default=0.005, metavar="RAD",
        help="standard deviation of what is taken for level (default: 0.005, 3 mm in 0.6 m)",
    )  # fmt: skip
    parser.add_argument(
        "--poses", type=Path, nargs="+", default=[], metavar="LOG",
        help="of the robot in several attitudes, each held for 2 s: on its sides, its back, nose up",
    )  # fmt: skip
    parser.add_argument("--rocking", type=Path, metavar="LOG", help="of the robot rocking about two axes on its feet")
    parser.add_argument(
        "--gravity", type=float, default=STANDARD_GRAVITY_MPS2, metavar="G", help="m/s² (default: 9.80665)"
    )
    add_result_arguments(parser, "imu.yaml")


def run(arguments: argparse.Namespace) -> int:
    """Read, look whether it is still, measure, write."""
    from surefoot.report.sensor_report import imu_page
    from surefoot_calibration.sensors.results import content, imu_rows
    from surefoot_calibration.sensors.sensor_log import read_sensors
    from surefoot_robots.loader import load_robot

    _check(arguments)
    check_places(arguments)
    robot = load_robot(arguments.robot)
    files = [*arguments.logs, *arguments.standing, *arguments.poses, *filter(None, [arguments.rocking])]
    logs = [read_sensors(file, robot) for file in progress(files, "read", quiet=arguments.json)]
    if not arguments.json:
        show_sensor_logs(logs)
    found = _measured(arguments, robot, logs)
    rows = imu_rows(found)
    kept = content(robot, "imu", rows, sources(files, logs), datetime.now(UTC))
    title = f"{robot.title}, IMU: {sum(log.seconds for log in logs) / 60.0:.1f} min"
    return finish(arguments, kept, rows, title, lambda: imu_page(robot, found, rows, kept))


def _check(arguments: argparse.Namespace) -> None:
    if not (arguments.logs or arguments.standing or arguments.poses or arguments.rocking):
        raise SurefootError(
            "no log", hint="of the robot still: surefoot identify imu LOG; or --standing, --poses, --rocking"
        )
    low, high = EARTH_MPS2
    if not low <= arguments.gravity <= high:
        raise SurefootError(f"--gravity {arguments.gravity:g} must be within {low:g} to {high:g} m/s²")
    if not 1e-4 <= arguments.level_error <= 0.1:
        raise SurefootError(f"--level-error {arguments.level_error:g} must be within 0.0001 to 0.1 rad")
    if arguments.tilt is not None:
        tilt_of(arguments.tilt)
        if not arguments.logs and not arguments.standing:
            raise SurefootError("--tilt is of still logs, and there is none")


def _measured(arguments: argparse.Namespace, robot: RobotSpec, logs: list[SensorLog]) -> Imu:
    from surefoot_calibration.sensors.noise import ACCELEROMETER, GYRO
    from surefoot_calibration.sensors.results import Imu
    from surefoot_calibration.sensors.rocking import rocked

    still = logs[: len(arguments.logs)]
    rocking = None if arguments.rocking is None else rocked(logs[-1], robot)
    gyro: list[Noise] = []
    acceleration: list[Noise] = []
    for log in progress(still, "Allan deviations", quiet=arguments.json):
        gyro.append(_noise(log, GYRO))
        acceleration.append(_noise(log, ACCELEROMETER))
    return Imu(tuple(gyro), tuple(acceleration), _sitting(arguments, robot, logs), rocking, arguments.starts)


def _noise(log: SensorLog, kind: Kind) -> Noise:
    from surefoot_calibration.sensors.noise import GYRO, noise
    from surefoot_calibration.sensors.sensor_log import need_imu
    from surefoot_calibration.sensors.stillness import check_still

    imu = need_imu(log)
    if kind is GYRO:
        check_still(log)
    values = imu.angular_velocity_in_base_radps if kind is GYRO else imu.acceleration_in_base_mps2
    return noise(imu.stamp_s, values, log.gaps, kind)


def _sitting(arguments: argparse.Namespace, robot: RobotSpec, logs: list[SensorLog]) -> Sitting | None:
    """From still logs whose tilt is known, and from poses."""
    from surefoot_calibration.sensors.poses import sitting

    rest = iter(logs)
    still, standing, others = (
        list(islice(rest, len(files))) for files in (arguments.logs, arguments.standing, arguments.poses)
    )
    told = None if arguments.tilt is None else _tilted_up(*tilt_of(arguments.tilt))
    if not (standing or others or told is not None):
        return None
    poses = [pose for log in still for pose in _poses(log, told)]
    poses += [pose for log in standing for pose in (_standing(robot, log) if told is None else _poses(log, told))]
    poses += [pose for log in others for pose in _poses(log, None)]
    if not poses:
        names = ", ".join(log.origin for log in logs)
        raise SurefootError(f"{names}: no attitude is held for 2 s", hint="hold each still for longer")
    return sitting(poses, arguments.gravity, arguments.level_error)


def _poses(log: SensorLog, up: FloatArray | None) -> list[Pose]:
    from surefoot_calibration.sensors.poses import Pose

    return [Pose(acceleration, up) for _, acceleration in _held(log)]


def _standing(robot: RobotSpec, log: SensorLog) -> list[Pose]:
    """Legs and accelerometer over the same stretches: what moved in between leant otherwise."""
    from surefoot_calibration.sensors.poses import Pose

    return [Pose(acceleration, _standing_up(robot, log, stretch)) for stretch, acceleration in _held(log)]


def _held(log: SensorLog) -> list[tuple[Still, FloatArray]]:
    """Stretches, and the mean acceleration."""
    from surefoot_calibration.sensors.sensor_log import need_imu
    from surefoot_calibration.sensors.stillness import still_stretches

    imu, found = need_imu(log), []
    for stretch in still_stretches(log):
        first, after = imu.stamp_s.searchsorted((stretch.start_s, stretch.end_s))
        found.append((stretch, imu.acceleration_in_base_mps2[first:after].mean(axis=0)))
    return found


def _tilted_up(roll_rad: float, pitch_rad: float) -> FloatArray:
    """Up in the base: the third row of the rotation from base to world, Rz Ry Rx."""
    import numpy as np

    sin_roll, cos_roll = math.sin(roll_rad), math.cos(roll_rad)
    return np.array([-math.sin(pitch_rad), sin_roll * math.cos(pitch_rad), cos_roll * math.cos(pitch_rad)])


def _standing_up(robot: RobotSpec, log: SensorLog, stretch: Still) -> FloatArray:
    """Up in the base, as the legs say."""
    from surefoot_calibration.sensors.feet import up_in_base
    from surefoot_calibration.sensors.sensor_log import need_joints

    angles = need_joints(log).mean_rad(stretch.start_s, stretch.end_s)
    if angles is None:
        raise SurefootError(
            f"{log.origin}: is still from {stretch.start_s:.1f} to {stretch.end_s:.1f} s without a sample of joints",
            hint="record joints and IMU together",
        )
    up, off_m = up_in_base(robot, angles)
    if off_m > MOST_OFF_M:
        raise SurefootError(
            f"{log.origin}: feet are {1e3 * float(off_m):.0f} mm off one plane: must be at most {1e3 * MOST_OFF_M:g}",
            hint="it must stand on all four, on level ground",
        )
    return up


def tilt_of(text: str) -> tuple[float, float]:
    """What `--tilt` says."""
    try:
        roll, pitch = (float(word) for word in text.split(","))
    except ValueError:
        roll = pitch = math.nan
    if not (abs(roll) <= MOST_TILT_RAD and abs(pitch) <= MOST_TILT_RAD):
        raise SurefootError(f"--tilt {text!r} is not valid: must be ROLL,PITCH in rad, as 0.01,-0.02")
    return roll, pitch
