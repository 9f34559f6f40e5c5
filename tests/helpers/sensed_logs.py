"""Logs of sensors: of a simulated Go2 whose errors are known, moved by targets, and as CSV."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from joint_logs import GO2

from surefoot_training.simulated.config import parse_world
from surefoot_training.simulated.robot import SimulatedRobot

JOINTS = len(GO2.joint_names)
ZEROS = (0.0,) * JOINTS


@dataclass(frozen=True)
class Targets:
    """Of the motors' law."""

    position_rad: tuple[float, ...]
    velocity_radps: tuple[float, ...]
    torque_nm: tuple[float, ...]
    kp_nm_per_rad: tuple[float, ...]
    kd_nms_per_rad: tuple[float, ...]


@dataclass
class Sensed:
    """Samples of a robot; every array can be spoilt before it is written."""

    t: np.ndarray
    q: np.ndarray
    gyro: np.ndarray
    acc: np.ndarray
    names: tuple[str, ...] = field(default=GO2.joint_names)

    def write(self, path: Path, *, joints: bool = True, imu: bool = True) -> Path:
        columns = {"t": self.t}
        if joints:
            columns |= {f"q.{joint}": self.q[:, place] for place, joint in enumerate(self.names)}
        if imu:
            columns |= {f"gyro.{axis}": self.gyro[:, place] for place, axis in enumerate("xyz")}
            columns |= {f"acc.{axis}": self.acc[:, place] for place, axis in enumerate("xyz")}
        np.savetxt(path, np.stack(list(columns.values()), axis=1), "%.9g", ",", header=",".join(columns), comments="")
        return path


def noise_log(seconds: float, hz: float = 200.0, *, seed: int = 0, bias=0.002, density=2e-4, walk=0.0) -> Sensed:
    """A still IMU of white noise and a bias that walks, made up; the joints stand."""
    rng = np.random.default_rng(seed)
    count = round(seconds * hz)
    gyro = bias + density * np.sqrt(hz) * rng.standard_normal((count, 3))
    gyro += np.cumsum(rng.standard_normal((count, 3)), axis=0) * walk / np.sqrt(hz)
    acc = np.array([0.0, 0.0, 9.80665]) + 0.02 * rng.standard_normal((count, 3))
    q = np.tile(GO2.default_joint_position_rad, (count, 1))
    return Sensed(np.arange(count) / hz, q, gyro, acc)


def simulated(world: dict[str, object], seconds: float, targets, *, settle_s: float = 1.5) -> Sensed:
    """Samples of a robot that is given `targets(t)` every 2 ms; what comes before it has settled is left out."""
    robot = SimulatedRobot(GO2, parse_world(world, GO2, "test"))
    samples = []
    for tick in range(round(1000.0 * (seconds + settle_s))):
        now_s = 10.0 + 0.001 * tick
        if tick % 2 == 0:
            robot.write(targets(max(0.0, 0.001 * tick - settle_s)), now_s)
        sample = robot.read(now_s)
        if sample is not None and 0.001 * tick >= settle_s:
            samples.append(sample)
    robot.close()
    return Sensed(
        *(
            np.array([getattr(sample, name) for sample in samples])
            for name in (
                *("stamp_s", "joint_position_rad", "angular_velocity_in_base_radps"),
                "acceleration_in_base_mps2",
            )
        )
    )


def held(position_rad, kp: float = 60.0, kd: float = 2.0) -> Targets:
    """Joints held at angles."""
    return Targets(tuple(map(float, position_rad)), ZEROS, ZEROS, (kp,) * JOINTS, (kd,) * JOINTS)


def pushed(torque_nm, kd: float = 0.3) -> Targets:
    """Joints pushed by torques."""
    return Targets(ZEROS, ZEROS, tuple(map(float, torque_nm)), ZEROS, (kd,) * JOINTS)


def rocking_targets(kinematics=GO2.kinematics):
    """Joint angles of a trunk that rocks by 0.1 rad about x and y over feet that stand, by time."""
    feet = kinematics.foot_position_in_base(GO2.default_joint_position_rad)

    def at(t: float) -> Targets:
        grown = min(1.0, t)
        roll, pitch = 0.1 * grown * np.sin(5.0 * t), 0.08 * grown * np.sin(3.7 * t + 1.0)
        sin_r, cos_r, sin_p, cos_p = np.sin(roll), np.cos(roll), np.sin(pitch), np.cos(pitch)
        turn = np.array(
            [[cos_p, sin_p * sin_r, sin_p * cos_r], [0, cos_r, -sin_r], [-sin_p, cos_p * sin_r, cos_p * cos_r]]
        )
        return held(kinematics.joint_position(feet @ turn)[0])

    return at
